/**
 * News that is on its way to the neighbours: collected for a moment, then sent to each of them that
 * does not have it already.
 *
 *   few and urgent    whole, at once: nothing is faster
 *   many, or calm     by name, 12 bytes each; who lacks it asks one of those who named it
 *
 * The lazy half is that of Plumtree (Leitão, Pereira, Rodrigues, 2007, §3.4): whole words would come
 * once from every neighbour.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { WordName } from './member-index.ts'
import type { MembershipMessage, WordKind } from './messages.ts'
import { maxItems } from './messages.ts'

/** A word that is news. */
export interface News {
  readonly name: WordName
  readonly bytes: Uint8Array
  /** Who gave it to us. */
  readonly from: PeerId | undefined
}

/** How an outbox works. */
export interface OutboxSetup {
  readonly kind: WordKind
  readonly clock: Clock
  /** How long news is collected, ms. */
  readonly delayMs: number
  /** Words that are sent whole in one go; where there are more, all are named. */
  readonly mostWhole: number
  readonly neighbours: () => Iterable<PeerId>
  readonly send: (to: PeerId, message: MembershipMessage) => void
}

interface Entry {
  readonly news: News
  /** Those of our neighbours who have it. */
  readonly holders: PeerId[]
}

const burstDelayMs = 250 // Measured: a thousand that start at once send a third less, and know sooner.

/** See the file's head. */
export class Outbox {
  readonly #setup: OutboxSetup
  /** By the digest of the word. */
  #entries = new Map<number, Entry>()
  #timer: Timer | undefined

  constructor(setup: OutboxSetup) {
    this.#setup = setup
  }

  /** Takes news. */
  add(news: News): void {
    const holders = news.from === undefined ? [] : [news.from]
    this.#entries.set(news.name.digest, { news, holders })
    this.#timer ??= this.#setup.clock.after(this.#setup.delayMs, () => this.#flushOrWait())
  }

  /** A neighbour has this word, too. */
  note(digest: number, holder: PeerId): void {
    this.#entries.get(digest)?.holders.push(holder)
  }

  /** Much news at once is collected for longer: meanwhile neighbours tell us what they have. */
  #flushOrWait(): void {
    const { clock, delayMs, mostWhole } = this.#setup
    if (this.#entries.size <= mostWhole || mostWhole === 0) return this.flush()
    this.#timer = clock.after(burstDelayMs - delayMs, () => this.flush())
  }

  /** Sends what waits. */
  flush(): void {
    this.stop()
    if (this.#entries.size === 0) return
    const entries = [...this.#entries.values()]
    this.#entries = new Map()
    const { neighbours, kind, mostWhole, send } = this.#setup
    for (const to of neighbours()) {
      const lacking = entries.filter(({ holders }) => !holders.includes(to))
      if (lacking.length === 0) continue
      if (lacking.length <= mostWhole) {
        send(to, { type: kind, items: lacking.map(({ news }) => news.bytes) })
        continue
      }
      for (let at = 0; at < lacking.length; at += maxItems) {
        const names = lacking.slice(at, at + maxItems).map(({ news }) => news.name)
        send(to, { type: 'news', kind, names })
      }
    }
  }

  /** Sends nothing more by itself. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
