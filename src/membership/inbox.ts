/**
 * Words that came and were not judged yet: a queue a neighbour, served in turn, at most 5 ms at a time,
 * or a few words where the processor serves so many that 5 ms are one word's.
 *
 * A signature takes some 100 µs to check, so that a view of ten thousand members would block the node
 * for seconds. A neighbour that sends more than it may only makes its own queue longer, and what a
 * full queue cannot take is dropped and counted: it comes again by reconciliation.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { WordKind } from './messages.ts'
import type { MembershipOptions } from './options.ts'

/** What became of a word: `known` cost nothing, `newcomer` made a member, `bad` was no word at all. */
export type Verdict = 'known' | 'taken' | 'newcomer' | 'bad'

/** What can be told: words of members, and withdrawals of passes. */
export type InboxKind = WordKind | 'withdrawals'

/** One turn's work. */
interface Slice {
  readonly endMs: number
  /** Words that it may judge however long they take. */
  words: number
}

/** How an inbox works. */
export interface InboxSetup {
  readonly clock: Clock
  /** Calls `run` in a later turn of the event loop. */
  readonly defer: (run: () => void) => void
  readonly options: MembershipOptions
  readonly judge: (kind: InboxKind, bytes: Uint8Array, from: PeerId) => Verdict
}

interface Batch {
  readonly kind: InboxKind
  readonly items: readonly Uint8Array[]
  at: number
}

interface Sender {
  readonly batches: Batch[]
  bytes: number
  /** New members that it may still name; more every second. */
  newcomers: number
  /** Words that may still turn out to be none; more every second. */
  mistakes: number
  filledMs: number
}

const sliceMs = 5 // Guess: a call that waits for it is not seen to.
const sliceWords = 16 // Guess: 3 ms of signatures on a machine that has time.
const wakeMs = 250 // Guess: how soon one that sent too much is looked at again.
const mistakesPerSecond = 1 // Guess: an honest neighbour makes none.
const mostMistakes = 64 // Guess.

/** See the file's head. */
export class Inbox {
  /** Words for which there was no room. */
  dropped = 0

  readonly #setup: InboxSetup
  readonly #senders = new Map<PeerId, Sender>()
  /** Those with a queue, in the order in which they are served. */
  readonly #waiting = new Set<PeerId>()
  #isDeferred = false
  #timer: Timer | undefined
  #isOver = false

  constructor(setup: InboxSetup) {
    this.#setup = setup
  }

  /** Words that wait to be judged. */
  get length(): number {
    let sum = 0
    for (const { batches } of this.#senders.values()) {
      for (const { items, at } of batches) sum += items.length - at
    }
    return sum
  }

  /** Takes what a neighbour sent. */
  put(from: PeerId, kind: InboxKind, items: readonly Uint8Array[]): void {
    const sender = this.#senderOf(from)
    const bytes = items.reduce((sum, item) => sum + item.length, 0)
    if (sender.bytes + bytes > this.#setup.options.inboxBytes) {
      this.dropped += items.length
      return
    }
    sender.batches.push({ kind, items, at: 0 })
    sender.bytes += bytes
    this.#waiting.add(from)
    if (!this.#isDeferred) this.#work()
  }

  /** A neighbour is gone: what it said is judged, its account is closed after that. */
  remove(from: PeerId): void {
    if (!this.#waiting.has(from)) this.#senders.delete(from)
  }

  /** Judges nothing more. */
  stop(): void {
    this.#isOver = true
    this.#waiting.clear()
    this.#timer?.cancel()
  }

  #work(): void {
    const { clock, defer } = this.#setup
    const slice: Slice = { endMs: clock.nowMs() + sliceMs, words: sliceWords }
    let isThrottled = false
    for (const from of this.#waiting) {
      const sender = this.#senderOf(from)
      if (!this.#mayGoOn(sender)) {
        isThrottled = true
        continue
      }
      this.#waiting.delete(from)
      this.#judgeSome(from, sender, slice)
      if (this.#isOver) return
      if (sender.batches.length > 0) this.#waiting.add(from) // To the end of the line.
      if (!this.#isSpent(slice)) continue
      this.#isDeferred = this.#waiting.size > 0
      if (this.#isDeferred) defer(() => this.#goOn())
      return
    }
    if (isThrottled) this.#timer ??= clock.after(wakeMs, () => this.#wake())
  }

  #goOn(): void {
    this.#isDeferred = false
    if (!this.#isOver) this.#work()
  }

  #wake(): void {
    this.#timer = undefined
    if (!this.#isDeferred) this.#work()
  }

  /** A batch of one neighbour, as far as time and its account allow. */
  #judgeSome(from: PeerId, sender: Sender, slice: Slice): void {
    const { judge } = this.#setup
    const [batch] = sender.batches
    while (batch !== undefined && batch.at < batch.items.length && !this.#isOver) {
      const bytes = batch.items[batch.at++]
      if (bytes === undefined) continue
      sender.bytes -= bytes.length
      const verdict = judge(batch.kind, bytes, from)
      if (verdict === 'known') continue
      slice.words--
      if (verdict === 'newcomer') sender.newcomers--
      if (verdict === 'bad') sender.mistakes--
      if (sender.newcomers < 1 || sender.mistakes < 1 || this.#isSpent(slice)) break
    }
    if (batch !== undefined && batch.at >= batch.items.length) sender.batches.shift()
  }

  #isSpent({ endMs, words }: Slice): boolean {
    return words <= 0 && this.#setup.clock.nowMs() >= endMs
  }

  #senderOf(from: PeerId): Sender {
    const known = this.#senders.get(from)
    if (known !== undefined) return known
    const sender: Sender = {
      batches: [],
      bytes: 0,
      newcomers: this.#setup.options.newcomersAtOnce,
      mistakes: mostMistakes,
      filledMs: this.#setup.clock.nowMs(),
    }
    this.#senders.set(from, sender)
    return sender
  }

  #mayGoOn(sender: Sender): boolean {
    const { newcomersAtOnce, newcomersPerSecond } = this.#setup.options
    const nowMs = this.#setup.clock.nowMs()
    const passed = (nowMs - sender.filledMs) / 1_000
    sender.filledMs = nowMs
    sender.newcomers = Math.min(newcomersAtOnce, sender.newcomers + passed * newcomersPerSecond)
    sender.mistakes = Math.min(mostMistakes, sender.mistakes + passed * mistakesPerSecond)
    return sender.newcomers >= 1 && sender.mistakes >= 1
  }
}
