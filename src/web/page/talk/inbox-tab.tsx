/** The inbox: what came and what was sent in a list, the one that is read beside it, and where one writes. */
import { useEffect } from 'preact/hooks'
import { network } from '../state.ts'
import {
  boxName,
  openBox,
  openLetter,
  received,
  wanted,
  writeTo,
  writingTo,
} from './inbox-state.ts'
import { LetterRows } from './letter-rows.tsx'
import { LetterView } from './letter-view.tsx'
import { SearchBox } from './search-box.tsx'
import { loadStyle } from './style.ts'
import type { BoxName } from './inbox-state.ts'

const boxes: readonly (readonly [BoxName, string])[] = [
  ['all', 'All'],
  ['unread', 'Unread'],
  ['sent', 'Sent'],
]

/** Loads what the inbox needs. */
export async function loadInboxTab(): Promise<() => preact.JSX.Element> {
  await loadStyle()
  return InboxTab
}

/** See the file's head. */
function InboxTab(): preact.JSX.Element {
  useEffect(() => {
    const isNew = boxName.value !== 'sent' && received.value === undefined
    if (network.session !== undefined && isNew) openBox()
  }, [])
  const isReading = openLetter.value !== undefined || writingTo.value !== undefined
  return (
    <main class={`talk inbox ${isReading ? 'is-reading' : ''}`}>
      <section class="list-side" aria-label="Messages">
        <div class="tools">
          <div class="choice" role="group" aria-label="Which messages">
            {boxes.map(([name, title]) => (
              <button
                key={name}
                type="button"
                aria-pressed={boxName.value === name}
                onClick={() => {
                  boxName.value = name
                  openBox()
                }}
              >
                {title}
              </button>
            ))}
          </div>
          <button type="button" class="main" onClick={() => writeTo('')}>
            Write
          </button>
        </div>
        <SearchBox
          label={boxName.value === 'sent' ? 'Search what was sent' : 'Search the inbox'}
          value={wanted.value}
          onSearch={(text) => {
            wanted.value = text
            openBox()
          }}
        />
        <LetterRows />
      </section>
      <LetterView />
    </main>
  )
}
