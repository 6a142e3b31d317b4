/**
 * Long messages, which leave on streams of their own so that short ones pass them.
 *
 *   object/1        … │ LARGE key, length, what it is about │ …      its place in the order
 *   object-large/1  key │ the message │ end
 *
 * What comes later about the same thing (the same object, question or number) waits for it; everything
 * else goes on.
 *
 * **Invariant**: nothing is allocated for a length that is announced, only for bytes that came; and no
 * stream is read that was not announced.
 */
import type { Stream, StreamHandler } from '../connection/contract.ts'
import type { SkeinError } from '../base/errors.ts'
import { violation } from './frame-reader.ts'
import { keyBytes } from './large-sending.ts'

/** What is announced. */
export interface Announcement {
  readonly key: number
  readonly byteLength: number
  /** What waits for it: see `orderOf`. */
  readonly order: number
  /** False for one that was refused already: it is taken, and dropped. */
  readonly isWanted: boolean
}

/** What the large messages ask of their session. */
export interface LargeOwner {
  readonly maxIncomingBytes: number
  /** Carries out a message that has come as a whole. */
  deliver(message: Uint8Array): void
  violate(error: SkeinError): void
}

const maxEarlyStreams = 64 // Guess: streams may come before what announces them.

interface Incoming extends Announcement {
  /** Place among all announcements. */
  readonly sequence: number
  /** Messages about the same thing that came later, in order. */
  readonly waiting: Uint8Array[]
  whole: Uint8Array | undefined
}

/** The receiving side of one session. */
export class LargeInbox {
  readonly #owner: LargeOwner
  readonly #incoming = new Map<number, Incoming>()
  /** The announcements about a thing, the first first. */
  readonly #orders = new Map<number, Incoming[]>()
  readonly #streams = new Map<number, LargeStream>()
  readonly #early = new Set<LargeStream>()
  readonly #held: { readonly after: number; readonly message: Uint8Array }[] = []
  #sequence = 0

  constructor(owner: LargeOwner) {
    this.#owner = owner
  }

  /** Whether any message may have to wait. */
  get isIdle(): boolean {
    return this.#incoming.size === 0
  }

