import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  countOf,
  firstOf,
  hasCounter,
  includesAll,
  intersect,
  isRanges,
  rangesOf,
  subtract,
  unite,
} from './ranges.ts'

const counters = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 })
const all = Array.from({ length: 42 }, (_, at) => at + 1)

test('ranges do what sets do', () => {
  fc.assert(
    fc.property(counters, counters, (a, b) => {
      const [x, y] = [rangesOf(a), rangesOf(b)]
      const [left, right] = [new Set(a), new Set(b)]
      const having = (ranges: readonly number[]): number[] =>
        all.filter((each) => hasCounter(ranges, each))
      expect(having(x)).toEqual([...left].toSorted((p, q) => p - q))
      expect(having(unite(x, y))).toEqual(all.filter((each) => left.has(each) || right.has(each)))
      expect(having(subtract(x, y))).toEqual(
        all.filter((each) => left.has(each) && !right.has(each)),
      )
      expect(having(intersect(x, y))).toEqual(
        all.filter((each) => left.has(each) && right.has(each)),
      )
      expect(includesAll(x, y)).toBe([...right].every((each) => left.has(each)))
      expect(countOf(x)).toBe(left.size)
      expect(countOf(firstOf(x, 3))).toBe(Math.min(3, left.size))
      for (const each of [x, unite(x, y), subtract(x, y), firstOf(x, 3)]) {
        expect(isRanges(each, 64)).toBe(true)
      }
    }),
  )
})

test.each<[string, unknown]>([
  ['half a range', [1]],
  ['a range that runs backwards', [5, 4]],
  ['ranges that touch', [1, 2, 3, 4]],
  ['ranges out of order', [5, 6, 1, 2]],
  ['zero', [0, 1]],
  ['fractions', [1, 1.5]],
  ['text', ['1', '2']],
  ['too many', [1, 1, 3, 3, 5, 5]],
  ['no list', 7],
])('%s are no ranges', (_what, value) => {
  expect(isRanges(value, 2)).toBe(false)
})
