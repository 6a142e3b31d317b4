/**
 * A list in the node's database, newest first: the latest page of it, older ones as they are wanted, and
 * what comes. The commands `wall`, `inbox` and `sent` are what it reads.
 *
 *   start ─▶ --follow: each that comes or changes, from now on
 *         └▶ the newest page ── more() ─▶ the page before ── …
 *
 * A session that broke and is back begins anew; what is known stays where the new page adjoins it.
 */
import { batch, signal } from '@preact/signals'
import { messageOf } from '../../../base/errors.ts'
import { JsonLines } from './json-lines.ts'
import type { Session } from '../../session.ts'

/** What a list is of. */
export interface LetterListSetup {
  readonly session: Session
  /** The command and its flags: `['inbox', '--keep']`. */
  readonly argv: readonly string[]
  /** So many came while it was followed. */
  readonly onNews?: (count: number) => void
}

const pageLength = 100 // Three screens; measured: a page takes some 10 ms.
const retryMs = 500 // The node refused or ended the command; the session itself is well.
const keptBeyond = 2_000 // Items kept below what is in sight; those behind are in the database.

/** See the file's head. */
export class LetterList<Item extends { readonly id: number }> {
  /** Newest first. */
  readonly items = signal<readonly Item[]>([])
  /** Whether the newest page is there. */
  readonly isLoaded = signal(false)
  /** Whether there are older ones than {@link items}. */
  readonly hasMore = signal(false)
  /** Why it does not load; for people. */
  readonly problem = signal('')
  /** How far down somebody looks, items. */
  seenCount = 0
  readonly #setup: LetterListSetup
  readonly #ending = new AbortController()
  #isPaging = false
  /** What came since this round began and before its page did. */
  #early: Item[] | undefined

  constructor(setup: LetterListSetup) {
    this.#setup = setup
    void this.#run()
  }

  /** Loads the page before the oldest that is known. */
  async more(): Promise<void> {
    const oldest = this.items.value.at(-1)
    if (this.#isPaging || !this.hasMore.value || oldest === undefined) return
    this.#isPaging = true
    try {
      const page = await this.#list(['--before', String(oldest.id)])
      // It may have begun anew meanwhile; then that page belongs to what was there before.
      if (this.items.value.at(-1)?.id !== oldest.id) return
      batch(() => {
        this.items.value = [...this.items.value, ...page]
        this.hasMore.value = page.length >= pageLength
      })
    } catch (thrown) {
      this.#fail(thrown)
    } finally {
      this.#isPaging = false
    }
  }

  /** Changes an item that is known. */
  patch(id: number, change: Partial<Item>): void {
    this.items.value = this.items.value.map((item) =>
      item.id === id ? { ...item, ...change } : item,
    )
  }

  /** Ends it. */
  close(): void {
    this.#ending.abort()
  }

  async #run(): Promise<void> {
    const { signal: ended } = this.#ending
    while (!ended.aborted) {
      const round = new AbortController()
      const either = AbortSignal.any([ended, round.signal])
      this.#early = []
      try {
        // Followed first: between the two nothing is missed, and what comes twice is one.
        const following = this.#follow(either)
        following.catch(() => undefined)
        const page = await this.#list([])
        this.#begin(page)
        await following
      } catch (thrown) {
        this.#fail(thrown)
      } finally {
        round.abort()
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }

  /** Takes the newest page. */
  #begin(page: readonly Item[]): void {
    const isFull = page.length >= pageLength
    const known = this.items.value
    const adjoins = (page.at(-1)?.id ?? 0) <= (known[0]?.id ?? 0)
    const isNew = !this.isLoaded.value || (isFull && !adjoins)
    batch(() => {
      if (isNew) this.hasMore.value = isFull
      this.items.value = isNew ? page : merge(known, page)
      this.isLoaded.value = true
      this.problem.value = ''
    })
    const early = this.#early ?? []
    this.#early = undefined
    this.#take(early)
  }

  async #follow(either: AbortSignal): Promise<void> {
    const reader = new JsonLines<Item>((items) => this.#take(items))
    await this.#setup.session.run([...this.#setup.argv, '--json', '--follow', '--limit', '1'], {
      signal: either,
      onOut: (chunk) => reader.add(chunk),
    })
  }

  #take(news: readonly Item[]): void {
    if (this.#early !== undefined) return void this.#early.push(...news)
    const before = this.items.value
    const [newest, oldest] = [before[0]?.id ?? 0, before.at(-1)?.id ?? 0]
    const isWanted = ({ id }: Item): boolean => id >= oldest || !this.hasMore.value
    const items = merge(before, news.filter(isWanted))
    const count = news.filter(({ id }) => id > newest).length
    const kept = this.seenCount + keptBeyond
    batch(() => {
      this.items.value = items.slice(0, kept)
      if (items.length > kept) this.hasMore.value = true
    })
    if (count > 0) this.#setup.onNews?.(count)
  }

  async #list(flags: readonly string[]): Promise<readonly Item[]> {
    const items: Item[] = []
    const reader = new JsonLines<Item>((page) => items.push(...page))
    const { argv, session } = this.#setup
    await session.run([...argv, '--json', '--limit', String(pageLength), ...flags], {
      signal: this.#ending.signal,
      onOut: (chunk) => reader.add(chunk),
    })
    return items.toReversed()
  }

  #fail(thrown: unknown): void {
    if (this.#ending.signal.aborted) return
    this.problem.value = messageOf(thrown)
  }
}

/** Both in one, newest first; of one ID the latter. */
function merge<Item extends { readonly id: number }>(
  known: readonly Item[],
  news: readonly Item[],
): readonly Item[] {
  const newest = known[0]?.id ?? 0
  const changed = new Map(news.filter(({ id }) => id <= newest).map((item) => [item.id, item]))
  const ahead = [...new Map(news.map((item) => [item.id, item])).values()]
    .filter(({ id }) => id > newest)
    .toSorted((a, b) => b.id - a.id)
  if (changed.size === 0) return ahead.length === 0 ? known : [...ahead, ...known]
  const rest = known.map((item) => {
    const now = changed.get(item.id)
    changed.delete(item.id)
    return now ?? item
  })
  const both = [...ahead, ...rest]
  return changed.size === 0 ? both : [...both, ...changed.values()].toSorted((a, b) => b.id - a.id)
}
