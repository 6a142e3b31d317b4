/**
 * How often a peer may bring a path: a bucket of tokens that fills by itself.
 *
 *   tokens = min(burst, tokens + elapsed · rate)     a path takes one
 *
 * An honest peer dials twice a second at most, at each of its addresses, and rarely for long. One that
 * resumes ten times a second makes us replay all that it does not acknowledge ten times a second.
 */
const burst = 40 // Guess: sixteen addresses, tried twice, and some more.
const ratePerSecond = 4 // Guess: twice what an honest peer needs.

/** See the file's head. */
export class JoinRate {
  #tokens = burst
  #atMs = 0

  /** Tells whether another path may join now, and counts it. */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * ratePerSecond) / 1_000)
    this.#atMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
