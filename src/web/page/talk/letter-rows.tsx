/** The list of the inbox: a row a message, with who, when, its beginning, and how far it got. */
import { sanitizeText } from '../../../base/text.ts'
import { visibleText } from '../../../map/caption.ts'
import { stateText } from '../../../node/letter-lines.ts'
import { Disc } from './author.tsx'
import {
  boxName,
  openLetter,
  openReceived,
  openSent,
  received,
  sent,
  wanted,
} from './inbox-state.ts'
import { LetterPages } from './letter-pages.tsx'
import { When } from './when.tsx'
import type { MessageLine, SentLine } from '../../../node/letter-lines.ts'
import type { LetterList } from './letter-list.ts'

const rowHeight = 69 // As talk.css has it.
const snippetLength = 160

/** See the file's head. */
export function LetterRows(): preact.JSX.Element | null {
  const key = `${boxName.value} ${wanted.value}`
  if (sent.value !== undefined) {
    return (
      <Rows
        key={key}
        list={sent.value}
        open={openSent}
        row={(letter) => <SentRow letter={letter} />}
      />
    )
  }
  if (received.value === undefined) return null
  return (
    <Rows
      key={key}
      list={received.value}
      open={openReceived}
      row={(letter) => <ReceivedRow letter={letter} />}
    />
  )
}

interface RowsProps<Item extends { readonly id: number }> {
  readonly list: LetterList<Item>
  readonly open: (item: Item) => Promise<void>
  readonly row: (item: Item) => preact.JSX.Element
}

function Rows<Item extends { readonly id: number }>({
  list,
  open,
  row,
}: RowsProps<Item>): preact.JSX.Element {
  const chosen = openLetter.value?.letter.id
  return (
    <LetterPages
      list={list}
      label={boxName.value === 'sent' ? 'Sent, newest first' : 'Messages, newest first'}
      estimate={rowHeight}
      row={(item) => (
        <button
          type="button"
          class="letter-row"
          aria-current={item.id === chosen ? 'true' : undefined}
          onClick={() => void open(item)}
          onKeyDown={moveFocus}
        >
          {row(item)}
        </button>
      )}
      empty={<p class="muted">{emptyText()}</p>}
    />
  )
}

function emptyText(): string {
  if (wanted.value !== '') return 'No message has these words.'
  if (boxName.value === 'sent') return 'Nothing was sent yet.'
  return boxName.value === 'unread' ? 'All is read.' : 'No message came yet.'
}

/** Arrows go from row to row. */
function moveFocus(event: preact.TargetedKeyboardEvent<HTMLButtonElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const row = event.currentTarget.closest<HTMLElement>('[data-at]')
  if (step === undefined || row === null) return
  event.preventDefault()
  const at = Number(row.dataset['at']) + step
  const next = row.parentElement?.querySelector(`[data-at="${at}"] button`)
  if (next instanceof HTMLElement) next.focus()
}

function ReceivedRow({ letter }: { readonly letter: MessageLine }): preact.JSX.Element {
  const { author, from, timeMs, isRead } = letter
  return (
    <>
      <Disc id={author} name={from} />
      <span class={`who ${isRead ? '' : 'unread'}`}>
        {visibleText(from, 40)}
        {!isRead && <span class="unseen"> (unread)</span>}
      </span>
      <When timeMs={timeMs} />
      <span class={`snippet ${isRead ? '' : 'unread'}`} dir="auto">
        {snippet(letter)}
      </span>
    </>
  )
}

function SentRow({ letter }: { readonly letter: SentLine }): preact.JSX.Element {
  const { recipient, to, timeMs } = letter
  return (
    <>
      <Disc id={recipient} name={to} />
      <span class="who">{visibleText(to, 40)}</span>
      <When timeMs={timeMs} />
      <span class="snippet" dir="auto">
        <StateChip letter={letter} /> {snippet(letter)}
      </span>
    </>
  )
}

/** How far a message got. */
export function StateChip({ letter }: { readonly letter: SentLine }): preact.JSX.Element {
  const text = letter.state === 'queued' ? 'kept here' : stateText(letter)
  return (
    <span class={`chip state-${letter.state}`} title={sanitizeText(stateText(letter))}>
      {sanitizeText(text).slice(0, 80)}
    </span>
  )
}

function snippet({ text, byteLength, type }: MessageLine | SentLine): string {
  if (text === undefined) return `${byteLength} bytes of ${visibleText(type, 60)}`
  return sanitizeText(text.slice(0, snippetLength)).replaceAll(/\s+/g, ' ')
}
