import { expect, test } from 'vitest'
import { chartOf } from './chart-shape.ts'
import type { History } from '../../../map/feed.ts'

const width = 300
const nowMs = 10_000_000

function history(rttMicros: History['rttMicros'], changes: History['changes'] = []): History {
  return { type: 'link', unixMs: nowMs, stepMs: 30_000, rttMicros, changes }
}

test('a young history fills five minutes, an old one its hour', () => {
  expect(chartOf(history([100, 100]), { width }).from).toBe('5 min ago')
  expect(chartOf(history(Array.from({ length: 41 }, () => 100)), { width }).from).toBe('20 min ago')
  const hour = chartOf(history(Array.from({ length: 121 }, () => 100)), { width })
  expect(hour.from).toBe('1 h ago')
  expect(hour.line).toMatch(/^M0 .*L300 /)
})

test('a gap is a gap, and one value alone a dot', () => {
  const shape = chartOf(history([100, 200, null, 0, 300]), { width })
  expect(shape.line.match(/M/g)).toHaveLength(1)
  expect(shape.dots).toHaveLength(1)
  expect([shape.least, shape.most]).toEqual([100, 300])
})

test('noise of a tenth is drawn flat, a factor of a hundred from bottom to top', () => {
  const heights = (values: number[]): number[] => {
    return [...chartOf(history(values), { width }).line.matchAll(/ ([\d.]+)/g)].map(([, y]) =>
      Number(y),
    )
  }
  const [a = 0, b = 0] = heights([1_000, 1_100])
  expect(Math.abs(a - b)).toBeLessThan(10)
  expect(heights([1_000, 100_000])).toEqual([58, 8])
})

test('states are bands up to the next one, what was before begins at the edge', () => {
  const { bands } = chartOf(
    history(
      [100, 100],
      [
        { unixMs: nowMs - 900_000, to: 'alive' },
        { unixMs: nowMs - 450_000, to: 'gone' },
      ],
    ),
    { width },
  )
  expect(bands).toEqual([
    { x: 0, width: 150, to: 'alive' },
    { x: 150, width: 150, to: 'gone' },
  ])
})

test('nothing measured is said, not drawn', () => {
  const shape = chartOf(history([0, null]), { width })
  expect([shape.line, shape.dots, shape.least]).toEqual(['', [], undefined])
  expect(shape.summary).toContain('not measured')
})
