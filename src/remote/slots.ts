/**
 * Things by small numbers that are used again and again: questions.
 *
 * Not a `Map`: each time that one outgrows its table it leaves the old one behind with all that stood
 * in it, and once one of those is old, all later ones become old with it. Measured with 64 calls in
 * flight: two thirds of what a call allocates was collected only by the full, slow collection.
 */

/** Numbers from here on are kept in a map: who counts like that pays for it. */
const dense = 4_096 // The most calls that one peer has under way by default.

/** See the file's head. */
export class Slots<T extends object> {
  readonly #low: (T | undefined)[] = []
  readonly #high = new Map<number, T>()
  #count = 0

  /** How many there are. */
  get size(): number {
    return this.#count
  }

  get(number: number): T | undefined {
    return number < dense ? this.#low[number] : this.#high.get(number)
  }

  /** Puts something under a number that nothing stands under. */
  add(number: number, value: T): void {
    this.#count++
    if (number >= dense) {
      this.#high.set(number, value)
      return
    }
    while (this.#low.length < number) this.#low.push(undefined) // Keeps it without holes.
    this.#low[number] = value
  }

  delete(number: number): void {
    if (number >= dense) {
      if (this.#high.delete(number)) this.#count--
    } else if (this.#low[number] !== undefined) {
      this.#low[number] = undefined
      this.#count--
    }
  }

  values(): readonly T[] {
    const low = this.#low.filter((each) => each !== undefined)
    return [...low, ...this.#high.values()]
  }

  clear(): void {
    this.#low.length = 0
    this.#high.clear()
    this.#count = 0
  }
}
