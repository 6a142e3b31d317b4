/** What mail signs, and how: one at a time, or many beside what this thread does. */
import { keyFromPeerId } from '../base/peer-id.ts'
import { bodyToSign, joinSigned, splitSigned } from '../codec/signed.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { SignedMap } from '../codec/signed.ts'

/** Signs with this node's key, and checks what others signed (Ed25519). */
export interface MailSigner {
  readonly id: PeerId
  sign(bytes: Uint8Array): Uint8Array
  /** As `sign`, beside what this thread does: many at once are signed on all processors. */
  signSoon(bytes: Uint8Array): Promise<Uint8Array>
  verify(id: PeerId, bytes: Uint8Array, signature: Uint8Array): boolean
  /** As `verify`, beside what this thread does: many at once are checked on all processors. */
  verifySoon(id: PeerId, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>
}

const maxPassBytes = 512 // As in membership.

/** Signs a map as a kind of word. */
export function signAs(
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  signer: MailSigner,
): Uint8Array {
  const body = bodyOf(kind, fields, signer)
  return joinSigned(body, signer.sign(body))
}

/** As {@link signAs}, beside what this thread does. */
export async function signAsSoon(
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  signer: MailSigner,
): Promise<Uint8Array> {
  const body = bodyOf(kind, fields, signer)
  return joinSigned(body, await signer.signSoon(body))
}

function bodyOf(
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  { id }: MailSigner,
): Uint8Array {
  return bodyToSign({ ...fields, kind, key: keyFromPeerId(id) })
}

/** Takes something signed apart; a string says what is wrong. Its signature is not checked yet. */
export function parseSigned(bytes: Uint8Array, kind: string, maxBytes: number): SignedMap | string {
  if (bytes.length > maxBytes) return `a ${kind} of ${bytes.length} bytes; at most ${maxBytes}`
  return splitSigned(bytes, kind)
}

/** Whether the signature is the author's. */
export function isSigned({ author, body, signature }: SignedMap, signer: MailSigner): boolean {
  return signer.verify(author, body, signature)
}

/** As {@link isSigned}, beside what this thread does. */
export function isSignedSoon(parsed: SignedMap, signer: MailSigner): Promise<boolean> {
  return signer.verifySoon(parsed.author, parsed.body, parsed.signature)
}

/** Whether a value can be a pass that an author shows, or is none at all. */
export function isShownPass(value: unknown): value is Uint8Array | undefined {
  return value === undefined || (value instanceof Uint8Array && value.length <= maxPassBytes)
}

/** Whether a value counts something: a whole number from 1 up. */
export function isOrdinal(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}
