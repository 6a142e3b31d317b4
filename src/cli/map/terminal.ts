/** The network for a terminal: small ones as a table of round trips, others as a list. */
import type { MemberState } from '../../membership/snapshot.ts'
import { type Piece, formatPieces } from '../demo/line.ts'
import { type Graph, type Network, toGraph } from '../../map/graph.ts'
import { formatList } from './terminal-list.ts'
import { formatMatrix } from './terminal-matrix.ts'
import { noLinkSign, unmeasuredSign } from './terminal-signs.ts'

/** What the map is shown on. */
export interface MapSurface {
  /** How wide it is. No line is wider. */
  readonly columns: number
  readonly isColoured: boolean
}

const states: readonly MemberState[] = ['alive', 'suspect', 'gone', 'left']

/**
 * Draws the network in lines without line breaks: first what there is, then nodes and links with
 * their RTT, this node first, then by name. The end explains the signs that occur.
 *
 * No line is wider than the surface; what peers wrote is made visible text. Equal networks give
 * equal lines.
 */
export function formatMap(network: Network, { columns, isColoured }: MapSurface): string[] {
  const graph = ownFirst(toGraph(network))
  const matrix = formatMatrix(graph, columns)
  const legend = legendOf(graph, { isMatrix: matrix !== undefined, columns })
  const lines: Piece[][] = [
    [{ text: summaryOf(graph), look: 'dim' }],
    [],
    ...(matrix ?? formatList(graph, columns)),
    ...(legend.length === 0 ? [] : [[]]),
    ...legend.map((text): Piece[] => [{ text, look: 'dim' }]),
  ]
  return lines.map((line) => formatPieces(line, { width: columns, hasColor: isColoured }))
}

/** The same graph with this node in the first place, the others in their order. */
function ownFirst({ nodes, edges }: Graph): Graph {
  const own = nodes.findIndex(({ isSelf }) => isSelf)
  const placeOf = (node: number): number => {
    if (node === own) return 0
    return node < own ? node + 1 : node
  }
  return {
    nodes: nodes.toSorted((a, b) => Number(b.isSelf) - Number(a.isSelf)),
    edges: edges.map((edge) => {
      const [from, to] = [placeOf(edge.from), placeOf(edge.to)]
      return { ...edge, from: Math.min(from, to), to: Math.max(from, to) }
    }),
  }
}

/** As in `5 nodes: 4 alive, 1 gone · 6 links`. */
function summaryOf({ nodes, edges }: Graph): string {
  const counts = states.flatMap((state) => {
    const count = nodes.filter((node) => node.state === state).length
    return count === 0 ? [] : [`${count} ${state}`]
  })
  const links = edges.length === 1 ? '1 link' : `${edges.length} links`
  if (nodes.length === 0) return 'no nodes'
  return `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}: ${counts.join(', ')} · ${links}`
}

/** What the signs that occur mean; a line each where they are too long for one. */
function legendOf(
  { nodes, edges }: Graph,
  { isMatrix, columns }: { readonly isMatrix: boolean; readonly columns: number },
): string[] {
  const isMeshed = edges.length === (nodes.length * (nodes.length - 1)) / 2
  const keys: readonly (readonly [key: string, occurs: boolean])[] = [
    ['( ) known from one end only', edges.some(({ isConfirmed }) => !isConfirmed)],
    [`${unmeasuredSign} not measured yet`, edges.some(({ rttMicros }) => rttMicros === undefined)],
    [`${noLinkSign} no link`, isMatrix && !isMeshed],
  ]
  const shown = keys.filter(([, occurs]) => occurs).map(([key]) => key)
  const line = shown.join('   ')
  return line.length > columns ? shown : [line].filter((text) => text !== '')
}
