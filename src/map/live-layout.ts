/**
 * A layout that stays: the map of a network that changes while somebody looks at it.
 *
 * - Who leaves, or changes its round trips, moves nobody.
 * - Who has no link stands in a row below the others, unless it has a place from better days.
 * - Who joins is put where its links want it, by stress majorization of it alone (Gansner, Koren,
 *   North: "Graph Drawing by Stress Majorization", 2004, §2.3); nobody else moves.
 * - When so much was added that the picture cannot be right any more, all is arranged anew: from where
 *   it stands, by small steps, and turned so that as little as possible moves.
 *
 *   arranged ──few join──▶ placed one by one ──a quarter is new, or so many links──▶ arranged
 *
 * Places are in the unit of ideal lengths (4 is a link of up to 100 µs); the map has no edge.
 *
 * **Invariant**: no IO, no clock, no DOM; equal calls give equal places.
 */
import { seededRandom } from '../base/random.ts'
import { type Rows, distancesFrom, toRows, unreachable } from './distances.ts'
import { type Point, fitToBox, spreadOut } from './spread.ts'
import { type LayoutLink, type Places, descend, idealLength, toSpans, toTerms } from './stress.ts'

/** A network to be placed; nodes are named by any numbers. */
export interface LiveNetwork {
  readonly nodes: readonly number[]
  /** From and to are names; each link at most once. Links to others than `nodes` are left out. */
  readonly links: readonly LayoutLink[]
}

const newNodesShare = 0.2 // Guess: one of five that joins four moves nobody; two do.
const newLinksShare = 0.3 // Guess: as many links were made since, and the picture lies.
const warmHeat = 0.15 // Guess: seen to untangle those who joined, and to keep the picture.
const majorizations = 30 // Seen to stand still after 10 to 20.
const maxParkGap = 4 // Of a small network: as far as a short link.
const sampleCount = 600 // Of these a place is computed: more nodes changed no picture.

/** See the file's head. */
export class LiveLayout {
  #places = new Map<number, Point>()
  /** The links of which the last arrangement, or a placement since, knew. */
  readonly #known = new Set<string>()
  /** Who stands in the row below, for want of a link. */
  readonly #parked = new Set<number>()
  #joined = 0
  #newLinks = 0

  /** Where everybody stands. */
  get places(): ReadonlyMap<number, Point> {
    return this.#places
  }

