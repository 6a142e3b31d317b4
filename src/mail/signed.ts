/**
 * What mail signs, as it travels: `[body, signature]`, where the body is a deterministic CBOR map with
 * its `kind` and the `key` that signed it. As in membership, but a body may be a megabyte.
 */
import { decode, encode } from '../codec/index.ts'
import { keyFromPeerId, peerIdFromKey } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'

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

/** What was signed, and by whom; the signature is not checked yet. */
export interface Parsed {
  readonly author: PeerId
  readonly fields: Readonly<Record<string, unknown>>
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

const maxPassBytes = 512 // As in membership.
const signatureBytes = 64 // Ed25519
const keyBytes = 32 // Ed25519

/** Signs a map as a kind of word. */
export function signAs(
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  signer: MailSigner,
): Uint8Array {
  const body = bodyOf(kind, fields, signer)
  return encode([body, signer.sign(body)])
}

/** As {@link signAs}, beside what this thread does. */
export async function signAsSoon(
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  signer: MailSigner,
): Promise<Uint8Array> {
  const body = bodyOf(kind, fields, signer)
  return encode([body, await signer.signSoon(body)])
}

function bodyOf(
  kind: string,
  fields: Readonly<Record<string, unknown>>,
  { id }: MailSigner,
): Uint8Array {
  return encode({ ...fields, kind, key: keyFromPeerId(id) }, { deterministic: true })
}

/** Takes something signed apart; a string says what is wrong. Its signature is not checked yet. */
export function parseSigned(bytes: Uint8Array, kind: string, maxBytes: number): Parsed | string {
  if (bytes.length > maxBytes) return `a ${kind} of ${bytes.length} bytes; at most ${maxBytes}`
  const outer = decode(bytes)
  if (!outer.ok || !Array.isArray(outer.value) || outer.value.length !== 2) return 'nothing signed'
  const [body, signature] = outer.value as unknown[]
  if (!(body instanceof Uint8Array) || !(signature instanceof Uint8Array)) return 'nothing signed'
  if (signature.length !== signatureBytes) return 'a signature that is none'
  const inner = decode(body)
  if (!inner.ok || !isMap(inner.value)) return 'no map is signed'
  const fields = inner.value
  if (fields['kind'] !== kind) return `something else than a ${kind} is signed`
  const author = toPeerId(fields['key'])
  return author === undefined ? 'a key that is none' : { author, fields, body, signature }
}

/** Whether the signature is the author's. */
export function isSigned({ author, body, signature }: Parsed, signer: MailSigner): boolean {
  return signer.verify(author, body, signature)
}

/** As {@link isSigned}, beside what this thread does. */
export function isSignedSoon(parsed: Parsed, signer: MailSigner): Promise<boolean> {
  return signer.verifySoon(parsed.author, parsed.body, parsed.signature)
}

/** The ID of a public key, if it has the form of one. */
export function toPeerId(key: unknown): PeerId | undefined {
  return key instanceof Uint8Array && key.length === keyBytes ? peerIdFromKey(key) : undefined
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

/** Whether a value can be a pass that an author shows, or is none at all. */
export function isShownPass(value: unknown): value is Uint8Array | undefined {
  return value === undefined || (value instanceof Uint8Array && value.length <= maxPassBytes)
}

/** Whether a value counts something: a whole number from 1 up. */
export function isOrdinal(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}
