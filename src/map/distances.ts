/**
 * How far apart the nodes of a graph are: shortest paths over edges of small whole lengths (Dial,
 * 1969: Dijkstra's algorithm with a bucket a distance in the place of a heap).
 */

/** An edge of a graph whose nodes are numbers from 0. */
export interface Span {
  readonly from: number
  readonly to: number
  /** A whole number, 1 to {@link maxSpanLength}. */
  readonly length: number
}

/** The longest edge. There is a bucket for each length. */
export const maxSpanLength = 32

/** The distance of a node that no path leads to. */
export const unreachable = 0xffff_ffff

/**
 * The edges of each node, one after the other: those of `n` stand at `starts[n]`–`starts[n + 1]`.
 */
export interface Rows {
  readonly starts: Uint32Array
  readonly targets: Uint32Array
  readonly lengths: Uint32Array
}

/** Sorts the edges of `count` nodes by their ends; each stands at both. */
export function toRows(count: number, spans: readonly Span[]): Rows {
  const starts = new Uint32Array(count + 1)
  for (const { from, to } of spans) {
    starts[from + 1] = (starts[from + 1] ?? 0) + 1
    starts[to + 1] = (starts[to + 1] ?? 0) + 1
  }
  for (let node = 0; node < count; node++) {
    starts[node + 1] = (starts[node + 1] ?? 0) + (starts[node] ?? 0)
  }
  const next = starts.slice()
  const targets = new Uint32Array(2 * spans.length)
  const lengths = new Uint32Array(2 * spans.length)
  for (const { from, to, length } of spans) {
    for (const [node, target] of [[from, to] as const, [to, from] as const]) {
      const at = next[node] ?? 0
      next[node] = at + 1
      targets[at] = target
      lengths[at] = length
    }
  }
  return { starts, targets, lengths }
}

/** The length of the shortest path from `source` to each node, or {@link unreachable}. */
export function distancesFrom(source: number, { starts, targets, lengths }: Rows): Uint32Array {
  const distances = new Uint32Array(starts.length - 1).fill(unreachable)
  const buckets = Array.from({ length: maxSpanLength + 1 }, (): number[] => [])
  distances[source] = 0
  buckets[0]?.push(source)
  let waiting = 1
  for (let distance = 0; waiting > 0; distance++) {
    const bucket = buckets[distance % buckets.length] ?? []
    for (let node = bucket.pop(); node !== undefined; node = bucket.pop()) {
      waiting--
      if (distances[node] !== distance) continue // A shorter way was found since.
      const end = starts[node + 1] ?? 0
      for (let at = starts[node] ?? 0; at < end; at++) {
        const target = targets[at] ?? 0
        const through = distance + (lengths[at] ?? 0)
        if (through >= (distances[target] ?? 0)) continue
        distances[target] = through
        buckets[through % buckets.length]?.push(target)
        waiting++
      }
    }
  }
  return distances
}
