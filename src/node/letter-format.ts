/** Messages and posts as programs get them (`show…`) and as people read them (`format…`, `shownName`). */
import { sanitizeText } from '../base/text.ts'
import { stateText } from './letter-lines.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { SentMessage } from '../mail/outgoing.ts'
import type { ReceivedMessage } from '../mail/received.ts'
import type { WallPost } from '../mail/wall.ts'
import type { BodyLine, MessageLine, PostLine, SentLine } from './letter-lines.ts'

/** Who knows what peers are called. */
export interface NamingHost {
  readonly id: PeerId
  readonly label: string
  nameOf(id: PeerId): string
}

/** Characters and lines of a message in a list on a terminal. Guess: several fit on a screen. */
export const cutLength = 2_000
const cutLines = 25
const maxSnippetLength = 60 // Guess: with the rest it fits a line of most terminals.

/** A message that came, as JSON shows it. */
export function showMessage(node: NamingHost, message: ReceivedMessage): MessageLine {
  const { id, author, timeMs, receivedMs, type, body, byteLength, readMs } = message
  const head = { id, from: node.nameOf(author), author, timeMs, receivedMs, type }
  return { ...head, ...showBody(body), byteLength, isRead: readMs !== undefined }
}

/** A sent message as JSON shows it. */
export function showSent(node: NamingHost, message: SentMessage): SentLine {
  const { id, to, timeMs, type, body, byteLength, state, heldBy, reason } = message
  const head = { id, to: node.nameOf(to), recipient: to, timeMs, type }
  const shown = { ...head, ...showBody(body), byteLength, state, heldBy }
  return reason === '' ? shown : { ...shown, reason }
}

/** A post as JSON shows it. */
export function showPost(node: NamingHost, post: WallPost): PostLine {
  const { id, author, timeMs, receivedMs, text } = post
  return { id, from: nameOf(node, author), author, timeMs, receivedMs, text }
}

/** A message that came, whole; with `isCut` a long one ends in how much is left, and how to see it. */
export function formatMessage(
  node: NamingHost,
  message: ReceivedMessage,
  { isCut = false }: { readonly isCut?: boolean } = {},
): string {
  const { id, author, timeMs, type, body, byteLength, readMs } = message
  const mark = readMs === undefined ? '*' : ' '
  const head = `${mark} ${when(timeMs)}  ${shownName(node, author)}: `
  if (typeof body !== 'string') {
    const wanted = isCut ? `skein inbox --id ${id} --json` : '--json'
    return `${head}${byteLength} bytes of ${type}; ${wanted} prints them`
  }
  const whole = body.replace(/\r?\n$/, '')
  const shown = isCut ? cut(whole) : whole
  // Of a body that came short, only its length says how much there is.
  const left = byteLength - Buffer.byteLength(shown) - (body.length - whole.length)
  if (!isCut || left <= 0) return head + sanitizeText(shown)
  return `${head}${sanitizeText(shown)}\n  … ${left} more bytes; whole: skein inbox --id ${id}`
}

function cut(text: string): string {
  const lines = text.split('\n', cutLines + 1)
  const few = lines.length > cutLines ? lines.slice(0, cutLines).join('\n') : text
  // Half a character is none.
  return few.slice(0, cutLength).replace(/[\ud800-\udbff]$/, '')
}

/** A sent message on one line, with its beginning. */
export function formatSent(node: NamingHost, message: SentMessage): string {
  const { id, timeMs, to } = message
  const state = sanitizeText(stateText(message))
  return `${id}  ${when(timeMs)}  to ${shownName(node, to)}  ${state}  ${snippet(message)}`
}

/** A post, whole. */
export function formatPost(node: NamingHost, { author, timeMs, text }: WallPost): string {
  return `${when(timeMs)}  ${shownName(node, author)}: ${sanitizeText(text)}`
}

/** What a peer, or this node, is called. */
export function shownName(node: NamingHost, id: PeerId): string {
  return sanitizeText(nameOf(node, id))
}

function nameOf(node: NamingHost, id: PeerId): string {
  return id === node.id ? node.label : node.nameOf(id)
}

function showBody(body: string | Uint8Array): Pick<BodyLine, 'text' | 'base64'> {
  if (typeof body === 'string') return { text: body }
  return { base64: Buffer.from(body).toString('base64') }
}

function snippet({ body, byteLength, type }: SentMessage): string {
  if (typeof body !== 'string') return `${byteLength} bytes of ${type}`
  const [line = ''] = body.split('\n')
  const isLong = line.length > maxSnippetLength
  return sanitizeText(isLong ? `${line.slice(0, maxSnippetLength)}…` : line)
}

function when(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 16).replace('T', ' ')
}
