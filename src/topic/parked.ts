/**
 * Messages of authors of whom nothing was heard yet: word of a new member may come a moment after its
 * first message. They wait for it, for a while.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Arrival } from './intake.ts'

interface Waiting {
  readonly arrival: Arrival
  readonly author: PeerId
  readonly untilMs: number
}

const maxCount = 256 // Guess.
const maxBytes = 2 ** 20 // Guess: sixteen of the longest.
const waitMs = 10_000 // Guess: word of a member crosses a network of thousands in a second.

/** See the file's head. */
export class Parked {
  /** Messages of authors that nobody vouched for in time, or for which there was no room. */
  dropped = 0
  readonly #clock: Clock
  readonly #waiting = new Map<string, Waiting>()
  #bytes = 0
  #timer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Keeps a message until its author is known. */
  put(key: string, author: PeerId, arrival: Arrival): void {
    if (this.#waiting.has(key)) return
    const isFull = this.#waiting.size >= maxCount
    if (isFull || this.#bytes + arrival.bytes.length > maxBytes) {
      this.dropped++
      return
    }
    this.#waiting.set(key, { arrival, author, untilMs: this.#clock.nowMs() + waitMs })
    this.#bytes += arrival.bytes.length
    this.#timer ??= this.#clock.after(waitMs, () => this.#expire())
  }

  /** An author is known now: hands out what waited for that, in order. */
  release(author: PeerId): readonly Arrival[] {
    const released: Arrival[] = []
    for (const [key, waiting] of this.#waiting) {
      if (waiting.author !== author) continue
      this.#remove(key, waiting)
      released.push(waiting.arrival)
    }
    return released
  }

  stop(): void {
    this.#timer?.cancel()
    this.#waiting.clear()
  }

  #expire(): void {
    const nowMs = this.#clock.nowMs()
    for (const [key, waiting] of this.#waiting) {
      if (waiting.untilMs > nowMs) continue
      this.#remove(key, waiting)
      this.dropped++
    }
    const [next] = this.#waiting.values()
    this.#timer =
      next === undefined ? undefined : this.#clock.after(next.untilMs - nowMs, () => this.#expire())
  }

  #remove(key: string, { arrival }: Waiting): void {
    this.#waiting.delete(key)
    this.#bytes -= arrival.bytes.length
  }
}
