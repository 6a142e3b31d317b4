/** Token buckets: how much each peer may do at once, and then each second. */
import type { PeerId } from '../base/peer-id.ts'

/** See the file's head. */
export class Rates {
  readonly #burst: number
  readonly #perSecond: number
  readonly #buckets = new Map<PeerId, { tokens: number; atMs: number }>()

  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** How many of `wanted` a peer may do now; they are taken off. */
  take(id: PeerId, wanted: number, nowMs: number): number {
    const known = this.#buckets.get(id)
    const tokens =
      known === undefined
        ? this.#burst
        : Math.min(this.#burst, known.tokens + ((nowMs - known.atMs) / 1_000) * this.#perSecond)
    const taken = Math.max(0, Math.min(wanted, Math.floor(tokens)))
    this.#buckets.delete(id)
    this.#buckets.set(id, { tokens: tokens - taken, atMs: nowMs })
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > maxBuckets && oldest !== undefined) this.#buckets.delete(oldest)
    return taken
  }
}

const maxBuckets = 10_000 // Guess: the one that was used the longest ago is full again.
