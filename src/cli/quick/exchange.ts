/**
 * One command to our own node as bytes, and its answer, without the layers that do all of it: they take
 * longer to load than a node takes to answer.
 *
 *   HELLO │ OPEN object/1 │ DATA: find commands, stream run(request, input?)         one write
 *   WELCOME │ OPEN object/1 │ DATA: kept answer, item {out} …, answer: the exit code
 *
 * Nothing else is read here. Whatever else comes is for the layers, which take over from there
 * (`handed-path.ts`).
 *
 * **Invariant**: the frames behind HELLO are, byte for byte, those that `AskingSession` on a `Connection`
 * writes for the same request; a test holds them together.
 */
import { frameType, headerBytes, readUint24, readUint32 } from '../../connection/frames.ts'
import { defaultConnectionOptions } from '../../connection/options.ts'
import { messageType, objectProtocol, tokenBytes } from '../../remote/messages.ts'
import { defaultObjectLimits } from '../../remote/options.ts'

/** What to ask of our node. */
export interface QuickRequest {
  readonly argv: readonly string[]
  /** As in a command's request. */
  readonly to?: string | undefined
  /** Whether the command may read our standard input. */
  readonly hasInput: boolean
}

/** What leaves, one behind the other. */
export interface QuickWords {
  readonly hello: Uint8Array
  /** The frames of the conversation. */
  readonly frames: Uint8Array
}

/** A command's whole output and exit code; `more` has to come; or it is `other` than what is read here. */
export type QuickAnswer =
  | { readonly out: readonly Uint8Array[]; readonly exit: number }
  | 'more'
  | 'other'

const maxRequestLength = 4_096 // Guess: what a person types; longer ones go the long way.
const maxAnswerBytes = 65_536 // Below any credit: the node never waits for us.
const ownStream = 0 // The program is the lower side.
const nodesStream = 1
const commandsQuestion = 0
const runQuestion = 1
const maxExit = 255

/** Whether a request is one for here. */
export function isQuick({ argv, to = '' }: QuickRequest): boolean {
  let length = to.length
  for (const word of argv) {
    if (!word.isWellFormed()) return false
    length += word.length
  }
  return length <= maxRequestLength && to.isWellFormed()
}

/** Writes a request that {@link isQuick}. */
export function writeQuickRequest(token: Uint8Array, request: QuickRequest): QuickWords {
  const { argv, to, hasInput } = request
  const find = chars(messageType.find, commandsQuestion) + name('commands')
  const run =
    chars(messageType.stream, runQuestion, 2 * commandsQuestion + 1, 0, 1) +
    name('run') +
    number(defaultObjectLimits.objectWindowBytes) +
    head(4, hasInput ? 2 : 1) +
    (head(5, to === undefined ? 1 : 2) + text('argv') + head(4, argv.length)) +
    argv.map(text).join('') +
    (to === undefined ? '' : text('to') + text(to)) +
    (hasInput ? input : '')
  const hello = introduction() + head(2, token.length) + latin1(token)
  const frames =
    frame(frameType.open, chars(0) + objectProtocol) +
    frame(frameType.data, message(find) + message(run))
  return { hello: bytesOf(frame(frameType.hello, hello)), frames: bytesOf(frames) }
}

/** Says that this is all, as a connection does that is closed. */
export function writeGoodbye(): Uint8Array {
  const reason = text('code') + text('CONNECTION_CLOSED') + text('message') + text('done')
  return bytesOf(frame(frameType.goodbye, head(5, 2) + reason))
}

/** Reads all that has come so far. */
export function readQuickAnswer(bytes: Uint8Array): QuickAnswer {
  if (bytes.length > maxAnswerBytes) return 'other'
  const data: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    if (bytes.length < at + headerBytes) break
    const end = at + headerBytes + readUint24(bytes, at + 1)
    const type = bytes[at]
    if ((type === frameType.welcome) !== (at === 0)) return 'other'
    if (bytes.length < end) break
    if (type === frameType.data || type === frameType.open) {
      if (readUint32(bytes, at + 4) !== nodesStream) return 'other'
      if (type === frameType.data) data.push(bytes.subarray(at + headerBytes, end))
    } else if (!isOfPath(type)) return 'other'
    at = end
  }
  return readMessages(data.length === 1 && data[0] !== undefined ? data[0] : Buffer.concat(data))
}

