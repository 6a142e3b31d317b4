/**
 * Sealed boxes of libsodium: X25519, XSalsa20, Poly1305, with a new key for each message, so that not
 * even its author can open it again. Loaded when the first message is sealed or opened.
 *
 * The recipient's X25519 key is made of its Ed25519 one, by the map between the two curves (RFC 7748
 * §4.1): to write to a peer its ID is enough.
 */
import { createPrivateKey } from 'node:crypto'
import { SkeinError } from '../base/errors.ts'
import { keyFromPeerId, shortPeerId } from '../base/peer-id.ts'
import type sodiumType from 'libsodium-wrappers'
import type { Identity } from '../base/identity.node.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Sealer } from './envelope.ts'

const maxKeys = 1_024 // Guess: some 100 KB; making one anew takes 0.1 ms.

let loading: Promise<Sodium> | undefined

type Sodium = typeof sodiumType

async function load(): Promise<Sodium> {
  const { default: sodium } = await import('libsodium-wrappers')
  await sodium.ready
  return sodium
}

/** @throws {SkeinError} `PEER_UNKNOWN` the ID is no point of the curve: nobody has it. */
function toCurve(sodium: Sodium, id: PeerId): Uint8Array {
  try {
    return sodium.crypto_sign_ed25519_pk_to_curve25519(keyFromPeerId(id))
  } catch (cause) {
    throw new SkeinError('PEER_UNKNOWN', `nobody can have the ID ${shortPeerId(id)}…`, { cause })
  }
}

/** Makes what seals for others and opens what is for this identity. */
export async function createSealer(identity: Identity): Promise<Sealer> {
  const sodium = await (loading ??= load())
  const jwk = createPrivateKey(identity.privateKeyPem).export({ format: 'jwk' })
  const seed = new Uint8Array(Buffer.from(jwk.d ?? '', 'base64url'))
  const pair = sodium.crypto_sign_seed_keypair(seed)
  const publicKey = sodium.crypto_sign_ed25519_pk_to_curve25519(pair.publicKey)
  const privateKey = sodium.crypto_sign_ed25519_sk_to_curve25519(pair.privateKey)
  const keys = new Map<PeerId, Uint8Array>()
  const keyOf = (id: PeerId): Uint8Array => {
    const known = keys.get(id)
    if (known !== undefined) return known
    const key = toCurve(sodium, id)
    if (keys.size >= maxKeys) keys.clear()
    keys.set(id, key)
    return key
  }
  return {
    seal: (to, bytes) => sodium.crypto_box_seal(bytes, keyOf(to)),
    open(bytes) {
      try {
        return sodium.crypto_box_seal_open(bytes, publicKey, privateKey)
      } catch {
        return undefined // There is but one reason.
      }
    },
  }
}
