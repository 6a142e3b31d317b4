/**
 * A list of any length, of rows of any height: only those in sight are in the document. Who is not at the
 * top stays where they are when something comes above; who is sees it come.
 */
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
import { RowPlaces } from './row-places.ts'

interface LongListProps<Item> {
  /** What it is a list of, for those who hear it. */
  readonly label: string
  readonly items: readonly Item[]
  readonly keyOf: (item: Item) => string | number
  /** About how high a row is, px. */
  readonly estimate: number
  readonly row: (item: Item) => preact.ComponentChildren
  /** There are more behind the last one. */
  readonly hasMore?: boolean
  /** Somebody comes near the end; or looks at so many items. */
  readonly onEnd?: () => void
  readonly onSeen?: (count: number) => void
  /** What stands there when there is none. */
  readonly empty: preact.ComponentChildren
}

const beyond = 600 // px above and below what is seen, for a fast finger.
const nearEnd = 3_000 // px: a page comes before one gets there.
const atTop = 4 // px

/** See the file's head. */
export function LongList<Item>(props: LongListProps<Item>): preact.JSX.Element {
  const { label, items, keyOf, row, empty, hasMore = false } = props
  const { box, list, places, seen, onScroll, toTop, keys } = useRows(props)
  const [focused, setFocused] = useState<string | number | undefined>(undefined)
  const [first, last] = [places.at(seen.top - beyond), places.at(seen.top + seen.height + beyond)]
  const shown = Array.from(
    { length: items.length === 0 ? 0 : last - first + 1 },
    (_, at) => first + at,
  )
  // What has the focus stays in the document, wherever it is.
  const focusedAt = focused === undefined ? -1 : keys.indexOf(focused)
  if (focusedAt >= 0 && (focusedAt < first || focusedAt > last)) shown.push(focusedAt)
  return (
    <div class="long-list">
      <div
        class="scroll"
        ref={box}
        tabIndex={0}
        role="region"
        aria-label={label}
        onScroll={onScroll}
      >
        {items.length === 0 ? (
          <div class="nothing">{empty}</div>
        ) : (
          <ol
            ref={list}
            style={{ height: `${places.height}px` }}
            onFocusIn={({ target }) => setFocused(keyAt(target, keys))}
            onFocusOut={() => setFocused(undefined)}
          >
            {shown.map((at) => {
              const item = items[at]
              return item === undefined ? null : (
                <li
                  key={keyOf(item)}
                  data-at={at}
                  style={{ top: `${places.top(at)}px` }}
                  aria-posinset={at + 1}
                  aria-setsize={hasMore ? -1 : items.length}
                >
                  {row(item)}
                </li>
              )
            })}
          </ol>
        )}
        {hasMore && <p class="muted more">Loading …</p>}
      </div>
      {seen.above > 0 && (
        <button type="button" class="to-top" onClick={toTop}>
          {seen.above} new ↑
        </button>
      )}
    </div>
  )
}

/** The rows of a list: where they stand, which are seen, and what keeps them in place. */
function useRows<Item>({ items, keyOf, estimate, hasMore, onEnd, onSeen }: LongListProps<Item>) {
  const box = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement>(null)
  const [places] = useState(() => new RowPlaces<string | number>(estimate))
  const keys = useMemo(() => items.map(keyOf), [items])
  places.sync(keys)
  const [seen, setSeen] = useState({ top: 0, height: 800, above: 0 })
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  /** The row at the upper edge, and how far it is above that; nothing at the top. */
  const anchor = useRef<{ key: string | number; by: number } | undefined>(undefined)
  /** The newest when somebody was last at the top. */
  const newest = useRef(keys[0])

  const look = (): void => {
    const element = box.current
    if (element === null) return
    const { scrollTop: top, clientHeight: height } = element
    const at = places.at(top)
    const key = keys[at]
    const isAtTop = top <= atTop || key === undefined
    anchor.current = isAtTop ? undefined : { key, by: top - places.top(at) }
    if (isAtTop) newest.current = keys[0]
    const above = newest.current === undefined ? 0 : Math.max(0, keys.indexOf(newest.current))
    setSeen((before) =>
      before.top === top && before.height === height && before.above === above
        ? before
        : { top, height, above },
    )
    onSeen?.(places.at(top + height))
    if (hasMore === true && top + height + nearEnd > places.height) onEnd?.()
  }

  useLayoutEffect(() => {
    let isNews = false
    for (const element of list.current?.children ?? []) {
      if (!(element instanceof HTMLElement)) continue
      if (places.measured(Number(element.dataset['at']), element.offsetHeight)) isNews = true
    }
    const element = box.current
    const { key, by } = anchor.current ?? {}
    const at = key === undefined ? -1 : keys.indexOf(key)
    const top = places.top(at) + (by ?? 0)
    if (element !== null && at >= 0 && Math.abs(element.scrollTop - top) > 1) {
      if (isNews) list.current?.style.setProperty('height', `${places.height}px`)
      element.scrollTop = top
    }
    if (isNews) redraw(undefined)
    look()
  })

  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    let width = element.clientWidth
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== width) places.forgetHeights()
      width = element.clientWidth
      redraw(undefined)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const toTop = (): void => {
    box.current?.scrollTo({ top: 0 })
    box.current?.focus()
  }
  return { box, list, places, seen, keys, onScroll: look, toTop }
}

function keyAt(
  target: EventTarget | null,
  keys: readonly (string | number)[],
): string | number | undefined {
  if (!(target instanceof Element)) return undefined
  return keys[Number(target.closest<HTMLElement>('[data-at]')?.dataset['at'] ?? -1)]
}
