/**
 * Where the nodes of a network stand on a map: near each other when their round trip is short.
 *
 * Minimises stress (`stress.ts`). It untangles better than springs and needs no tuning. The ideal
 * distance of a link grows with the logarithm of its RTT; of all others it is the shortest path.
 *
 * Why not d3-force or ELK: docs/decisions/map-layout.md. This gives the same picture on each machine
 * and page; a map that lives is laid out by `live-layout.ts`.
 *
 * **Invariant**: no IO, no clock, no DOM; equal input gives an equal result.
 */
import { seededRandom } from '../base/random.ts'
import { type Point, type Spacing, fitToBox, spreadOut } from './spread.ts'
import { type LayoutLink, descend, toTerms } from './stress.ts'

/** What is to be laid out. */
export interface LayoutInput {
  /** How many nodes there are. */
  readonly count: number
  /** Each at most once, none from a node to itself. */
  readonly links: readonly LayoutLink[]
  /** The room that a node needs; by default as much as `count` squares in half the width have. */
  readonly spacing?: Spacing
  /** Another seed, another picture. */
  readonly seed?: number
}

/**
 * Lays a network out in the unit box: x from 0 to 1 from left to right, y from 0 to 1 downwards.
 * One scale holds for both, the longer side of the picture is across, node 0 stands at the left.
 *
 * Up to some hundred nodes keep their spacing where the box has room for that: no two are nearer
 * than `spacing.x` across and `spacing.y` down at once. Parts that no link connects stand apart.
 *
 * Costs 0.3 s at 1 000 nodes; above, distances are taken from a sample of nodes, and time grows
 * with the number of nodes and links.
 */
export function layOut({ count, links, spacing, seed = 1 }: LayoutInput): Point[] {
  if (count === 0) return []
  const random = seededRandom(seed)
  const terms = toTerms(count, links, random)
  const xs = Float64Array.from({ length: count }, () => random.next())
  const ys = Float64Array.from({ length: count }, () => random.next())
  descend(terms, { xs, ys })
  const points = fitToBox(Array.from(xs, (x, node) => ({ x, y: ys[node] ?? 0 })))
  const gap = 0.5 / Math.sqrt(count)
  return spreadOut(points, spacing ?? { x: gap, y: gap })
}
