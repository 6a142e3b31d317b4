/**
 * Stress, and how it is made small: the sum over pairs of
 *
 *     (distance on the map − ideal distance)² / ideal distance²
 *
 * by stochastic gradient descent (Zheng, Pawar, Goodman: "Graph Drawing by Stochastic Gradient
 * Descent", 2018): take the pairs in random order, move both ends to where they should be, by steps
 * that grow smaller.
 */
import { type Random, randomInt } from '../base/random.ts'
import {
  type Rows,
  type Span,
  distancesFrom,
  maxSpanLength,
  toRows,
  unreachable,
} from './distances.ts'

/** A link between two nodes, which are numbers from 0. */
export interface LayoutLink {
  readonly from: number
  readonly to: number
  /** Absent before the first measurement. */
  readonly rttMicros?: number
}

const unitMicros = 100 // No shorter round trip is told apart: two processes of one machine.
const unitLength = 4 // So that lengths are whole numbers, and steps of 1.8 in RTT are seen.
const unmeasuredLength = 2 * unitLength // As 1 ms: it does not stand out.
const maxTerms = 500_000 // All pairs of 1 000 nodes; measured: 0.3 s.
const coarseRounds = 20 // Zheng et al., §3.1: 15 converge; some more cost little.
const fineRounds = 100 // Where there are few pairs.
const finalStep = 0.02 // Guess: the last steps are by 2 % of an error. Zheng et al. take 10 %.

/** The ideal length of a link: 4 up to 100 µs, 8 at 1 ms, 16 at 100 ms, 20 at 1 s. */
export function idealLength(rttMicros: number | undefined): number {
  if (rttMicros === undefined) return unmeasuredLength
  const decades = Math.log10(Math.max(rttMicros, unitMicros) / unitMicros)
  return Math.min(maxSpanLength, Math.round(unitLength * (1 + decades)))
}

/** Pairs of nodes with their ideal distances, in random order. */
export interface Terms {
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly ideal: Float64Array
}

/** Links as edges of their ideal lengths. */
export function toSpans(links: readonly LayoutLink[]): Span[] {
  return links.map(({ from, to, rttMicros }) => ({ from, to, length: idealLength(rttMicros) }))
}

/** All pairs, or where these are too many: some nodes with all others, and all links. */
export function toTerms(count: number, links: readonly LayoutLink[], random: Random): Terms {
  const spans = toSpans(links)
  const rows = toRows(count, spans)
  const isWhole = (count * (count - 1)) / 2 <= maxTerms
  const pivots = new Set<number>()
  for (let node = 0; isWhole && node < count; node++) pivots.add(node)
  for (let left = isWhole ? 0 : Math.max(1, Math.floor(maxTerms / count)); left > 0; left--) {
    pivots.add(randomInt(random, count))
  }
  const pairs = pivots.size * (count - 1) - (pivots.size * (pivots.size - 1)) / 2
  const [from, to, ideal] = emptyTerms(pairs + (isWhole ? 0 : spans.length))
  let at = 0
  const add = (a: number, b: number, distance: number): void => {
    from[at] = a
    to[at] = b
    ideal[at] = distance
    at++
  }
  for (const pivot of pivots) {
    const distances = distancesWithLinks(pivot, rows)
    for (let node = 0; node < count; node++) {
      if (node === pivot || (node < pivot && pivots.has(node))) continue
      add(pivot, node, distances[node] ?? 0)
    }
  }
  if (!isWhole) for (const span of spans) add(span.from, span.to, span.length)
  bridge(ideal)
  const terms = { from, to, ideal }
  shuffle(terms, random)
  return terms
}

function emptyTerms(length: number): readonly [Uint32Array, Uint32Array, Float64Array] {
  return [new Uint32Array(length), new Uint32Array(length), new Float64Array(length)]
}

/** A linked pair is as far apart as its own RTT says, though a shorter way may lead round. */
function distancesWithLinks(source: number, rows: Rows): Uint32Array {
  const distances = distancesFrom(source, rows)
  const { starts, targets, lengths } = rows
  for (let at = starts[source] ?? 0; at < (starts[source + 1] ?? 0); at++) {
    distances[targets[at] ?? 0] = lengths[at] ?? 0
  }
  return distances
}

/** Gives pairs that no path connects a distance at which their parts stand beside each other. */
function bridge(ideal: Float64Array): void {
  let longest = 0
  for (const distance of ideal) {
    if (distance !== unreachable && distance > longest) longest = distance
  }
  const apart = 0.75 * longest + 2 * unitLength // Guess: seen to keep them apart, and not too far.
  for (let at = 0; at < ideal.length; at++) if (ideal[at] === unreachable) ideal[at] = apart
}

/**
 * Fisher–Yates. Once and not each round: it costs as much as six rounds (measured, 1 000 nodes).
 */
function shuffle({ from, to, ideal }: Terms, random: Random): void {
  for (let at = ideal.length - 1; at > 0; at--) {
    const other = randomInt(random, at + 1)
    swap(from, at, other)
    swap(to, at, other)
    swap(ideal, at, other)
  }
}

function swap(array: Uint32Array | Float64Array, a: number, b: number): void {
  const moved = array[a] ?? 0
  array[a] = array[b] ?? 0
  array[b] = moved
}

/** Where the nodes stand: changed in place. */
export interface Places {
  readonly xs: Float64Array
  readonly ys: Float64Array
}

/**
 * Zheng et al., algorithm 1, with their exponential schedule of steps (§2.1).
 *
 * @param heat - The part of the longest distance that the first steps may bridge at once: 1 where
 *   the places mean nothing yet, less to keep what is good in them.
 */
export function descend({ from, to, ideal }: Terms, { xs, ys }: Places, heat = 1): void {
  let [shortest, longest] = [Number.POSITIVE_INFINITY, 0]
  for (const distance of ideal) {
    shortest = Math.min(shortest, distance)
    longest = Math.max(longest, distance)
  }
  const rounds = ideal.length < 10_000 ? fineRounds : coarseRounds
  const firstRate = (heat * longest) ** 2
  const decay = Math.log((finalStep * shortest ** 2) / firstRate) / (rounds - 1)
  for (let round = 0; round < rounds; round++) {
    const rate = firstRate * Math.exp(decay * round)
    for (let at = 0; at < ideal.length; at++) {
      const [a, b, distance] = [from[at] ?? 0, to[at] ?? 0, ideal[at] ?? 1]
      const dx = (xs[a] ?? 0) - (xs[b] ?? 0)
      const dy = (ys[a] ?? 0) - (ys[b] ?? 0)
      const actual = Math.sqrt(dx * dx + dy * dy) + Number.EPSILON
      const step = Math.min(1, rate / (distance * distance))
      const share = (step * (distance - actual)) / (2 * actual)
      xs[a] = (xs[a] ?? 0) + share * dx
      ys[a] = (ys[a] ?? 0) + share * dy
      xs[b] = (xs[b] ?? 0) - share * dx
      ys[b] = (ys[b] ?? 0) - share * dy
    }
  }
}
