/** A network as every drawing takes it: in one order, each node and each link once. */
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'

/** What is to be drawn: members, and the connections between them. */
export interface Network {
  readonly nodes: readonly NodeInfo[]
  readonly links: readonly LinkInfo[]
}

/** A link, with its ends as places in {@link Graph.nodes}: `from < to`. */
export interface Edge {
  readonly from: number
  readonly to: number
  /** Whole µs, not negative; absent before the first measurement. */
  readonly rttMicros?: number
  readonly isConfirmed: boolean
  /** How long ago the newer report of it came here, ms. */
  readonly ageMs: number
}

/** A network in order, with indexes in the place of IDs. */
export interface Graph {
  readonly nodes: readonly NodeInfo[]
  readonly edges: readonly Edge[]
}

/** A node at the other end of an edge. */
export interface Neighbour {
  readonly node: number
  readonly edge: Edge
}

/**
 * Puts a network in order: nodes by name, then ID; edges by their ends in that order. Equal
 * networks give equal graphs, in whatever order their parts came.
 *
 * Left out: a second entry of one node, and a link to itself or to a node that is not listed. Two
 * entries of one link become one, the better known: confirmed before unconfirmed, measured before
 * unmeasured, then the shorter. An RTT that is no amount counts as unmeasured.
 */
export function toGraph(network: Network): Graph {
  const nodes: NodeInfo[] = []
  const indexes = new Map<string, number>()
  for (const node of network.nodes.toSorted(compareNodes)) {
    if (indexes.has(node.id)) continue
    indexes.set(node.id, nodes.length)
    nodes.push(node)
  }
  const edges = new Map<number, Edge>()
  for (const link of network.links) {
    const ends = [indexes.get(link.a), indexes.get(link.b)]
    const [a, b] = ends
    if (a === undefined || b === undefined || a === b) continue
    const edge = toEdge(link, Math.min(a, b), Math.max(a, b))
    const key = edge.from * nodes.length + edge.to
    const known = edges.get(key)
    if (known === undefined || compareNews(edge, known) < 0) edges.set(key, edge)
  }
  const inOrder = [...edges.entries()].toSorted(([a], [b]) => a - b).map(([, edge]) => edge)
  return { nodes, edges: inOrder }
}

/**
 * For each node its neighbours, nearest first; the unmeasured last, equals in the graph's order.
 */
export function neighboursOf(graph: Graph): readonly (readonly Neighbour[])[] {
  const lists: Neighbour[][] = graph.nodes.map(() => [])
  for (const edge of graph.edges) {
    lists[edge.from]?.push({ node: edge.to, edge })
    lists[edge.to]?.push({ node: edge.from, edge })
  }
  return lists.map((list) => list.toSorted((a, b) => compareRtt(a.edge, b.edge) || a.node - b.node))
}

function toEdge(link: LinkInfo, from: number, to: number): Edge {
  const { rttMicros = -1, isConfirmed, ageMs } = link
  if (!Number.isFinite(rttMicros) || rttMicros < 0) return { from, to, isConfirmed, ageMs }
  return { from, to, rttMicros: Math.round(rttMicros), isConfirmed, ageMs }
}

function compareNews(a: Edge, b: Edge): number {
  return Number(b.isConfirmed) - Number(a.isConfirmed) || compareRtt(a, b)
}

function compareRtt(a: Edge, b: Edge): number {
  const [rttA = Number.MAX_VALUE, rttB = Number.MAX_VALUE] = [a.rttMicros, b.rttMicros]
  return rttA - rttB
}

/** By code units: the same on every machine, whatever its language. */
function compareNodes(a: NodeInfo, b: NodeInfo): number {
  return compareText(a.name, b.name) || compareText(a.id, b.id)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
