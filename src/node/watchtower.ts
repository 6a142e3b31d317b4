/** All discoveries of a node that look around, as one. */
import { TokenBucket } from '../discovery/token-bucket.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Lookout, Relation, Sighting } from '../discovery/contract.ts'

const refreshes = { burst: 4, perSecond: 1 / 30 } // Guess: a cable out and in, an address that comes later.
const againMs = 30_000 // When the next one may be.
const ranks: readonly Relation[] = ['network', 'known', 'named', 'open', 'other']

/** See the file's head. */
export class Watchtower {
  readonly #clock: Clock
  readonly #lookouts: readonly Lookout[]
  readonly #refreshes: TokenBucket
  #timer: Timer | undefined

  constructor(clock: Clock, lookouts: readonly Lookout[]) {
    this.#clock = clock
    this.#lookouts = lookouts
    this.#refreshes = new TokenBucket(clock, refreshes)
  }

  /** Their names. */
  get sources(): readonly string[] {
    return this.#lookouts.map(({ source }) => source)
  }

  /** What each counted. */
  get counts(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return Object.fromEntries(this.#lookouts.map(({ source, counts }) => [source, counts]))
  }

  /** Asks all once more. */
  look(): void {
    for (const lookout of this.#lookouts) lookout.look()
  }

  /** Who this node is to others has changed, or where it is: soon all look anew. */
  refresh(): void {
    if (this.#timer !== undefined || this.#lookouts.length === 0) return
    const isSoon = this.#refreshes.take()
    this.#timer = this.#clock.after(isSoon ? 0 : againMs, () => {
      this.#timer = undefined
      for (const lookout of this.#lookouts) lookout.refresh()
    })
  }

  /** Refreshes nothing any more. */
  stop(): void {
    this.#timer?.cancel()
  }

  /** Who was seen, the nearest relation first, then by address. Frozen. */
  sightings(): readonly Sighting[] {
    const all = this.#lookouts.flatMap((lookout) => lookout.sightings())
    const rank = ({ relation, id, host }: Sighting): string => {
      return `${ranks.indexOf(relation)} ${id ?? ''} ${host}`
    }
    return Object.freeze(all.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)))
  }
}
