import type { Clock } from '../base/clock.ts'

/** How much a bucket gives. */
export interface Rate {
  /** At once, after a calm. */
  readonly burst: number
  readonly perSecond: number
}

/** So many at once, and so many a second for long. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #rate: Rate
  #tokens: number
  #atMs: number

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock
    this.#rate = rate
    this.#tokens = rate.burst
    this.#atMs = clock.nowMs()
  }

  /** Tells whether one more may pass now, and counts it. */
  take(): boolean {
    const { burst, perSecond } = this.#rate
    const nowMs = this.#clock.nowMs()
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1_000)
    this.#atMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
