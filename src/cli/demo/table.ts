/**
 * The demo's picture: state in, lines out. The matrix has a row for what each node sees:
 *
 *                alice    bob      …    state     port  pid
 *     a  alice   —        240 µs        running   8090  4711
 *
 * It comes in four widths; the narrower say `240` and `~3s` for `240 µs` and `suspended 3 s`, and the
 * last shows a node's state by the colour of its name alone.
 */
import { formatRtt } from '../../map/rtt.ts'
import { formatPieces } from './line.ts'
import { pageProfile } from './plan.ts'
import type { Look, Piece, Surface } from './line.ts'
import type { DemoState, LinkView, NodeStatus, NodeView } from './state.ts'

/** What the picture is shown on, and what else it says. */
export interface Page extends Surface {
  readonly height: number
  /** How `skein` is called here. */
  readonly skein: string
  /** Something to know from the start, such as moved ports. */
  readonly note?: string | undefined
}

interface Layout {
  /** Of a cell, with the gap before it. */
  readonly cellWidth: number
  /** Room before the names. */
  readonly indent: number
  readonly columns: readonly Column[]
  readonly suspended: (seconds: number) => string
  readonly rtt: (rttMicros: number | undefined) => string
}

interface Column {
  readonly title: string
  readonly width: number
  readonly piece: (node: NodeView) => Piece
}

const stateColumn: Column = {
  title: 'state',
  width: 10,
  piece: ({ status }) => ({ text: status, look: statusLooks[status] }),
}
const portColumn: Column = { title: 'port', width: 7, piece: ({ port }) => ({ text: `${port}` }) }
const pidColumn: Column = { title: 'pid', width: 7, piece: ({ pid }) => ({ text: `${pid ?? ''}` }) }

const statusLooks: Readonly<Record<NodeStatus, Look>> = {
  starting: 'yellow',
  running: 'green',
  silent: 'yellow',
  killed: 'red',
  ended: 'red',
}

const layouts: readonly Layout[] = [
  {
    cellWidth: 16,
    indent: 2,
    columns: [stateColumn, portColumn, pidColumn],
    suspended: (seconds) => `suspended ${seconds} s`,
    rtt: formatRtt,
  },
  {
    cellWidth: 10,
    indent: 2,
    columns: [stateColumn, portColumn],
    suspended: (seconds) => `susp ${seconds}s`,
    rtt: formatRtt,
  },
  {
    cellWidth: 7,
    indent: 0,
    columns: [stateColumn],
    suspended: (seconds) => `~${seconds}s`,
    rtt: bareRtt,
  },
  { cellWidth: 6, indent: 0, columns: [], suspended: (seconds) => `~${seconds}s`, rtt: bareRtt },
]

function bareRtt(rttMicros: number | undefined): string {
  return `${rttMicros ?? '–'}`
}

/** The matrix alone: a title and a line a node. */
export function formatTable(state: DemoState, surface: Surface): string[] {
  return tablePieces(state.nodes, surface.width).map((line) => formatPieces(line, surface))
}

const lowHeight = 16 // All that is shown, and two events; a lower page goes without what explains.
const meaning: Piece[] = [
  { text: 'A row is what that node sees: the round-trip time to each peer', look: 'dim' },
]

/** The whole screen: at most `height` lines. */
export function formatPage(state: DemoState, page: Page): string[] {
  const isLow = page.height < lowHeight
  const head: Piece[][] = [
    [{ text: 'Skein demo', look: 'bold' }, { text: ': five nodes, each a process of its own' }],
    ...(isLow ? [] : [meaning]),
    ...(page.note === undefined ? [] : [[{ text: page.note, look: 'yellow' as const }]]),
    ...(isLow ? [] : [[]]),
    ...tablePieces(state.nodes, page.width),
    ...(isLow ? [] : [[]]),
    ...hints(state.nodes, page),
    ...pageHint(state, page),
  ]
  const room = Math.max(0, page.height - head.length - (isLow ? 0 : 1))
  const events = room === 0 ? [] : state.events.slice(-room)
  const log = events.map(({ time, text }): Piece[] => [
    { text: `${time}  `, look: 'dim' },
    { text },
  ])
  return [...head, ...(isLow ? [] : [[]]), ...log]
    .slice(0, page.height)
    .map((line) => formatPieces(line, page))
}

