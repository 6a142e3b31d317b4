/** A public message on the wall: signed, not sealed, numbered as messages are. */
import { isOrdinal, isSigned, parseSigned, signAs } from './signed.ts'
import type { MessageName } from './envelope.ts'
import type { MailOptions } from './options.ts'
import type { MailSigner } from './signed.ts'

/** See the file's head. */
export interface Post extends MessageName {
  /** When it was written, Unix ms. */
  readonly timeMs: number
  readonly text: string
  /** As it travels. */
  readonly bytes: Uint8Array
}

const postExtraBytes = 512 // Some 200, measured.

/** Signs a post of this node. */
export function signPost(post: Omit<Post, 'author' | 'bytes'>, signer: MailSigner): Post {
  const { epoch, counter, timeMs, text } = post
  const bytes = signAs('post', { epoch, counter, timeMs, text }, signer)
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
  const { epoch, counter, timeMs, text } = parsed.fields
  if (!isOrdinal(epoch) || !isOrdinal(counter) || !isOrdinal(timeMs)) return 'a malformed post'
  if (typeof text !== 'string' || text === '') return 'a post without text'
  if (Math.max(timeMs, epoch) > unixMs + options.maxAheadMs) return 'a post from the future'
  if (timeMs < unixMs - options.wallKeepMs) return 'a post that is too old'
  if (!isSigned(parsed, signer)) return 'a wrong signature'
  return { author: parsed.author, epoch, counter, timeMs, text, bytes }
}