  /**
   * Takes the network as it is now.
   *
   * @param isAnew - Arrange all, also without need: somebody asks for it.
   * @returns Whether all was arranged; otherwise who was there before did not move.
   */
  update(network: LiveNetwork, isAnew = false): boolean {
    const count = network.nodes.length
    const indexes = new Map(network.nodes.map((name, at) => [name, at]))
    const links = network.links.flatMap((link): LayoutLink[] => {
      const [from, to] = [indexes.get(link.from), indexes.get(link.to)]
      return from === undefined || to === undefined || from === to ? [] : [{ ...link, from, to }]
    })
    const linked = new Set(links.flatMap(({ from, to }) => [from, to]))
    for (const name of this.#parked) {
      const at = indexes.get(name)
      if (at !== undefined && !linked.has(at)) continue
      this.#parked.delete(name)
      this.#places.delete(name) // It has a link now, and a place among the others.
    }
    const before = this.#places
    const isFirst = !network.nodes.some((name) => before.has(name) && !this.#parked.has(name))
    const added = network.nodes.filter((name) => !before.has(name))
    this.#joined += added.filter((name) => linked.has(indexes.get(name) ?? -1)).length
    this.#countNewLinks(network, indexes)
    const isStale =
      this.#joined > newNodesShare * count || this.#newLinks > newLinksShare * links.length
    if (isAnew || isFirst || isStale) {
      this.#arrangeLinked(network.nodes, links, { linked, isFirst })
      return true
    }
    const kept = network.nodes.flatMap((name) => {
      const place = before.get(name)
      return place === undefined ? [] : [[name, place] as const]
    })
    this.#places = new Map(kept)
    const joining = added.filter((name) => linked.has(indexes.get(name) ?? -1))
    if (joining.length > 0) this.#placeAll(joining, { names: network.nodes, indexes, links })
    this.#park(added.filter((name) => !joining.includes(name)))
    return false
  }

  /** Arranges those who have links, and parks the others. */
  #arrangeLinked(
    names: readonly number[],
    links: readonly LayoutLink[],
    { linked, isFirst }: { readonly linked: ReadonlySet<number>; readonly isFirst: boolean },
  ): void {
    const isAlone = linked.size === 0
    const arranged = names.flatMap((_, at) => (isAlone || linked.has(at) ? [at] : []))
    const indexes = new Map(arranged.map((at, index) => [at, index]))
    const inner = links.map((link) => {
      return { ...link, from: indexes.get(link.from) ?? 0, to: indexes.get(link.to) ?? 0 }
    })
    this.#arrange(
      arranged.map((at) => names[at] ?? 0),
      inner,
      isFirst,
    )
    this.#parked.clear()
    if (!isAlone) this.#park(names.filter((_, at) => !linked.has(at)))
  }

  /** Puts nodes without links into rows below all others, in the order of their names. */
  #park(names: readonly number[]): void {
    if (names.length === 0) return
    const others = [...this.#places].filter(([name]) => !this.#parked.has(name))
    const points = others.map(([, place]) => place)
    for (const name of names) this.#parked.add(name)
    const gap = Math.max(1, Math.min(maxParkGap, gapOf(points)))
    const left = points.reduce((least, { x }) => Math.min(least, x), Infinity)
    const lowest = points.reduce((most, { y }) => Math.max(most, y), -Infinity)
    const perRow = Math.max(1, Math.floor(spanOf(points) / gap))
    for (const [at, name] of [...this.#parked].toSorted((a, b) => a - b).entries()) {
      this.#places.set(name, {
        x: (Number.isFinite(left) ? left : 0) + (at % perRow) * gap,
        y: (Number.isFinite(lowest) ? lowest : 0) + gap * (1.5 + Math.floor(at / perRow)),
      })
    }
  }

  #countNewLinks({ links }: LiveNetwork, indexes: ReadonlyMap<number, number>): void {
    for (const { from, to } of links) {
      if (!indexes.has(from) || !indexes.has(to)) continue
      const key = from < to ? `${from} ${to}` : `${to} ${from}`
      if (this.#known.has(key)) continue
      this.#known.add(key)
      // Links of those who just joined say nothing against the places of the others.
      if (this.#places.has(from) && this.#places.has(to)) this.#newLinks++
    }
  }

  #arrange(names: readonly number[], links: readonly LayoutLink[], isFirst: boolean): void {
    const count = names.length
    this.#joined = 0
    this.#newLinks = 0
    if (count === 0) {
      this.#places = new Map()
      return
    }
    const random = seededRandom(count)
    const terms = toTerms(count, links, random)
    const xs = Float64Array.from({ length: count }, () => random.next())
    const ys = Float64Array.from({ length: count }, () => random.next())
    const before = names.map((name) =>
      this.#parked.has(name) ? undefined : this.#places.get(name),
    )
    if (!isFirst) startFrom({ xs, ys }, before, links)
    descend(terms, { xs, ys }, isFirst ? 1 : warmHeat)
    const raw = Array.from(xs, (x, at) => ({ x, y: ys[at] ?? 0 }))
    const apart = giveRoom(raw, isFirst)
    const points = isFirst ? apart : turnBack(apart, before)
    this.#places = new Map(names.map((name, at) => [name, points[at] ?? { x: 0, y: 0 }]))
    this.#forgetPairs(names)
  }

  /** What was known of pairs that are not there any more is forgotten when all is arranged. */
  #forgetPairs(names: readonly number[]): void {
    const present = new Set(names.map(String))
    for (const key of this.#known) {
      if (!key.split(' ').every((name) => present.has(name))) this.#known.delete(key)
    }
  }

  #placeAll(
    added: readonly number[],
    graph: {
      readonly names: readonly number[]
      readonly indexes: ReadonlyMap<number, number>
      readonly links: readonly LayoutLink[]
    },
  ): void {
    const { names, indexes, links } = graph
    const rows = toRows(names.length, toSpans(links))
    for (const name of added) {
      const standing = names.flatMap((other, at) => {
        const place = this.#places.get(other)
        return place === undefined ? [] : [{ at, place }]
      })
      this.#places.set(name, placeOne(indexes.get(name) ?? 0, standing, rows))
    }
  }
}

/** A node that has a place, by its index. */
interface Standing {
  readonly at: number
  readonly place: Point
}

/** Where one node is best placed among those who stand. */
function placeOne(node: number, standing: readonly Standing[], rows: Rows): Point {
  const distances = distancesFrom(node, rows)
  const start = rows.starts[node] ?? 0
  const neighbours = new Set(rows.targets.subarray(start, rows.starts[node + 1]))
  const stride = Math.max(1, Math.floor(standing.length / sampleCount))
  const near = standing.filter(({ at }) => neighbours.has(at))
  const chosen = [...near, ...standing.filter((_, at) => at % stride === 0)]
  const outside = 2 * idealLength(undefined)
  let { x, y } = centreOf(near.length > 0 ? near : standing)
  // Not on top of anybody: from there no direction leads away. The golden angle spreads them.
  x += Math.cos(node * 2.4)
  y += Math.sin(node * 2.4)
  for (let round = 0; round < majorizations; round++) {
    let [sumX, sumY, weights] = [0, 0, 0]
    for (const { at, place } of chosen) {
      const distance = distances[at] ?? unreachable
      const ideal = distance === unreachable ? outside : Math.max(1, distance)
      const weight = 1 / (ideal * ideal)
      const [dx, dy] = [x - place.x, y - place.y]
      const actual = Math.hypot(dx, dy) || Number.EPSILON
      if (distance === unreachable && actual >= outside) continue // Anywhere, if only apart.
      sumX += weight * (place.x + (ideal * dx) / actual)
      sumY += weight * (place.y + (ideal * dy) / actual)
      weights += weight
    }
    if (weights === 0) break
    x = sumX / weights
    y = sumY / weights
  }
  return stepAside({ x, y }, standing)
}

