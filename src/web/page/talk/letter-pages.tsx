/** A list of the database on the screen: what is wrong with it, and its rows, more as one scrolls. */
import { LongList } from './long-list.tsx'
import { Problem } from './problem.tsx'
import type { LetterList } from './letter-list.ts'

interface LetterPagesProps<Item extends { readonly id: number }> {
  readonly list: LetterList<Item>
  readonly label: string
  /** How high a row is, CSS pixels. */
  readonly estimate: number
  readonly row: (item: Item) => preact.JSX.Element
  /** What stands there where there is nothing. */
  readonly empty: preact.JSX.Element
}

/** See the file's head. */
export function LetterPages<Item extends { readonly id: number }>({
  list,
  label,
  estimate,
  row,
  empty,
}: LetterPagesProps<Item>): preact.JSX.Element {
  return (
    <>
      <Problem text={list.problem.value} />
      <LongList
        label={label}
        items={list.items.value}
        keyOf={({ id }) => id}
        estimate={estimate}
        row={row}
        hasMore={list.hasMore.value}
        onEnd={() => void list.more()}
        onSeen={(count) => (list.seenCount = count)}
        empty={list.isLoaded.value ? empty : <p class="muted">Loading …</p>}
      />
    </>
  )
}
