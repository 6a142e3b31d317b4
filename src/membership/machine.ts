/**
 * Knows the whole network: keeps a view of all members, tells neighbours what is new, and finds out
 * with them what was missed.
 *
 *   news         a newer word goes at once to every neighbour but the one it came from
 *   suspicion    who should reach a member and cannot says so; only the accused can refute (SWIM §4.2)
 *   repair       every 10 s one neighbour is asked whether its view is the same, bucket by bucket
 *
 * Why flooding and not three random targets as SWIM has: neighbours are few and connected already, so
 * news takes as many steps as the graph is wide, and nothing is missed while the graph holds together.
 *
 * **Invariant**: what is forwarded is what was verified, byte for byte.
 */
import { assert } from '../base/assert.ts'
import { randomInt } from '../base/random.ts'
import { suspicionTimeoutMs } from './options.ts'
import {
  compareVersions,
  linkKey,
  readLinks,
  readRecord,
  readSuspicion,
  signLinks,
  signRecord,
  signSuspicion,
} from './record.ts'
import { SeenWords } from './seen.ts'
import { View, bucketOf } from './view.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { HaveRow, MembershipMessage } from './messages.ts'
import type { MembershipOptions } from './options.ts'
import type { LinksRecord, MemberRecord, Signed, Signer, Suspicion, Version } from './record.ts'
import type { MemberState } from './snapshot.ts'
import type { Member } from './view.ts'

/** What this node says of itself. */
export type SelfDescription = Pick<
  MemberRecord,
  'label' | 'addresses' | 'software' | 'protocol' | 'pass'
>

/** What a machine works with. */
export interface MachineSetup {
  readonly signer: Signer
  readonly incarnation: number
  readonly clock: Clock
  readonly random: Random
  readonly options: MembershipOptions
  readonly self: SelfDescription
  /** Whether somebody belongs to the network; all do in one without a key. */
  readonly admits: (record: MemberRecord) => boolean
  /** Withdrawals of passes, as they travel: a new neighbour gets them all. */
  readonly withdrawals: () => readonly Uint8Array[]
  /** Takes one that a neighbour told; returns what is wrong with it. */
  readonly onWithdrawal: (bytes: Uint8Array) => string | undefined
  /** Sends a message to a neighbour. */
  readonly send: (to: PeerId, message: MembershipMessage) => void
  /** A member became what it is now; `undefined` before it was known. */
  readonly onChange: (id: PeerId, state: MemberState, before: MemberState | undefined) => void
  /** The links of a member changed. */
  readonly onLinks: (id: PeerId) => void
}

const chunkItems = 64 // Some 20 kB a message: a call still passes between two.
const maxRows = 512 // As many as a message takes; a bucket of 30 000 members has fewer.
const rttNoise = 0.1 // The issue: changes below 10 % are no news.

/** See the file's head. */
export class MembershipMachine {
  readonly view = new View()
  /** Messages, records and suspicions of others that made no sense; each is one. */
  violations = 0

  readonly #setup: MachineSetup
  readonly #neighbours = new Set<PeerId>()
  readonly #measured = new Map<PeerId, number>()
  readonly #deadlines = new Map<PeerId, Timer>()
  readonly #seen: SeenWords
  readonly #forgotten = new Map<PeerId, Version>()
  #self: Signed<MemberRecord>
  #description: SelfDescription
  #links: Signed<LinksRecord> | undefined
  #linksTimer: Timer | undefined
  #reconcileTimer: Timer | undefined
  #isOver = false

