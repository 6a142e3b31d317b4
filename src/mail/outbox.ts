/**
 * Sends this node's messages, and keeps each until its recipient has it.
 *
 *   send ─▶ stored here ─┬─ recipient is up ─▶ put ─▶ receipt ────────────────▶ delivered ─▶ read
 *                        └─ it is away ─▶ put to three holders ─▶ held ───────────▲
 *                                         nobody is up ─▶ queued ─────────────────┘
 *
 * One recipient's messages go in their order, in batches: what is stored while a batch is under way is
 * the next batch. What was held is offered again when the recipient is back, to it; and while it is away,
 * to whoever should hold it by then.
 *
 * **Invariant**: a message is stored before it is sent, and is forgotten only by a receipt of its
 * recipient or when it has expired.
 */
import { SkeinError, messageOf } from '../base/errors.ts'
import { chooseHolders } from './holders.ts'
import { OutboxTable } from './outbox-table.ts'
import { checkOutgoing } from './outgoing.ts'
import { hasCounter, rangesOf } from './ranges.ts'
import { maxRanges, readReceipt } from './receipt.ts'
import { Serial } from './serial.ts'
import type { Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MailAnswer, MailRequest } from './messages.ts'
import type { OpenMessage } from './outbox-table.ts'
import type { Outgoing } from './outgoing.ts'
import type { SignedReceipt } from './receipt.ts'
import type { MailSetup } from './setup.ts'

/** What goes to one recipient. */
interface Lane {
  timer: Timer | undefined
  dueMs: number
  backoffMs: number
  /** Who is told when the first attempt of a message is over. */
  readonly waiting: Map<OpenMessage, () => void>
  isRunning: boolean
  isWanted: boolean
  /** Holders that were asked to hold all of it, and when. */
  heldAt: string
  heldMs: number
}

/** See the file's head. */
export class OutboxMachine {
  /** Messages that were stored to be sent, so far. */
  sent = 0
  readonly #setup: MailSetup
  readonly #epoch: number
  readonly #table: OutboxTable
  readonly #lanes = new Map<PeerId, Lane>()
  readonly #serial = new Serial()
  #isStopped = false

  /** @param onChange - Told the ID of each message that was stored or got further. */
  constructor(setup: MailSetup, epoch: number, onChange: (id: number) => void) {
    this.#setup = setup
    this.#epoch = epoch
    this.#table = new OutboxTable(setup, epoch, onChange)
  }

  /** Messages that have not arrived. */
  get openCount(): number {
    return this.#table.openCount
  }

