/**
 * A small network as a table of round trips. Each link stands once, below the diagonal:
 *
 *     RTT in ms          alice   bob  carol
 *     ◉ alice  :14590
 *     ● bob    :14591     0.24
 *     ● carol  :14592     1.31     –
 *     ◐ dave   :14593   (0.29)     ·   12.4   suspect
 *
 * Where the names are too wide for the columns, numbers stand in their place.
 */
import type { Piece } from '../demo/line.ts'
import { captionOf } from './caption.ts'
import type { Edge, Graph } from './graph.ts'
import { rttMillis } from './rtt-band.ts'
import {
  doubtful,
  lookOf,
  noLinkSign,
  padPiece,
  signOf,
  stateWord,
  unmeasuredSign,
} from './terminal-signs.ts'

const leastNodes = 3 // Two say it better in a line.
const mostNodes = 24 // Guess: larger tables are not read.
const gap = 2
const title = 'RTT in ms'

interface Shape {
  readonly hasNames: boolean
  readonly hasPorts: boolean
}

const shapes: readonly Shape[] = [
  { hasNames: true, hasPorts: true },
  { hasNames: false, hasPorts: true },
  { hasNames: false, hasPorts: false },
]

/** A table's cells, each with its column's width. */
interface Table {
  readonly rows: readonly (readonly Piece[])[]
  readonly widths: readonly number[]
  readonly width: number
}

/** The table, or `undefined` where it does not fit, or another form is better. */
export function formatMatrix(graph: Graph, columns: number): Piece[][] | undefined {
  const count = graph.nodes.length
  if (count < leastNodes || count > mostNodes) return undefined
  const tables = shapes.map((shape) => toTable(graph, shape))
  const table = tables.find(({ width }) => width <= columns)
  return table?.rows.map((row) => {
    return row.flatMap((piece, at) => {
      const isCell = at > 0 && at < count
      const padded = padPiece(piece, table.widths[at] ?? 0, isCell ? 'left' : 'right')
      return at === 0 ? [padded] : [{ text: ' '.repeat(gap) }, padded]
    })
  })
}

/** In each row: the node, a cell for each node but the last, and a word on its state. */
function toTable(graph: Graph, shape: Shape): Table {
  const { nodes } = graph
  const edges = new Map(graph.edges.map((edge) => [edge.from * nodes.length + edge.to, edge]))
  const heads = headsOf(graph, shape)
  const columnHeads = nodes.slice(0, -1).map((node, at): Piece => {
    return { text: shape.hasNames ? captionOf(node).name : `${at + 1}`, look: 'bold' }
  })
  const rows = nodes.map((node, to) => {
    const cells = columnHeads.map((_, from) => {
      return from < to ? cellOf(edges.get(from * nodes.length + to)) : { text: '' }
    })
    return [heads[to] ?? [], ...cells.map((cell) => [cell]), [stateWord(node)]]
  })
  const all = [
    [[{ text: title, look: 'dim' as const }], ...columnHeads.map((head) => [head])],
    ...rows,
  ]
  return measure(all)
}