/** What to try; the command stands on a line of its own where it would be cut. */
function hints(nodes: readonly NodeView[], { skein, width }: Page): Piece[][] {
  const [first, second, ...others] = nodes
  if (first === undefined || second === undefined) return []
  const verb = first.status === 'killed' || first.status === 'ended' ? 'restart' : 'kill'
  const keys = [second, ...others].map(({ key }) => key).join(' ')
  const where: Piece = { text: 'From another terminal:' }
  const command: Piece = { text: `${skein} -p ${second.name} @${first.name} add`, look: 'bold' }
  const isShort = where.text.length + 1 + command.text.length <= width
  const press: Piece[] = [
    { text: 'Press ' },
    { text: first.key, look: 'bold' },
    { text: ` to ${verb} ${first.name}; ${keys} do the same for theirs; ` },
    { text: 'q', look: 'bold' },
    { text: ' ends all five.' },
  ]
  const brief: Piece[] = [
    { text: `${first.key} ${keys}`, look: 'bold' },
    { text: ': kill, restart; ' },
    { text: 'q', look: 'bold' },
    { text: ': end' },
  ]
  return [
    lengthOf(press) <= width ? press : brief,
    ...(isShort ? [[where, { text: ' ' }, command]] : [[where], [{ text: '  ' }, command]]),
  ]
}

/** Where the page is: whole, or not at all. */
function pageHint({ page: link }: DemoState, { skein, width }: Page): Piece[][] {
  if (link === undefined) return []
  const where: Piece = { text: 'The live page: ' }
  if (where.text.length + link.length <= width) return [[where, { text: link, look: 'bold' }]]
  if (link.length <= width) return [[{ text: link, look: 'bold' }]]
  return [[where, { text: `${skein} -p ${pageProfile} map --open`, look: 'bold' }]]
}

function lengthOf(line: readonly Piece[]): number {
  return line.reduce((sum, { text }) => sum + text.length, 0)
}

function tablePieces(nodes: readonly NodeView[], width: number): Piece[][] {
  const layout = layouts.find((each) => widthOf(each, nodes) <= width) ?? layouts.at(-1)
  if (layout === undefined) return []
  const { indent, columns, cellWidth } = layout
  const lead = ' '.repeat(indent)
  const nameLook = (node: NodeView): Look | undefined =>
    columns.length === 0 ? statusLooks[node.status] : undefined
  const titles: Piece[] = [
    { text: `${lead}${' '.repeat(nameWidth(nodes, indent))}` },
    ...nodes.map(({ name }) => pad({ text: name, look: 'bold' }, cellWidth)),
    ...columns.map(({ title, width: wide }) => pad({ text: title, look: 'dim' }, wide)),
  ]
  const rows = nodes.map((node): Piece[] => [
    { text: lead },
    { text: node.key, look: 'bold' },
    pad(
      { text: `${' '.repeat(gapOf(indent))}${node.name}`, look: nameLook(node) },
      nameWidth(nodes, indent) - 1,
    ),
    ...nodes.map((other) => pad(cell(node, other, layout), cellWidth)),
    ...columns.map((column) => pad(column.piece(node), column.width)),
  ])
  return [titles, ...rows]
}

function widthOf({ indent, cellWidth, columns }: Layout, nodes: readonly NodeView[]): number {
  const cells = nodes.length * cellWidth
  const rest = columns.reduce((sum, { width }) => sum + width, 0)
  return indent + nameWidth(nodes, indent) + cells + rest
}

/** The key, a gap, the longest name, and the gap behind it. */
function nameWidth(nodes: readonly NodeView[], indent: number): number {
  return 1 + gapOf(indent) + Math.max(...nodes.map(({ name }) => name.length)) + gapOf(indent)
}

function gapOf(indent: number): number {
  return Math.max(1, indent)
}

function cell(node: NodeView, other: NodeView, { suspended, rtt }: Layout): Piece {
  if (node === other) return { text: '—', look: 'dim' }
  const link = node.links.get(other.name)
  if (node.gone.has(other.name) && link?.state !== 'open') return { text: 'gone', look: 'red' }
  if (link === undefined) return { text: '·', look: 'dim' }
  if (link.state === 'suspended') {
    return { text: suspended(Math.floor(link.suspendedMs / 1_000)), look: 'red' }
  }
  return { text: rtt(link.rttMicros), look: rttLook(link) }
}

const fastMicros = 1_000 // Guess: what a quiet machine does to itself, with room.
const slowMicros = 10_000 // Guess: a machine that has too much to do.

function rttLook({ rttMicros }: LinkView): Look {
  if (rttMicros === undefined) return 'dim'
  if (rttMicros < fastMicros) return 'green'
  return rttMicros < slowMicros ? 'yellow' : 'red'
}

function pad({ text, look }: Piece, width: number): Piece {
  return { text: text.padEnd(width), look }
}
