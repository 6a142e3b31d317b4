/**
 * What is known of authors: which of their messages came, how much they may still send, and along which
 * links their messages travel.
 *
 * An author is forgotten when no copy can live any more: what it wrote last is older than a message may
 * be. Where there are too many, the one that was silent longest goes earlier, and `floorMs` keeps its
 * old messages out.
 *
 * **Invariant**: what came once is never taken again.
 */
import { Bucket } from './bucket.ts'
import { prefixOf } from './message-name.ts'
import { maxIncarnations } from './options.ts'
import { SeenWindow } from './seen-window.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { SeenRow } from './messages.ts'
import type { TopicOptions } from './options.ts'

/** Along which links the messages of one author travel. */
export class Tree {
  /** Neighbours that get names and no copies. */
  readonly lazy = new Set<PeerId>()
  /** Neighbours that were told to send us names and no copies, and when. */
  readonly pruned = new Map<PeerId, number>()
  /** From whom messages usually come. */
  parent: PeerId | undefined
  /** Since when they come from others only, ms of our clock; Infinity where they do not. */
  awaitedMs = Infinity
  /** When it was last changed for a faster one. */
  changedMs = -Infinity

  /** A neighbour is gone, or is new. */
  forget(id: PeerId): void {
    this.lazy.delete(id)
    this.pruned.delete(id)
    if (this.parent === id) this.parent = undefined
  }
}

/** One author. */
export class Author {
  readonly id: PeerId
  readonly prefix: string
  readonly tree = new Tree()
  readonly messages: Bucket
  readonly bytes: Bucket
  /** What came, by start of its process; few. */
  readonly windows = new Map<number, SeenWindow>()
  /** When something of it came, ms of our clock. */
  heardMs: number
  /** The latest time that it wrote, Unix ms. */
  lastTime = 0

  constructor(id: PeerId, options: TopicOptions, nowMs: number) {
    this.id = id
    this.prefix = prefixOf(id)
    this.heardMs = nowMs
    const { takeAtOnce, takePerSecond, takeBytesAtOnce, takeBytesPerSecond } = options
    this.messages = new Bucket({ atOnce: takeAtOnce, perSecond: takePerSecond }, nowMs)
    this.bytes = new Bucket({ atOnce: takeBytesAtOnce, perSecond: takeBytesPerSecond }, nowMs)
  }

  /** Tells whether a message came, or is of a start that is too long ago. */
  has(incarnation: number, sequence: number): boolean {
    const window = this.windows.get(incarnation)
    if (window !== undefined) return window.has(sequence)
    return this.windows.size >= maxIncarnations && incarnation < Math.min(...this.windows.keys())
  }

  /** Notes that a message came. */
  add(incarnation: number, sequence: number): void {
    let window = this.windows.get(incarnation)
    if (window === undefined) {
      window = new SeenWindow()
      this.windows.set(incarnation, window)
      if (this.windows.size > maxIncarnations) this.windows.delete(Math.min(...this.windows.keys()))
    }
    window.add(sequence)
  }
}

/** All authors, the one that was heard last at the end. */
export class Authors {
  /** Messages of an author that is not known have to be later than this, Unix ms. */
  floorMs = 0
  readonly #options: TopicOptions
  readonly #byPrefix = new Map<string, Author>()

  constructor(options: TopicOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#byPrefix.size
  }

  /** Finds an author by the start of its ID. */
  get(prefix: string): Author | undefined {
    return this.#byPrefix.get(prefix)
  }

  /** A neighbour is gone, or is new. */
  forgetNeighbour(id: PeerId): void {
    for (const { tree } of this.#byPrefix.values()) tree.forget(id)
  }

  /** The authors whose messages came from a neighbour, of those heard of since. */
  heardFrom(id: PeerId, sinceMs: number): readonly Author[] {
    return [...this.#byPrefix.values()].filter(({ tree, heardMs }) => {
      return tree.parent === id && heardMs >= sinceMs
    })
  }

  /** Something of an author came; it is made if it is not known. */
  hear(id: PeerId, nowMs: number): Author {
    const prefix = prefixOf(id)
    const known = this.#byPrefix.get(prefix)
    if (known !== undefined) {
      this.#byPrefix.delete(prefix) // To the end of the line.
      this.#byPrefix.set(prefix, known)
      known.heardMs = nowMs
      return known
    }
    const author = new Author(id, this.#options, nowMs)
    this.#byPrefix.set(prefix, author)
    if (this.#byPrefix.size > this.#options.maxAuthors) this.#dropOldest()
    return author
  }

  /** Forgets those of whom no copy can live any more. */
  expire(unixMs: number): void {
    const { retentionMs } = this.#options
    for (const [prefix, { lastTime }] of this.#byPrefix) {
      if (lastTime < unixMs - retentionMs) this.#byPrefix.delete(prefix)
    }
  }

  /** What came, as it travels. */
  rows(): readonly SeenRow[] {
    const rows: SeenRow[] = []
    for (const { prefix, windows } of this.#byPrefix.values()) {
      for (const [incarnation, { ranges }] of windows) {
        rows.push({ author: prefix, incarnation, ranges })
      }
    }
    return rows
  }

  #dropOldest(): void {
    const [oldest] = this.#byPrefix.values()
    if (oldest === undefined) return
    this.#byPrefix.delete(oldest.prefix)
    this.floorMs = Math.max(this.floorMs, oldest.lastTime)
  }
}

/** 32 bits that tell two lists of rows apart, whatever their order (FNV-1a of each, added up). */
export function hashRows(rows: readonly SeenRow[]): number {
  let sum = 0
  for (const { author, incarnation, ranges } of rows) {
    let hash = 0x811c_9dc5
    const text = `${author} ${incarnation} ${ranges.join(' ')}`
    for (let at = 0; at < text.length; at++) {
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193)
    }
    sum = (sum + hash) | 0
  }
  return sum >>> 0
}
