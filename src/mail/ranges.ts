/**
 * A set of counters as sorted ranges that do not touch: of a peer that misses nothing it is one range,
 * however many messages there were. Values: they do not change.
 */

/** Pairs of first and last, both inside: `[1, 5, 7, 7]` is 1 to 5, and 7. */
export type Ranges = readonly number[]

/** The set with no counters. */
export const noRanges: Ranges = []

/** Whether a counter is in the set. By halving. */
export function hasCounter(ranges: Ranges, counter: number): boolean {
  let [low, high] = [0, ranges.length / 2]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[2 * middle + 1] ?? 0) < counter) low = middle + 1
    else high = middle
  }
  const first = ranges[2 * low]
  return first !== undefined && first <= counter
}

/** The set of these counters, in any order. */
export function rangesOf(counters: Iterable<number>): Ranges {
  const sorted = [...counters].toSorted((a, b) => a - b)
  return merge(sorted.map((counter) => [counter, counter] as const))
}

/** Counters that are in one of the sets. */
export function unite(a: Ranges, b: Ranges): Ranges {
  if (a.length === 0) return b
  if (b.length === 0) return a
  return merge([...pairs(a), ...pairs(b)].toSorted((x, y) => x[0] - y[0]))
}

/** Counters of the first set that are not in the second. */
export function subtract(from: Ranges, what: Ranges): Ranges {
  const left: number[] = []
  const cuts = [...pairs(what)]
  let at = 0
  for (const [first, last] of pairs(from)) {
    let next = first
    while (at < cuts.length && (cuts[at]?.[1] ?? 0) < next) at++
    for (let index = at; index < cuts.length; index++) {
      const [cutFirst, cutLast] = cuts[index] ?? [0, 0]
      if (cutFirst > last) break
      if (cutFirst > next) left.push(next, cutFirst - 1)
      next = Math.max(next, cutLast + 1)
    }
    if (next <= last) left.push(next, last)
  }
  return left
}

/** Counters that are in both sets. */
export function intersect(a: Ranges, b: Ranges): Ranges {
  return subtract(a, subtract(a, b))
}

/** Whether every counter of the second set is in the first. */
export function includesAll(ranges: Ranges, wanted: Ranges): boolean {
  return subtract(wanted, ranges).length === 0
}

/** How many counters there are. */
export function countOf(ranges: Ranges): number {
  let count = 0
  for (const [first, last] of pairs(ranges)) count += last - first + 1
  return count
}

/** The first counters of the set, at most `most`. */
export function firstOf(ranges: Ranges, most: number): Ranges {
  const taken: number[] = []
  let left = most
  for (const [first, last] of pairs(ranges)) {
    if (left <= 0) break
    taken.push(first, Math.min(last, first + left - 1))
    left -= last - first + 1
  }
  return taken
}

/** Its ranges. */
export function* pairs(ranges: Ranges): Generator<readonly [first: number, last: number]> {
  for (let at = 0; at + 1 < ranges.length; at += 2) yield [ranges[at] ?? 0, ranges[at + 1] ?? 0]
}

/** Checks ranges that came from outside: whole numbers from 1 up, in order, not touching. */
export function isRanges(value: unknown, maxRanges: number): value is Ranges {
  if (!Array.isArray(value) || value.length % 2 !== 0 || value.length > 2 * maxRanges) return false
  let before = -1
  for (const [at, each] of (value as unknown[]).entries()) {
    if (!Number.isSafeInteger(each)) return false
    const isFirst = at % 2 === 0
    if (isFirst ? (each as number) <= before + 1 : (each as number) < before) return false
    if ((each as number) < 1) return false
    before = each as number
  }
  return true
}

function merge(sorted: readonly (readonly [number, number])[]): Ranges {
  const merged: number[] = []
  for (const [first, last] of sorted) {
    const end = merged.at(-1)
    if (end !== undefined && first <= end + 1) merged[merged.length - 1] = Math.max(end, last)
    else merged.push(first, last)
  }
  return merged
}
