/**
 * Finds what was missed: every half a minute one neighbour is asked whether it has seen the same, and
 * each new one soon, one after the other, so that who comes late does not get everything from all.
 *
 *   A                                   B
 *   sync hash ─────────────────────────▶  the same? then nothing
 *   ◀──────────────── seen, wants reply   what B has seen
 *   push … what B lacks ───────────────▶
 *   seen ──────────────────────────────▶  what A has seen
 *   ◀─────────────── push … what A lacks
 */
import { hashRows } from './authors.ts'
import { isIn } from './seen-window.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Authors } from './authors.ts'
import { maxRows } from './messages.ts'
import type { SeenRow } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import type { TopicOptions } from './options.ts'
import type { Kept, Store } from './store.ts'

/** What is compared, and with whom. */
export interface ComparisonSetup {
  readonly clock: Clock
  readonly random: Random
  readonly options: TopicOptions
  readonly authors: Authors
  readonly store: Store
  readonly neighbours: ReadonlyMap<PeerId, Neighbour>
}

const freshDelayMs = 100 // Guess: a stream that opens both ways at once is there on both sides.
const quietMs = 500 // As for membership (M6).
const longestMs = 5_000 // As for membership (M6).

/** See the file's head. */
export class Comparison {
  /** Comparisons that came too often. */
  refused = 0
  readonly #setup: ComparisonSetup
  /** New neighbours that were not compared yet. */
  readonly #fresh = new Set<PeerId>()
  #timer: Timer | undefined
  #startedMs = -Infinity
  /** When something came that had been missed. */
  #repairedMs = -Infinity
  #isOver = false

  constructor(setup: ComparisonSetup) {
    this.#setup = setup
    this.#arm(this.#pauseMs())
  }

  /** A neighbour can be talked to. */
  meet(id: PeerId): void {
    this.#fresh.add(id)
    if (this.#fresh.size === 1) this.#arm(freshDelayMs)
  }

  /** A neighbour cannot be talked to any more. */
  part(id: PeerId): void {
    this.#fresh.delete(id)
  }

  /** Something came that is older than what is new. */
  sawRepair(): void {
    this.#repairedMs = this.#setup.clock.nowMs()
  }

  /** A neighbour asks whether we have seen the same. */
  compare(from: Neighbour, hash: number): void {
    if (!this.#mayAsk(from)) return
    const rows = this.#rows()
    if (hashRows(rows) !== hash) from.tell({ type: 'seen', wantsReply: true, rows })
  }

  /** A neighbour says what it has seen: it gets what it lacks. */
  answer(from: Neighbour, rows: readonly SeenRow[], wantsReply: boolean): void {
    if (!this.#mayAsk(from)) return
    const nowMs = this.#setup.clock.nowMs()
    const seen = new Map(rows.map((row) => [`${row.author}${row.incarnation}`, row.ranges]))
    const lacking: Kept[] = []
    let bytes = 0
    const mostBytes = from.served.left(nowMs)
    for (const kept of this.#setup.store) {
      const { incarnation, sequence } = kept.message
      const ranges = seen.get(`${kept.prefix}${incarnation}`)
      if (ranges !== undefined && isIn(ranges, sequence)) continue
      bytes += kept.bytes.length
      if (bytes > mostBytes) break
      lacking.push(kept)
    }
    from.served.take(Math.min(bytes, mostBytes))
    from.repair(lacking)
    if (wantsReply) from.tell({ type: 'seen', wantsReply: false, rows: this.#rows() })
  }

  stop(): void {
    this.#isOver = true
    this.#timer?.cancel()
  }

  #rows(): readonly SeenRow[] {
    return this.#setup.authors.rows().slice(-maxRows)
  }

  #mayAsk(from: Neighbour): boolean {
    const isAllowed = from.asks.left(this.#setup.clock.nowMs()) >= 1
    if (isAllowed) from.asks.take(1)
    else this.refused++
    return isAllowed
  }

  #turn(): void {
    const { clock, neighbours, random } = this.#setup
    const nowMs = clock.nowMs()
    const isRepairing = nowMs - this.#repairedMs < quietMs && nowMs - this.#startedMs < longestMs
    if (isRepairing) return this.#arm(quietMs / 2)
    const [fresh] = this.#fresh
    const all = [...neighbours.keys()]
    const id = fresh ?? all[Math.floor(random.next() * all.length)]
    if (fresh !== undefined) this.#fresh.delete(fresh)
    if (id !== undefined) {
      this.#startedMs = nowMs
      neighbours.get(id)?.tell({ type: 'sync', hash: hashRows(this.#rows()) })
    }
    this.#arm(this.#fresh.size > 0 ? quietMs : this.#pauseMs())
  }

  #pauseMs(): number {
    const { random, options } = this.#setup
    return options.syncMs * (0.5 + random.next())
  }

  #arm(delayMs: number): void {
    if (this.#isOver) return
    this.#timer?.cancel()
    this.#timer = this.#setup.clock.after(delayMs, () => this.#turn())
  }
}
