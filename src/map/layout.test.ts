import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { distancesFrom, toRows, unreachable } from './distances.ts'
import { layOut } from './layout.ts'
import { type Point, type Spacing, spreadOut } from './spread.ts'
import { type LayoutLink, idealLength } from './stress.ts'

/** Networks with loops and loose parts. */
const inputs = fc
  .record({ count: fc.integer({ min: 1, max: 50 }), seed: fc.nat(), degree: fc.nat(6) })
  .map(({ count, seed, degree }) => ({ count, links: randomLinks(count, degree, seed) }))

test('any network of up to 50 nodes stands in the unit box, no node on another', () => {
  fc.assert(
    fc.property(inputs, ({ count, links }) => {
      const points = layOut({ count, links })
      const gap = 0.5 / Math.sqrt(count)
      expect(points).toHaveLength(count)
      expect(points.filter(({ x, y }) => !(x >= 0 && x <= 1 && y >= 0 && y <= 1))).toEqual([])
      expect(pairsTooNear(points, { x: gap, y: gap })).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('equal networks have equal layouts, another seed gives another', () => {
  const input = { count: 30, links: randomLinks(30, 3, 7) }
  expect(layOut(input)).toEqual(layOut(input))
  expect(layOut({ ...input, seed: 2 })).not.toEqual(layOut(input))
})

test.each<[number | undefined, number]>([
  [undefined, 8],
  [0, 4],
  [100, 4],
  [1_000, 8],
  [10_000, 12],
  [100_000, 16],
  [1_000_000, 20],
  [1e12, 32],
])('the ideal length of a link grows with the logarithm of its RTT: %s µs', (rtt, length) => {
  expect(idealLength(rtt)).toBe(length)
})

test('the drawn length of links grows with their RTT', () => {
  const links = [
    { from: 0, to: 1, rttMicros: 200 },
    { from: 0, to: 2, rttMicros: 5_000 },
    { from: 1, to: 2, rttMicros: 5_000 },
    { from: 0, to: 3, rttMicros: 150_000 },
    { from: 1, to: 3, rttMicros: 150_000 },
    { from: 2, to: 3, rttMicros: 150_000 },
  ]
  const points = layOut({ count: 4, links })
  const lengths = links.map(({ from, to }) => distance(points[from], points[to]))
  expect(lengths[0]).toBeLessThan(lengths[1] ?? 0)
  expect(lengths[2]).toBeLessThan(lengths[5] ?? 0)
})

test('a chain is drawn as a line from left to right, nodes in their order', () => {
  const links = Array.from({ length: 7 }, (_, from) => ({ from, to: from + 1, rttMicros: 500 }))
  const xs = layOut({ count: 8, links }).map(({ x }) => x)
  expect(xs).toEqual(xs.toSorted((a, b) => a - b))
  expect([xs.at(0), xs.at(-1)]).toEqual([0, 1])
})

test.each<[string, (at: number) => number]>([
  ['chain', (at) => at - 1],
  ['star', () => 0],
  ['tree', (at) => (at - 1) >> 1],
])('a %s of fifty nodes finds room in the box', (_shape, parentOf) => {
  const links = Array.from({ length: 49 }, (_, at) => ({ from: parentOf(at + 1), to: at + 1 }))
  const gap = 0.5 / Math.sqrt(50)
  expect(pairsTooNear(layOut({ count: 50, links }), { x: gap, y: gap })).toEqual([])
})

test('two halves that know nothing of each other stand apart', () => {
  const half = randomLinks(10, 8, 3)
  const links = [...half, ...half.map(({ from, to }) => ({ from: from + 10, to: to + 10 }))]
  const points = layOut({ count: 20, links })
  const [left, right] = [points.slice(0, 10), points.slice(10)]
  expect(Math.max(...left.map(({ x }) => x))).toBeLessThan(Math.min(...right.map(({ x }) => x)))
})

test('a thousand nodes are laid out whole, and more than that too', () => {
  for (const count of [1_000, 1_500]) {
    const points = layOut({ count, links: randomLinks(count, 10, 1) })
    expect(points.every(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= 1)).toBe(true)
  }
})

test('points on one place are spread out, and no further than needed', () => {
  const spacing = { x: 0.2, y: 0.1 }
  const heap = Array.from({ length: 12 }, (): Point => ({ x: 0.5, y: 0.5 }))
  const points = spreadOut(heap, spacing)
  expect(pairsTooNear(points, spacing)).toEqual([])
  expect(points.every(({ x, y }) => distance({ x, y }, { x: 0.5, y: 0.5 }) < 0.75)).toBe(true)
  const wide = [
    { x: 0.1, y: 0.1 },
    { x: 0.9, y: 0.1 },
  ]
  expect(spreadOut(wide, spacing)).toEqual(wide)
})

test('distances are those that Floyd and Warshall find', () => {
  fc.assert(
    fc.property(inputs, ({ count, links }) => {
      const spans = links.map(({ from, to, rttMicros }) => ({
        from,
        to,
        length: idealLength(rttMicros),
      }))
      const rows = toRows(count, spans)
      const found = Array.from({ length: count }, (_, source) => [...distancesFrom(source, rows)])
      expect(found).toEqual(allDistances(count, links))
    }),
    { numRuns: 30 },
  )
})

function allDistances(count: number, links: readonly LayoutLink[]): number[][] {
  const table = Array.from({ length: count }, (_, a) => {
    return Array.from({ length: count }, (__, b) => (a === b ? 0 : Number(unreachable)))
  })
  const improve = (a: number, b: number, through: number): void => {
    const row = table[a] ?? []
    row[b] = Math.min(row[b] ?? 0, through)
  }
  for (const { from, to, rttMicros } of links) {
    improve(from, to, idealLength(rttMicros))
    improve(to, from, idealLength(rttMicros))
  }
  for (let via = 0; via < count; via++) {
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        improve(a, b, (table[a]?.[via] ?? 0) + (table[via]?.[b] ?? 0))
      }
    }
  }
  return table
}

function randomLinks(count: number, degree: number, seed: number): LayoutLink[] {
  const random = seededRandom(seed)
  const links = new Map<string, LayoutLink>()
  for (let left = (count * degree) / 2; left > 0; left--) {
    const ends = [random.next(), random.next()].map((part) => Math.floor(part * count))
    const [from = 0, to = 0] = ends.toSorted((a, b) => a - b)
    const rttMicros = Math.round(100 * 10 ** (3.5 * random.next()))
    if (from !== to) links.set(`${from} ${to}`, { from, to, rttMicros })
  }
  return [...links.values()]
}

function pairsTooNear(points: readonly Point[], { x, y }: Spacing): string[] {
  return points.flatMap((a, at) => {
    return points.slice(at + 1).flatMap((b, next) => {
      const isNear = Math.abs(a.x - b.x) < x && Math.abs(a.y - b.y) < y
      return isNear ? [`${at} and ${at + 1 + next}`] : []
    })
  })
}

function distance(a: Point | undefined, b: Point | undefined): number {
  return Math.hypot((a?.x ?? 0) - (b?.x ?? 0), (a?.y ?? 0) - (b?.y ?? 0))
}
