/** How peers look to people. */
import { displayAddress } from '../base/address.ts'
import { formatRtt } from '../map/rtt.ts'
import { sanitizeText } from '../base/text.ts'
import { shortPeerId } from '../base/peer-id.ts'
import type { NodeInfo } from '../membership/snapshot.ts'
import type { PeerInfo } from './peer.ts'

/** `open`, `suspended 12 s`. */
function formatState({ state, suspendedMs }: PeerInfo): string {
  return state === 'suspended' ? `suspended ${Math.floor(suspendedMs / 1_000)} s` : state
}

/** A line a peer, in columns, for `peers`. */
export function formatPeers(peers: readonly PeerInfo[]): string[] {
  const rows = peers.map((peer) => [
    `${peer.index}: ${sanitizeText(peer.address)}`,
    peer.name,
    shortPeerId(peer.id),
    formatRtt(peer.rttMicros),
    formatState(peer),
  ])
  return alignColumns(rows).map((line) => `  ${line}`)
}

/** A line a node, in columns, for `nodes`. */
export function formatNodes(nodes: readonly NodeInfo[]): string[] {
  const rows = nodes.map((node) => [
    node.isSelf ? `${node.name} (this node)` : node.name,
    shortPeerId(node.id),
    node.state,
    formatAge(node),
    `${sanitizeText(node.software)}/${node.protocol}`,
    sanitizeText(node.addresses.map(displayAddress).join(' ')),
  ])
  return alignColumns([['NODE', 'ID', 'STATE', 'LAST NEWS', 'VERSION', 'ADDRESSES'], ...rows])
}

function formatAge({ ageMs, isSelf }: NodeInfo): string {
  const seconds = Math.round(ageMs / 1_000)
  if (isSelf || seconds < 1) return 'now'
  if (seconds < 120) return `${seconds} s ago`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`
}

/** Pads each column to its longest cell. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
