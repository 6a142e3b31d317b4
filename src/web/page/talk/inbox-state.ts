/** What the inbox shows: which list, which message of it, and whether somebody writes a new one. */
import { signal } from '@preact/signals'
import { messageOf } from '../../../base/errors.ts'
import { addNews } from '../tabs.ts'
import { give, session } from './commands.ts'
import { LetterList } from './letter-list.ts'
import type { MessageLine, SentLine } from '../../../node/letter-lines.ts'

/** Which messages are listed. */
export type BoxName = 'all' | 'unread' | 'sent'

/** A message of either list, whole. */
export type OpenLetter =
  | { readonly box: 'came'; readonly letter: MessageLine }
  | { readonly box: 'sent'; readonly letter: SentLine }

export const boxName = signal<BoxName>('all')
export const wanted = signal('')
export const received = signal<LetterList<MessageLine> | undefined>(undefined)
export const sent = signal<LetterList<SentLine> | undefined>(undefined)
export const openLetter = signal<OpenLetter | undefined>(undefined)
/** To whom a new message is written; `undefined` where none is. */
export const writingTo = signal<string | undefined>(undefined)
export const problem = signal('')

/** Opens the list that {@link boxName} and {@link wanted} say; the one before is closed. */
export function openBox(): void {
  const search = wanted.value === '' ? [] : ['--search', wanted.value]
  received.value?.close()
  sent.value?.close()
  const isSent = boxName.value === 'sent'
  const unread = boxName.value === 'unread' ? ['--unread'] : []
  const onNews = (count: number): void => addNews('inbox', count)
  // In the list only their beginnings are shown; they stay unread until they are opened.
  received.value = isSent
    ? undefined
    : new LetterList<MessageLine>({
        session: session(),
        argv: ['inbox', '--keep', '--brief', ...unread, ...search],
        onNews,
      })
  sent.value = isSent
    ? new LetterList<SentLine>({ session: session(), argv: ['sent', '--brief', ...search] })
    : undefined
}

/** Opens a message that came, which marks it as read. */
export async function openReceived(letter: MessageLine): Promise<void> {
  const whole = await load<MessageLine>('inbox', letter.id)
  if (whole === undefined) return
  received.value?.patch(letter.id, { isRead: true })
  show({ box: 'came', letter: { ...whole, isRead: true } })
}

/** Opens a message that was sent. */
export async function openSent(letter: SentLine): Promise<void> {
  const whole = await load<SentLine>('sent', letter.id)
  if (whole !== undefined) show({ box: 'sent', letter: whole })
}

/** Sends a text; resolves when it is sent and shown. */
export async function sendTo(to: string, text: string): Promise<SentLine> {
  const name = to.trim().replace(/^@/, '')
  return JSON.parse(await give(['send', '--read', '--json', '--', name, '-'], text)) as SentLine
}

/** Goes back to the list. */
export function closeLetter(): void {
  openLetter.value = undefined
  writingTo.value = undefined
  problem.value = ''
}

/** Begins a new message. */
export function writeTo(name: string): void {
  openLetter.value = undefined
  problem.value = ''
  writingTo.value = name
}

function show(letter: OpenLetter): void {
  writingTo.value = undefined
  problem.value = ''
  openLetter.value = letter
}

async function load<Line>(command: 'inbox' | 'sent', id: number): Promise<Line | undefined> {
  const place = ['--after', String(id - 1), '--before', String(id + 1)]
  try {
    const text = await give([command, '--json', ...place])
    if (text.trim() !== '') return JSON.parse(text) as Line
    problem.value = 'This message is not kept any more.'
  } catch (thrown) {
    problem.value = messageOf(thrown)
  }
  return undefined
}
