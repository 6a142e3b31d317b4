/**
 * Words that neighbours named: we ask one of them for each that we lack, and answer those who ask us.
 *
 * Who does not answer is not asked again: the next neighbour that names the word is, or it comes by
 * reconciliation.
 */
import { digestOf } from './member-index.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { WordName } from './member-index.ts'
import type { MembershipMessage, WordKind } from './messages.ts'
import type { MembershipOptions } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { View } from './view.ts'

/** What requests are made with. */
export interface RequestsSetup {
  readonly clock: Clock
  readonly options: MembershipOptions
  readonly view: View
  readonly outboxes: Readonly<Record<WordKind, Outbox>>
  /** How many words of so many a neighbour may get now. */
  readonly allow: (to: PeerId, wanted: number) => number
  readonly send: (to: PeerId, message: MembershipMessage) => void
}

const chunkItems = 64 // Some 20 kB a message: a call still passes between two.
const patienceMs = 3_000 // Guess: who named a word and does not send it will not.
const mostAsked = 4_096 // Guess: what two seconds bring where ten thousand start at once.

/** See the file's head. */
export class Requests {
  readonly #setup: RequestsSetup
  /** Words that we asked for by their digests, and until when we wait for each, ms of the clock. */
  readonly #asked: Readonly<Record<WordKind, Map<number, number>>> = {
    records: new Map(),
    links: new Map(),
    suspicions: new Map(),
  }

  constructor(setup: RequestsSetup) {
    this.#setup = setup
  }

  /** A neighbour has these: we ask for those that we lack, once. */
  hear(from: PeerId, kind: WordKind, names: readonly WordName[]): void {
    const { clock, view, outboxes, send } = this.#setup
    const nowMs = clock.nowMs()
    const asked = this.#asked[kind]
    const lacking: WordName[] = []
    for (const name of names) {
      const number = view.index.find(name)
      if (number !== undefined && this.#has(kind, number, name.digest)) {
        outboxes[kind].note(name.digest, from)
        continue
      }
      if ((asked.get(name.digest) ?? 0) > nowMs || !this.#isWelcome(kind, number)) continue
      if (asked.size >= mostAsked) tidy(asked, nowMs)
      asked.set(name.digest, nowMs + patienceMs)
      lacking.push(name)
    }
    if (lacking.length > 0) send(from, { type: 'ask', kind, names: lacking })
  }

  /** A word came. */
  came(kind: WordKind, name: WordName): void {
    this.#asked[kind].delete(name.digest)
  }

  /** Sends what a neighbour asked for, as it is by now. */
  answer(from: PeerId, kind: WordKind, names: readonly WordName[]): void {
    const { view, allow, send } = this.#setup
    const items: Uint8Array[] = []
    for (const name of names.slice(0, allow(from, names.length))) {
      const number = view.index.find(name)
      if (number === undefined) continue
      if (kind === 'suspicions') {
        items.push(...view.suspicionsAt(number).map(({ bytes }) => bytes))
        continue
      }
      const word = kind === 'records' ? view.recordAt(number) : view.linksAt(number)
      if (word !== undefined) items.push(word.bytes)
    }
    for (let at = 0; at < items.length; at += chunkItems) {
      send(from, { type: kind, items: items.slice(at, at + chunkItems) })
    }
  }

  /** Only a record makes a member, and only while there is room. */
  #isWelcome(kind: WordKind, number: number | undefined): boolean {
    const { view, options } = this.#setup
    if (number !== undefined && view.recordAt(number) !== undefined) return true
    return kind === 'records' && view.size < options.maxMembers
  }

  #has(kind: WordKind, number: number, digest: number): boolean {
    const { view, options } = this.#setup
    if (kind === 'suspicions') {
      const suspicions = view.suspicionsAt(number)
      const state = view.stateAt(number)
      if (suspicions.length > options.suspicionPeers || state === 'gone') return true
      return state === 'left' || suspicions.some(({ bytes }) => digestOf(bytes) === digest)
    }
    const word = kind === 'records' ? view.recordAt(number) : view.linksAt(number)
    return word !== undefined && digestOf(word.bytes) === digest
  }
}

/** Forgets questions that were not answered; all of them where there are too many. */
function tidy(asked: Map<number, number>, nowMs: number): void {
  for (const [digest, untilMs] of asked) if (untilMs <= nowMs) asked.delete(digest)
  if (asked.size >= mostAsked) asked.clear()
}