  constructor(setup: MachineSetup) {
    this.#setup = setup
    this.#seen = new SeenWords(2 * setup.options.maxMembers)
    this.#description = setup.self
    this.#self = this.#sign({ ...setup.self, isLeaving: false }, 0)
    this.view.put(this.#self, setup.clock.nowMs())
    this.#reconcileSoon()
  }

  get self(): PeerId {
    return this.#setup.signer.id
  }

  /** Says something new of this node. */
  describe(self: SelfDescription): void {
    this.#description = self
    this.#speak({ ...self, isLeaving: false })
  }

  /** Says that this node goes, and says no more. */
  leave(): void {
    this.#speak({ ...this.#description, isLeaving: true })
    this.stop()
  }

  /** Stops all timers. */
  stop(): void {
    this.#isOver = true
    this.#linksTimer?.cancel()
    this.#reconcileTimer?.cancel()
    for (const timer of this.#deadlines.values()) timer.cancel()
  }

  /** A neighbour can be talked to: it gets our word, and is asked what we have missed. */
  addNeighbour(id: PeerId): void {
    this.#neighbours.add(id)
    this.#measured.set(id, this.#measured.get(id) ?? 0)
    const withdrawals = this.#setup.withdrawals()
    for (let at = 0; at < withdrawals.length; at += chunkItems) {
      this.#setup.send(id, { type: 'withdrawals', items: withdrawals.slice(at, at + chunkItems) })
    }
    this.#setup.send(id, { type: 'records', items: [this.#self.bytes] })
    this.#askWhetherSame(id)
    this.#linksSoon()
  }

  /** A neighbour cannot be talked to for now. */
  removeNeighbour(id: PeerId): void {
    this.#neighbours.delete(id)
  }

  /** Passes were taken back, or ended: who is no member any more is forgotten. */
  expel(): void {
    for (const member of [...this.view]) {
      const { value } = member.record
      if (value.id === this.self || this.#setup.admits(value)) continue
      this.#endDeadline(value.id)
      this.#forget(value.id)
      if (member.state !== 'gone') this.#setup.onChange(value.id, 'gone', member.state)
    }
  }

  /** Tells the neighbours of a withdrawal that is news. */
  tellWithdrawal(bytes: Uint8Array): void {
    this.#tellOthers(undefined, { type: 'withdrawals', items: [bytes] })
  }

  /** The connection to a member is over: it is no link any more. */
  dropLink(id: PeerId): void {
    if (this.#measured.delete(id)) this.#linksSoon()
  }

  /** A round trip to a neighbour was measured, µs. */
  measure(id: PeerId, rttMicros: number): void {
    const before = this.#measured.get(id) ?? 0
    if (Math.abs(rttMicros - before) < before * rttNoise) return
    this.#measured.set(id, rttMicros)
    this.#linksSoon()
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
        this.#takeAll(message.items, readRecord, (record) => this.#takeRecord(record, from))
        return
      case 'links':
        this.#takeAll(message.items, readLinks, (links) => this.#takeLinks(links, from))
        return
      case 'suspicions':
        this.#takeAll(message.items, readSuspicion, (each) => this.#takeSuspicion(each, from))
        return
      case 'withdrawals':
        for (const bytes of message.items) {
          if (this.#setup.onWithdrawal(bytes) !== undefined) this.violations++
        }
        return
      case 'hashes':
        this.#compareHashes(from, message.hashes)
        return
      case 'have':
        this.#compareRows(from, new Set(message.buckets), message.rows)
        return
      case 'want':
        this.#sendMembers(from, message.ids)
        return
      default:
        message satisfies never
    }
  }

  #takeAll<T>(
    items: readonly Uint8Array[],
    read: (bytes: Uint8Array, signer: Signer) => Signed<T> | string,
    take: (signed: Signed<T>) => boolean,
  ): void {
    for (const bytes of items) {
      if (this.#seen.has(bytes)) continue
      const signed = read(bytes, this.#setup.signer)
      if (typeof signed === 'string') {
        this.violations++
        continue
      }
      if (take(signed)) this.#seen.add(bytes)
    }
  }

  /** The three takers return false for what cannot be judged yet, and may come again. */
  #takeRecord(record: Signed<MemberRecord>, from: PeerId): boolean {
    const { id } = record.value
    if (id === this.self) {
      this.#answerOwnRecord(record.value)
      return true
    }
    if (!this.#setup.admits(record.value)) {
      this.violations++
      return true
    }
    const before = this.view.get(id)
    const forgotten = this.#forgotten.get(id)
    if (forgotten !== undefined && compareVersions(record.value, forgotten) <= 0) return true
    if (before === undefined && this.view.size >= this.#setup.options.maxMembers) {
      this.violations++
      return false
    }
    const stateBefore = before?.state
    if (!this.view.put(record, this.#setup.clock.nowMs())) return true
    this.#endDeadline(id)
    const state = record.value.isLeaving ? 'left' : 'alive'
    if (state === 'left') this.#forgetLater(id)
    this.#tellOthers(from, { type: 'records', items: [record.bytes] })
    this.#setup.onChange(id, state, stateBefore)
    return true
  }

  /** A word of ours that is newer than we know of: an older process spoke; we speak after it. */
  #answerOwnRecord(record: MemberRecord): void {
    if (compareVersions(record, this.#self.value) <= 0) return
    if (record.incarnation > this.#self.value.incarnation) return // A newer process: our time is over.
    this.#repeatSelf(record.revision + 1)
  }

  #takeLinks(links: Signed<LinksRecord>, from: PeerId): boolean {
    if (links.value.id === this.self) return true
    if (!this.view.putLinks(links)) return this.view.get(links.value.id) !== undefined
    this.#tellOthers(from, { type: 'links', items: [links.bytes] })
    this.#setup.onLinks(links.value.id)
    return true
  }

  #takeSuspicion(suspicion: Signed<Suspicion>, from: PeerId | undefined): boolean {
    const { accused, by } = suspicion.value
    if (accused === this.self) {
      // Only the accused refutes: with a word that is newer than the one that is suspected.
      if (compareVersions(suspicion.value, this.#self.value) >= 0) {
        this.#repeatSelf(suspicion.value.revision + 1)
      }
      return true
    }
    const member = this.view.get(accused)
    if (member === undefined) return false
    const age = compareVersions(suspicion.value, member.record.value)
    if (age !== 0) return age < 0
    if (member.state !== 'alive' && member.state !== 'suspect') return true
    if (member.suspicions.has(by)) return true
    if (member.suspicions.size > this.#setup.options.suspicionPeers) return true // Lifeguard §3: K are enough.
    this.view.addSuspicion(member, by, suspicion.bytes)
    const stateBefore = member.state
    if (stateBefore === 'alive') this.view.mark(member, 'suspect', this.#setup.clock.nowMs())
    this.#tellOthers(from, { type: 'suspicions', items: [suspicion.bytes] })
    this.#setDeadline(member)
    if (stateBefore === 'alive') this.#setup.onChange(accused, 'suspect', 'alive')
    return true
  }

  #setDeadline(member: Member): void {
    const { clock, options } = this.#setup
    const { id } = member.record.value
    const timeoutMs = suspicionTimeoutMs(member.suspicions.size - 1, options)
    const restMs = Math.max(0, member.sinceMs + timeoutMs - clock.nowMs())
    this.#endDeadline(id)
    const onDeadline = (): void => {
      if (this.view.get(id) !== member || member.state !== 'suspect') return
      this.view.mark(member, 'gone', clock.nowMs())
      this.#forgetLater(id)
      this.#setup.onChange(id, 'gone', 'suspect')
    }
    this.#deadlines.set(id, clock.after(restMs, onDeadline))
  }

  #forgetLater(id: PeerId): void {
    this.#endDeadline(id)
    const { clock, options } = this.#setup
    const timer = clock.after(options.forgetMs, () => {
      this.#deadlines.delete(id)
      this.#forget(id)
    })
    this.#deadlines.set(id, timer)
  }

  /** Drops a member, and remembers up to which word, so that a neighbour cannot bring it back. */
  #forget(id: PeerId): void {
    const member = this.view.get(id)
    if (member === undefined) return
    this.view.forget(id)
    this.#forgotten.set(id, member.record.value)
    const [oldest] = this.#forgotten.keys()
    if (this.#forgotten.size > this.#setup.options.maxMembers && oldest !== undefined) {
      this.#forgotten.delete(oldest)
    }
  }

  #endDeadline(id: PeerId): void {
    this.#deadlines.get(id)?.cancel()
    this.#deadlines.delete(id)
  }

  #repeatSelf(revision: number): void {
    this.#speak({ ...this.#description, isLeaving: false }, revision)
  }

  #speak(
    description: SelfDescription & { readonly isLeaving: boolean },
    revision = this.#self.value.revision + 1,
  ): void {
    if (this.#isOver) return
    this.#self = this.#sign(description, revision)
    const isNews = this.view.put(this.#self, this.#setup.clock.nowMs())
    assert(isNews, 'our next word is newer than our last')
    this.#tellOthers(undefined, { type: 'records', items: [this.#self.bytes] })
  }

  #sign(
    description: SelfDescription & { readonly isLeaving: boolean },
    revision: number,
  ): Signed<MemberRecord> {
    const { signer, incarnation } = this.#setup
    return signRecord({ ...description, id: signer.id, incarnation, revision }, signer)
  }

  #tellOthers(from: PeerId | undefined, message: MembershipMessage): void {
    for (const id of this.#neighbours) if (id !== from) this.#setup.send(id, message)
  }

  /** Reports our round-trip times, as often as the budget allows. */
  #linksSoon(): void {
    if (this.#linksTimer !== undefined || this.#isOver) return
    const { clock, options } = this.#setup
    const bytesEach = 150 + 12 * this.#measured.size
    // Every member sends one such report in the interval, and each comes to us once a neighbour.
    const cost = this.view.size * bytesEach * Math.max(1, this.#neighbours.size)
    const budgetMs = (cost / options.linksBytesPerSecond) * 1_000
    const delayMs = this.#links === undefined ? 0 : Math.max(options.linksMinMs, budgetMs)
    this.#linksTimer = clock.after(delayMs, () => {
      this.#linksTimer = undefined
      this.#reportLinks()
    })
  }

  #reportLinks(): void {
    const { signer, incarnation } = this.#setup
    const rttMicros = new Map([...this.#measured].map(([id, rtt]) => [linkKey(id), rtt]))
    const revision = (this.#links?.value.revision ?? 0) + 1
    this.#links = signLinks({ id: signer.id, incarnation, revision, rttMicros }, signer)
    this.view.putLinks(this.#links)
    this.#tellOthers(undefined, { type: 'links', items: [this.#links.bytes] })
    this.#setup.onLinks(signer.id)
  }

  #reconcileSoon(): void {
    const { clock, random, options } = this.#setup
    const delayMs = options.reconcileMs * (0.5 + random.next())
    this.#reconcileTimer = clock.after(delayMs, () => {
      const neighbours = [...this.#neighbours]
      const chosen = neighbours[randomInt(random, neighbours.length)]
      if (chosen !== undefined) this.#askWhetherSame(chosen)
      this.#reconcileSoon()
    })
  }

  #askWhetherSame(id: PeerId): void {
    this.#setup.send(id, { type: 'hashes', hashes: this.view.hashes })
  }

  #compareHashes(from: PeerId, theirs: readonly number[]): void {
    const buckets: number[] = []
    const rows: HaveRow[] = []
    for (const [bucket, hash] of this.view.hashes.entries()) {
      if (theirs[bucket] === hash) continue
      const members = this.view.inBucket(bucket)
      if (rows.length + members.length > maxRows) break // The rest differs the next time, too.
      buckets.push(bucket)
      rows.push(...members.map(rowOf))
    }
    if (buckets.length > 0) this.#setup.send(from, { type: 'have', buckets, rows })
  }

  /** The other side has these: we ask for what is newer there, and send what is newer here. */
  #compareRows(from: PeerId, buckets: ReadonlySet<number>, rows: readonly HaveRow[]): void {
    const wanted: PeerId[] = []
    const offered: PeerId[] = []
    const listed = new Set<PeerId>()
    for (const row of rows) {
      const [id] = row
      if (!buckets.has(bucketOf(id))) {
        this.violations++
        continue
      }
      listed.add(id)
      const mine = this.view.get(id)
      const own = mine === undefined ? ([id, 0, 0, 0, 0, 0] as const) : rowOf(mine)
      if (isNewer(row, own)) wanted.push(id)
      if (isNewer(own, row)) offered.push(id)
    }
    for (const { record } of this.view) {
      const { id } = record.value
      if (!listed.has(id) && buckets.has(bucketOf(id))) offered.push(id)
    }
    if (wanted.length > 0) this.#setup.send(from, { type: 'want', ids: wanted })
    this.#sendMembers(from, offered)
  }

  #sendMembers(to: PeerId, ids: readonly PeerId[]): void {
    const members = ids.map((id) => this.view.get(id)).filter((member) => member !== undefined)
    for (let at = 0; at < members.length; at += chunkItems) {
      const chunk = members.slice(at, at + chunkItems)
      this.#setup.send(to, { type: 'records', items: chunk.map(({ record }) => record.bytes) })
      const links = chunk.flatMap((member) => member.links?.bytes ?? [])
      if (links.length > 0) this.#setup.send(to, { type: 'links', items: links })
      const suspicions = chunk.flatMap((member) => [...member.suspicions.values()])
      if (suspicions.length > 0) this.#setup.send(to, { type: 'suspicions', items: suspicions })
    }
  }
}

function rowOf({ record, links, suspicions }: Member): HaveRow {
  const { id, incarnation, revision } = record.value
  const { incarnation: linksIncarnation = 0, revision: linksRevision = 0 } = links?.value ?? {}
  return [id, incarnation, revision, linksIncarnation, linksRevision, Math.min(1, suspicions.size)]
}

/** Compares as words are compared: the record first, then its links, then whether it is suspected. */
function isNewer([, ...one]: HaveRow, [, ...other]: HaveRow): boolean {
  const at = one.findIndex((value, index) => value !== other[index])
  return at >= 0 && (one[at] ?? 0) > (other[at] ?? 0)
}
