import type { Clock } from '../base/clock.ts'

/**
 * A token bucket (as in ATM's GCRA): so many things in a window, a burst of as many.
 *
 * What is over the budget is refused, never remembered, so it costs one number.
 */
export class Budget {
  readonly #clock: Clock
  readonly #most: number
  readonly #perMs: number
  #left: number
  #atMs: number

  constructor(clock: Clock, { most, windowMs }: { readonly most: number; readonly windowMs: number }) {
    this.#clock = clock
    this.#most = most
    this.#perMs = most / windowMs
    this.#left = most
    this.#atMs = clock.nowMs()
  }

  /** Takes one; false where there is none. */
  take(): boolean {
    const nowMs = this.#clock.nowMs()
    this.#left = Math.min(this.#most, this.#left + (nowMs - this.#atMs) * this.#perMs)
    this.#atMs = nowMs
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
