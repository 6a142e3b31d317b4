/**
 * Receives what is for this node: once, and in the order of each author.
 *
 *   envelope ─▶ form, signature, time ─▶ who may write ─▶ new? ─▶ next in order ─▶ inbox
 *                                                          │            │ a gap before it
 *                                                        dropped      waiting ── gap closed, or 60 s
 *
 * A message that waits behind a gap is stored and acknowledged like any other. A message that comes when
 * the gap was given up is shown late: out of order, and not lost.
 *
 * **Invariant**: a message and that it was received are one transaction, and a receipt is signed behind
 * it: a crash loses nothing that was acknowledged and repeats nothing.
 */
import { numberIn, textIn } from '../base/database.ts'
import { openLetter } from './envelope.ts'
import { messageOf } from '../base/errors.ts'
import { hasCounter, noRanges, rangesOf, subtract, unite, firstOf } from './ranges.ts'
import { Promises } from './promises.ts'
import { Rates } from './rate.ts'
import { insertOf, messageFrom, receivedOf, releaseOf } from './received.ts'
import { maxRanges, signReceipt } from './receipt.ts'
import { Serial } from './serial.ts'
import { loadSender, newSender, saveSender } from './sender-state.ts'
import type { Timer } from '../base/clock.ts'
import type { SqlRow, Statement } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Envelope } from './envelope.ts'
import type { Group, MailAnswer, PutResult } from './messages.ts'
import type { Opened, ReceivedMessage } from './received.ts'
import type { Ranges } from './ranges.ts'
import type { SenderState } from './sender-state.ts'
import type { SignedReceipt } from './receipt.ts'
import type { MailRefusal, MailSetup } from './setup.ts'

/** What an inbox was given, and what became of it. */
export interface Taken {
  readonly results: readonly PutResult[]
  readonly reason: string
  readonly receipts: readonly SignedReceipt[]
}

const maxEpochs = 8 // Guess: an author loses its database this often within a month.
const maxWanted = 128 // Counters asked for at a time: half of what one message carries.
const askAgainMs = 1_000 // Guess.
const fullAgainMs = 60_000 // Guess: until somebody reads.
const maxStrangers = 1_000 // Authors; beyond that the first is asked for again.

/** See the file's head. */
export class InboxMachine {
  /** Envelopes of peers that were wrong inside; each is one. */
  violations = 0
  /** Bodies that came and are kept, those that wait among them. */
  bytes = 0
  /** Messages that came into it so far. */
  received = 0

  readonly #setup: MailSetup
  readonly #onMessage: (message: ReceivedMessage) => void
  readonly #onFull: () => void
  readonly #senders = new Map<string, SenderState>()
  readonly #unread = new Map<PeerId, number>()
  readonly #blocked = new Set<PeerId>()
  readonly #gaps = new Map<string, Timer>()
  /** Authors of whom nothing is known, and until when nothing of them is asked for. */
  readonly #strangers = new Map<PeerId, number>()
  readonly #promises: Promises
  readonly #serial = new Serial()
  readonly #rates: Rates

  /** @param onFull - Told that there is no room, as long as somebody asks for some. */
  constructor(setup: MailSetup, onMessage: (message: ReceivedMessage) => void, onFull: () => void) {
    this.#setup = setup
    this.#onMessage = onMessage
    this.#onFull = onFull
    this.#promises = new Promises(setup.clock)
    this.#rates = new Rates(setup.options.authorBurst, setup.options.authorRate)
  }

  /** Reads what has to be known at once. */
  async load(): Promise<void> {
    const { database } = this.#setup
    const unread =
      'SELECT author, count(*) AS count FROM inbox WHERE read_ms IS NULL GROUP BY author'
    for (const row of await database.read({ sql: unread })) {
      this.#unread.set(textIn(row, 'author') as PeerId, numberIn(row, 'count'))
    }
    for (const row of await database.read({ sql: 'SELECT peer FROM blocked' })) {
      this.#blocked.add(textIn(row, 'peer') as PeerId)
    }
    const gaps = await database.read({ sql: 'SELECT DISTINCT author, epoch FROM waiting' })
    for (const row of gaps) {
      const state = await this.#sender(textIn(row, 'author') as PeerId, numberIn(row, 'epoch'))
      if (state !== undefined) this.#waitFor(state)
    }
  }

