/**
 * One timer for many deadlines. It wakes at the next one, and whoever has them looks through all: that
 * costs nothing a call, and little a tick, while a timer of its own costs more than the call.
 */
import type { Clock, Timer } from '../base/clock.ts'

const shortestMs = 5 // Guess: deadlines are for peers that hang, not for measuring.
const longestMs = 250 // Guess: how often a table is looked through while it has a deadline.

/** See the file's head. */
export class DeadlineTimer {
  readonly #clock: Clock
  readonly #onTick: (nowMs: number) => number
  #timer: Timer | undefined
  #dueMs = Number.POSITIVE_INFINITY

  /** @param onTick - Ends what is due, and returns when the next is; `Infinity` for none. */
  constructor(clock: Clock, onTick: (nowMs: number) => number) {
    this.#clock = clock
    this.#onTick = onTick
  }

  /** Sees to it that a deadline is noticed. */
  wakeAt(deadlineMs: number): void {
    const nowMs = this.#clock.nowMs()
    const delayMs = Math.min(Math.max(deadlineMs - nowMs, shortestMs), longestMs)
    if (this.#timer !== undefined && this.#dueMs <= nowMs + delayMs) return
    this.#timer?.cancel()
    this.#dueMs = nowMs + delayMs
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined
      const nextMs = this.#onTick(this.#clock.nowMs())
      if (nextMs < Number.POSITIVE_INFINITY) this.wakeAt(nextMs)
    })
  }

  /** Wakes no more. */
  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
