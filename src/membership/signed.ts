/** What membership signs: records, links, suspicions and passes, each small. */
import { bodyToSign, joinSigned, splitSigned } from '../codec/signed.ts'
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

/** Signs a map, which holds its `kind` and the `key` of the signer. */
export function seal(
  body: Readonly<Record<string, unknown>>,
  sign: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const bytes = bodyToSign(body)
  return joinSigned(bytes, sign(bytes))
}

/** Takes something signed apart and checks its size, its form and its signature. */
export function open(bytes: Uint8Array, kind: string, verify: Verify): Opened | string {
  if (bytes.length > maxSignedBytes) return 'something signed is too long'
  const parts = splitSigned(bytes, kind)
  if (typeof parts === 'string') return parts
  const { author, fields, body, signature } = parts
  if (!verify(author, body, signature)) return 'a wrong signature'
  return { signer: author, fields }
}

/** Tells whether a value counts something: a whole number from 0 up. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
