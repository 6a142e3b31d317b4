/** How long bytes travel in a simulated world. */
import type { Random } from '../base/random.ts'
import type { Latency } from '../transport/memory.ts'

/** One-way latencies in ms by host, either way round; a pair that is not named takes `otherwiseMs`. */
export interface LatencyMatrix {
  readonly matrix: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly otherwiseMs: number
}

/** One-way latency: fixed in ms, any between two, from a matrix, or a function of the two hosts. */
export type LatencyModel =
  | number
  | { readonly minMs: number; readonly maxMs: number }
  | LatencyMatrix
  | Latency

/** Turns a model into a function; jitter comes from `random`, bytes of one path stay in order. */
export function readLatency(model: LatencyModel, random: Random): Latency {
  if (typeof model === 'function') return model
  if (typeof model === 'number') return () => model
  if ('minMs' in model) {
    const { minMs, maxMs } = model
    return () => minMs + random.next() * (maxMs - minMs)
  }
  const { matrix, otherwiseMs } = model
  return (from, to) => matrix[from]?.[to] ?? matrix[to]?.[from] ?? otherwiseMs
}
