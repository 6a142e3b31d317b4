/**
 * A message on its way: signed by its author, sealed so that only the recipient reads it.
 *
 *   envelope  [map, signature]   kind "mail", key (author), to, epoch, counter, floor, timeMs, expiresMs,
 *                                sealed, pass (the author's, in a network with a key)
 *   sealed    [author, to, epoch, counter, type, body, wantsRead] for the recipient's eyes
 *
 * Who carries it sees who writes to whom and how much, and no more. What is inside repeats author,
 * recipient and number: nobody can put another's sealed words into an envelope of its own.
 *
 * Between an author and a recipient messages are numbered 1, 2, 3, … in an epoch: the life of the
 * author's database. `floor` is the lowest number that the author still wants to arrive.
 */
import { decode, encode } from '../codec/index.ts'
import { keyFromPeerId } from '../base/peer-id.ts'
import { readKey } from '../codec/signed.ts'
import { isOrdinal, isShownPass, isSignedSoon, parseSigned, signAsSoon } from './signed.ts'
import { isContentType, isTextType } from './content-type.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MailOptions } from './options.ts'
import type { MailSigner } from './signed.ts'

/** Where in the order of its author a message stands. */
export interface MessageName {
  readonly author: PeerId
  readonly epoch: number
  readonly counter: number
}

/** What everybody sees of a message. */
export interface Envelope extends MessageName {
  readonly to: PeerId
  readonly floor: number
  /** When it was written, and until when it may be delivered; Unix ms. */
  readonly timeMs: number
  readonly expiresMs: number
  readonly sealed: Uint8Array
  /** The author's pass, as it travels: the recipient may never have met the author. Not checked yet. */
  readonly pass?: Uint8Array | undefined
  /** As it travels. */
  readonly bytes: Uint8Array
}

/** What only the recipient sees. */
export interface Letter {
  /** `text/plain`, `application/json`, or any other content type. */
  readonly type: string
  readonly body: Uint8Array
  /** Whether the author asks to be told when it was read. */
  readonly wantsRead: boolean
}

/** Seals for a peer, and opens what was sealed for this node. */
export interface Sealer {
  seal(to: PeerId, bytes: Uint8Array): Uint8Array
  /** `undefined` where it was not sealed for this node, or was changed. */
  open(bytes: Uint8Array): Uint8Array | undefined
}

/** Bytes that an envelope adds to a body at most. */
const envelopeExtraBytes = 1_536 // Some 600, measured, with the longest type; and a pass.

/** Seals and signs a message. */
export async function writeEnvelope(
  head: Omit<Envelope, 'sealed' | 'bytes' | 'author'>,
  letter: Letter,
  { signer, sealer }: { readonly signer: MailSigner; readonly sealer: Sealer },
): Promise<Envelope> {
  const { to, epoch, counter } = head
  const [author, recipient] = [keyFromPeerId(signer.id), keyFromPeerId(to)]
  const { type, body, wantsRead } = letter
  const inner = encode([author, recipient, epoch, counter, type, body, wantsRead])
  const sealed = sealer.seal(to, inner)
  const { floor, timeMs, expiresMs, pass } = head
  const shown = pass === undefined ? {} : { pass }
  const fields = { to: recipient, epoch, counter, floor, timeMs, expiresMs, sealed, ...shown }
  return { ...head, author: signer.id, sealed, bytes: await signAsSoon('mail', fields, signer) }
}

/** Reads an envelope and checks its form, its times and its signature; a string says what is wrong. */
export async function readEnvelope(
  bytes: Uint8Array,
  setup: { readonly signer: MailSigner; readonly options: MailOptions; readonly unixMs: number },
): Promise<Envelope | string> {
  const { signer, options, unixMs } = setup
  const parsed = parseSigned(bytes, 'mail', options.maxBodyBytes + envelopeExtraBytes)
  if (typeof parsed === 'string') return parsed
  const { epoch, counter, floor, timeMs, expiresMs, sealed, pass } = parsed.fields
  const to = readKey(parsed.fields['to'])
  if (to === undefined || to === parsed.author) return 'a message to nobody'
  if (!isOrdinal(epoch) || !isOrdinal(counter) || !isOrdinal(floor)) return 'a number that is none'
  if (floor > counter || !(sealed instanceof Uint8Array)) return 'a malformed message'
  if (!isOrdinal(timeMs) || !isOrdinal(expiresMs)) return 'a time that is none'
  if (!isShownPass(pass)) return 'a pass that is none'
  const problem = timeProblem({ epoch, timeMs, expiresMs }, options, unixMs)
  if (problem !== undefined) return problem
  if (!(await isSignedSoon(parsed, signer))) return 'a wrong signature'
  const named = { author: parsed.author, to, epoch, counter, floor, timeMs, expiresMs }
  return { ...named, sealed, pass, bytes }
}

/** What is wrong with when a message was written. */
function timeProblem(
  { epoch, timeMs, expiresMs }: Pick<Envelope, 'epoch' | 'timeMs' | 'expiresMs'>,
  options: MailOptions,
  unixMs: number,
): string | undefined {
  const aheadMs = Math.max(timeMs, epoch) - unixMs
  if (aheadMs > options.maxAheadMs) {
    return `a message from the future, ${Math.round(aheadMs / 60_000)} min ahead: check both clocks`
  }
  if (expiresMs > timeMs + options.maxExpiryMs) return 'a message that is to be kept for too long'
  return expiresMs <= unixMs ? 'a message that has expired' : undefined
}

/** Opens what was sealed for this node; a string says what is wrong. */
export function openLetter(envelope: Envelope, sealer: Sealer): Letter | string {
  const inner = sealer.open(envelope.sealed)
  if (inner === undefined) return 'a message that was not sealed for this node, or was changed'
  const decoded = decode(inner)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 7)
    return 'a malformed letter'
  const [author, to, epoch, counter, type, body, wantsRead] = decoded.value as unknown[]
  const isIts =
    readKey(author) === envelope.author &&
    readKey(to) === envelope.to &&
    epoch === envelope.epoch &&
    counter === envelope.counter
  if (!isIts) return 'a letter of another envelope'
  if (!isContentType(type) || !(body instanceof Uint8Array) || typeof wantsRead !== 'boolean')
    return 'a malformed letter'
  if (isTextType(type) && textOf(body) === undefined) return 'a text that is no UTF-8'
  return { type, body, wantsRead }
}

/** Bytes as text; `undefined` where they are no UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined // There is but one reason.
  }
}
