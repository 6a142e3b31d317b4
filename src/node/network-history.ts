/**
 * The last hour of each node and link: what it became and when, and the round trip of each link in
 * steps of 30 seconds.
 *
 * Round trips are columns of one array of 16-bit numbers, a row a link: 240 bytes for an hour, 15.7 MB
 * at most. A number is the logarithm of the time, exact to 0.04 %: 1 µs to 200 s.
 *
 *   row of a link:  │ step n−119 … │ … │ step n │     at (n mod 120), 0 not linked, 1 not measured
 */
import type { Clock } from '../base/clock.ts'
import type { History, HistoryChange, NodeLine } from '../map/feed.ts'
import type { SeenLink, SeenNode } from './network-picture.ts'

/** From one round trip that is remembered to the next. A chart of 300 px has no room for more. */
export const historyStepMs = 30_000

const steps = 120 // An hour.
const maxLinks = 65_536 // 15.7 MB. Links beyond have no past.
const maxChanges = 32 // Of one node or link. Guess: who flaps more has an hour of flapping.
const codesPerDoubling = 2_000
const [notLinked, notMeasured] = [0, 1]

interface Row {
  readonly at: number
  /** The last step in which the link was there. */
  lastStep: number
}

/** See the file's head. */
export class NetworkHistory {
  readonly #clock: Clock
  readonly #rows = new Map<SeenLink, Row>()
  readonly #free: number[] = []
  readonly #linkChanges = new Map<SeenLink, HistoryChange[]>()
  readonly #nodeChanges = new Map<string, HistoryChange[]>()
  #columns = new Uint16Array(0)
  /** The step that was sampled last. */
  #step: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A node was first seen, or changed its state. */
  noteNode({ id, state }: NodeLine): void {
    this.#note(this.#nodeChanges, id, state)
  }

  /** A link was first seen, or came, or went. */
  noteLink(link: SeenLink, to: 'linked' | 'parted'): void {
    this.#note(this.#linkChanges, link, to)
  }

  /**
   * Remembers the round trips of now, once a step.
   *
   * @param onOver - Called for each link that was not there for an hour.
   */
  sample(links: Iterable<SeenLink>, onOver: (link: SeenLink) => void): void {
    const step = Math.floor(this.#clock.nowMs() / historyStepMs)
    const before = this.#step ?? step - 1
    if (step === before) return
    this.#step = step
    const over: SeenLink[] = []
    for (const link of links) {
      const row = this.#rowOf(link, step)
      if (row === undefined) continue
      const start = row.at * steps
      // Steps in which nobody looked, such as those while the machine slept: nothing is known.
      for (let missed = Math.max(before + 1, step - steps + 1); missed < step; missed++) {
        this.#columns[start + (missed % steps)] = notLinked
      }
      this.#columns[start + (step % steps)] = link.isRemoved
        ? notLinked
        : encode(link.line.rttMicros)
      if (!link.isRemoved) row.lastStep = step
      else if (step - row.lastStep >= steps) over.push(link)
    }
    for (const link of over) {
      this.dropLink(link)
      onOver(link)
    }
  }

  dropLink(link: SeenLink): void {
    const row = this.#rows.get(link)
    if (row !== undefined) this.#free.push(row.at)
    this.#rows.delete(link)
    this.#linkChanges.delete(link)
  }

  /** The last hour of a node; its round trips are the medians of its links. */
  ofNode({ line }: SeenNode, links: readonly SeenLink[]): History {
    const series = links.map((link) => this.#series(link))
    const length = Math.max(1, ...series.map((each) => each.length))
    const rttMicros = Array.from({ length }, (_, at): number | null => {
      const values = series.map((each) => each.at(at - length) ?? null)
      return median(values.filter(isMeasured))
    })
    return this.#history('node', rttMicros, this.#nodeChanges.get(line.id) ?? [])
  }

  /** The last hour of a link. */
  ofLink(link: SeenLink): History {
    return this.#history('link', this.#series(link), this.#linkChanges.get(link) ?? [])
  }

  clear(): void {
    this.#rows.clear()
    this.#linkChanges.clear()
    this.#nodeChanges.clear()
    this.#free.length = 0
    this.#columns = new Uint16Array(0)
    this.#step = undefined
  }

  #history(
    type: History['type'],
    rttMicros: readonly (number | null)[],
    changes: readonly HistoryChange[],
  ): History {
    const unixMs = this.#clock.unixMs()
    const recent = changes.filter((change) => unixMs - change.unixMs < steps * historyStepMs)
    const before = changes.at(-recent.length - 1) // What it was when the hour began.
    const told = before === undefined ? recent : [before, ...recent]
    return { type, unixMs, stepMs: historyStepMs, rttMicros, changes: told }
  }

  /** What is remembered of a link, from when it was first there, and how it is now. */
  #series(link: SeenLink): readonly (number | null)[] {
    const now = link.isRemoved ? null : (link.line.rttMicros ?? 0)
    const row = this.#rows.get(link)
    const step = this.#step
    if (row === undefined || step === undefined) return [now]
    const start = row.at * steps
    const past = Array.from({ length: steps }, (_, at) => {
      return decode(this.#columns[start + ((step + 1 + at) % steps)] ?? notLinked)
    })
    const first = past.findIndex((value) => value !== null)
    return first < 0 ? [now] : [...past.slice(first), now]
  }

  #rowOf(link: SeenLink, step: number): Row | undefined {
    const known = this.#rows.get(link)
    if (known !== undefined) return known
    if (this.#rows.size >= maxLinks) return undefined
    const at = this.#free.pop() ?? this.#rows.size
    if ((at + 1) * steps > this.#columns.length) {
      const grown = new Uint16Array(Math.min(maxLinks, Math.max(64, 2 * (at + 1))) * steps)
      grown.set(this.#columns)
      this.#columns = grown
    }
    this.#columns.fill(notLinked, at * steps, (at + 1) * steps)
    const row = { at, lastStep: step }
    this.#rows.set(link, row)
    return row
  }

  #note<Key>(notes: Map<Key, HistoryChange[]>, key: Key, to: HistoryChange['to']): void {
    const changes = notes.get(key) ?? []
    changes.push({ unixMs: this.#clock.unixMs(), to })
    if (changes.length > maxChanges) changes.shift()
    notes.set(key, changes)
  }
}

function isMeasured(value: number | null): value is number {
  return value !== null && value > 0
}

function encode(rttMicros: number | null): number {
  if (rttMicros === null) return notMeasured
  const code = 2 + Math.round(Math.log2(Math.max(1, rttMicros)) * codesPerDoubling)
  return Math.min(0xffff, code)
}

function decode(code: number): number | null {
  if (code === notLinked) return null
  return code === notMeasured ? 0 : Math.round(2 ** ((code - 2) / codesPerDoubling))
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
