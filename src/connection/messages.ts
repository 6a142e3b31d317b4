/**
 * The handshake's messages: HELLO from the dialler; WELCOME or REFUSE from the accepter. CBOR maps,
 * unknown keys are ignored.
 */
import { decode, encode } from '../codec/index.ts'
import { isErrorCode } from '../base/errors.ts'
import { frameType, headerBytes, makeFrame, maxHandshakeBytes, readUint24 } from './frames.ts'
import type { ErrorCode } from '../base/errors.ts'

/** The versions of the connection protocol that this node speaks, best first. */
export const protocolVersions = [1] as const

/** What both sides say of themselves. */
export interface Introduction {
  /** One start of the node's process; a later start has a higher number. */
  readonly incarnation: number
  /** Frames received on the epoch named; the other side goes on from there. */
  readonly received: number
  /** Credit that each stream of a new epoch starts with, bytes. */
  readonly windowBytes: number
  /** What the node likes to be called. A claim. */
  readonly label: string
  /** Where the node can be dialled, as URLs; a wildcard host means the host that was dialled from. */
  readonly addresses: readonly string[]
  /** What proves the right to be here, for transports and networks that ask: opaque. */
  readonly pass?: Uint8Array
  /** What took that right back from the other side, which may not know: opaque. */
  readonly withdrawal?: Uint8Array
}

/** The dialler's first and only word before an answer. */
export interface Hello extends Introduction {
  readonly versions: readonly number[]
  /** The accepter's incarnation as the dialler knows it; 0 for none. */
  readonly peerIncarnation: number
  /** The epoch that lives at the dialler; 0 for none. */
  readonly epoch: number
  /** The highest epoch that the dialler ever knew; what it names no more is over. */
  readonly highestEpoch: number
}

/** The accepter's yes. */
export interface Welcome extends Introduction {
  readonly version: number
  /** The epoch that the path belongs to now. */
  readonly epoch: number
}

/** The accepter's no. */
export interface Refusal {
  readonly code: ErrorCode
  /** What refused: a rule, a limit, a setting. */
  readonly rule: string
  /** For people: what to do. */
  readonly message: string
  /** What took the right to be here back, where that is the reason: opaque, and proves itself. */
  readonly withdrawal?: Uint8Array
}

/** What an answer to HELLO can be. */
export type Answer =
  | { readonly type: 'welcome'; readonly welcome: Welcome }
  | { readonly type: 'refuse'; readonly refusal: Refusal }

const maxAddresses = 32
const maxEpoch = 2 ** 48 // One a second for nine million years: what comes after it can be counted.
const maxAddressLength = 256
const maxTextLength = 500
const maxOpaqueBytes = 2_048 // As much as anything that is signed.

/** Writes HELLO as a frame. */
export function writeHello(hello: Hello): Uint8Array {
  return makeFrame(frameType.hello, encode(hello))
}

/** Writes WELCOME as a frame. */
export function writeWelcome(welcome: Welcome): Uint8Array {
  return makeFrame(frameType.welcome, encode(welcome))
}

/** Writes REFUSE as a frame. */
export function writeRefusal({ message, ...rest }: Refusal): Uint8Array {
  const text = message.slice(0, maxTextLength).toWellFormed()
  return makeFrame(frameType.refuse, encode({ ...rest, message: text }))
}

/** Reads the payload of HELLO; a string is the rule that it breaks. */
export function readHello(payload: Uint8Array): Hello | string {
  const map = readMap(payload)
  if (typeof map === 'string') return map
  const introduction = readIntroduction(map)
  if (typeof introduction === 'string') return introduction
  const { versions, peerIncarnation, epoch, highestEpoch } = map
  if (!Array.isArray(versions) || versions.length > 16 || !versions.every(isCount)) {
    return 'C2: versions'
  }
  if (!isCount(peerIncarnation)) return 'C2: peerIncarnation'
  if (!isCount(epoch) || !isCount(highestEpoch)) return 'C2: epoch'
  if (epoch > highestEpoch || highestEpoch > maxEpoch) return 'C2: epoch'
  return { ...introduction, versions, peerIncarnation, epoch, highestEpoch }
}

/** Reads an answer to HELLO; a string is the rule that it breaks. */
export function readAnswer(type: number, payload: Uint8Array): Answer | string {
  const map = readMap(payload)
  if (typeof map === 'string') return map
  if (type === frameType.refuse) {
    const { code, rule, message, withdrawal } = map
    if (!isText(code) || !isText(rule) || !isText(message)) return 'C2: REFUSE'
    if (!isOpaque(withdrawal)) return 'C2: withdrawal'
    const refusal = { code: isErrorCode(code) ? code : 'REFUSED', rule, message } as const
    return { type: 'refuse', refusal: withdrawal ? { ...refusal, withdrawal } : refusal }
  }
  const introduction = readIntroduction(map)
  if (typeof introduction === 'string') return introduction
  const { version, epoch } = map
  if (!isCount(version)) return 'C2: version'
  if (!isCount(epoch) || epoch === 0) return 'C2: epoch'
  return { type: 'welcome', welcome: { ...introduction, version, epoch } }
}

/** Takes one handshake frame off the start of `bytes`. */
export function takeHandshakeFrame(
  bytes: Uint8Array,
  allowed: readonly number[],
):
  | { readonly type: number; readonly payload: Uint8Array; readonly rest: Uint8Array }
  | string
  | undefined {
  const type = bytes[0]
  if (type === undefined) return undefined
  if (!allowed.includes(type)) return 'C1: the handshake comes first'
  if (bytes.length < headerBytes) return undefined
  const end = headerBytes + readUint24(bytes, 1)
  if (end > headerBytes + maxHandshakeBytes) return 'C4: the handshake is too long'
  if (bytes.length < end) return undefined
  return { type, payload: bytes.subarray(headerBytes, end), rest: bytes.subarray(end) }
}

function readMap(payload: Uint8Array): Record<string, unknown> | string {
  const decoded = decode(payload)
  if (!decoded.ok) return `C2: ${decoded.violation}`
  const { value } = decoded
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMap ? (value as Record<string, unknown>) : 'C2: not a map'
}

function readIntroduction(map: Record<string, unknown>): Introduction | string {
  const { incarnation, received, windowBytes, label, addresses, pass, withdrawal } = map
  if (!isCount(incarnation) || incarnation === 0) return 'C2: incarnation'
  if (!isCount(received)) return 'C2: received'
  if (!isCount(windowBytes)) return 'C2: windowBytes'
  if (typeof label !== 'string' || label.length > 64) return 'C2: label'
  if (!Array.isArray(addresses) || addresses.length > maxAddresses) return 'C2: addresses'
  if (!addresses.every(isAddress)) return 'C2: addresses'
  if (!isOpaque(pass)) return 'C2: pass'
  if (!isOpaque(withdrawal)) return 'C2: withdrawal'
  const introduction = { incarnation, received, windowBytes, label, addresses }
  return { ...introduction, ...(pass && { pass }), ...(withdrawal && { withdrawal }) }
}

/** What this layer does not look into; it may be missing. */
function isOpaque(value: unknown): value is Uint8Array | undefined {
  if (value === undefined) return true
  return value instanceof Uint8Array && value.length <= maxOpaqueBytes
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxTextLength
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxAddressLength && /^[a-z]+:\/\//.test(value)
}
