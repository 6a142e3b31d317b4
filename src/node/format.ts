/** How peers look to people. */
import { sanitizeText } from '../base/text.ts'
import { shortPeerId } from '../base/peer-id.ts'
import type { PeerInfo } from './peer.ts'

/** `240 µs`, `1 240 µs`; a dash before the first measurement. */
export function formatRtt(rttMicros: number | undefined): string {
  if (rttMicros === undefined) return '–'
  return `${String(rttMicros).replaceAll(/\B(?=(\d{3})+$)/g, ' ')} µs`
}

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
