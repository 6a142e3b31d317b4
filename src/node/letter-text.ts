/** How messages and posts look in a list that people read. */
import { sanitizeText } from '../base/text.ts'
import type { SentMessage } from '../mail/outgoing.ts'
import type { ReceivedMessage } from '../mail/received.ts'

/** Characters and lines of a message in a list on a terminal. Guess: several fit on a screen. */
export const cutLength = 2_000
const cutLines = 25
const maxShown = 60 // Guess: with the rest it fits a line of most terminals.

/** A message of the inbox; with `isCut` a long one ends in how much is left, and how to see it. */
export function formatMessage(
  message: ReceivedMessage,
  name: string,
  { isCut }: { readonly isCut: boolean },
): string {
  const { id, timeMs, type, body, byteLength, readMs } = message
  const mark = readMs === undefined ? '*' : ' '
  const head = `${mark} ${formatTime(timeMs)}  ${name}: `
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

/** How far a message got, in a few words. */
export function describeState({ state, heldBy, reason }: SentMessage): string {
  switch (state) {
    case 'held':
      return `held by ${heldBy} ${heldBy === 1 ? 'peer' : 'peers'}`
    case 'queued':
      return 'kept here: nobody is up who could hold it'
    case 'refused':
      return `refused: ${sanitizeText(reason)}`
    case 'delivered':
    case 'read':
    case 'expired':
      return state
    default:
      return state satisfies never
  }
}

/** The beginning of a body. */
export function firstLine(body: string | Uint8Array, type: string): string {
  if (typeof body !== 'string') return `${body.length} bytes of ${type}`
  const [line = ''] = body.split('\n')
  return sanitizeText(line.length > maxShown ? `${line.slice(0, maxShown)}…` : line)
}

/** A time, UTC, to the minute. */
export function formatTime(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 16).replace('T', ' ')
}
