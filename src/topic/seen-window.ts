import { maxGaps } from './options.ts'

/**
 * Which numbers came: runs in order, so that a thousand messages without a gap are one pair of numbers.
 *
 * Above {@link maxGaps} gaps the lowest is given up: what is missing there is not taken any more. Only
 * the author itself can bring that about.
 */
export class SeenWindow {
  /** First and last of each run. */
  readonly #ranges: number[] = []

  /** Runs as they travel. */
  get ranges(): readonly number[] {
    return this.#ranges
  }

  has(number: number): boolean {
    return isIn(this.#ranges, number)
  }

  /** Notes a number; false where it was noted before. */
  add(number: number): boolean {
    const ranges = this.#ranges
    // Most are the next after the last run.
    const last = ranges.at(-1)
    if (last !== undefined && number === last + 1) {
      ranges[ranges.length - 1] = number
      return true
    }
    const at = firstEndingFrom(ranges, number - 1)
    const [from, to] = [ranges[at], ranges[at + 1]]
    if (from === undefined || to === undefined || number < from - 1) {
      ranges.splice(at, 0, number, number)
    } else if (number >= from && number <= to) return false
    else if (number === from - 1) ranges[at] = number
    else this.#extend(at, number)
    if (ranges.length > 2 * (maxGaps + 1)) ranges.splice(1, 2)
    return true
  }

  /** The run at `at` ends right before `number`; the next one may begin right behind it. */
  #extend(at: number, number: number): void {
    const ranges = this.#ranges
    ranges[at + 1] = number
    if (ranges[at + 2] === number + 1) ranges.splice(at + 1, 2)
  }
}

/** Tells whether a number is in one of the runs. */
export function isIn(ranges: readonly number[], number: number): boolean {
  const at = firstEndingFrom(ranges, number)
  const from = ranges[at]
  return from !== undefined && number >= from
}

/** Where the first run begins that ends at `number` or behind it; behind the last one where none does. */
function firstEndingFrom(ranges: readonly number[], number: number): number {
  let [low, high] = [0, ranges.length / 2]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[2 * middle + 1] ?? Infinity) < number) low = middle + 1
    else high = middle
  }
  return 2 * low
}
