/**
 * Knows the whole network: keeps a view of all members, tells neighbours what is new, and finds out
 * with them what was missed.
 *
 *   neighbour ─▶ Inbox: verified in turn ─▶ View ─▶ Outbox: to who lacks it ─▶ neighbours
 *
 *   news         a newer word goes to every neighbour but those who have it, whole or by its name
 *   suspicion    who should reach a member and cannot says so; only the accused can refute (SWIM §4.2)
 *   repair       every 10 s one neighbour is asked whether its view is the same, part by part
 *
 * Why flooding and not three random targets as SWIM has: neighbours are few and connected already, so
 * news takes as many steps as the graph is wide, and nothing is missed while the graph holds together.
 *
 * **Invariant**: what is forwarded is what was verified, byte for byte.
 */
import { assert } from '../base/assert.ts'
import { Inbox } from './inbox.ts'
import { findIslanders } from './islands.ts'
import { LinkReports } from './link-reports.ts'
import { digestOf } from './member-index.ts'
import { Outbox } from './outbox.ts'
import { OwnWord } from './own-word.ts'
import { Reconciliation } from './reconciliation.ts'
import { compareVersions, signSuspicion } from './record.ts'
import { Requests } from './requests.ts'
import { SeenWords } from './seen.ts'
import { Suspects } from './suspects.ts'
import { View } from './view.ts'
import { WordReader } from './word-reader.ts'
import type { Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { InboxKind, Verdict } from './inbox.ts'
import type { MachineSetup, SelfDescription } from './machine-setup.ts'
import type { OwnLinks } from './links.ts'
import type { MembershipMessage, WordKind } from './messages.ts'
import type { News } from './outbox.ts'
import type { Farewell } from './own-word.ts'
import type { LinksRecord, MemberRecord, Signed, Suspicion, Version } from './record.ts'
import type { MemberState } from './snapshot.ts'

const chunkItems = 64 // Some 10 kB a message.
const mostWhole = 16 // Guess: 5 kB; a burst that is larger comes from many at once.
const wordGapShare = 0.25 // Guess: on their way, words of a second may come this close.
const islandDelayMs = 10_000 // Guess: by then, who is to be gone after a cut is gone.
const mostLately = 4_096 // Guess: what is left out is only found later, by those who did not leave it out.
const sweepMs = 600_000 // Guess: who was to be forgotten after a day may stay ten minutes longer.

/** See the file's head. */
export class MembershipMachine {
  readonly view: View
  /** Messages, records and suspicions of others that made no sense; each is one. */
  violations = 0
  /** Words that came too soon after the last, or too often from one author; each is one. */
  excesses = 0

  readonly #setup: MachineSetup
  readonly #neighbours = new Set<PeerId>()
  readonly #reader: WordReader
  readonly #seen: SeenWords
  readonly #inbox: Inbox
  readonly #outboxes: Readonly<Record<WordKind, Outbox>>
  readonly #suspects: Suspects
  readonly #reconciliation: Reconciliation
  readonly #requests: Requests
  readonly #reports: LinkReports
  readonly #forgotten = new Map<PeerId, Version>()
  readonly #own: OwnWord
  #sweepTimer: Timer | undefined
  #islandTimer: Timer | undefined
  /** Numbers of members that are gone since islands were looked for. */
  readonly #lately: number[] = []
  #isOver = false

  constructor(setup: MachineSetup) {
    const { clock, options, signer, random } = setup
    this.#setup = setup
    this.view = new View(setup.index)
    this.#reader = setup.reader ?? new WordReader(signer)
    this.#seen = new SeenWords(4 * options.maxMembers)
    this.#inbox = new Inbox({
      ...{ clock, options },
      defer: setup.defer ?? ((run) => clock.after(0, run)),
      judge: (kind, bytes, from) => this.#judge(kind, bytes, from),
    })
    this.#outboxes = {
      records: this.#makeOutbox('records', options.newsDelayMs, mostWhole),
      suspicions: this.#makeOutbox('suspicions', options.newsDelayMs, mostWhole),
      links: this.#makeOutbox('links', options.linksDelayMs, 0),
    }
    const { view } = this
    const onOverdue = (number: number): void => this.#mark(number, 'gone')
    this.#suspects = new Suspects({ clock, options, view, onOverdue })
    this.#reconciliation = new Reconciliation({
      ...{ clock, random, options, view, neighbours: this.#neighbours },
      send: (to, message) => this.#send(to, message),
      onViolation: () => this.violations++,
    })
    this.#requests = new Requests({
      ...{ clock, options, view, outboxes: this.#outboxes },
      allow: (to, wanted) => this.#reconciliation.allow(to, wanted),
      send: (to, message) => this.#send(to, message),
    })
    this.#reports = new LinkReports({
      ...{ clock, random, options, view, signer, incarnation: setup.incarnation },
      onReport: (links) => this.#report(links),
    })
    const onWord = (word: Signed<MemberRecord>): void => this.#onOwnWord(word)
    this.#own = new OwnWord({ ...setup, gapMs: options.wordGapMs, onWord })
    view.put(this.#own.signed, clock.nowMs())
    this.#sweepLater()
  }

  get self(): PeerId {
    return this.#setup.signer.id
  }

  /** Words for which a queue had no room, and members that neighbours asked for too often. */
  get dropped(): number {
    return this.#inbox.dropped + this.#reconciliation.refused
  }

  /** Number of this node's newest word. */
  get revision(): number {
    return this.#own.signed.value.revision
  }

  /** Says something new of this node: now, or a second after its last word. */
  describe(self: SelfDescription): void {
    this.#own.describe(self)
  }

  /** Says that this node goes, for now or out of the network, and says no more. */
  leave(farewell: Farewell = 'leaves'): void {
    this.#outboxes.records.flush()
    this.#own.speak(undefined, farewell)
    this.#outboxes.records.flush() // It alone, and so whole: we answer no questions any more.
    this.stop()
  }

  /** Stops all timers. */
  stop(): void {
    this.#isOver = true
    this.#own.stop()
    this.#sweepTimer?.cancel()
    this.#islandTimer?.cancel()
    for (const part of [this.#inbox, this.#suspects, this.#reconciliation, this.#reports])
      part.stop()
    for (const outbox of Object.values(this.#outboxes)) outbox.stop()
  }

  /** A neighbour can be talked to: it gets our word, and is asked what we have missed. */
  addNeighbour(id: PeerId): void {
    this.#neighbours.add(id)
    this.#reports.add(id)
    this.#own.said()
    const withdrawals = this.#setup.withdrawals?.() ?? []
    for (let at = 0; at < withdrawals.length; at += chunkItems) {
      this.#send(id, { type: 'withdrawals', items: withdrawals.slice(at, at + chunkItems) })
    }
    this.#send(id, { type: 'records', items: [this.#own.signed.bytes] })
    const number = this.view.numberOf(id)
    const suspicions = number === undefined ? [] : this.view.suspicionsAt(number)
    if (suspicions.length > 0) {
      this.#send(id, { type: 'suspicions', items: suspicions.map(({ bytes }) => bytes) })
    }
    this.#reconciliation.meet(id)
  }

  /** A neighbour cannot be talked to for now. */
  removeNeighbour(id: PeerId): void {
    this.#neighbours.delete(id)
    this.#inbox.remove(id)
    this.#reconciliation.part(id)
  }

  /** Passes were taken back, or ended: who is no member any more is forgotten. */
  expel(): void {
    for (const { record, state } of [...this.view]) {
      const { id } = record.value
      const number = this.view.numberOf(id)
      if (id === this.self || number === undefined || this.#admits(record.value)) continue
      this.#forget(number)
      if (state !== 'gone') this.#setup.onChange(id, 'gone', state)
    }
  }

  /** Tells the neighbours of a withdrawal that is news. */
  tellWithdrawal(bytes: Uint8Array): void {
    for (const id of this.#neighbours) this.#send(id, { type: 'withdrawals', items: [bytes] })
  }

  /** The connection to a member is over: it is no link any more. */
  dropLink(id: PeerId): void {
    this.#reports.drop(id)
  }

  /** A round trip to a neighbour was measured, µs. */
  measure(id: PeerId, rttMicros: number): void {
    if (this.#reports.measure(id, rttMicros)) this.#setup.onLinks(this.self)
  }

  /** This node's links as they are now, told or not. */
  get ownLinks(): OwnLinks {
    return { id: this.self, rttMicros: this.#reports.now }
  }

  /** We should reach a member and cannot. */
  suspect(id: PeerId): void {
    const member = this.view.get(id)
    if (this.#isOver || member === undefined || id === this.self) return
    if (member.state !== 'alive' && member.state !== 'suspect') return
    const { incarnation, revision } = member.record.value
    const suspicion = { accused: id, by: this.self, incarnation, revision }
    this.#takeSuspicion(signSuspicion(suspicion, this.#setup.signer), undefined)
  }

  /** Takes a message of a neighbour. */
  receive(from: PeerId, message: MembershipMessage): void {
    if (this.#isOver) return
    switch (message.type) {
      case 'records':
      case 'links':
      case 'suspicions':
      case 'withdrawals':
        this.#inbox.put(from, message.type, message.items)
        return
      case 'news':
        this.#requests.hear(from, message.kind, message.names)
        return
      case 'ask':
        this.#requests.answer(from, message.kind, message.names)
        return
      case 'hashes':
        this.#reconciliation.compareHashes(from, message.aspect, message.hashes)
        return
      case 'parts':
        this.#reconciliation.compareParts(from, message)
        return
      case 'have':
        this.#reconciliation.compareRows(from, message.parts, message.rows)
        return
      case 'want':
        this.#reconciliation.answer(from, message.ids)
        return
      default:
        message satisfies never
    }
  }

  /** Judges one word; what cannot be judged yet is not remembered, and may come again. */
  #judge(kind: InboxKind, bytes: Uint8Array, from: PeerId): Verdict {
    if (kind === 'withdrawals') return this.#judgeWithdrawal(bytes)
    if (this.#seen.has(bytes)) {
      this.#outboxes[kind].note(digestOf(bytes), from) // It need not get ours.
      return 'known'
    }
    const sizeBefore = this.view.size
    const isJudged = this.#readAndTake(kind, bytes, from)
    if (isJudged === undefined) {
      this.violations++
      return 'bad'
    }
    if (isJudged) this.#seen.add(bytes)
    return this.view.size > sizeBefore ? 'newcomer' : 'taken'
  }

  #admits(record: MemberRecord): boolean {
    return this.#setup.admits?.(record) ?? true
  }

  #judgeWithdrawal(bytes: Uint8Array): Verdict {
    if (this.#seen.has(bytes)) return 'known'
    const problem = this.#setup.onWithdrawal?.(bytes)
    if (problem !== undefined || this.#setup.onWithdrawal === undefined) {
      this.violations++
      return 'bad'
    }
    this.#seen.add(bytes)
    return 'taken'
  }

  #readAndTake(kind: WordKind, bytes: Uint8Array, from: PeerId): boolean | undefined {
    switch (kind) {
      case 'records': {
        const record = this.#reader.record(bytes)
        return typeof record === 'string' ? undefined : this.#takeRecord(record, from)
      }
      case 'links': {
        const links = this.#reader.links(bytes)
        return typeof links === 'string' ? undefined : this.#takeLinks(links, from)
      }
      case 'suspicions': {
        const suspicion = this.#reader.suspicion(bytes)
        return typeof suspicion === 'string' ? undefined : this.#takeSuspicion(suspicion, from)
      }
      default:
        return kind satisfies never
    }
  }

  /** The three takers return false for what cannot be judged yet, and may come again. */
  #takeRecord(record: Signed<MemberRecord>, from: PeerId): boolean {
    const { id } = record.value
    if (id === this.self) {
      this.#answerOwnRecord(record)
      return true
    }
    const before = this.view.get(id)
    if (before !== undefined && !this.#isNewer(record, before.record)) return true
    if (!this.#admits(record.value)) {
      this.violations++
      return true
    }
    const forgotten = this.#forgotten.get(id)
    if (forgotten !== undefined && compareVersions(record.value, forgotten) <= 0) return true
    if (before === undefined && this.view.size >= this.#setup.options.maxMembers) {
      this.violations++
      return false
    }
    const isPlain = !record.value.isLeaving && before?.state !== 'suspect'
    if (before !== undefined && isPlain && this.#isTooSoon(before.heardMs)) return false
    this.view.put(record, this.#setup.clock.nowMs())
    if (before === undefined) this.#reconciliation.learnt()
    const state = record.value.isLeaving ? 'left' : 'alive'
    this.#tell('records', id, { bytes: record.bytes, from })
    this.#setup.onChange(id, state, before?.state)
    return true
  }

  #isNewer(word: Signed<MemberRecord>, known: Signed<MemberRecord>): boolean {
    const age = compareVersions(word.value, known.value)
    // Two words of one version: their author plays a game, and the first one counts.
    if (age === 0 && digestOf(word.bytes) !== digestOf(known.bytes)) this.violations++
    return age > 0
  }

  /** A word of ours that is newer than we know of: an older process spoke; we speak after it. */
  #answerOwnRecord({ value }: Signed<MemberRecord>): void {
    const own = this.#own.signed.value
    if (compareVersions(value, own) <= 0) return
    if (value.incarnation > own.incarnation) return // A newer process: our time is over.
    this.#own.speak(value.revision + 1)
  }

  #takeLinks(links: Signed<LinksRecord>, from: PeerId): boolean {
    const { id } = links.value
    if (id === this.self) return true
    const member = this.view.get(id)
    if (member === undefined) return false
    const isNews =
      member.links === undefined || compareVersions(links.value, member.links.value) > 0
    if (!isNews) return true
    if (member.links !== undefined && this.#isTooSoon(member.linksHeardMs)) return false
    this.view.putLinks(links, this.#setup.clock.nowMs())
    this.#tell('links', id, { bytes: links.bytes, from })
    this.#setup.onLinks(id)
    return true
  }

  /** No member may make the whole network busy with its words alone. */
  #isTooSoon(heardMs: number): boolean {
    const { clock, options } = this.#setup
    if (clock.nowMs() - heardMs >= wordGapShare * options.wordGapMs) return false
    this.excesses++
    return true
  }

  #takeSuspicion(suspicion: Signed<Suspicion>, from: PeerId | undefined): boolean {
    const { accused, by } = suspicion.value
    if (accused === this.self) {
      // Only the accused refutes: with a word that is newer than the one that is suspected.
      if (compareVersions(suspicion.value, this.#own.signed.value) >= 0) {
        this.#own.speak(suspicion.value.revision + 1)
      }
      return true
    }
    const number = this.view.numberOf(accused)
    const member = number === undefined ? undefined : this.view.at(number)
    if (number === undefined || member === undefined) return false
    const age = compareVersions(suspicion.value, member.record.value)
    if (age !== 0) return age < 0
    if (member.state !== 'alive' && member.state !== 'suspect') return true
    if (member.suspicions.some(({ value }) => value.by === by)) return true
    if (member.suspicions.length > this.#setup.options.suspicionPeers) return true // Lifeguard §3: K are enough.
    if (from !== undefined && !this.#mayAccuse(by)) return false
    this.view.addSuspicion(number, suspicion)
    if (member.state === 'alive') this.#mark(number, 'suspect')
    this.#tell('suspicions', accused, { bytes: suspicion.bytes, from })
    this.#suspects.watch(number)
    return true
  }

  /** Only a member may accuse, and not everybody at once. */
  #mayAccuse(by: PeerId): boolean {
    const author = this.view.numberOf(by)
    if (author !== undefined && this.#suspects.mayAccuse(author)) return true
    this.excesses++
    return false
  }

  #mark(number: number, state: MemberState): void {
    const before = this.view.stateAt(number)
    const id = this.view.index.idOf(number)
    this.view.mark(number, state, this.#setup.clock.nowMs())
    if (id !== undefined) this.#setup.onChange(id, state, before)
    if (state === 'gone') this.#lookForIslands(number)
  }

  /** Later, and each at another time: the first who suspects spares the others the trouble. */
  #lookForIslands(number: number): void {
    const { clock, random } = this.#setup
    if (this.#islandTimer === undefined) {
      const delayMs = islandDelayMs + random.next() * Math.min(60_000, 20 * this.view.size)
      this.#islandTimer = clock.after(delayMs, () => this.#suspectIslanders())
    }
    if (this.#lately.length < mostLately) this.#lately.push(number)
  }

  #suspectIslanders(): void {
    this.#islandTimer = undefined
    const self = this.view.numberOf(this.self) ?? -1
    for (const number of this.#lately.splice(0)) {
      for (const islander of findIslanders(this.view, number, self)) {
        const id = this.view.index.idOf(islander)
        if (id !== undefined && !this.#neighbours.has(id)) this.suspect(id)
      }
    }
  }

  /** Forgets who was away for long. */
  #sweepLater(): void {
    const { clock, options } = this.#setup
    this.#sweepTimer = clock.after(Math.min(sweepMs, options.forgetMs), () => {
      const beforeMs = clock.nowMs() - options.forgetMs
      for (const number of this.view.inStateBefore(['gone', 'left'], beforeMs)) this.#forget(number)
      this.#sweepLater()
    })
  }

  /** Drops a member, and remembers up to which word, so that a neighbour cannot bring it back. */
  #forget(number: number): void {
    const record = this.view.recordAt(number)
    if (record === undefined) return
    this.view.forget(number)
    this.#forgotten.set(record.value.id, record.value)
    const [oldest] = this.#forgotten.keys()
    if (this.#forgotten.size > this.#setup.options.maxMembers && oldest !== undefined) {
      this.#forgotten.delete(oldest)
    }
  }

  #onOwnWord(word: Signed<MemberRecord>): void {
    if (this.#isOver) return
    const isNews = this.view.put(word, this.#setup.clock.nowMs())
    assert(isNews, 'our next word is newer than our last')
    if (this.#neighbours.size > 0) this.#own.said()
    this.#tell('records', this.self, { bytes: word.bytes, from: undefined })
  }

  /** Our own report goes whole: nobody can have it yet. */
  #report(links: Signed<LinksRecord>): void {
    for (const id of this.#neighbours) this.#send(id, { type: 'links', items: [links.bytes] })
    this.#setup.onLinks(this.self)
  }

  #makeOutbox(kind: WordKind, delayMs: number, whole: number): Outbox {
    const { clock } = this.#setup
    return new Outbox({
      ...{ kind, clock, delayMs, mostWhole: whole },
      neighbours: () => this.#neighbours,
      send: (to, message) => this.#send(to, message),
    })
  }

  #tell(kind: WordKind, id: PeerId, { bytes, from }: Omit<News, 'name'>): void {
    const number = this.view.numberOf(id)
    if (number === undefined) return
    const name = this.view.index.nameOf(number, bytes)
    this.#requests.came(kind, name)
    this.#outboxes[kind].add({ name, bytes, from })
  }

  #send(to: PeerId, message: MembershipMessage): void {
    this.#setup.send(to, message)
  }
}