  /** Stops all timers. */
  stop(): void {
    for (const timer of this.#gaps.values()) timer.cancel()
    this.#gaps.clear()
  }

  /** Messages that were not read yet. */
  get unreadCount(): number {
    return [...this.#unread.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Those whose messages and posts are not taken. */
  get blocked(): ReadonlySet<PeerId> {
    return this.#blocked
  }

  /** Whether nothing more is taken for now: what could be removed has been, and what is unread fills it. */
  get isFull(): boolean {
    return this.bytes > this.#setup.options.keepBytes
  }

  /** Takes nothing of a peer any more. What came before stays. */
  async block(id: PeerId): Promise<void> {
    const { database, clock } = this.#setup
    const sql = 'INSERT OR IGNORE INTO blocked (peer, since_ms) VALUES (?, ?)'
    await database.write([{ sql, values: [id, clock.unixMs()] }])
    this.#blocked.add(id)
  }

  /** Takes messages of a peer again; false where it was not blocked. */
  async unblock(id: PeerId): Promise<boolean> {
    const sql = 'DELETE FROM blocked WHERE peer = ?'
    await this.#setup.database.write([{ sql, values: [id] }])
    return this.#blocked.delete(id)
  }

  /** Says which of what a peer has for this node are wanted. */
  async offer(groups: readonly Group[], from: PeerId): Promise<Partial<MailAnswer>> {
    const want: Group[] = []
    const receipts: Uint8Array[] = []
    if (this.isFull) this.#onFull()
    let laterMs = this.isFull ? fullAgainMs : 0
    let room = maxWanted
    for (const { author, epoch, counters } of groups) {
      const refusal = this.#refusal(author)
      if (refusal?.isFinal === true) {
        receipts.push(this.#refuse(author, epoch, counters).bytes)
        continue
      }
      if (refusal !== undefined && this.#setup.clock.nowMs() < (this.#strangers.get(author) ?? 0)) {
        laterMs ||= this.#setup.options.strangerMs
        continue
      }
      const state = (await this.#sender(author, epoch)) ?? newSender(author, epoch)
      if (state.got.length > 0) receipts.push(this.#receipt(state).bytes)
      // One message of a stranger is enough to see its pass.
      const most = refusal === undefined ? Math.max(0, room) : Math.min(1, Math.max(0, room))
      const missing = firstOf(subtract(counters, state.got), most)
      if (missing.length === 0 || this.isFull) continue
      if (!this.#promises.take(keyOf(author, epoch), from)) {
        laterMs ||= askAgainMs
        continue
      }
      room -= missing.length
      want.push({ author, epoch, counters: missing })
    }
    return { want, receipts, laterMs }
  }

  /** Takes envelopes for this node, checked for form and signature; resolves when they are stored. */
  async put(envelopes: readonly Envelope[]): Promise<Taken> {
    const groups = new Map<string, Envelope[]>()
    for (const envelope of envelopes) {
      const key = keyOf(envelope.author, envelope.epoch)
      groups.set(key, [...(groups.get(key) ?? []), envelope])
    }
    const found = new Map<Envelope, PutResult>()
    const receipts: SignedReceipt[] = []
    let reason = ''
    const take = async (group: readonly Envelope[]): Promise<void> => {
      const [first] = group
      if (first === undefined) return
      const taken = await this.#serial.run(first.author, () => this.#take(group))
      this.#promises.keep(keyOf(first.author, first.epoch))
      for (const [at, envelope] of group.entries()) {
        found.set(envelope, taken.results[at] ?? 'later')
      }
      receipts.push(...taken.receipts)
      reason ||= taken.reason
    }
    await Promise.all([...groups.values()].map(take))
    return { results: envelopes.map((each) => found.get(each) ?? 'later'), reason, receipts }
  }

  /** Messages were read: the receipts that say so to authors who asked for it. */
  async markRead(rows: readonly SqlRow[]): Promise<readonly SignedReceipt[]> {
    const receipts: SignedReceipt[] = []
    const groups = new Map<string, SqlRow[]>()
    for (const row of rows) {
      const key = keyOf(textIn(row, 'author'), numberIn(row, 'epoch'))
      groups.set(key, [...(groups.get(key) ?? []), row])
    }
    for (const group of groups.values()) {
      const author = textIn(group[0], 'author') as PeerId
      const unread = (this.#unread.get(author) ?? 0) - group.length
      this.#unread.set(author, Math.max(0, unread))
      const asked = group.filter((row) => numberIn(row, 'wants_read') === 1)
      const counters = rangesOf(asked.map((row) => numberIn(row, 'counter')))
      if (counters.length === 0) continue
      const receipt = await this.#serial.run(author, async () => {
        const state = await this.#sender(author, numberIn(group[0], 'epoch'))
        if (state === undefined) return undefined
        const read = unite(state.read, counters).slice(-2 * maxRanges)
        await this.#save({ ...state, read, receiptMs: this.#nextMs(state) }, [])
        return this.#receipt((await this.#sender(author, state.epoch)) ?? state)
      })
      if (receipt !== undefined) receipts.push(receipt)
    }
    return receipts
  }

  /** Takes envelopes of one author and epoch. */
  async #take(envelopes: readonly Envelope[]): Promise<Taken> {
    const [first] = envelopes
    if (first === undefined) return { results: [], reason: '', receipts: [] }
    const { author, epoch } = first
    const refusal = this.#refusal(author, first.pass)
    if (refusal !== undefined) {
      const { reason, isFinal } = refusal
      if (!isFinal) this.#noteStranger(author)
      const refused = rangesOf(envelopes.map(({ counter }) => counter))
      const receipts = isFinal ? [this.#refuse(author, epoch, refused)] : []
      return { results: envelopes.map(() => (isFinal ? 'refused' : 'later')), reason, receipts }
    }
    const known = await this.#sender(author, epoch)
    if (known === undefined && (await this.#countEpochs(author)) >= maxEpochs) {
      const reason = `more than ${maxEpochs} epochs of one author`
      return { results: envelopes.map(() => 'invalid'), reason, receipts: [] }
    }
    const state = known ?? newSender(author, epoch)
    const isNew = (each: Envelope): boolean => !hasCounter(state.got, each.counter)
    const fresh = new Map(envelopes.filter(isNew).map((each) => [each.counter, each]))
    const [taken, reason] = this.#choose(state, [...fresh.values()])
    if (taken.length > 0) await this.#store(state, taken)
    const now = (await this.#sender(author, epoch)) ?? state
    const results = envelopes.map(({ counter }): PutResult =>
      hasCounter(now.got, counter) ? 'stored' : 'later',
    )
    return { results, reason, receipts: now.got.length > 0 ? [this.#receipt(now)] : [] }
  }

  /** Those that are taken now, in order, and why not the others. */
  #choose(state: SenderState, fresh: readonly Envelope[]): readonly [Envelope[], string] {
    const { options, clock } = this.#setup
    const sorted = fresh.toSorted((a, b) => a.counter - b.counter)
    if (sorted.length === 0) return [[], '']
    if (this.isFull) {
      this.#onFull()
      return [[], 'the inbox is full']
    }
    const unread = this.#unread.get(state.author) ?? 0
    if (unread >= options.unreadPerAuthor) return [[], 'too many unread messages of yours']
    const allowed = this.#rates.take(state.author, sorted.length, clock.nowMs())
    let { got } = state
    let room = options.keepBytes - this.bytes
    const awaited = Math.max(state.shown + 1, ...sorted.map(({ floor }) => floor))
    const taken = sorted.slice(0, allowed).filter(({ counter, sealed }) => {
      if (room < 0) return false
      const next = unite(got, [counter, counter])
      if (counter > awaited + options.waitingPerAuthor) return false
      if (next.length > 2 * maxRanges) return false
      got = next
      room -= sealed.length
      return true
    })
    return [taken, taken.length < sorted.length ? 'too many messages at once' : '']
  }

  /** Stores new messages of one author and epoch, and shows those whose turn it is. */
  async #store(state: SenderState, envelopes: readonly Envelope[]): Promise<void> {
    const opened = this.#open(envelopes)
    for (const { letter } of opened) this.bytes += letter.body.length
    const got = unite(state.got, rangesOf(envelopes.map(({ counter }) => counter)))
    const floor = Math.max(...envelopes.map((each) => each.floor))
    const shown = nextShown({ got, shown: state.shown, floor })
    const expiresMs = Math.max(state.expiresMs, ...envelopes.map((each) => each.expiresMs))
    const next: SenderState = { ...state, got, shown, expiresMs, receiptMs: this.#nextMs(state) }
    const ready = opened.filter(({ envelope }) => envelope.counter <= shown)
    const early = opened.filter(({ envelope }) => envelope.counter > shown)
    const isClosing = shown > state.shown && state.got.some((edge) => edge > state.shown)
    const receivedMs = this.#setup.clock.unixMs()
    const waiting = early.map((each) => insertOf('waiting', each, receivedMs))
    if (isClosing) {
      // With a gap that closed, what waited and what came go through one door, in order.
      waiting.push(...ready.map((each) => insertOf('waiting', each, receivedMs)))
      await this.#release(next, waiting)
      return
    }
    const inserts = ready.map((each) => insertOf('inbox', each, receivedMs))
    const results = await this.#save(next, [...inserts, ...waiting])
    const shownNow = ready.map((each, at) =>
      receivedOf(each, { id: numberIn(results[at]?.[0], 'id'), receivedMs }),
    )
    this.#show(state.author, shownNow)
  }

  /** Stores more of what waits, and moves into the inbox what need not wait any more. */
  async #release(state: SenderState, inserts: readonly Statement[]): Promise<void> {
    const results = await this.#save(state, [...inserts, ...releaseOf(state)])
    const messages = results.flat().map(messageFrom)
    this.#show(
      state.author,
      messages.toSorted((a, b) => a.id - b.id),
    )
  }

  #open(envelopes: readonly Envelope[]): readonly Opened[] {
    return envelopes.flatMap((envelope) => {
      const letter = openLetter(envelope, this.#setup.sealer)
      if (typeof letter !== 'string') return [{ envelope, letter }]
      this.violations++
      this.#setup.warn(`${letter}, from ${envelope.author.slice(0, 8)}: it is dropped`)
      return []
    })
  }

  /** Writes a state with what belongs to it. */
  async #save(
    state: SenderState,
    statements: readonly Statement[],
  ): Promise<readonly (readonly SqlRow[])[]> {
    const key = keyOf(state.author, state.epoch)
    try {
      const results = await this.#setup.database.write([...statements, saveSender(state)])
      this.#senders.set(key, { ...state, receipt: undefined })
      this.#waitFor(state)
      if (this.isFull) this.#onFull()
      return results
    } catch (thrown) {
      this.#senders.delete(key) // What the file has is what counts.
      throw thrown
    }
  }

  /** Tells of what came into the inbox. */
  #show(author: PeerId, messages: readonly ReceivedMessage[]): void {
    if (messages.length === 0) return
    this.received += messages.length
    this.#unread.set(author, (this.#unread.get(author) ?? 0) + messages.length)
    for (const message of messages) this.#onMessage(message)
  }

  /** Gives a gap up when its time is over. */
  #waitFor({ author, epoch, got, shown }: SenderState): void {
    const key = keyOf(author, epoch)
    const hasGap = (got.at(-1) ?? 0) > shown
    if (!hasGap) {
      this.#gaps.get(key)?.cancel()
      this.#gaps.delete(key)
      return
    }
    if (this.#gaps.has(key)) return
    const { clock, options, warn } = this.#setup
    const timer = clock.after(options.gapWaitMs, () => {
      this.#gaps.delete(key)
      this.#giveUp(author, epoch).catch((thrown: unknown) => warn(messageOf(thrown)))
    })
    this.#gaps.set(key, timer)
  }

  async #giveUp(author: PeerId, epoch: number): Promise<void> {
    await this.#serial.run(author, async () => {
      const state = await this.#sender(author, epoch)
      if (state === undefined) return
      const [first] = subtract(state.got, state.shown === 0 ? noRanges : [1, state.shown])
      if (first === undefined) return
      const shown = nextShown({ got: state.got, shown: state.shown, floor: first })
      const next = { ...state, shown }
      await this.#release(next, [])
    })
  }

  async #sender(author: PeerId, epoch: number): Promise<SenderState | undefined> {
    const key = keyOf(author, epoch)
    const known = this.#senders.get(key)
    if (known !== undefined) return known
    const loaded = await loadSender(this.#setup.database, author, epoch)
    const meanwhile = this.#senders.get(key)
    if (meanwhile !== undefined || loaded === undefined) return meanwhile
    const [oldest] = this.#senders.keys()
    if (this.#senders.size >= maxSenders && oldest !== undefined) this.#senders.delete(oldest)
    this.#senders.set(key, loaded)
    return loaded
  }

  async #countEpochs(author: PeerId): Promise<number> {
    const sql = 'SELECT count(*) AS count FROM senders WHERE author = ?'
    const [row] = await this.#setup.database.read({ sql, values: [author] })
    return numberIn(row, 'count')
  }

  #receipt(state: SenderState): SignedReceipt {
    const { author, epoch, got, read, receiptMs: timeMs } = state
    const fields = { author, epoch, got, read, isRefusal: false, timeMs }
    state.receipt ??= signReceipt(fields, this.#setup.signer)
    return state.receipt
  }

  /** Why nothing of an author is taken; `undefined` where it may write. */
  #refusal(author: PeerId, pass?: Uint8Array): MailRefusal | undefined {
    if (this.#blocked.has(author)) return { reason: 'it takes nothing of you', isFinal: true }
    return this.#setup.network.refusal(author, 'mail', pass)
  }

  /** What is said of messages that are not taken. Later ones may be: who is blocked is unblocked. */
  #refuse(author: PeerId, epoch: number, refused: Ranges): SignedReceipt {
    const { signer, clock } = this.#setup
    const got = refused.slice(0, 2 * maxRanges)
    const said = { got, read: noRanges, isRefusal: true, timeMs: clock.unixMs() }
    return signReceipt({ author, epoch, ...said }, signer)
  }

  #noteStranger(author: PeerId): void {
    const [oldest] = this.#strangers.keys()
    if (this.#strangers.size >= maxStrangers && oldest !== undefined) this.#strangers.delete(oldest)
    this.#strangers.set(author, this.#setup.clock.nowMs() + this.#setup.options.strangerMs)
  }

  /** Grows also when the wall clock runs backwards: the later receipt counts. */
  #nextMs({ receiptMs }: SenderState): number {
    return Math.max(receiptMs + 1, this.#setup.clock.unixMs())
  }
}

const maxSenders = 10_000 // Guess: some kilobytes each at worst; the others are read again.

/** How far an author's messages can be shown: up to the first that is missing and still awaited. */
function nextShown(at: { readonly got: SenderState['got']; shown: number; floor: number }): number {
  const { got, floor } = at
  let shown = Math.max(at.shown, floor - 1)
  for (let index = 0; index + 1 < got.length; index += 2) {
    const [first = 0, last = 0] = [got[index], got[index + 1]]
    if (first <= shown + 1 && last > shown) shown = last
  }
  return shown
}

function keyOf(author: string, epoch: number): string {
  return `${author} ${epoch}`
}
