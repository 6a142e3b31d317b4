/**
 * What a member says of itself, signed; and what one member says of another, signed too. Kept and
 * forwarded as the bytes that came, verified once.
 *
 *   record     [body, signature]   body: who, where, which version, and is it leaving
 *   links      [body, signature]   body: 12 bytes a link: start of the other's key, RTT in µs
 *   suspicion  [body, signature]   body: whom, which word of it, who says so
 *
 * Of two records the higher (incarnation, revision) is newer. Nobody can make one for another.
 */
import { keyFromPeerId, peerIdFromKey } from '../base/peer-id.ts'
import { isKey } from '../codec/signed.ts'
import { isCount, open, seal } from './signed.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Signed } from './signed.ts'

export type { Signed } from './signed.ts'

/** Signs with this node's key, and checks what others signed (Ed25519). */
export interface Signer {
  readonly id: PeerId
  sign(bytes: Uint8Array): Uint8Array
  verify(id: PeerId, bytes: Uint8Array, signature: Uint8Array): boolean
}

/** Which word of a member is meant: one start of its process, and the words since. */
export interface Version {
  readonly incarnation: number
  readonly revision: number
}

/** What a member says of itself. */
export interface MemberRecord extends Version {
  readonly id: PeerId
  readonly label: string
  readonly addresses: readonly string[]
  readonly software: string
  readonly protocol: number
  /** True in its last word: it goes on purpose. */
  readonly isLeaving: boolean
  /** True in its very last word: it gives its pass back, and is no member from then on. */
  readonly isResigning?: boolean
  /** What makes it a member of a network with a key; absent in one without. */
  readonly pass?: Uint8Array
}

/** The round-trip times that a member measured. */
export interface LinksRecord extends Version {
  readonly id: PeerId
  /** By {@link linkKey} of the other end, µs; 0 where none was measured yet. */
  readonly rttMicros: ReadonlyMap<string, number>
}

/** "I should reach it and cannot." */
export interface Suspicion extends Version {
  readonly accused: PeerId
  readonly by: PeerId
}

const maxAddresses = 16
const maxAddressLength = 100
const maxTextLength = 64
const maxPassBytes = 512 // A pass with eight roles takes 400.
const linkKeyBytes = 8 // 64 bits: two of a million members share them once in 37 million networks.
const linkBytes = linkKeyBytes + 4

/** Compares two words of one member: below zero where the first is older. */
export function compareVersions(a: Version, b: Version): number {
  return a.incarnation - b.incarnation || a.revision - b.revision
}

/** How a link names its other end: the start of its key, as text. */
export function linkKey(id: PeerId): string {
  return toKey(keyFromPeerId(id))
}

/** Signs what this node says of itself. */
export function signRecord(record: MemberRecord, signer: Signer): Signed<MemberRecord> {
  const { id: _, ...rest } = record
  return { value: record, bytes: sealAs('member', { ...rest }, signer) }
}

/** Signs the round-trip times that this node measured. */
export function signLinks(links: LinksRecord, signer: Signer): Signed<LinksRecord> {
  const packed = new Uint8Array(links.rttMicros.size * linkBytes)
  const view = new DataView(packed.buffer)
  let offset = 0
  for (const [key, rttMicros] of links.rttMicros) {
    for (let at = 0; at < linkKeyBytes; at++) packed[offset + at] = key.charCodeAt(at)
    view.setUint32(offset + linkKeyBytes, Math.min(rttMicros, 2 ** 32 - 1))
    offset += linkBytes
  }
  const { incarnation, revision } = links
  return { value: links, bytes: sealAs('links', { incarnation, revision, packed }, signer) }
}

/** Signs a suspicion of this node's. */
export function signSuspicion(suspicion: Suspicion, signer: Signer): Signed<Suspicion> {
  const { accused, incarnation, revision } = suspicion
  const body = { accused: keyFromPeerId(accused), incarnation, revision }
  return { value: suspicion, bytes: sealAs('suspicion', body, signer) }
}

/** Reads and checks a record; a string says what is wrong with it. */
export function readRecord(bytes: Uint8Array, signer: Signer): Signed<MemberRecord> | string {
  const body = openVersioned(bytes, 'member', signer)
  if (typeof body === 'string') return body
  const { id, version, fields } = body
  const { label, addresses, software, protocol, isLeaving, isResigning, pass } = fields
  if (!isText(label) || !isText(software)) return 'a record with too long a text'
  if (!Array.isArray(addresses) || addresses.length > maxAddresses) return 'too many addresses'
  if (!addresses.every(isAddress)) return 'a record with an address that is none'
  if (!isCount(protocol) || typeof isLeaving !== 'boolean') return 'a malformed record'
  const said = { id, ...version, label, addresses, software, protocol, isLeaving }
  const isSound = isResigning === undefined || (isResigning === true && isLeaving)
  if (!isSound) return 'a record that resigns and stays'
  const value = isResigning === undefined ? said : { ...said, isResigning: true }
  if (pass === undefined) return { value, bytes }
  if (!(pass instanceof Uint8Array) || pass.length > maxPassBytes) return 'a pass that is none'
  return { value: { ...value, pass }, bytes }
}

/** Reads and checks round-trip times; a string says what is wrong. */
export function readLinks(bytes: Uint8Array, signer: Signer): Signed<LinksRecord> | string {
  const body = openVersioned(bytes, 'links', signer)
  if (typeof body === 'string') return body
  const { packed } = body.fields
  if (!(packed instanceof Uint8Array) || packed.length % linkBytes !== 0) return 'malformed links'
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  const rttMicros = new Map<string, number>()
  for (let offset = 0; offset < packed.length; offset += linkBytes) {
    const key = toKey(packed.subarray(offset, offset + linkKeyBytes))
    rttMicros.set(key, view.getUint32(offset + linkKeyBytes))
  }
  return { value: { id: body.id, ...body.version, rttMicros }, bytes }
}

/** Reads and checks a suspicion; a string says what is wrong. */
export function readSuspicion(bytes: Uint8Array, signer: Signer): Signed<Suspicion> | string {
  const body = openVersioned(bytes, 'suspicion', signer)
  if (typeof body === 'string') return body
  const { accused } = body.fields
  if (!isKey(accused)) return 'a suspicion of nobody'
  return { value: { accused: peerIdFromKey(accused), by: body.id, ...body.version }, bytes }
}

interface Body {
  readonly id: PeerId
  readonly version: Version
  readonly fields: Readonly<Record<string, unknown>>
}

function sealAs(kind: string, body: Readonly<Record<string, unknown>>, signer: Signer): Uint8Array {
  return seal({ ...body, kind, key: keyFromPeerId(signer.id) }, (bytes) => signer.sign(bytes))
}

function openVersioned(bytes: Uint8Array, kind: string, signer: Signer): Body | string {
  const opened = open(bytes, kind, (...parts) => signer.verify(...parts))
  if (typeof opened === 'string') return opened
  const { signer: id, fields } = opened
  const { incarnation, revision } = fields
  if (!isCount(incarnation) || incarnation === 0 || !isCount(revision)) {
    return 'a version that is none'
  }
  return { id, version: { incarnation, revision }, fields }
}

function toKey(key: Uint8Array): string {
  let text = ''
  for (let at = 0; at < linkKeyBytes; at++) text += String.fromCharCode(key[at] ?? 0)
  return text
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxAddressLength && /^[a-z]+:\/\//.test(value)
}
