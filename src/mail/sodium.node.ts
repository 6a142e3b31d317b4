/**
 * Seals with libsodium: a fresh key in a sealed box (X25519, XSalsa20, Poly1305), and what is written in
 * secret boxes under that key (XSalsa20, Poly1305, a random nonce of 192 bits each).
 *
 *   sealed   sealed box of the key (80 bytes) · nonce (24) · secret box (16 + length)
 *
 * Why not a sealed box a message: a sealed box is two multiplications on the curve, 0.25 to 0.5 ms at
 * either end, measured, and a secret box takes 10 µs. So what is written to one recipient within a second
 * shares the key; then it is forgotten, and not even its author can open what it sealed. Loaded when the
 * first message is sealed or opened.
 *
 * The recipient's X25519 key is made of its Ed25519 one, by the map between the two curves (RFC 7748
 * §4.1): to write to a peer its ID is enough.
 */
import { createPrivateKey, randomBytes } from 'node:crypto'
import { SkeinError } from '../base/errors.ts'
import { keyFromPeerId, shortPeerId } from '../base/peer-id.ts'
import type sodiumType from 'libsodium-wrappers'
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../base/identity.node.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Sealer } from './envelope.ts'

const keyBytes = 32 // XSalsa20.
const boxedKeyBytes = keyBytes + 48 // A sealed box adds a public key and a checksum.
const nonceBytes = 24 // XSalsa20: so long that random ones do not meet.
const maxKeys = 1_024 // Guess: some 100 KB; making one anew takes 0.5 ms.
const sessionMs = 1_000 // Guess: what a program writes in one go.
const maxUses = 4_096 // Guess: far below where 192 random bits could meet.

let loading: Promise<Sodium> | undefined

type Sodium = typeof sodiumType

/** A key for what is written to one recipient now. */
interface Session {
  readonly key: Uint8Array
  readonly boxed: Uint8Array
  readonly untilMs: number
  uses: number
}

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
export async function createSealer(identity: Identity, clock: Clock): Promise<Sealer> {
  return new SodiumSealer(await (loading ??= load()), identity, clock)
}

class SodiumSealer implements Sealer {
  readonly #sodium: Sodium
  readonly #clock: Clock
  readonly #publicKey: Uint8Array
  readonly #privateKey: Uint8Array
  readonly #curveKeys = new Map<PeerId, Uint8Array>()
  readonly #sessions = new Map<PeerId, Session>()
  /** Keys of others, by the boxes they came in. */
  readonly #opened = new Map<string, Uint8Array>()

  constructor(sodium: Sodium, identity: Identity, clock: Clock) {
    const jwk = createPrivateKey(identity.privateKeyPem).export({ format: 'jwk' })
    const seed = new Uint8Array(Buffer.from(jwk.d ?? '', 'base64url'))
    const pair = sodium.crypto_sign_seed_keypair(seed)
    this.#sodium = sodium
    this.#clock = clock
    this.#publicKey = sodium.crypto_sign_ed25519_pk_to_curve25519(pair.publicKey)
    this.#privateKey = sodium.crypto_sign_ed25519_sk_to_curve25519(pair.privateKey)
  }

  seal(to: PeerId, bytes: Uint8Array): Uint8Array {
    const session = this.#session(to)
    session.uses++
    const nonce = randomBytes(nonceBytes)
    const box = this.#sodium.crypto_secretbox_easy(bytes, nonce, session.key)
    const sealed = new Uint8Array(boxedKeyBytes + nonceBytes + box.length)
    sealed.set(session.boxed)
    sealed.set(nonce, boxedKeyBytes)
    sealed.set(box, boxedKeyBytes + nonceBytes)
    return sealed
  }

  open(sealed: Uint8Array): Uint8Array | undefined {
    try {
      const key = this.#keyIn(sealed.subarray(0, boxedKeyBytes))
      const nonce = sealed.subarray(boxedKeyBytes, boxedKeyBytes + nonceBytes)
      const box = sealed.subarray(boxedKeyBytes + nonceBytes)
      return this.#sodium.crypto_secretbox_open_easy(box, nonce, key)
    } catch {
      return undefined // There is but one reason.
    }
  }

  #session(to: PeerId): Session {
    const nowMs = this.#clock.nowMs()
    const known = this.#sessions.get(to)
    if (known !== undefined && nowMs < known.untilMs && known.uses < maxUses) return known
    for (const [id, { untilMs }] of this.#sessions) if (nowMs >= untilMs) this.#sessions.delete(id)
    const key = new Uint8Array(randomBytes(keyBytes))
    const boxed = this.#sodium.crypto_box_seal(key, this.#curveKey(to))
    const session = { key, boxed, untilMs: nowMs + sessionMs, uses: 0 }
    if (this.#sessions.size >= maxKeys) this.#sessions.clear()
    this.#sessions.set(to, session)
    return session
  }

  #curveKey(id: PeerId): Uint8Array {
    const known = this.#curveKeys.get(id)
    if (known !== undefined) return known
    const key = toCurve(this.#sodium, id)
    if (this.#curveKeys.size >= maxKeys) this.#curveKeys.clear()
    this.#curveKeys.set(id, key)
    return key
  }

  /** @throws {Error} It was not sealed for this node, or was changed. */
  #keyIn(boxed: Uint8Array): Uint8Array {
    const name = Buffer.from(boxed).toString('latin1')
    const known = this.#opened.get(name)
    if (known !== undefined) return known
    const key = this.#sodium.crypto_box_seal_open(boxed, this.#publicKey, this.#privateKey)
    const [oldest] = this.#opened.keys()
    if (this.#opened.size >= maxKeys && oldest !== undefined) this.#opened.delete(oldest)
    this.#opened.set(name, key)
    return key
  }
}
