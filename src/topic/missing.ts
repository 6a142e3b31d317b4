/**
 * Messages of which only the name was heard: asked for when no copy comes in time, first from who named
 * it first, then from the others (Plumtree §3.8, lazy push).
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import { keyOf } from './message-name.ts'
import type { MessageName } from './message-name.ts'
import { maxMissing } from './options.ts'
import type { TopicOptions } from './options.ts'

/** How what is missing is asked for. */
export interface MissingSetup {
  readonly clock: Clock
  readonly options: TopicOptions
  readonly ask: (from: PeerId, names: readonly MessageName[]) => void
}

interface Wanted {
  readonly name: MessageName
  /** Who named it and was not asked yet. */
  readonly announcers: PeerId[]
  dueMs: number
}

const tickMs = 50 // Guess: so much later at most.
const maxAnnouncers = 8 // Guess: three who named it and do not send it are rare.
const shareOfOne = 4 // One neighbour fills a quarter.

/** See the file's head. */
export class Missing {
  /** Names for which there was no room, or that nobody sent. */
  unmet = 0
  readonly #setup: MissingSetup
  readonly #wanted = new Map<string, Wanted>()
  readonly #counts = new Map<PeerId, number>()
  #timer: Timer | undefined

  constructor(setup: MissingSetup) {
    this.#setup = setup
  }

  get count(): number {
    return this.#wanted.size
  }

  /** A neighbour names what did not come yet. */
  hear(from: PeerId, name: MessageName): void {
    const key = keyOf(name)
    const known = this.#wanted.get(key)
    if (known !== undefined) {
      if (known.announcers.length < maxAnnouncers && !known.announcers.includes(from)) {
        known.announcers.push(from)
      }
      return
    }
    const count = this.#counts.get(from) ?? 0
    if (this.#wanted.size >= maxMissing || count >= maxMissing / shareOfOne) {
      this.unmet++
      return
    }
    this.#counts.set(from, count + 1)
    const { clock, options } = this.#setup
    const dueMs = clock.nowMs() + options.graftDelayMs
    this.#wanted.set(key, { name, announcers: [from], dueMs })
    this.#timer ??= clock.after(tickMs, () => this.#tick())
  }

  /** A message came: tells who named it. */
  take(key: string): readonly PeerId[] {
    const wanted = this.#wanted.get(key)
    if (wanted === undefined) return nobody
    this.#wanted.delete(key)
    return wanted.announcers
  }

  stop(): void {
    this.#timer?.cancel()
    this.#wanted.clear()
  }

  #tick(): void {
    const { clock, options, ask } = this.#setup
    const nowMs = clock.nowMs()
    const asked = new Map<PeerId, MessageName[]>()
    for (const [key, wanted] of this.#wanted) {
      if (wanted.dueMs > nowMs) continue
      const from = wanted.announcers.shift()
      if (from === undefined) {
        this.#wanted.delete(key)
        this.unmet++
        continue
      }
      const names = asked.get(from) ?? []
      asked.set(from, names)
      names.push(wanted.name)
      wanted.dueMs = nowMs + 2 * options.graftDelayMs
    }
    for (const [from, names] of asked) ask(from, names)
    this.#counts.clear() // What is still wanted is bounded by the whole.
    this.#timer = this.#wanted.size > 0 ? clock.after(tickMs, () => this.#tick()) : undefined
  }
}

const nobody: readonly PeerId[] = []
