/**
 * A room of the chat, as the node's command `chat` tells it: what was said, newest first, and who is here.
 * It is entered again whenever the session is back.
 *
 * What comes now stands where it came, by this browser's clock, whatever its author's says; what was said
 * before stands at its author's time.
 */
import { batch, signal } from '@preact/signals'
import { SkeinError, messageOf } from '../../../base/errors.ts'
import { maxChatHistory, missedText, moveTexts } from '../../../node/chat-news.ts'
import { OrderQueue } from '../../../node/order-queue.ts'
import { JsonLines } from './json-lines.ts'
import type { ChatNews, ChatSaid, Chatter } from '../../../node/chat-news.ts'
import type { Session } from '../../session.ts'

/** Something that happened in the room. */
export interface ChatEntry {
  readonly key: string
  /** What it is sorted by, Unix ms. */
  readonly atMs: number
  readonly kind: 'line' | 'direct' | 'sent' | 'move' | 'note' | 'problem'
  /** When it was said, by its author's clock; Unix ms. */
  readonly timeMs: number
  readonly id?: string
  readonly name?: string
  readonly isOwn?: boolean
  /** It was said before this room was entered. */
  readonly isPast?: boolean
  readonly text: string
}

const firstHistory = 100 // Lines: three screens.
const maxEntries = 5_000 // Guess: a day of a busy room.
const maxLength = 4 * 2 ** 20 // Characters of all; guess: 64 of the longest lines, ten thousands of others.
const retryMs = 500 // As for lists.
const whoMs = 200 // Guess: nobody looks sooner.
/** See the file's head. */
export class ChatRoom {
  readonly topic: string
  readonly entries = signal<readonly ChatEntry[]>([])
  readonly people = signal<readonly Chatter[]>([])
  /** Whether this browser is in the room now. */
  readonly isHere = signal(false)
  /** Why it is not; for people. */
  readonly problem = signal('')
  /** Whether older lines were asked for and came. */
  readonly hasAllHistory = signal(false)
  /** What was said since somebody looked. */
  readonly unseen = signal(0)
  readonly #session: Session
  readonly #ending = new AbortController()
  readonly #onNews: () => void
  #orders = new OrderQueue()
  #count = 0
  #isAskingWho = false

  constructor(session: Session, topic: string, onNews: () => void) {
    this.#session = session
    this.topic = topic
    this.#onNews = onNews
    void this.#run()
  }

  /** Does something in the room: `{say}`, `{msg}`, `{history}`; see the command. */
  order(order: object): void {
    this.#orders.add(order)
  }

  /** Asks for what was said earlier, as far as the node has it. */
  askHistory(): void {
    this.order({ history: maxChatHistory })
  }

  /** Shows a line to this person alone. */
  note(text: string, kind: 'note' | 'problem' = 'note'): void {
    this.#add([this.#now({ kind, text })])
  }

  /** Leaves; the others are told. */
  leave(): void {
    this.#ending.abort()
  }

  async #run(): Promise<void> {
    const { signal: ended } = this.#ending
    while (!ended.aborted) {
      this.#orders = new OrderQueue()
      const reader = new JsonLines<ChatNews>((lines) => this.#take(lines))
      try {
        await this.#session.run(['chat', this.topic, '--history', String(firstHistory)], {
          signal: ended,
          stdin: this.#orders,
          onOut: (chunk) => reader.add(chunk),
        })
      } catch (thrown) {
        if (!ended.aborted) this.problem.value = messageOf(thrown)
        // A name that no topic can have: it will not do better.
        if (thrown instanceof SkeinError && thrown.code === 'INVALID') return
      }
      this.isHere.value = false
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }

  #take(lines: readonly ChatNews[]): void {
    batch(() => {
      const entries = lines.flatMap((line) => this.#read(line))
      const said = entries.filter(({ kind, isOwn = false, isPast = false }) => {
        return (kind === 'line' || kind === 'direct') && !isOwn && !isPast
      })
      this.#add(entries)
      if (said.length === 0) return
      this.unseen.value += said.length
      this.#onNews()
    })
  }

  /** Asks who is here, soon: many may come at once. */
  #askWho(): void {
    if (this.#isAskingWho) return
    this.#isAskingWho = true
    setTimeout(() => {
      this.#isAskingWho = false
      this.order({ who: true })
    }, whoMs)
  }

  /** Does what a line says; what it shows. */
  #read(line: ChatNews): readonly ChatEntry[] {
    switch (line.event) {
      case 'ready':
        this.isHere.value = true
        this.problem.value = ''
        this.order({ who: true })
        return []
      case 'line':
        return readSaid(line)
      case 'arrive':
      case 'leave':
      case 'lost':
      case 'back':
        this.#askWho()
        return [this.#now({ kind: 'move', ...line, text: moveTexts[line.event] })]
      case 'direct':
        return [this.#now({ kind: 'direct', ...line, timeMs: line.time })]
      case 'who':
        this.people.value = line.people
        return []
      case 'sent':
        return [this.#now({ kind: 'sent', name: line.name, text: line.text })]
      case 'missed':
        return [this.#now({ kind: 'note', text: missedText(line.count) })]
      case 'problem':
        return [this.#now({ kind: 'problem', text: line.message })]
      case 'history':
        this.hasAllHistory.value = true
        return []
      default:
        return line satisfies never
    }
  }

  #now(entry: Partial<ChatEntry> & Pick<ChatEntry, 'kind' | 'text'>): ChatEntry {
    const nowMs = Date.now()
    const { kind, text, id, name, timeMs = nowMs } = entry
    const who = { ...(id !== undefined && { id }), ...(name !== undefined && { name }) }
    return { key: `here ${this.#count++}`, atMs: nowMs, kind, timeMs, text, ...who }
  }

  #add(news: readonly ChatEntry[]): void {
    const known = new Set(this.entries.value.map(({ key }) => key))
    const fresh = [...new Map(news.map((entry) => [entry.key, entry])).values()]
      .filter(({ key }) => !known.has(key))
      .toReversed()
    if (fresh.length === 0) return
    const all = [...fresh, ...this.entries.value].toSorted((a, b) => b.atMs - a.atMs)
    let length = 0
    const end = all.findIndex((entry) => (length += entry.text.length) > maxLength)
    this.entries.value = all.slice(0, Math.min(maxEntries, end < 0 ? maxEntries : Math.max(1, end)))
  }
}

function readSaid(line: ChatSaid): readonly ChatEntry[] {
  const { id, name, text, time, incarnation, sequence, isOwn, isPast, missed } = line
  const atMs = isPast ? time : Date.now()
  const key = `${id} ${incarnation} ${sequence}`
  const said: ChatEntry = { key, atMs, kind: 'line', timeMs: time, id, name, isOwn, isPast, text }
  if (missed === 0) return [said]
  const timeMs = Date.now()
  return [{ key: `${key} missed`, atMs, kind: 'note', timeMs, text: missedText(missed) }, said]
}