  /** Reads what is still under way, and goes on with it. */
  async load(): Promise<void> {
    for (const id of await this.#table.load()) this.#soon(id, this.#setup.options.retryMinMs)
  }

  /** Stops all timers. */
  stop(): void {
    this.#isStopped = true
    for (const lane of this.#lanes.values()) {
      lane.timer?.cancel()
      tell(lane, [...lane.waiting.keys()])
    }
  }

  /**
   * Stores a message and tries to get it away.
   *
   * @returns How far it got, when the first attempt is over.
   * @throws {SkeinError} `LIMIT_EXCEEDED` it is too long; `INVALID`; `STORAGE_FAILED`.
   */
  async send(outgoing: Outgoing): Promise<Readonly<OpenMessage>> {
    checkOutgoing(outgoing, this.#setup)
    const { to } = outgoing
    const counter = await this.#serial.run(to, () => this.#table.nextNumber(to))
    const message = await this.#table.store(outgoing, counter)
    this.sent++
    if (this.#isStopped) return message // It goes when this node runs again.
    const lane = this.#lane(to)
    const settled = new Promise<void>((resolve) => lane.waiting.set(message, resolve))
    this.#soon(to, 0)
    await settled
    return message
  }

  /** A peer is there, or back: what waits for it goes now. */
  onUp(id: PeerId): void {
    const lane = this.#lanes.get(id)
    if (lane === undefined) return
    lane.backoffMs = this.#setup.options.retryMinMs
    this.#soon(id, 0)
  }

  /** Members came or went: other peers may have to hold what waits. */
  onMembers(): void {
    for (const [id, lane] of this.#lanes) {
      if (this.#table.isOpen(id) && !lane.isRunning) {
        this.#soon(id, this.#setup.options.repairDelayMs)
      }
    }
  }

  /** Takes receipts that somebody passed on; those of other authors are not for us. */
  async takeReceipts(receipts: readonly SignedReceipt[]): Promise<void> {
    await Promise.all(receipts.map((receipt) => this.#table.takeReceipt(receipt)))
  }

  /** Gives up what has expired. */
  async sweep(): Promise<void> {
    await this.#table.expire()
  }

  #lane(to: PeerId): Lane {
    const known = this.#lanes.get(to)
    if (known !== undefined) return known
    const lane: Lane = {
      ...{ timer: undefined, dueMs: 0, backoffMs: this.#setup.options.retryMinMs },
      ...{ waiting: new Map(), isRunning: false, isWanted: false, heldAt: '', heldMs: 0 },
    }
    this.#lanes.set(to, lane)
    return lane
  }

  /** Sees to a recipient's messages after a while, or at the end of what is under way. */
  #soon(to: PeerId, delayMs: number): void {
    if (this.#isStopped) return
    const lane = this.#lane(to)
    if (lane.isRunning) {
      lane.isWanted ||= delayMs === 0
      return
    }
    const { clock } = this.#setup
    const dueMs = clock.nowMs() + delayMs
    if (lane.timer !== undefined && lane.dueMs <= dueMs) return
    lane.timer?.cancel()
    lane.timer = undefined
    if (delayMs > 0) {
      lane.dueMs = dueMs
      lane.timer = clock.after(delayMs, () => this.#begin(to, lane))
      return
    }
    lane.isRunning = true
    // What one flush of the disk brought resolves together: it goes together.
    void Promise.resolve().then(() => this.#begin(to, lane))
  }

  #begin(to: PeerId, lane: Lane): void {
    lane.timer = undefined
    lane.isRunning = true
    this.#run(to, lane).catch((thrown: unknown) => this.#setup.warn(messageOf(thrown)))
  }

  async #run(to: PeerId, lane: Lane): Promise<void> {
    if (this.#isStopped) return
    const started = [...lane.waiting.keys()]
    let isDone = false
    try {
      isDone = await this.#dispatch(to, lane)
    } finally {
      tell(lane, started)
      lane.isRunning = false
      if (lane.isWanted || lane.waiting.size > 0) {
        lane.isWanted = false
        this.#soon(to, 0)
      } else if (!isDone) {
        this.#soon(to, lane.backoffMs * (0.75 + this.#setup.random.next() / 2))
        lane.backoffMs = Math.min(2 * lane.backoffMs, this.#setup.options.retryMaxMs)
      } else if (!this.#table.isOpen(to)) this.#lanes.delete(to)
    }
  }

  /** Gets what it can away; true when nothing is left to do. */
  async #dispatch(to: PeerId, lane: Lane): Promise<boolean> {
    if (this.#setup.network.isUp(to)) {
      try {
        return await this.#deliver(to, lane)
      } catch (thrown) {
        if (!(thrown instanceof NoAnswer)) throw thrown
        this.#setup.warn(`could not deliver to ${to.slice(0, 8)}: ${thrown.message}`)
      }
    }
    if (!this.#table.isOpen(to)) return !(await this.#table.isReadAwaited(to))
    await this.#hold(to, lane)
    return false
  }

  /** Gives the recipient what it lacks; true when it has all, and no word of it is awaited. */
  async #deliver(to: PeerId, lane: Lane): Promise<boolean> {
    await this.#offer(to, to)
    for (let from = 0; ;) {
      const batch = await this.#table.next(to, from)
      const messages = batch.map(([message]) => message)
      const last = messages.at(-1)
      if (last === undefined) return !(await this.#table.isReadAwaited(to))
      const items = batch.map(([, envelope]) => envelope)
      const answer = await this.#ask(to, { kind: 'put', items })
      this.#table.tried(messages)
      const noted = this.#take(answer)
      const isWrong = (at: number): boolean =>
        answer.results[at] === 'invalid' || answer.results[at] === 'refused'
      const wrong = messages.filter((_, at) => isWrong(at))
      if (wrong.length > 0) {
        await noted
        await this.#table.markRefused(wrong, answer.reason)
      } else noted.catch((thrown: unknown) => this.#setup.warn(messageOf(thrown)))
      const waiting = messages.filter((_, at) => answer.results[at] === 'later')
      await this.#table.markLater(waiting, answer.reason)
      tell(lane, messages)
      // Where some were taken, the others are taken soon.
      if (answer.results.includes('stored')) lane.backoffMs = this.#setup.options.retryMinMs
      if (waiting.length > 0) return false
      from = last.counter
    }
  }

  /**
   * Asks what a peer lacks of what is not new, so that it is not sent in vain; its receipts settle the
   * rest.
   *
   * @returns What it need not be sent; nothing where all was new.
   */
  async #offer(peer: PeerId, to: PeerId): Promise<readonly OpenMessage[]> {
    const { signer } = this.#setup
    const known = this.#table.known(to)
    const unread = await this.#table.unread(to)
    const counters = rangesOf([...known.map(({ counter }) => counter), ...unread])
    if (counters.length === 0) return []
    const asked = counters.slice(0, 2 * maxRanges)
    const group = { author: signer.id, epoch: this.#epoch, counters: asked }
    const answer = await this.#ask(peer, { kind: 'offer', to, groups: [group] })
    await this.#take(answer)
    if (peer !== to && answer.laterMs > 0) throw new SkeinError('LIMIT_EXCEEDED', 'it has no room')
    const wanted = answer.want.filter(({ author }) => author === signer.id)
    const isWanted = ({ counter }: OpenMessage): boolean =>
      !hasCounter(asked, counter) || wanted.some((one) => hasCounter(one.counters, counter))
    return known.filter((message) => !isWanted(message))
  }

  /** Gives what waits to those who should hold it. */
  async #hold(to: PeerId, lane: Lane): Promise<void> {
    const { network, options, clock } = this.#setup
    const { holders: count, settledMs } = options
    const chosen = chooseHolders(to, network.candidates(), { count, settledMs })
    const names = chosen.join(' ')
    const isKnown = names === lane.heldAt && clock.nowMs() - lane.heldMs < options.repairMs
    if (chosen.length === 0 || (isKnown && !this.#table.hasFresh(to))) return
    const done = await Promise.all(chosen.map((id) => this.#holdAt(id, to)))
    for (const { put } of done) this.#table.tried(put)
    if (done.every(({ isAll }) => isAll)) {
      lane.heldAt = names
      lane.heldMs = clock.nowMs()
    }
  }

  /** Gives a holder what it lacks: what it stored, and whether that was all. */
  async #holdAt(
    holder: PeerId,
    to: PeerId,
  ): Promise<{ readonly put: readonly OpenMessage[]; readonly isAll: boolean }> {
    const put: OpenMessage[] = []
    try {
      const skipped = new Set(await this.#offer(holder, to))
      await this.#markHeld(to, [...skipped], holder)
      for (let from = 0; ;) {
        const batch = await this.#table.next(to, from)
        const last = batch.at(-1)
        if (last === undefined) return { put, isAll: true }
        from = last[0].counter
        const left = batch.filter(([message]) => !skipped.has(message))
        if (left.length === 0) continue
        const items = left.map(([, envelope]) => envelope)
        const answer = await this.#ask(holder, { kind: 'put', items })
        await this.#take(answer)
        const stored = left.filter((_, at) => answer.results[at] === 'stored')
        const messages = stored.map(([message]) => message)
        put.push(...messages)
        await this.#markHeld(to, messages, holder)
        if (stored.length < left.length) return { put, isAll: false }
      }
    } catch (thrown) {
      this.#setup.warn(`${holder.slice(0, 8)} cannot hold: ${messageOf(thrown)}`)
      return { put, isAll: false }
    }
  }

  async #markHeld(to: PeerId, messages: readonly OpenMessage[], holder: PeerId): Promise<void> {
    await this.#table.markHeld(
      to,
      messages.map(({ counter }) => counter),
      holder,
    )
  }

  /** @throws {NoAnswer} Others may be asked instead. */
  async #ask(peer: PeerId, request: MailRequest): Promise<MailAnswer> {
    try {
      return await this.#setup.network.ask(peer, request)
    } catch (thrown) {
      throw new NoAnswer(messageOf(thrown), { cause: thrown })
    }
  }

  /** Takes the receipts of an answer; they count at once, and are written down when it resolves. */
  async #take({ receipts }: MailAnswer): Promise<void> {
    const read = receipts.map((bytes) => readReceipt(bytes, this.#setup.signer))
    await this.takeReceipts(read.filter((receipt) => typeof receipt !== 'string'))
  }
}

/** A peer did not answer, or could not do what it was asked: the fault is not here. */
class NoAnswer extends Error {}

/** The first attempt of these messages is over. */
function tell(lane: Lane, messages: readonly OpenMessage[]): void {
  for (const message of messages) {
    lane.waiting.get(message)?.()
    lane.waiting.delete(message)
  }
}
