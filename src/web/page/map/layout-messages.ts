/** What travels between the page and the worker that lays the map out. */
import type { LayoutLink } from '../../../map/stress.ts'
import type { LiveNetwork } from '../../../map/live-layout.ts'

/** The network as it is now; three numbers a link: its ends, and its RTT in µs or -1. */
export interface LayoutRequest {
  readonly nodes: Int32Array
  readonly links: Float64Array
  /** Arrange all, also without need. */
  readonly isAnew: boolean
}

/** Two numbers a node, in the order of `nodes`. */
export interface LayoutAnswer {
  readonly nodes: Int32Array
  readonly places: Float64Array
  readonly wasArranged: boolean
}

/** Reads a request back. */
export function toLiveNetwork({ nodes, links }: LayoutRequest): LiveNetwork {
  const list: LayoutLink[] = []
  for (let at = 0; at < links.length; at += 3) {
    const [from = 0, to = 0, rttMicros = -1] = links.subarray(at, at + 3)
    list.push(rttMicros < 0 ? { from, to } : { from, to, rttMicros })
  }
  return { nodes: [...nodes], links: list }
}
