/**
 * The name of a message: who wrote it, in which start of its process, and as which of its messages.
 *
 * On the wire 22 bytes: the first 10 of the author's key, incarnation and sequence in 6 each. Ten bytes
 * of a key cannot be made to match (2^80 tries), and are 16 whole characters of its ID.
 */
import { decodeBase32, encodeBase32 } from '../base/base32.ts'
import type { PeerId } from '../base/peer-id.ts'

/** Names a message; `author` is the start of its author's ID, see {@link prefixOf}. */
export interface MessageName {
  readonly author: string
  readonly incarnation: number
  readonly sequence: number
}

/** A name, and how long ago its sender got the message, ms. */
export interface HeardName extends MessageName {
  readonly delayMs: number
}

const prefixBytes = 10
const prefixLength = 16 // Characters of base32.
const nameBytes = prefixBytes + 12
const heardBytes = nameBytes + 2
const maxDelayMs = 2 ** 16 - 1

/** The start of an ID that stands for it. */
export function prefixOf(id: PeerId): string {
  return id.slice(0, prefixLength)
}

/** A name as the key of a map. */
export function keyOf({ author, incarnation, sequence }: MessageName): string {
  return `${author}${incarnation}.${sequence}`
}

/** Writes names one after the other. */
export function namesToBytes(names: readonly MessageName[]): Uint8Array {
  const bytes = new Uint8Array(names.length * nameBytes)
  for (const [index, name] of names.entries()) putName(bytes, index * nameBytes, name)
  return bytes
}

/** Reads {@link namesToBytes}; `undefined` where it is none, or longer than `most`. */
export function namesFromBytes(bytes: unknown, most: number): readonly MessageName[] | undefined {
  return readEach(bytes, { itemBytes: nameBytes, most, read: takeName })
}

/** Writes names with how long ago they were heard. */
export function heardToBytes(names: readonly HeardName[]): Uint8Array {
  const bytes = new Uint8Array(names.length * heardBytes)
  const view = new DataView(bytes.buffer)
  for (const [index, name] of names.entries()) {
    putName(bytes, index * heardBytes, name)
    const delayMs = Math.min(maxDelayMs, Math.max(0, Math.round(name.delayMs)))
    view.setUint16(index * heardBytes + nameBytes, delayMs)
  }
  return bytes
}

/** Reads {@link heardToBytes}. */
export function heardFromBytes(bytes: unknown, most: number): readonly HeardName[] | undefined {
  return readEach(bytes, {
    ...{ itemBytes: heardBytes, most },
    read: (view, at) => ({ ...takeName(view, at), delayMs: view.getUint16(at + nameBytes) }),
  })
}

/** Writes the starts of IDs one after the other. */
export function prefixesToBytes(prefixes: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(prefixes.length * prefixBytes)
  for (const [index, prefix] of prefixes.entries()) {
    bytes.set(decodeBase32(prefix) ?? noBytes, index * prefixBytes)
  }
  return bytes
}

/** Reads {@link prefixesToBytes}. */
export function prefixesFromBytes(bytes: unknown, most: number): readonly string[] | undefined {
  return readEach(bytes, { itemBytes: prefixBytes, most, read: takePrefix })
}

const noBytes = new Uint8Array()

function putName(bytes: Uint8Array, at: number, { author, incarnation, sequence }: MessageName) {
  const view = new DataView(bytes.buffer)
  bytes.set(decodeBase32(author) ?? noBytes, at)
  putUint48(view, at + prefixBytes, incarnation)
  putUint48(view, at + prefixBytes + 6, sequence)
}

function takeName(view: DataView, at: number): MessageName {
  const incarnation = takeUint48(view, at + prefixBytes)
  const sequence = takeUint48(view, at + prefixBytes + 6)
  return { author: takePrefix(view, at), incarnation, sequence }
}

function takePrefix(view: DataView, at: number): string {
  return encodeBase32(new Uint8Array(view.buffer, view.byteOffset + at, prefixBytes))
}

function putUint48(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / 2 ** 32))
  view.setUint32(at + 2, value % 2 ** 32)
}

function takeUint48(view: DataView, at: number): number {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2)
}

interface Format<T> {
  readonly itemBytes: number
  readonly most: number
  readonly read: (view: DataView, at: number) => T
}

function readEach<T>(
  bytes: unknown,
  { itemBytes, most, read }: Format<T>,
): readonly T[] | undefined {
  if (!(bytes instanceof Uint8Array)) return undefined
  const count = bytes.length / itemBytes
  if (!Number.isInteger(count) || count > most) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: count }, (_, index) => read(view, index * itemBytes))
}
