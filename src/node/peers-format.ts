/**
 * `peers.json`: the network as this node last knew it, for people and programs, and for the node itself
 * when it starts again.
 *
 *   { "format": 1, "written": TIME,
 *     "nodes": [{ id, name, state, addresses, software, protocol, heard, isSelf }, …],
 *     "links": [{ a, b, rttMicros, isConfirmed }, …] }
 *
 * A cache: what is read is a hint, checked and bounded, and a damaged file is as good as none.
 */
import { isPeerId } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { LinkInfo, MemberState } from '../membership/snapshot.ts'

/** `unknown`: of an earlier start, or connected without being a member. */
export type FileState = MemberState | 'unknown'

/** A line of `nodes`. */
export interface NodeRow {
  readonly id: PeerId
  readonly name: string
  readonly state: FileState
  readonly addresses: readonly string[]
  readonly software: string
  readonly protocol: number
  /** Unix time of the newest word that it signed itself, ms. */
  readonly heardMs: number
  readonly isSelf: boolean
}

/** A link as it stands in the file: its age would change it all the time. */
export type LinkRow = Omit<LinkInfo, 'ageMs'>

/** What stands in the file. */
export interface PeersContent {
  readonly nodes: readonly NodeRow[]
  readonly links: readonly LinkRow[]
}

const format = 1
const maxFileBytes = 4 * 2 ** 20 // As many as maxNodes and maxLinks take.
/** Lines of `nodes` at most; those nearest to this node first. */
export const maxNodes = 1_000 // Guess: more is for `skein nodes`.
/** Lines of `links` at most. */
export const maxLinks = 8_000 // Guess: eight a node.
const maxAddresses = 8 // Guess: a few interfaces, before and after a move.
const maxAddressLength = 256 // As in the handshake.
const maxTextLength = 64

/** Writes the file: a line a node, a line a link. */
export function writePeers({ nodes, links }: PeersContent, unixMs: number): string {
  const head = `"format":${format},"written":${JSON.stringify(isoTime(unixMs))}`
  const rows = nodes.map(({ heardMs, addresses, ...rest }) => {
    const some = addresses.slice(0, maxAddresses)
    return JSON.stringify({ ...rest, addresses: some, heard: isoTime(heardMs) })
  })
  const lines = links.map((link) => JSON.stringify(link))
  return `{${head},\n"nodes":[\n${rows.join(',\n')}\n],\n"links":[\n${lines.join(',\n')}\n]}\n`
}

/**
 * Reads the file. Rows that make no sense are left out.
 *
 * @returns A string that says what is wrong where the whole is no use.
 */
export function readPeers(bytes: Uint8Array): PeersContent | string {
  if (bytes.length > maxFileBytes) return `longer than ${maxFileBytes} bytes`
  let content: unknown
  try {
    content = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return 'no JSON'
  }
  if (!isRecord(content) || content['format'] !== format) return `not of format ${format}`
  const { nodes, links } = content
  if (!Array.isArray(nodes) || !Array.isArray(links)) return 'without nodes or links'
  return {
    nodes: nodes.slice(0, maxNodes).flatMap(readNode),
    links: links.slice(0, maxLinks).flatMap(readLink),
  }
}

const states: ReadonlySet<unknown> = new Set<FileState>([
  'alive',
  'suspect',
  'gone',
  'left',
  'unknown',
])

function readNode(row: unknown): readonly NodeRow[] {
  if (!isRecord(row)) return []
  const { id, name, state, addresses, software, protocol, heard, isSelf } = row
  const heardMs = typeof heard === 'string' ? Date.parse(heard) : Number.NaN
  if (!isPeerId(id) || !isText(name) || !states.has(state) || !Number.isFinite(heardMs)) return []
  if (!isText(software) || !Number.isSafeInteger(protocol)) return []
  if (!Array.isArray(addresses) || addresses.length > maxAddresses) return []
  if (!addresses.every(isAddress)) return []
  const known = { id, name, state: state as FileState, addresses, software }
  return [{ ...known, protocol: protocol as number, heardMs, isSelf: isSelf === true }]
}

function readLink(row: unknown): readonly LinkRow[] {
  if (!isRecord(row)) return []
  const { a, b, isConfirmed } = row
  if (!isPeerId(a) || !isPeerId(b)) return []
  return [{ a, b, isConfirmed: isConfirmed === true }]
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength
}

function isAddress(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= maxAddressLength && /^[a-z]+:\/\/\S+$/.test(value)
  )
}

function isoTime(unixMs: number): string {
  return new Date(Math.max(0, unixMs)).toISOString()
}
