/**
 * Finds objects that stand in a value more than once, and numbers them (tags 28 and 29).
 *
 * Most values are trees, so the first walk only looks for a repetition: in a short list, which is
 * the cheapest there is for a call, then in a `Set`. If there is one, a second walk writes again,
 * now knowing which objects to mark.
 */

const listed = 16 // Measured: above this a Set is faster.

/** What is known of the objects of one value. */
export class Sharing {
  static readonly first = -1
  static readonly alone = -2

  readonly #list: unknown[] = Array.from({ length: listed })
  #count = 0
  #seen: Set<unknown> | undefined
  /** Objects that stand in the value more than once, with their numbers once they have one. */
  #shared: Map<object, number> | undefined

  /** First walk: whether `value` was seen before; it is shared then. */
  isRepeated(value: object): boolean {
    const seen = this.#seen
    if (seen !== undefined) {
      const { size } = seen
      seen.add(value) // One look-up tells whether it was there, and puts it there.
      return seen.size === size && this.#share(value)
    }
    const list = this.#list
    const count = this.#count
    for (let index = 0; index < count; index++) {
      if (list[index] === value) return this.#share(value)
    }
    if (count === listed) this.#seen = new Set(list).add(value)
    else {
      list[count] = value
      this.#count = count + 1
    }
    return false
  }

  /** Whether the first walk found anything. */
  get hasShared(): boolean {
    return this.#shared !== undefined
  }

  /**
   * Second walk: the number of a shared object that was written before; {@link Sharing.first} for one
   * that is written now, {@link Sharing.alone} for one that is not shared.
   */
  numberOf(value: object): number {
    const number = this.#shared?.get(value)
    if (number === undefined) return Sharing.alone
    if (number < 0) this.#shared?.set(value, this.#count++)
    return number
  }

  /** Holds nothing any more. */
  clear(): void {
    this.forgetSeen()
    this.#shared = undefined
  }

  /** Between the walks, which both start with nothing seen. */
  forgetSeen(): void {
    for (let index = Math.min(this.#count, listed) - 1; index >= 0; index--) {
      this.#list[index] = undefined
    }
    this.#count = 0
    this.#seen = undefined
  }

  #share(value: object): true {
    this.#shared ??= new Map()
    this.#shared.set(value, Sharing.first)
    return true
  }
}
