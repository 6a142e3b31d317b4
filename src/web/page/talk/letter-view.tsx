/** A message to read, with a box to answer; or a new one to write. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from '../../../base/errors.ts'
import { sanitizeText } from '../../../base/text.ts'
import { visibleText } from '../../../map/caption.ts'
import { stateText } from '../../../node/letter-lines.ts'
import { Icon, crossPath } from '../icon.tsx'
import { network } from '../state.ts'
import { Author, Disc } from './author.tsx'
import { give, session } from './commands.ts'
import {
  boxName,
  closeLetter,
  openBox,
  openLetter,
  problem,
  sendTo,
  sent,
  writingTo,
} from './inbox-state.ts'
import { JsonLines } from './json-lines.ts'
import { StateChip } from './letter-rows.tsx'
import { Problem } from './problem.tsx'
import { When } from './when.tsx'
import { WriteBox } from './write-box.tsx'
import type { MessageLine, SentLine } from '../../../node/letter-lines.ts'

const shownLength = 100_000 // Characters: a browser takes long for a megabyte; all of it can be saved.
const maxNames = 500 // Guess: more names than that nobody reads in a list.

/** See the file's head. */
export function LetterView(): preact.JSX.Element {
  const open = openLetter.value
  const to = writingTo.value
  return (
    <section
      class="read-side"
      aria-label="Message"
      onKeyDown={({ key }) => {
        if (key === 'Escape' && (open !== undefined || to !== undefined)) back()
      }}
    >
      <Problem text={problem.value} />
      {to !== undefined ? (
        <NewLetter key={to} to={to} />
      ) : open === undefined ? (
        <p class="muted nothing">Open a message to read it, or write one.</p>
      ) : open.box === 'came' ? (
        <Received key={open.letter.id} letter={open.letter} />
      ) : (
        <Sent key={`sent ${open.letter.id}`} letter={open.letter} />
      )}
    </section>
  )
}

/** Back to the list, and there to the message that was open. */
function back(): void {
  const row = document.querySelector<HTMLElement>('.letter-row[aria-current]')
  closeLetter()
  requestAnimationFrame(() => {
    const button = document.querySelector<HTMLElement>('.list-side .main')
    ;(row?.isConnected === true ? row : button)?.focus()
  })
}

function Head({
  id,
  name,
  timeMs,
  isSent = false,
}: {
  readonly id: string
  readonly name: string
  readonly timeMs: number
  readonly isSent?: boolean
}): preact.JSX.Element {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus({ preventScroll: true }), [])
  return (
    <header class="letter-head">
      <Disc id={id} name={name} />
      <h2 ref={title} tabIndex={-1}>
        <span class="muted">{isSent ? 'To ' : 'From '}</span>
        <Author id={id} name={name} />
      </h2>
      <When timeMs={timeMs} />
      <CloseButton />
    </header>
  )
}

function CloseButton(): preact.JSX.Element {
  return (
    <button type="button" class="icon close" aria-label="Back to the list" onClick={back}>
      <Icon path={crossPath} widthPx={16} />
    </button>
  )
}

function Received({ letter }: { readonly letter: MessageLine }): preact.JSX.Element {
  const { author, from, timeMs } = letter
  const [answer, setAnswer] = useState<SentLine | undefined>(undefined)
  const [isBlocked, setBlocked] = useState(false)
  const block = async (): Promise<void> => {
    try {
      await give([isBlocked ? 'unblock' : 'block', author])
      setBlocked(!isBlocked)
    } catch (thrown) {
      problem.value = messageOf(thrown)
    }
  }
  return (
    <>
      <Head id={author} name={from} timeMs={timeMs} />
      <Body letter={letter} />
      <div class="reply">
        {answer !== undefined && <Fate letter={answer} />}
        <WriteBox
          label={`Answer to ${visibleText(from, 40)}`}
          placeholder={`Answer ${visibleText(from, 40)} …`}
          button="Send"
          send={async (text) => {
            setAnswer(await sendTo(author, text))
            return ''
          }}
        />
        <button type="button" class="text block" onClick={() => void block()}>
          {isBlocked ? 'Unblock' : 'Block'} {visibleText(from, 40)}
        </button>
      </div>
    </>
  )
}

