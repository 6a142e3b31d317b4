/**
 * Messages on their way to one subscriber, at its pace: at most so many wait, then the oldest is
 * dropped, and the next one that is handed out says how many were missed.
 */

import type { PeerId } from '../base/peer-id.ts'

/** A message as a subscriber gets it; frozen, but for its value. */
export interface Received {
  readonly topic: string
  /** What was published. Shared by all subscribers of this process: do not change it. */
  readonly value: unknown
  /** ID of the peer that published it, proved by its signature. */
  readonly author: PeerId
  /** The author's wall clock, Unix ms. */
  readonly time: number
  /** Counts the author's messages of all topics from its start, so a program can tell their order. */
  readonly sequence: number
  /** Which start of the author's process. */
  readonly incarnation: number
  /** True where this node itself published it. */
  readonly isOwn: boolean
  /** True where it was published before this node started, or before the subscription. */
  readonly isPast: boolean
  /** Messages before this one that this subscriber did not take in time, and that were dropped. */
  readonly missed: number
}

/** How much waits for a subscriber. */
export interface DeliveryLimits {
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
}

interface Waiting {
  readonly message: Received
  readonly bytes: number
}

/** See the file's head. */
export class Delivery {
  /** Messages that were dropped since the last one that was taken. */
  missed = 0
  readonly #limits: DeliveryLimits
  readonly #onMiss: () => void
  readonly #waiting = new Map<number, Waiting>()
  #next = 0
  #bytes = 0
  #isOver = false
  #wake: (() => void) | undefined

  constructor(limits: DeliveryLimits, onMiss: () => void) {
    this.#limits = limits
    this.#onMiss = onMiss
  }

  /** Adds a message; the oldest may have to go. */
  put(message: Received, bytes: number): void {
    if (this.#isOver) return
    this.#waiting.set(this.#next++, { message, bytes })
    this.#bytes += bytes
    const { maxWaiting, maxWaitingBytes } = this.#limits
    while (
      this.#waiting.size > 1 &&
      (this.#waiting.size > maxWaiting || this.#bytes > maxWaitingBytes)
    ) {
      this.#shift()
      this.missed++
      this.#onMiss()
    }
    this.#wake?.()
  }

  /** The next message, if one waits. */
  take(): Received | undefined {
    const message = this.#shift()
    if (message === undefined) return undefined
    const { missed } = this
    this.missed = 0
    return missed === 0 ? message : Object.freeze({ ...message, missed })
  }

  /** Waits until a message waits, or until the end; false at the end. */
  async ready(): Promise<boolean> {
    while (this.#waiting.size === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return !this.#isOver
  }

  /** Nothing is handed out any more. */
  end(): void {
    this.#isOver = true
    this.#waiting.clear()
    this.#wake?.()
  }

  #shift(): Received | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    const [number, { message, bytes }] = first
    this.#waiting.delete(number)
    this.#bytes -= bytes
    return message
  }
}
