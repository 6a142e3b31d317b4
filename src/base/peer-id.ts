import { decodeBase32, encodeBase32 } from './base32.ts'

/**
 * A node's identity: its Ed25519 public key, 32 bytes, written as 52 characters of lower-case base32
 * (RFC 4648 §6, no padding).
 */
export type PeerId = string & { readonly brand: 'PeerId' }

const keyBytes = 32 // Ed25519, RFC 8032 §5.1.5
const shortLength = 8 // Guess: a handful of peers never share 40 bits.

/** Writes a public key as the ID that people see. */
export function peerIdFromKey(publicKey: Uint8Array): PeerId {
  if (publicKey.length !== keyBytes) throw new RangeError(`a key has ${keyBytes} bytes`)
  return encodeBase32(publicKey) as PeerId
}

/** Reads an ID back into its 32 key bytes. */
export function keyFromPeerId(id: PeerId): Uint8Array {
  const key = decodeBase32(id)
  if (key === undefined) throw new RangeError('not a peer ID')
  return key
}

/** Tells whether `text` is a whole, canonical peer ID. */
export function isPeerId(text: unknown): text is PeerId {
  if (typeof text !== 'string' || text.length !== 52) return false
  return decodeBase32(text)?.length === keyBytes
}

/** The start of an ID, for log lines and tables; not unique by itself. */
export function shortPeerId(id: string): string {
  return id.slice(0, shortLength)
}
