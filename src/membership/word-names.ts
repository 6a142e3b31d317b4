/** Names of words as bytes: 8 of the member's key and 4 of the word's end, one after the other. */
import type { WordName } from './member-index.ts'

const keyBytes = 8
/** Bytes of a name. */
export const nameBytes = keyBytes + 4

/** Writes names. */
export function namesToBytes(names: readonly WordName[]): Uint8Array {
  const bytes = new Uint8Array(names.length * nameBytes)
  const view = new DataView(bytes.buffer)
  for (const [number, { key, digest }] of names.entries()) {
    const offset = number * nameBytes
    for (let at = 0; at < keyBytes; at++) bytes[offset + at] = key.charCodeAt(at)
    view.setInt32(offset + keyBytes, digest)
  }
  return bytes
}

/** Reads names; `undefined` when these are none, or more than so many. */
export function namesFromBytes(bytes: unknown, limit: number): readonly WordName[] | undefined {
  if (!(bytes instanceof Uint8Array) || bytes.length % nameBytes !== 0) return undefined
  if (bytes.length > limit * nameBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length / nameBytes }, (_, number) => {
    const offset = number * nameBytes
    const key = String.fromCharCode(...bytes.subarray(offset, offset + keyBytes))
    return { key, digest: view.getInt32(offset + keyBytes) }
  })
}