/** Frames that the layers answer later, if they ever come to it. */
function isOfPath(type: number | undefined): boolean {
  return type === frameType.welcome || type === frameType.ping || type === frameType.ack
}

function readMessages(bytes: Uint8Array): QuickAnswer {
  const out: Uint8Array[] = []
  for (let at = 0; at + 4 < bytes.length;) {
    const start = at + 4
    const end = start + readUint32(bytes, at)
    if (end > bytes.length) break
    const [type, question] = [bytes[start], bytes[start + 1]]
    if (type === messageType.item && question === runQuestion) {
      const chunk = readOut(bytes.subarray(start + 2, end))
      if (chunk === undefined) return 'other'
      out.push(chunk)
    } else if (type === messageType.answer && question === runQuestion) {
      const exit = readCount(bytes.subarray(start + 2, end), 0)
      return exit === undefined || exit > maxExit ? 'other' : { out, exit }
    } else if (type !== messageType.release) {
      // What `commands` is kept as matters to the layers only.
      if (type !== messageType.keptAnswer || question !== commandsQuestion) return 'other'
    }
    at = end
  }
  return 'more'
}

/** The bytes of `{out: bytes}`. */
function readOut(value: Uint8Array): Uint8Array | undefined {
  const headBytes = 5
  if (latin1(value.subarray(0, headBytes)) !== head(5, 1) + text('out')) return undefined
  const length = readCount(value.subarray(headBytes), 2)
  if (length === undefined) return undefined
  const chunk = value.subarray(headBytes + head(2, length).length)
  return chunk.length === length ? chunk : undefined
}

/** The number in the head of a CBOR item of a kind, in its shortest form, below 65 536. */
function readCount([first = 0, high = 0, low = 0]: Uint8Array, kind: number): number | undefined {
  const count = first & 31
  if (first >> 5 !== kind || count > 25) return undefined
  if (count < 24) return count
  return count === 24 ? high : high * 256 + low
}

// What is written is text of a character a byte until it is whole: nothing is as quick in cold code.

/** The head of a CBOR item (RFC 8949 §3), below 2^32. */
function head(kind: number, count: number): string {
  const first = kind << 5
  if (count < 24) return chars(first | count)
  if (count < 0x100) return chars(first | 24, count)
  if (count < 0x1_0000) return chars(first | 25, count >> 8, count & 255)
  return chars(first | 26, count >>> 24, (count >> 16) & 255, (count >> 8) & 255, count & 255)
}

function text(value: string): string {
  const bytes = latin1(Buffer.from(value))
  return head(3, bytes.length) + bytes
}

/** A number in a message's own fields. */
function number(value: number): string {
  return value < 0x80 ? chars(value) : chars((value & 0x7f) | 0x80) + number(value >>> 7)
}

function name(value: string): string {
  return chars(value.length) + value
}

function message(body: string): string {
  return chars(0, 0, body.length >> 8, body.length & 255) + body
}

function frame(type: number, payload: string): string {
  const { length } = payload
  return chars(type, 0, length >> 8, length & 255, 0, 0, 0, ownStream) + payload
}

/** HELLO, as `direct.ts` says it, up to the token. */
function introduction(): string {
  const { initialWindowBytes } = defaultConnectionOptions
  return (
    head(5, 10) +
    (text('incarnation') + head(0, 1) + text('received') + head(0, 0)) +
    (text('windowBytes') + head(0, initialWindowBytes)) +
    (text('label') + text('') + text('addresses') + head(4, 0)) +
    (text('versions') + head(4, 1) + head(0, 1) + text('peerIncarnation') + head(0, 0)) +
    (text('epoch') + head(0, 0) + text('highestEpoch') + head(0, 0) + text('pass'))
  )
}

/** Our standard input, our first object: an async iterable, tag 41221, with a token that nobody needs. */
const input = '\xd9\xa1\x05\x83\x02\x01\x50' + '\0'.repeat(tokenBytes)

const chars = String.fromCharCode

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function bytesOf(characters: string): Uint8Array {
  return Buffer.from(characters, 'latin1')
}
