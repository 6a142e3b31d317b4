/**
 * Remembers what was verified, so that a copy from another neighbour costs next to nothing: comparing is sixty
 * times cheaper than verifying, and each word comes once from every neighbour.
 *
 * A signature ends in bytes that nobody can choose, so 48 bits of it name the whole. What is forged to
 * look like something seen is dropped, which is what would happen to it anyway.
 */
export class SeenWords {
  readonly #limit: number
  #recent = new Set<number>()
  #older = new Set<number>()

  /** @param limit - Words to remember at least; twice as many at most. */
  constructor(limit: number) {
    this.#limit = limit
  }

  has(bytes: Uint8Array): boolean {
    const tail = tailOf(bytes)
    return this.#recent.has(tail) || this.#older.has(tail)
  }

  /** Notes what was verified. */
  add(bytes: Uint8Array): void {
    this.#recent.add(tailOf(bytes))
    if (this.#recent.size < this.#limit) return
    this.#older = this.#recent
    this.#recent = new Set()
  }
}

function tailOf(bytes: Uint8Array): number {
  let tail = 0
  const { length } = bytes
  for (let at = Math.max(0, length - 6); at < length; at++) tail = tail * 256 + (bytes[at] ?? 0)
  return tail
}
