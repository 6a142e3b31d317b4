/**
 * What goes to one neighbour: copies, at the pace at which it takes them, and names of what it gets no
 * copy of.
 *
 * **Invariant**: a neighbour that never reads costs at most `queueBytes` and `maxNames` names.
 */
import { Bucket } from './bucket.ts'
import { maxNames } from './options.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MessageName } from './message-name.ts'
import type { TopicWireMessage } from './messages.ts'
import type { TopicOptions } from './options.ts'
import type { Kept } from './store.ts'

/** How a neighbour is reached. */
export interface NeighbourSetup {
  readonly options: TopicOptions
  /** False when it had better wait for {@link Neighbour.drained}; the message is taken all the same. */
  readonly send: (message: TopicWireMessage) => boolean
  readonly nowMs: () => number
}

interface Pending {
  readonly name: MessageName
  readonly sinceMs: number
}

const askAtOnce = 10 // Guess: a fresh link is compared a few times.
const mistakesAtOnce = 64 // As for membership (M12).

/** See the file's head. */
export class Neighbour {
  readonly id: PeerId
  /** Copies that were only named, because it did not take them. */
  displaced = 0
  /** What it may ask for. */
  readonly served: Bucket
  /** How often it may compare. */
  readonly asks: Bucket
  /** How often it may send what is no message. */
  readonly mistakes: Bucket
  readonly #setup: NeighbourSetup
  readonly #queue = new Map<string, Kept>()
  #queuedBytes = 0
  /** What it lacks, as it said: sent when there is nothing else to send. */
  #repairs: Kept[] = []
  readonly #haves = new Map<string, Pending>()
  #isTaking = true

  constructor(id: PeerId, setup: NeighbourSetup) {
    this.id = id
    this.#setup = setup
    const { serveBytesAtOnce, serveBytesPerSecond } = setup.options
    const nowMs = setup.nowMs()
    this.served = new Bucket({ atOnce: serveBytesAtOnce, perSecond: serveBytesPerSecond }, nowMs)
    this.asks = new Bucket({ atOnce: askAtOnce, perSecond: 1 }, nowMs)
    this.mistakes = new Bucket({ atOnce: mistakesAtOnce, perSecond: 1 }, nowMs)
  }

  get hasNames(): boolean {
    return this.#haves.size > 0
  }

  /** Sends a copy, now or when it takes one; the oldest that waits is only named if there are too many. */
  push(kept: Kept): void {
    this.#haves.delete(kept.key)
    if (this.#isTaking) return this.#sendCopy(kept)
    this.#queue.set(kept.key, kept)
    this.#queuedBytes += kept.bytes.length
    while (this.#queuedBytes > this.#setup.options.queueBytes) this.#displaceOldest()
  }

  /** Names a message, with others and not at once. */
  name(kept: Kept, sinceMs = kept.receivedMs): void {
    const { key, prefix: author, message } = kept
    const { incarnation, sequence } = message
    this.#haves.set(key, { name: { author, incarnation, sequence }, sinceMs })
    const [oldest] = this.#haves.keys()
    if (this.#haves.size > maxNames && oldest !== undefined) this.#haves.delete(oldest)
  }

  /** It has a message: it needs neither a copy nor the name. */
  has(key: string): void {
    this.#haves.delete(key)
    const queued = this.#queue.get(key)
    if (queued === undefined) return
    this.#queue.delete(key)
    this.#queuedBytes -= queued.bytes.length
  }

  /** Sends what it said that it lacks, as fast as it takes it. */
  repair(lacking: readonly Kept[]): void {
    this.#repairs = lacking.toReversed()
    this.#pump()
  }

  /** Sends the names that were collected. */
  flushNames(): void {
    if (this.#haves.size === 0 || !this.#isTaking) return
    const nowMs = this.#setup.nowMs()
    const names = [...this.#haves.values()].map(({ name, sinceMs }) => {
      return { ...name, delayMs: nowMs - sinceMs }
    })
    this.#haves.clear()
    this.tell({ type: 'have', names })
  }

  /** Sends anything else; not to one that takes nothing, for all of it can be said again. */
  tell(message: TopicWireMessage): void {
    if (this.#isTaking && !this.#setup.send(message)) this.#isTaking = false
  }

  /** It takes messages again. */
  drained(): void {
    this.#isTaking = true
    this.#pump()
  }

  #pump(): void {
    for (const [key, kept] of this.#queue) {
      if (!this.#isTaking) return
      this.#queue.delete(key)
      this.#queuedBytes -= kept.bytes.length
      this.#sendCopy(kept)
    }
    while (this.#isTaking && this.#repairs.length > 0) {
      const kept = this.#repairs.pop()
      if (kept !== undefined) this.#sendCopy(kept)
    }
  }

  #sendCopy({ bytes, bornMs }: Kept): void {
    const ageMs = Math.max(0, Math.round(this.#setup.nowMs() - bornMs))
    if (!this.#setup.send({ type: 'push', bytes, ageMs })) this.#isTaking = false
  }

  #displaceOldest(): void {
    const [oldest] = this.#queue.values()
    if (oldest === undefined) return
    this.#queue.delete(oldest.key)
    this.#queuedBytes -= oldest.bytes.length
    this.displaced++
    this.name(oldest)
  }
}
