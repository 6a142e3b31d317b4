import { toGraph } from '../../src/map/graph.ts'
import { layOut } from '../../src/map/layout.ts'
import { fakeNetwork } from '../../src/map/network.test-kit.ts'
import { rttBandOf } from '../../src/map/rtt-band.ts'

/** The graph that the page draws, with places, for whoever draws it too. */
export function makeGraph(count: number) {
  const { nodes, edges } = toGraph(fakeNetwork(count, { seed: 1 }))
  const side = 60 * Math.sqrt(count)
  const places = layOut({ count, links: edges })
  return {
    nodes: nodes.map(({ id, name }, at) => ({
      id,
      name,
      x: (places[at]?.x ?? 0) * side,
      y: (places[at]?.y ?? 0) * side,
    })),
    edges: edges.map(({ from, to, rttMicros }) => ({
      a: nodes[from]?.id,
      b: nodes[to]?.id,
      band: rttMicros === undefined ? 5 : rttBandOf(rttMicros),
    })),
  }
}
