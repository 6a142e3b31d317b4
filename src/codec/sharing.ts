/**
 * Finds objects that stand in a value more than once, and numbers them (tags 28 and 29).
 *
 * Most values are trees, so the first walk only looks for a repetition: in a short list, which is
 * the cheapest there is for a call; then in a longer one that the engine searches, four places at a
 * time; then in a `Set`, which gives each object a hash first. If there is one, a second walk writes
 * again, now knowing which objects to mark.
 */

const listed = 12 // Measured: above this a call of `indexOf` is faster than a loop.
const searched = 48 // Measured: above this a Set is faster.

/** What is known of the objects of one value. */
export class Sharing {
  static readonly first = -1
  static readonly alone = -2

  readonly #list: unknown[] = Array.from({ length: listed })
  #count = 0
  /** All that was seen, once it is more than the list holds. */
  #more: unknown[] | undefined
  #seen: Set<unknown> | undefined
  /** Objects that stand in the value more than once, with their numbers once they have one. */
  #shared: Map<object, number> | undefined

  /** First walk: whether `value` was seen before; it is shared then. */
  isRepeated(value: object): boolean {
    if (this.#more !== undefined) return this.#isAmongMany(value, this.#more)
    const list = this.#list
    const count = this.#count
    for (let index = 0; index < count; index++) {
      if (list[index] === value) return this.#share(value)
    }
    if (count === listed) this.#more = [...list, value]
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
    this.#more = undefined
    this.#seen = undefined
  }

  #isAmongMany(value: object, more: unknown[]): boolean {
    const seen = this.#seen
    if (seen !== undefined) {
      const { size } = seen
      seen.add(value) // One look-up tells whether it was there, and puts it there.
      return seen.size === size && this.#share(value)
    }
    if (more.indexOf(value) >= 0) return this.#share(value)
    if (more.push(value) === searched) this.#seen = new Set(more)
    return false
  }

  #share(value: object): true {
    this.#shared ??= new Map()
    this.#shared.set(value, Sharing.first)
    return true
  }
}
