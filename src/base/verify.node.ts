import { createPublicKey, verify } from 'node:crypto'
import { keyFromPeerId } from './peer-id.ts'
import type { KeyObject } from 'node:crypto'
import type { PeerId } from './peer-id.ts'

const maxKeys = 4_096 // Guess: about 2 MB; importing one anew costs 14 µs.
const keys = new Map<PeerId, KeyObject>()

/** Tells whether `signature` is the peer's, of these bytes (Ed25519, RFC 8032). Never throws. */
export function verifySignature(id: PeerId, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, bytes, keyOf(id), signature)
  } catch {
    return false // A key that is no point of the curve: nobody can sign with it.
  }
}

/** As {@link verifySignature}, in Node's thread pool: many at once take all processors, and not this thread. */
export function verifySignatureSoon(
  id: PeerId,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      verify(null, bytes, keyOf(id), signature, (error, isIts) => resolve(error === null && isIts))
    } catch {
      resolve(false)
    }
  })
}

function keyOf(id: PeerId): KeyObject {
  const known = keys.get(id)
  if (known !== undefined) return known
  // Importing a JWK is ten times faster than DER, measured.
  const x = Buffer.from(keyFromPeerId(id)).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const [oldest] = keys.keys()
  if (keys.size >= maxKeys && oldest !== undefined) keys.delete(oldest)
  keys.set(id, key)
  return key
}