function Sent({ letter }: { readonly letter: SentLine }): preact.JSX.Element {
  const { recipient, to, timeMs, id } = letter
  // The list is told when it gets further.
  const now = sent.value?.items.value.find((each) => each.id === id) ?? letter
  return (
    <>
      <Head id={recipient} name={to} timeMs={timeMs} isSent />
      <Body letter={letter} />
      <Fate letter={now} />
    </>
  )
}

/** How far a message got that was sent here. */
function Fate({ letter }: { readonly letter: SentLine }): preact.JSX.Element {
  const [now, setNow] = useState(letter)
  useEffect(() => {
    setNow(letter)
    const abort = new AbortController()
    void follow(letter.id, abort.signal, setNow)
    return () => abort.abort()
  }, [letter])
  return (
    <p class="fate" role="status">
      <StateChip letter={now} />{' '}
      <span class="muted">
        to {visibleText(now.to, 40)}
        {now.state === 'queued' && `; ${sanitizeText(stateText(now))}`}
      </span>
    </p>
  )
}

/** Tells whenever a message gets further, and again when the session is back. */
async function follow(
  id: number,
  signal: AbortSignal,
  tell: (letter: SentLine) => void,
): Promise<void> {
  const reader = (): JsonLines<SentLine> =>
    new JsonLines((lines) => {
      const now = lines.findLast((line) => line.id === id)
      if (now !== undefined && !signal.aborted) tell(now)
    })
  while (!signal.aborted) {
    try {
      const [changes, first] = [reader(), reader()]
      const following = session().run(['sent', '--json', '--brief', '--follow', '--limit', '1'], {
        signal,
        onOut: (chunk) => changes.add(chunk),
      })
      const place = ['--after', String(id - 1), '--before', String(id + 1)]
      following.catch(() => undefined)
      await session().run(['sent', '--json', '--brief', ...place], {
        signal,
        onOut: (chunk) => first.add(chunk),
      })
      await following
    } catch {
      await new Promise((resolve) => setTimeout(resolve, retryMs)) // The bar says what is wrong.
    }
  }
}

const retryMs = 500 // As for lists.

function Body({ letter }: { readonly letter: MessageLine | SentLine }): preact.JSX.Element {
  const { text, type, byteLength } = letter
  const isLong = text !== undefined && text.length > shownLength
  return (
    <div class="letter-body" tabIndex={0} role="region" aria-label="Text">
      {text === undefined ? (
        <p class="muted">
          {byteLength} bytes of {visibleText(type, 60)}
        </p>
      ) : (
        <p class="body" dir="auto">
          {sanitizeText(text.slice(0, shownLength))}
          {isLong && ' …'}
        </p>
      )}
      {(text === undefined || isLong) && (
        <button type="button" class="plain" onClick={() => save(letter)}>
          Save all of it
        </button>
      )}
    </div>
  )
}

/** Saves what a message holds, as bytes: a browser opens none of it. */
function save({ text, base64 = '', id }: MessageLine | SentLine): void {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const url = URL.createObjectURL(new Blob([text ?? bytes], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `message-${id}.${text === undefined ? 'bin' : 'txt'}`
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000) // The browser reads it after this turn.
}

function NewLetter({ to }: { readonly to: string }): preact.JSX.Element {
  const [name, setName] = useState(to)
  const [last, setLast] = useState<SentLine | undefined>(undefined)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  return (
    <>
      <header class="letter-head">
        <h2>A new message</h2>
        <CloseButton />
      </header>
      <WriteBox
        label="Message"
        placeholder="Write …"
        button="Send"
        isEnabled={name.trim() !== ''}
        send={async (text) => {
          setLast(await sendTo(name, text))
          return ''
        }}
      >
        <label class="to">
          <span>To</span>
          <input
            ref={field}
            type="text"
            list="people"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            placeholder="a label, or the start of an ID"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <People />
      </WriteBox>
      {last !== undefined && <Fate letter={last} />}
      <p class="muted hint">
        Who is away gets it when it is back, though you may have left by then. It is sealed: only
        the recipient can read it.{' '}
        <button
          type="button"
          class="text"
          onClick={() => {
            boxName.value = 'sent'
            openBox()
            closeLetter()
          }}
        >
          What was sent
        </button>
      </p>
    </>
  )
}

/** Names to choose from. */
function People(): preact.JSX.Element {
  void network.tick.value
  const names = [...network.model.nodes.values()]
    .filter(({ isSelf }) => !isSelf)
    .slice(0, maxNames)
    .map((node) => visibleText(node.name, 40))
  return (
    <datalist id="people">
      {names.toSorted().map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  )
}
