/**
 * A message of a topic as it travels: a map that its author signed (`codec/signed.ts`). It is passed on
 * as the bytes that came.
 */
import { keyFromPeerId } from '../base/peer-id.ts'
import { bodyToSign, joinSigned, splitSigned } from '../codec/signed.ts'
import { isTopicForm } from './topic-name.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { SignedMap } from '../codec/signed.ts'

/** What an author says. */
export interface TopicMessage {
  readonly author: PeerId
  /** Which start of the author's process. */
  readonly incarnation: number
  /** Counts the author's messages from its start, over all topics: 0, 1, 2, … */
  readonly sequence: number
  /** The author's wall clock, Unix ms. */
  readonly time: number
  readonly topic: string
  /** CBOR, not looked at by those who pass it on. */
  readonly body: Uint8Array
}

/** A message with what proves it, not checked yet. */
export interface Unproved {
  readonly message: TopicMessage
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** Signs bytes as this node. */
export type Sign = (bytes: Uint8Array) => Uint8Array

/** Checks an Ed25519 signature. */
export type Verify = (id: PeerId, bytes: Uint8Array, signature: Uint8Array) => boolean

/** What a message takes beside its body, at most. */
const overheadBytes = 512

const kind = 'topic/1'
const maxCount = 2 ** 48 // Six bytes, in names.

/** Signs a message. */
export function writeMessage(message: TopicMessage, sign: Sign): Uint8Array {
  const { author, incarnation, sequence, time, topic, body } = message
  const key = keyFromPeerId(author)
  const fields = { kind, key, incarnation, sequence, time, topic, body }
  const signed = bodyToSign(fields)
  return joinSigned(signed, sign(signed))
}

/** Takes a message apart and checks its form, but not its signature; a string says what is wrong. */
export function readMessage(bytes: Uint8Array, maxBodyBytes: number): Unproved | string {
  if (bytes.length > maxBodyBytes + overheadBytes) return 'a message is too long'
  const parts = splitSigned(bytes, kind)
  if (typeof parts === 'string') return parts
  const message = readFields(parts)
  if (typeof message === 'string') return message
  if (message.body.length > maxBodyBytes) return 'a body is too long'
  return { message, signed: parts.body, signature: parts.signature }
}

function readFields({ author, fields }: SignedMap): TopicMessage | string {
  const { incarnation, sequence, time, topic, body } = fields
  if (!isCount(incarnation) || !isCount(sequence)) return 'a counter that is none'
  if (!isCount(time)) return 'a time that is none'
  if (typeof topic !== 'string' || !isTopicForm(topic)) return 'a topic that is none'
  if (!(body instanceof Uint8Array)) return 'a body that is none'
  return { author, incarnation, sequence, time, topic, body }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < maxCount
}
