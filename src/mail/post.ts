/** A public message on the wall: signed, not sealed, numbered as messages are. */
import { isOrdinal, isShownPass, isSigned, parseSigned, signAs } from './signed.ts'
import type { MessageName } from './envelope.ts'
import type { MailOptions } from './options.ts'
import type { MailSigner } from './signed.ts'

/** See the file's head. */
export interface Post extends MessageName {
  /** When it was written, Unix ms. */
  readonly timeMs: number
  readonly text: string
  /** The author's pass, as it travels: readers may never have met the author. Not checked yet. */
  readonly pass?: Uint8Array | undefined
  /** As it travels. */
  readonly bytes: Uint8Array
}

const postExtraBytes = 1_024 // Some 200, measured; and a pass.

/** Signs a post of this node. */
export function signPost(post: Omit<Post, 'author' | 'bytes'>, signer: MailSigner): Post {
  const { epoch, counter, timeMs, text, pass } = post
  const shown = pass === undefined ? {} : { pass }
  const bytes = signAs('post', { epoch, counter, timeMs, text, ...shown }, signer)
  return { ...post, author: signer.id, bytes }
}

/** Reads and checks a post; a string says what is wrong. */
export function readPost(
  bytes: Uint8Array,
  setup: { readonly signer: MailSigner; readonly options: MailOptions; readonly unixMs: number },
): Post | string {
  const { signer, options, unixMs } = setup
  const parsed = parseSigned(bytes, 'post', options.maxPostBytes + postExtraBytes)
  if (typeof parsed === 'string') return parsed
  const { epoch, counter, timeMs, text, pass } = parsed.fields
  if (!isOrdinal(epoch) || !isOrdinal(counter) || !isOrdinal(timeMs)) return 'a malformed post'
  if (typeof text !== 'string' || text === '') return 'a post without text'
  if (!isShownPass(pass)) return 'a pass that is none'
  if (Math.max(timeMs, epoch) > unixMs + options.maxAheadMs) return 'a post from the future'
  if (timeMs < unixMs - options.wallKeepMs) return 'a post that is too old'
  if (!isSigned(parsed, signer)) return 'a wrong signature'
  return { author: parsed.author, epoch, counter, timeMs, text, pass, bytes }
}
