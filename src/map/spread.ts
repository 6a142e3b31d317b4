/** Brings points into the unit box, and apart. */
import { seededRandom } from '../base/random.ts'

/** A place on the map. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** The room that each point needs: no two may be nearer than `x` across and `y` down at once. */
export interface Spacing {
  readonly x: number
  readonly y: number
}

const maxRounds = 400 // Measured at 25 % of the area: 50 nodes took up to 117, 200 up to 313.
const doubtRounds = 100 // Measured with the next: 50 to 100, and 5 to 30 %, do about as well.
const mostDoubt = 0.2
const margin = 1.001 // Pushes a little further than needed, so that rounding undoes nothing.

/**
 * Turns points until their greatest extent is across, mirrors them until the first is left and
 * above, and brings them, at one scale, into the middle of the unit box.
 */
export function fitToBox(points: readonly Point[]): Point[] {
  const turned = mirror(turn(points))
  const [left, right] = extent(turned.map(({ x }) => x))
  const [top, bottom] = extent(turned.map(({ y }) => y))
  const scale = 1 / (Math.max(right - left, bottom - top) || 1)
  return turned.map(({ x, y }) => ({
    x: clamp(0.5 + (x - (left + right) / 2) * scale),
    y: clamp(0.5 + (y - (top + bottom) / 2) * scale),
  }))
}

/**
 * Moves points that are too near each other apart, by as little as it can, within the unit box. It
 * gives up where the box is too full, or there are very many: then some stay too near.
 *
 * Sweeps from left to right; a pair too near is pushed along the axis that needs the shorter way.
 * The longer it takes, the more often along the other one, or a row too long for the box stays one;
 * every hundred rounds it is strict again, and settles.
 */
export function spreadOut(points: readonly Point[], spacing: Spacing): Point[] {
  const xs = Float64Array.from(points, ({ x }) => x)
  const ys = Float64Array.from(points, ({ y }) => y)
  const order = points.map((_, at) => at)
  const random = seededRandom(points.length)
  for (let round = 0; round < maxRounds; round++) {
    order.sort((a, b) => (xs[a] ?? 0) - (xs[b] ?? 0) || a - b)
    const doubt = (mostDoubt * (round % doubtRounds)) / doubtRounds
    let isDone = true
    for (const [place, a] of order.entries()) {
      for (let next = place + 1; next < order.length; next++) {
        const b = order[next] ?? 0
        const across = spacing.x - ((xs[b] ?? 0) - (xs[a] ?? 0))
        if (across <= 0) break
        const down = spacing.y - Math.abs((ys[b] ?? 0) - (ys[a] ?? 0))
        if (down <= 0) continue
        isDone = false
        const isNearer = across / spacing.x < down / spacing.y
        const isAcross = random.next() < doubt ? !isNearer : isNearer
        if (isAcross) push(xs, [a, b], spacing.x)
        else push(ys, (ys[a] ?? 0) <= (ys[b] ?? 0) ? [a, b] : [b, a], spacing.y)
      }
    }
    if (isDone) break
  }
  return points.map((_, at) => ({ x: xs[at] ?? 0, y: ys[at] ?? 0 }))
}

/** Brings two places `gap` apart round their middle; at a wall of the box, both give way. */
function push(places: Float64Array, [low, high]: readonly [number, number], gap: number): void {
  const half = (gap * margin) / 2
  const middle = ((places[low] ?? 0) + (places[high] ?? 0)) / 2
  const centre = Math.min(1 - half, Math.max(half, middle))
  places[low] = clamp(centre - half)
  places[high] = clamp(centre + half)
}

/** By the angle of the first principal axis. */
function turn(points: readonly Point[]): Point[] {
  const mean = meanOf(points)
  let [xx, xy, yy] = [0, 0, 0]
  for (const { x, y } of points) {
    xx += (x - mean.x) ** 2
    xy += (x - mean.x) * (y - mean.y)
    yy += (y - mean.y) ** 2
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return points.map(({ x, y }) => ({ x: x * cos + y * sin, y: y * cos - x * sin }))
}

function mirror(points: readonly Point[]): Point[] {
  const [first, mean] = [points[0] ?? { x: 0, y: 0 }, meanOf(points)]
  const signX = first.x > mean.x ? -1 : 1
  const signY = first.y > mean.y ? -1 : 1
  return points.map(({ x, y }) => ({ x: x * signX, y: y * signY }))
}

function meanOf(points: readonly Point[]): Point {
  let [x, y] = [0, 0]
  for (const point of points) {
    x += point.x / points.length
    y += point.y / points.length
  }
  return { x, y }
}

function extent(values: readonly number[]): readonly [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return [low, high]
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
