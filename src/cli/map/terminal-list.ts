/**
 * A network of any number of nodes as a list: each node with its neighbours, nearest first.
 *
 *     ◉ alice :14590  this node, 2 links
 *         bob 0.24 ms   (carol 1.31 ms)
 *
 * Of a large network only this node has all its neighbours; the others have what fits in their
 * line.
 */
import type { Piece } from '../demo/line.ts'
import { captionOf } from '../../map/caption.ts'
import { type Graph, type Neighbour, neighboursOf } from '../../map/graph.ts'
import { briefRtt } from '../../map/rtt-band.ts'
import { doubtful, lookOf, padPiece, signOf, stateWord, unmeasuredSign } from './terminal-signs.ts'

const mostBlocks = 40 // Guess: with more, a screen should show as many nodes as it has lines.
const indent = '    '
const between = '   '

/** The list, its lines not wider than `width` where names and numbers allow. */
export function formatList(graph: Graph, width: number): Piece[][] {
  const { nodes } = graph
  const neighbours = neighboursOf(graph).map((list) => list.map((each) => entryOf(graph, each)))
  if (nodes.length <= mostBlocks) {
    return nodes.flatMap((_, at) =>
      formatBlock(graph, { at, width, entries: neighbours[at] ?? [] }),
    )
  }
  const own = nodes.findIndex(({ isSelf }) => isSelf)
  const entries = neighbours[own] ?? []
  const ownBlock = own < 0 ? [] : [...formatBlock(graph, { at: own, width, entries }), []]
  return [...ownBlock, ...formatRows(graph, neighbours, width)]
}

interface Block {
  /** The node's place. */
  readonly at: number
  readonly width: number
  readonly entries: readonly Piece[]
}

/** A node in a line, its neighbours below, in as many lines as they need. */
function formatBlock({ nodes }: Graph, { at, width, entries }: Block): Piece[][] {
  const node = nodes[at]
  if (node === undefined) return []
  const { name, port } = captionOf(node)
  const facts = [
    ...(node.isSelf ? ['this node'] : []),
    `${entries.length || 'no'} ${entries.length === 1 ? 'link' : 'links'}`,
  ]
  const word = stateWord(node)
  const head: Piece[] = [
    signOf(node),
    { text: ` ${name}`, look: 'bold' },
    { text: port === '' ? '' : ` ${port}`, look: 'dim' },
    { text: '  ' },
    ...(word.text === '' ? [] : [word, { text: ', ' }]),
    { text: facts.join(', '), look: 'dim' },
  ]
  return [head, ...wrap(entries, width)]
}

function wrap(entries: readonly Piece[], width: number): Piece[][] {
  const lines: Piece[][] = []
  let used = width
  for (const entry of entries) {
    if (used + between.length + entry.text.length > width) {
      lines.push([{ text: indent }, entry])
      used = indent.length + entry.text.length
    } else {
      lines.at(-1)?.push({ text: between }, entry)
      used += between.length + entry.text.length
    }
  }
  return lines
}

/** A line a node: how many links it has, and its nearest neighbours. */
function formatRows(
  { nodes }: Graph,
  neighbours: readonly (readonly Piece[])[],
  width: number,
): Piece[][] {
  const captions = nodes.map(captionOf)
  const nameWidth = Math.max(...captions.map(({ name }) => name.length))
  const portWidth = Math.max(...captions.map(({ port }) => port.length))
  return nodes.map((node, at) => {
    const { name = '', port = '' } = captions[at] ?? {}
    const entries = neighbours[at] ?? []
    const head = [
      signOf(node),
      { text: ' ' },
      padPiece({ text: name, look: node.isSelf ? 'bold' : undefined }, nameWidth),
      { text: ' ' },
      padPiece({ text: port, look: 'dim' }, portWidth),
      padPiece({ text: `${entries.length}`, look: 'dim' }, 4, 'left'),
      { text: entries.length === 1 ? ' link ' : ' links', look: 'dim' as const },
      ...(node.state === 'alive' ? [] : [{ text: '  ' }, stateWord(node)]),
    ]
    const used = head.reduce((sum, { text }) => sum + text.length, 0)
    return [...head, ...fill(entries, width - used)]
  })
}

/** As many entries as there is room for, then how many are left out. */
function fill(entries: readonly Piece[], room: number): Piece[] {
  const shown: Piece[] = []
  let left = room
  for (const [at, entry] of entries.entries()) {
    const rest = `${between}+${entries.length - at - 1}`
    const isLast = at === entries.length - 1
    left -= between.length + entry.text.length
    if (left < (isLast ? 0 : rest.length)) {
      return [...shown, { text: `${between}+${entries.length - at}`, look: 'dim' }]
    }
    shown.push({ text: between }, entry)
  }
  return shown
}

/** A neighbour with the RTT to it; what only one end knows stands in brackets. */
function entryOf({ nodes }: Graph, { node: at, edge }: Neighbour): Piece {
  const node = nodes[at]
  const name = node === undefined ? '' : captionOf(node).name
  const rtt = edge.rttMicros === undefined ? unmeasuredSign : briefRtt(edge.rttMicros)
  return { text: doubtful(edge, `${name} ${rtt}`), look: lookOf(edge) }
}
