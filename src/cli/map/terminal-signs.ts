/** What nodes and links look like in a terminal. No meaning is in a colour alone. */
import type { MemberState, NodeInfo } from '../../membership/snapshot.ts'
import type { Look, Piece } from '../demo/line.ts'
import type { Edge } from '../../map/graph.ts'
import { rttBandOf } from '../../map/rtt-band.ts'

/** What stands where two nodes have no link. */
export const noLinkSign = '·'
/** What stands for an RTT before the first measurement. */
export const unmeasuredSign = '–'

const stateSigns: Readonly<Record<MemberState, string>> = {
  alive: '●',
  suspect: '◐',
  gone: '○',
  left: '◌',
}
const stateLooks: Readonly<Record<MemberState, Look>> = {
  alive: 'green',
  suspect: 'yellow',
  gone: 'red',
  left: 'dim',
}
const bandLooks: readonly Look[] = ['green', 'cyan', 'yellow', 'magenta', 'red']

/** A dot for a node's state; this node's has a ring. */
export function signOf(node: NodeInfo): Piece {
  const isThis = node.isSelf && node.state === 'alive'
  return { text: isThis ? '◉' : stateSigns[node.state], look: stateLooks[node.state] }
}

/** A node's state in a word, or nothing to say. */
export function stateWord({ state }: NodeInfo): Piece {
  return state === 'alive' ? { text: '' } : { text: state, look: stateLooks[state] }
}

/** The colour of a link's RTT. */
export function lookOf({ rttMicros }: Edge): Look {
  return rttMicros === undefined ? 'dim' : (bandLooks[rttBandOf(rttMicros)] ?? 'dim')
}

/** Something said of a link: in brackets where only one end knows it. */
export function doubtful({ isConfirmed }: Edge, text: string): string {
  return isConfirmed ? text : `(${text})`
}

/**
 * Pads a piece with spaces to a number of columns, which text from {@link visibleText} has one
 * each.
 */
export function padPiece(piece: Piece, width: number, side: 'left' | 'right' = 'right'): Piece {
  const text = side === 'left' ? piece.text.padStart(width) : piece.text.padEnd(width)
  return { ...piece, text }
}
