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
import type { NodeInfo } from '../../membership/snapshot.ts'
import type { Piece } from '../demo/line.ts'
import { captionOf } from '../../map/caption.ts'
import type { Edge, Graph } from '../../map/graph.ts'
import { rttMillis } from '../../map/rtt-band.ts'
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
const longestMicros = 10_000 // From here on µs have more digits than are read.

/** Of all round trips of a table. */
type Unit = 'µs' | 'ms'

interface Shape {
  /** Or else numbers in their place, above the columns. */
  readonly hasNames: boolean
  readonly hasPorts: boolean
}

/** From the best to the narrowest. */
const shapes: readonly Shape[] = [
  { hasNames: true, hasPorts: true },
  { hasNames: false, hasPorts: true },
  { hasNames: false, hasPorts: false },
]

/** A column of the table, its head first; all have as many pieces. */
interface Column {
  readonly pieces: readonly Piece[]
  readonly side: 'left' | 'right'
  /** Spaces before it. */
  readonly gap: number
}

/** The table, or `undefined` where it does not fit, or another form is better. */
export function formatMatrix(graph: Graph, width: number): Piece[][] | undefined {
  const { nodes, edges } = graph
  if (nodes.length < leastNodes || nodes.length > mostNodes) return undefined
  const unit = edges.every(({ rttMicros = 0 }) => rttMicros < longestMicros) ? 'µs' : 'ms'
  const tables = shapes.map((shape) => [
    ...headColumns(nodes, shape, unit),
    ...cellColumns(graph, shape, unit),
  ])
  const table = tables.find((columns) => {
    return columns.reduce((sum, column) => sum + column.gap + widthOf(column), 0) <= width
  })
  if (table === undefined) return undefined
  return ['', ...nodes].map((_, row) => {
    return table.flatMap((column) => [
      { text: ' '.repeat(column.gap) },
      padPiece(column.pieces[row] ?? { text: '' }, widthOf(column), column.side),
    ])
  })
}

/** What stands before the cells: number, state, name, port. */
function headColumns(
  nodes: readonly NodeInfo[],
  { hasNames, hasPorts }: Shape,
  unit: Unit,
): Column[] {
  const numbers = nodes.map((_, at): Piece => ({ text: `${at + 1}`, look: 'bold' }))
  const names = nodes.map((node): Piece => {
    return { text: captionOf(node).name, look: node.isSelf ? 'bold' : undefined }
  })
  const ports = nodes.map((node): Piece => ({ text: captionOf(node).port, look: 'dim' }))
  const blank = { text: '' }
  return [
    ...(hasNames ? [] : [{ pieces: [blank, ...numbers], side: 'left' as const, gap: 0 }]),
    { pieces: [blank, ...nodes.map(signOf)], side: 'right', gap: hasNames ? 0 : 1 },
    { pieces: [{ text: `RTT in ${unit}`, look: 'dim' }, ...names], side: 'right', gap: 1 },
    ...(hasPorts ? [{ pieces: [blank, ...ports], side: 'right' as const, gap: 2 }] : []),
  ]
}

/** A column for each node but the last, then a word on each node's state. */
function cellColumns({ nodes, edges }: Graph, { hasNames }: Shape, unit: Unit): Column[] {
  const byEnds = new Map(edges.map((edge) => [edge.from * nodes.length + edge.to, edge]))
  const columns = nodes.slice(0, -1).map((node, from): Column => {
    const head = hasNames ? captionOf(node).name : `${from + 1}`
    const cells = nodes.map((_, to) => {
      return from < to ? cellOf(byEnds.get(from * nodes.length + to), unit) : { text: '' }
    })
    return { pieces: [{ text: head, look: 'bold' }, ...cells], side: 'left', gap: hasNames ? 2 : 1 }
  })
  return [...columns, { pieces: [{ text: '' }, ...nodes.map(stateWord)], side: 'right', gap: 2 }]
}

function cellOf(edge: Edge | undefined, unit: Unit): Piece {
  if (edge === undefined) return { text: noLinkSign, look: 'dim' }
  const { rttMicros } = edge
  const look = lookOf(edge)
  if (rttMicros === undefined) return { text: doubtful(edge, unmeasuredSign), look }
  return { text: doubtful(edge, unit === 'µs' ? `${rttMicros}` : rttMillis(rttMicros)), look }
}

function widthOf({ pieces }: Column): number {
  return Math.max(...pieces.map(({ text }) => text.length))
}
