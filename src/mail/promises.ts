/**
 * Who is about to send what it has of an author: several holders offer the same at the same moment, and
 * one copy is enough. A promise that is not kept is over after ten seconds.
 */
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'

const promiseMs = 10_000 // Guess: a megabyte on a slow line.
const maxPromises = 10_000 // Guess: then two may send the same.

/** See the file's head. */
export class Promises {
  readonly #clock: Clock
  readonly #promises = new Map<string, { readonly by: PeerId; readonly untilMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether a peer may send what is named; if so, no other one may until it has, or the time is over. */
  take(name: string, by: PeerId): boolean {
    const nowMs = this.#clock.nowMs()
    const known = this.#promises.get(name)
    if (known !== undefined && known.by !== by && nowMs < known.untilMs) return false
    if (this.#promises.size >= maxPromises) this.#promises.clear()
    this.#promises.set(name, { by, untilMs: nowMs + promiseMs })
    return true
  }

  /** It was sent. */
  keep(name: string): void {
    this.#promises.delete(name)
  }
}
