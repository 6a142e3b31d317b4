/**
 * The messages that are kept for a while: to send them to whom they did not reach, and as the history
 * of a topic. When it is full, the oldest message of the topic with the most bytes gives way, so that a
 * busy topic does not push the history of a quiet one out.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { TopicMessage } from './envelope.ts'
import type { TopicOptions } from './options.ts'

/** A message that is kept. */
export interface Kept {
  readonly key: string
  /** Start of the author's ID. */
  readonly prefix: string
  readonly message: TopicMessage
  /** As it came, signature and all. */
  readonly bytes: Uint8Array
  /** When it was published, ms of our clock, as far as those say who passed it on. */
  readonly bornMs: number
  /** When it came, ms of our clock. */
  readonly receivedMs: number
  /** Who sent it first; absent for our own. */
  readonly from: PeerId | undefined
}

interface Shelf {
  readonly kept: Map<string, Kept>
  bytes: number
  lastMs: number
}

/** See the file's head. */
export class Store {
  readonly #options: TopicOptions
  readonly #byKey = new Map<string, Kept>()
  readonly #shelves = new Map<string, Shelf>()
  #bytes = 0

  constructor(options: TopicOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#byKey.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Kept | undefined {
    return this.#byKey.get(key)
  }

  /** All messages, the one that came first at the start. */
  [Symbol.iterator](): Iterator<Kept> {
    return this.#byKey.values()
  }

  /** The last messages of a topic, by their authors' times. */
  last(topic: string, count: number): readonly Kept[] {
    const kept = [...(this.#shelves.get(topic)?.kept.values() ?? [])]
    const inOrder = kept.toSorted((a, b) => a.message.time - b.message.time)
    return count > 0 ? inOrder.slice(-count) : []
  }

  /** Keeps a message; others may have to go for it. */
  put(kept: Kept): void {
    const { topic } = kept.message
    let shelf = this.#shelves.get(topic)
    if (shelf === undefined) {
      shelf = { kept: new Map(), bytes: 0, lastMs: 0 }
      this.#shelves.set(topic, shelf)
      if (this.#shelves.size > this.#options.maxTopics) this.#dropQuietest(topic)
    }
    shelf.kept.set(kept.key, kept)
    shelf.bytes += kept.bytes.length
    shelf.lastMs = kept.receivedMs
    this.#byKey.set(kept.key, kept)
    this.#bytes += kept.bytes.length
    const { storeBytes, storeCount } = this.#options
    while (this.#bytes > storeBytes || this.#byKey.size > storeCount) this.#dropOneOfLargest()
  }

  /** Forgets all. */
  clear(): void {
    for (const kept of this.#byKey.values()) this.#drop(kept)
  }

  /** Forgets what is too old. */
  expire(nowMs: number): void {
    const { keepMs } = this.#options
    for (const kept of this.#byKey.values()) {
      if (kept.bornMs < nowMs - keepMs) this.#drop(kept)
    }
  }

  #dropOneOfLargest(): void {
    let largest: Shelf | undefined
    for (const shelf of this.#shelves.values()) {
      if (largest === undefined || shelf.bytes > largest.bytes) largest = shelf
    }
    const [oldest] = largest?.kept.values() ?? []
    if (oldest !== undefined) this.#drop(oldest)
  }

  #dropQuietest(except: string): void {
    let quietest: Shelf | undefined
    for (const [topic, shelf] of this.#shelves) {
      const isQuieter = quietest === undefined || shelf.lastMs < quietest.lastMs
      if (topic !== except && isQuieter) quietest = shelf
    }
    for (const kept of quietest?.kept.values() ?? []) this.#drop(kept)
  }

  #drop({ key, bytes, message: { topic } }: Kept): void {
    this.#byKey.delete(key)
    this.#bytes -= bytes.length
    const shelf = this.#shelves.get(topic)
    if (shelf === undefined) return
    shelf.kept.delete(key)
    shelf.bytes -= bytes.length
    if (shelf.kept.size === 0) this.#shelves.delete(topic)
  }
}
