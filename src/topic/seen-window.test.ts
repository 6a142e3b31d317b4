import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeenWindow, isIn } from './seen-window.ts'

test('[TP5] what came is known, what did not is not, in whatever order it came', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60 })), (numbers) => {
      const window = new SeenWindow()
      const known = new Set<number>()
      for (const number of numbers) {
        expect(window.add(number)).toBe(!known.has(number))
        known.add(number)
        const { ranges } = window
        expect(
          ranges.every((each, at) => at === 0 || each > (ranges[at - 1] ?? 0) - (at % 2)),
        ).toBe(true)
      }
      for (let number = 0; number <= 61; number++) {
        expect(window.has(number)).toBe(known.has(number))
        expect(isIn(window.ranges, number)).toBe(known.has(number))
      }
    }),
  )
})

test('[TP5] a window has 64 gaps at most; the lowest is given up', () => {
  const window = new SeenWindow()
  for (let number = 0; number < 2_000; number += 2) window.add(number)
  expect(window.ranges.length).toBe(130)
  expect(window.has(1)).toBe(true)
  expect(window.has(1_997)).toBe(false)
})
