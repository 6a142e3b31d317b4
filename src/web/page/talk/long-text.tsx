/** What somebody wrote: text, never markup; the beginning of it where it is long, until all is wanted. */
import { useState } from 'preact/hooks'
import { signal } from '@preact/signals'
import { sanitizeText } from '../../../base/text.ts'

const shownLength = 700 // Characters; guess: with the lines below half a screen.
const shownLines = 12
const maxOpened = 1_000 // Guess: nobody opens so many; then they close.

/** What is shown whole: it stays so when it was out of sight. */
const opened = signal<ReadonlySet<string>>(new Set())

/** See the file's head. @param id - What it is the text of. */
export function LongText({
  id,
  text,
}: {
  readonly id: string
  readonly text: string
}): preact.JSX.Element {
  const [{ beginning, isLong }] = useState(() => shorten(text))
  const isOpen = opened.value.has(id)
  return (
    <>
      <p class="body" dir="auto">
        {isOpen ? sanitizeText(text) : beginning}
      </p>
      {isLong && (
        <button
          type="button"
          class="text show-all"
          aria-expanded={isOpen}
          onClick={() => (opened.value = toggle(opened.value, id))}
        >
          {isOpen ? 'Show less' : 'Show all'}
        </button>
      )}
    </>
  )
}

function shorten(text: string): { readonly beginning: string; readonly isLong: boolean } {
  const lines = text.slice(0, shownLength).split('\n', shownLines + 1)
  const isLong = text.length > shownLength || lines.length > shownLines
  const kept = lines.slice(0, shownLines).join('\n')
  return { beginning: sanitizeText(isLong ? `${kept.trimEnd()} …` : kept), isLong }
}

function toggle(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set.size >= maxOpened ? [] : set)
  if (!set.has(id)) next.add(id)
  else next.delete(id)
  return next
}
