/**
 * What is signed, as it travels: `[body, signature]`, where the body is a deterministic CBOR map with the
 * `kind` of word it is and the `key` that signed it (Ed25519). Words about members, passes, messages of
 * topics and mail all have this form; it is passed on as the bytes that came.
 *
 * **Invariant**: what is signed names its kind, so that no signature is good for something else.
 */
import { peerIdFromKey } from '../base/peer-id.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import type { PeerId } from '../base/peer-id.ts'

/** A map that somebody signed; whether the signature is right is not checked yet. */
export interface SignedMap {
  /** Whose signature it has to be: the `key` in the map. */
  readonly author: PeerId
  readonly fields: Readonly<Record<string, unknown>>
  /** What is signed. */
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

const signatureBytes = 64 // Ed25519
const keyBytes = 32 // Ed25519

/** The bytes to sign of a map, which holds its `kind` and the `key` of the signer. */
export function bodyToSign(fields: Readonly<Record<string, unknown>>): Uint8Array {
  return encode(fields, { deterministic: true })
}

/** A body with its signature. */
export function joinSigned(body: Uint8Array, signature: Uint8Array): Uint8Array {
  return encode([body, signature])
}

/** Takes something signed apart; a string says what is wrong. How long it may be is the caller's to say. */
export function splitSigned(bytes: Uint8Array, kind: string): SignedMap | string {
  const outer = decode(bytes)
  if (!outer.ok || !Array.isArray(outer.value) || outer.value.length !== 2) return 'nothing signed'
  const [body, signature] = outer.value as unknown[]
  if (!(body instanceof Uint8Array) || !(signature instanceof Uint8Array)) return 'nothing signed'
  if (signature.length !== signatureBytes) return 'a signature that is none'
  const inner = decode(body)
  if (!inner.ok || !isMap(inner.value)) return 'no map is signed'
  const fields = inner.value
  if (fields['kind'] !== kind) return `something else than a ${kind} is signed`
  const author = readKey(fields['key'])
  return author === undefined ? 'a key that is none' : { author, fields, body, signature }
}

/** The ID of a public key, if it has the form of one. */
export function readKey(key: unknown): PeerId | undefined {
  return isKey(key) ? peerIdFromKey(key) : undefined
}

/** Whether a value has the form of a public key. */
export function isKey(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === keyBytes
}

/** Whether a decoded value is a map with text keys. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  )
}
