/** Where members live, and how far that is from each other. */
import regions from '../../../bench/data/region-latency.json' with { type: 'json' }
import { randomInt } from '../../../src/base/random.ts'
import type { Random } from '../../../src/base/random.ts'

/** Where a member lives: a place in the matrix of its world. */
export interface LatencyWorld {
  /** Draws a place. */
  place(random: Random): number
  /** One way, ms. */
  latencyMs(from: number, to: number): number
}

/** Eight regions of the world, with the shares of nodes that libp2p found there. One-way latencies. */
export const regionWorld: LatencyWorld = {
  place(random) {
    const sum = regions.nodes.reduce((total, count) => total + count, 0)
    let rest = randomInt(random, sum)
    return regions.nodes.findIndex((count) => (rest -= count) < 0)
  },
  latencyMs: (from, to) => regions.latencyMs[from]?.[to] ?? 1,
}

/** Hosts of a table of round-trip times, a line a source, 0 where none was measured. */
export function tableWorld(csv: string): LatencyWorld {
  const rows = csv
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number))
  const fallbackMs = 50 // Guess: the median of the table, one way.
  return {
    place: (random) => randomInt(random, rows.length),
    latencyMs(from, to) {
      const rttMs = rows[from]?.[to] || rows[to]?.[from] || 0
      if (from === to) return 0.5
      return rttMs > 0 ? rttMs / 2 : fallbackMs
    },
  }
}
