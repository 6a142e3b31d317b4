/**
 * Where the rows of a long list stand. Rows that were never drawn count as `estimate`; those that were
 * as high as they turned out to be, also after others came before them.
 *
 *   top(i) = height(0) + … + height(i - 1)
 */
export class RowPlaces<Key> {
  readonly #estimate: number
  #keys: readonly Key[] = []
  #heights: number[] = []
  #tops: number[] = [0]
  /** Tops above this index are not right. */
  #rightUpTo = 0

  /** @param estimate - What a row is taken to be high, px. */
  constructor(estimate: number) {
    this.#estimate = estimate
  }

  get count(): number {
    return this.#keys.length
  }

  /** The whole height, px. */
  get height(): number {
    return this.top(this.count)
  }

  /** Takes the rows as they are now; known ones keep their heights. */
  sync(keys: readonly Key[]): void {
    const before = this.#keys
    if (keys === before) return
    this.#keys = keys
    const last = before.length - 1
    const isLonger = last >= 0 && keys[0] === before[0] && keys[last] === before[last]
    if (isLonger && keys.length >= before.length) {
      while (this.#heights.length < keys.length) this.#heights.push(this.#estimate)
      return
    }
    const known = new Map(before.map((key, at) => [key, this.#heights[at]]))
    this.#heights = keys.map((key) => known.get(key) ?? this.#estimate)
    this.#rightUpTo = 0
  }

  /** A row turned out to be so high, px; tells whether that is news. */
  measured(at: number, height: number): boolean {
    if (this.#heights[at] === height || at >= this.count) return false
    this.#heights[at] = height
    this.#rightUpTo = Math.min(this.#rightUpTo, at)
    return true
  }

  /** Every row may have another height: the list became wider or narrower. */
  forgetHeights(): void {
    this.#heights = this.#keys.map(() => this.#estimate)
    this.#rightUpTo = 0
  }

  /** Where a row begins, px from the top; that behind the last one is where the list ends. */
  top(at: number): number {
    for (; this.#rightUpTo < at; this.#rightUpTo++) {
      const height = this.#heights[this.#rightUpTo] ?? 0
      this.#tops[this.#rightUpTo + 1] = (this.#tops[this.#rightUpTo] ?? 0) + height
    }
    return this.#tops[at] ?? 0
  }

  /** The row that covers a place, px from the top; the last one below the end. */
  at(place: number): number {
    let [low, high] = [0, Math.max(0, this.count - 1)]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.top(middle) <= place) low = middle
      else high = middle - 1
    }
    return low
  }
}