  /** Notes that a long message belongs here in the order. */
  announce(announcement: Announcement): void {
    const { key, order } = announcement
    if (this.#incoming.has(key)) throw violation(`O30: large message ${key} was announced already`)
    const incoming = { ...announcement, sequence: ++this.#sequence, waiting: [], whole: undefined }
    this.#incoming.set(key, incoming)
    const line = this.#orders.get(order)
    if (line === undefined) this.#orders.set(order, [incoming])
    else line.push(incoming)
    this.#streams.get(key)?.expect(announcement.byteLength)
    this.#read()
  }

  /** Whether messages about something have to wait. */
  isHolding(order: number): boolean {
    return this.#orders.has(order)
  }

  /** Keeps a message until what was announced about the same thing is there. */
  holdBack(order: number, message: Uint8Array): void {
    this.#orders.get(order)?.at(-1)?.waiting.push(message.slice())
  }

  /** Keeps a message until everything that was announced before it is there. */
  holdBackAll(message: Uint8Array): void {
    this.#held.push({ after: this.#sequence, message: message.slice() })
  }

  /** Takes a stream that the peer opened. */
  accept(stream: Stream): void {
    if (this.#early.size >= maxEarlyStreams) {
      stream.reset('LIMIT_EXCEEDED', 'too many large messages that were not announced')
      return
    }
    const large: LargeStream = new LargeStream(stream, {
      onKey: (key) => this.#place(key, large),
      onWhole: (key, message) => this.#finish(key, message),
      onBroken: (key, error) => this.#break(key, error),
    })
    this.#early.add(large)
    large.start()
  }

  /** The session is over. */
  close(error: SkeinError): void {
    for (const stream of [...this.#early, ...this.#streams.values()]) stream.close(error)
    this.#incoming.clear()
    this.#orders.clear()
    this.#streams.clear()
    this.#early.clear()
  }

  #place(key: number, stream: LargeStream): void {
    if (this.#streams.has(key)) {
      this.#owner.violate(violation(`O30: two streams for large message ${key}`))
      return
    }
    this.#streams.set(key, stream)
    const incoming = this.#incoming.get(key)
    if (incoming !== undefined) stream.expect(incoming.byteLength)
    this.#read()
  }

  /** Lets streams be read in the order of their announcements, as many as fit. */
  #read(): void {
    let readBytes = 0
    for (const { key, byteLength } of this.#incoming.values()) {
      const isFirst = readBytes === 0
      readBytes += byteLength
      if (!isFirst && readBytes > this.#owner.maxIncomingBytes) return
      const stream = this.#streams.get(key)
      if (stream === undefined) continue
      this.#early.delete(stream)
      stream.read()
    }
  }

  #finish(key: number, message: Uint8Array): void {
    const incoming = this.#incoming.get(key)
    if (incoming === undefined) return
    incoming.whole = message
    this.#streams.delete(key)
    const line = this.#orders.get(incoming.order) ?? []
    while (line[0]?.whole !== undefined) {
      const first = line.shift()
      if (first?.whole === undefined) break
      this.#incoming.delete(first.key)
      if (line.length === 0) this.#orders.delete(first.order)
      if (first.isWanted) this.#owner.deliver(first.whole)
      for (const each of first.waiting) this.#owner.deliver(each)
    }
    this.#letGoHeld()
    this.#read()
  }

  #letGoHeld(): void {
    let first = Number.POSITIVE_INFINITY
    for (const { sequence } of this.#incoming.values()) first = Math.min(first, sequence)
    for (;;) {
      const held = this.#held[0]
      if (held === undefined || held.after >= first) return
      this.#held.shift()
      this.#owner.deliver(held.message)
    }
  }

  #break(key: number | undefined, error: SkeinError | undefined): void {
    const isAnnounced = key !== undefined && this.#incoming.has(key)
    const text = error === undefined ? 'it ended early' : error.message
    if (isAnnounced)
      this.#owner.violate(violation(`O31: large message ${key} did not come: ${text}`))
  }
}

interface LargeEvents {
  onKey(key: number): void
  onWhole(key: number, message: Uint8Array): void
  onBroken(key: number | undefined, error: SkeinError | undefined): void
}

/** One stream with one message. */
class LargeStream implements StreamHandler {
  readonly #stream: Stream
  readonly #events: LargeEvents
  #key: number | undefined
  #head: Uint8Array = new Uint8Array(0)
  #parts: Uint8Array[] = []
  #byteLength = 0
  #expectedBytes: number | undefined
  #isDone = false

  constructor(stream: Stream, events: LargeEvents) {
    this.#stream = stream
    this.#events = events
  }

  start(): void {
    this.#stream.bind(this)
  }

  /** Its length was announced. */
  expect(byteLength: number): void {
    this.#expectedBytes = byteLength
  }

  read(): void {
    this.#stream.setReading(true)
  }

  close({ code, message }: SkeinError): void {
    this.#isDone = true
    this.#stream.reset(code, message)
  }

  onData(bytes: Uint8Array): void {
    let rest = bytes
    if (this.#key === undefined) {
      const head = new Uint8Array(this.#head.length + bytes.length)
      head.set(this.#head)
      head.set(bytes, this.#head.length)
      this.#head = head
      if (head.length < keyBytes) return
      this.#key = new DataView(head.buffer).getUint32(0)
      this.#head = new Uint8Array(0)
      rest = head.subarray(keyBytes)
      this.#stream.setReading(false) // Until it is its turn.
      if (rest.length > 0) this.#keep(rest)
      this.#events.onKey(this.#key)
      this.#finishIfWhole()
      return
    }
    this.#keep(rest)
    this.#finishIfWhole()
  }

  onEnd(): void {
    if (!this.#isDone) this.#events.onBroken(this.#key, undefined)
    this.#stream.end()
  }

  onDrain(): void {
    // Nothing is written here.
  }

  onClose(error: SkeinError | undefined): void {
    if (!this.#isDone) this.#events.onBroken(this.#key, error)
  }

  #keep(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#byteLength += bytes.length
  }

  #finishIfWhole(): void {
    const expected = this.#expectedBytes
    if (expected === undefined || this.#byteLength < expected || this.#isDone) return
    this.#isDone = true
    if (this.#byteLength > expected) {
      this.#events.onBroken(this.#key, undefined)
      return
    }
    const whole = new Uint8Array(expected)
    let at = 0
    for (const part of this.#parts) {
      whole.set(part, at)
      at += part.length
    }
    this.#parts = []
    this.#events.onWhole(this.#key ?? 0, whole)
  }
}
