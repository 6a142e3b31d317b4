/**
 * Remembers what was judged, so that a copy from another neighbour costs next to nothing: comparing is
 * sixty times cheaper than verifying, and a word comes from several neighbours within seconds.
 *
 * A signature ends in bytes that nobody can choose, so some of them name the whole: 32 bits that are
 * kept, and up to 16 that say where. What is forged to look like something seen is dropped, which is
 * what would happen to it anyway. A place holds one word and the next one takes it over; what was
 * forgotten so is verified once more and then found to be no news.
 */
export class SeenWords {
  readonly #limit: number
  #places = new Uint32Array(leastPlaces)
  #count = 0

  /** @param limit - Words that it has places for at most, a power of two. */
  constructor(limit: number) {
    this.#limit = Math.min(limit, mostPlaces)
  }

  has(bytes: Uint8Array): boolean {
    return this.#places[this.#placeOf(bytes)] === tailOf(bytes)
  }

  /** Notes what was judged. */
  add(bytes: Uint8Array): void {
    if (++this.#count > this.#places.length / 2 && this.#places.length < this.#limit) {
      this.#places = new Uint32Array(2 * this.#places.length) // What comes again is judged again.
      this.#count = 0
    }
    this.#places[this.#placeOf(bytes)] = tailOf(bytes)
  }

  #placeOf(bytes: Uint8Array): number {
    const { length } = bytes
    const high = ((bytes[length - 6] ?? 0) << 8) | (bytes[length - 5] ?? 0)
    return high & (this.#places.length - 1)
  }
}

const leastPlaces = 256
const mostPlaces = 2 ** 16 // Two bytes say where.

function tailOf(bytes: Uint8Array): number {
  const { length } = bytes
  const high = ((bytes[length - 4] ?? 0) << 8) | (bytes[length - 3] ?? 0)
  // One more than zero, which stands for nothing.
  return ((high << 16) | ((bytes[length - 2] ?? 0) << 8) | (bytes[length - 1] ?? 0)) >>> 0 || 1
}