/** Away from whoever stands too near, by turns of a spiral. */
function stepAside(wanted: Point, standing: readonly Standing[]): Point {
  const gap = gapOf(standing.map(({ place }) => place))
  for (let turn = 0; turn < 200; turn++) {
    const radius = (gap / 4) * Math.sqrt(turn)
    const point = {
      x: wanted.x + radius * Math.cos(turn * 2.4),
      y: wanted.y + radius * Math.sin(turn * 2.4),
    }
    const isFree = standing.every(({ place }) => {
      return Math.hypot(point.x - place.x, point.y - place.y) >= gap
    })
    if (isFree) return point
  }
  return wanted
}

/** The room that a node is given: as much as `count` squares in half the width have. */
function gapOf(points: readonly Point[]): number {
  return (0.5 * spanOf(points)) / Math.sqrt(Math.max(2, points.length))
}

/** Old nodes begin where they stood, new ones among their neighbours. */
function startFrom(
  { xs, ys }: Places,
  before: readonly (Point | undefined)[],
  links: readonly LayoutLink[],
): void {
  const middle = centreOf(before.flatMap((place) => (place === undefined ? [] : [{ place }])))
  const near: Standing[][] = before.map(() => [])
  for (const { from, to } of links) {
    const [a, b] = [before[from], before[to]]
    if (a === undefined && b !== undefined) near[from]?.push({ at: to, place: b })
    if (b === undefined && a !== undefined) near[to]?.push({ at: from, place: a })
  }
  for (const [at, place] of before.entries()) {
    const neighbours = near[at] ?? []
    const start = place ?? (neighbours.length > 0 ? centreOf(neighbours) : middle)
    // The random part that is there already keeps two new ones apart.
    xs[at] = start.x + (place === undefined ? (xs[at] ?? 0) : 0)
    ys[at] = start.y + (place === undefined ? (ys[at] ?? 0) : 0)
  }
}

/** Brings points apart that stand too near; at first also turns them across. */
function giveRoom(points: readonly Point[], isFirst: boolean): Point[] {
  const scale = spanOf(points) || 1
  const [left, top] = [
    points.reduce((least, { x }) => Math.min(least, x), Infinity),
    points.reduce((least, { y }) => Math.min(least, y), Infinity),
  ]
  const inBox = isFirst
    ? fitToBox(points)
    : points.map(({ x, y }) => ({ x: (x - left) / scale, y: (y - top) / scale }))
  const gap = 0.5 / Math.sqrt(points.length)
  const apart = spreadOut(inBox, { x: gap, y: gap })
  return apart.map(({ x, y }) => ({ x: left + x * scale, y: top + y * scale }))
}

/** Moves and turns the picture as a whole to where it was (orthogonal Procrustes, no mirroring). */
function turnBack(points: readonly Point[], before: readonly (Point | undefined)[]): Point[] {
  const pairs = points.flatMap((place, at) => {
    const old = before[at]
    return old === undefined ? [] : [{ place, old }]
  })
  const [from, to] = [centreOf(pairs), centreOf(pairs.map(({ old }) => ({ place: old })))]
  let [dot, cross] = [0, 0]
  for (const { place, old } of pairs) {
    const [ax, ay, bx, by] = [place.x - from.x, place.y - from.y, old.x - to.x, old.y - to.y]
    dot += ax * bx + ay * by
    cross += ax * by - ay * bx
  }
  const angle = Math.atan2(cross, dot)
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return points.map(({ x, y }) => {
    const [dx, dy] = [x - from.x, y - from.y]
    return { x: to.x + dx * cos - dy * sin, y: to.y + dx * sin + dy * cos }
  })
}

function centreOf(standing: readonly { readonly place: Point }[]): Point {
  let [x, y] = [0, 0]
  for (const { place } of standing) {
    x += place.x / standing.length
    y += place.y / standing.length
  }
  return { x, y }
}

/** The longer side of the box round them. */
function spanOf(points: readonly Point[]): number {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const { x, y } of points) {
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  return points.length === 0 ? 0 : Math.max(right - left, bottom - top)
}
