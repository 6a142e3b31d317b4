/**
 * What is signed, as it travels: `[body, signature]`, where the body is a deterministic CBOR map with
 * the `kind` of word it is and the `key` that signed it.
 */
import { decode, encode } from '../codec/index.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'

/** Checks an Ed25519 signature. */
export type Verify = (id: PeerId, bytes: Uint8Array, signature: Uint8Array) => boolean

/** Something signed: its meaning and the bytes that carry it. */
export interface Signed<T> {
  readonly value: T
  readonly bytes: Uint8Array
}

/** What was signed, and by whom. */
export interface Opened {
  readonly signer: PeerId
  readonly fields: Readonly<Record<string, unknown>>
}

const maxSignedBytes = 2_048 // A record with sixteen addresses and a pass, or a hundred links, fits.
const signatureBytes = 64 // Ed25519
const keyBytes = 32 // Ed25519

/** Signs a map, which holds its `kind` and the `key` of the signer. */
export function seal(
  body: Readonly<Record<string, unknown>>,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const bytes = encode(body, { deterministic: true })
  return encode([bytes, sign(bytes)])
}

/** Takes something signed apart and checks its size, its form and its signature. */
export function open(bytes: Uint8Array, kind: string, verify: Verify): Opened | string {
  if (bytes.length > maxSignedBytes) return 'something signed is too long'
  const outer = decode(bytes)
  if (!outer.ok || !Array.isArray(outer.value) || outer.value.length !== 2) return 'nothing signed'
  const [body, signature] = outer.value as unknown[]
  if (!(body instanceof Uint8Array) || !(signature instanceof Uint8Array)) return 'nothing signed'
  if (signature.length !== signatureBytes) return 'a signature that is none'
  const inner = decode(body)
  if (!inner.ok || typeof inner.value !== 'object' || inner.value === null) {
    return 'no map is signed'
  }
  const fields = inner.value as Record<string, unknown>
  const { key } = fields
  if (fields['kind'] !== kind) return `something else than a ${kind} is signed`
  if (!isKey(key)) return 'a key that is none'
  const signer = peerIdFromKey(key)
  if (!verify(signer, body, signature)) return 'a wrong signature'
  return { signer, fields }
}

/** Tells whether a value has the form of a public key. */
export function isKey(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === keyBytes
}

/** Tells whether a value counts something: a whole number from 0 up. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
