/**
 * Messages on their way out: written one behind the other into one buffer, which leaves at once.
 *
 *   length 32 │ type 8 │ numbers (LEB128), names, tokens │ a CBOR value, where the type has one
 *
 * What one turn writes leaves in one piece: at the end of a turn of reading, else in a microtask. While
 * more keeps coming from one microtask to the next (items of an iteration), it waits a few of them. So
 * does what nobody waits for (that a result was taken, or let go of): mostly the program that got the
 * result asks the next thing in one of them, and a write costs more than all that stands in it.
 */
import { assert } from '../base/assert.ts'
import { largeMessageBytes } from './options.ts'
import type { ValueCodec } from '../codec/value-codec.ts'

const bufferBytes = 32_768 // Measured: see bench/objects; a call is about 30 bytes.
const roomBytes = 2_048 // What a head takes at most beside its names: see `room`.
const patientHops = 4 // An async generator takes three microtasks an item.
const idleHops = 8 // Measured: `await` and the program's own functions take three to five.
const hopBytes = 16_384 // Guess: above it a write of its own is no waste.

/** Takes what leaves. */
export interface FrameSink {
  /** Takes bytes, which are its own from now on. */
  send(bytes: Uint8Array): void
}

/** See the file's head. */
export class FrameWriter {
  readonly #sink: FrameSink
  #bytes = new Uint8Array(0)
  /** Where what was not sent yet starts. */
  #from = 0
  /** Where the message that is being written starts. */
  #start = 0
  #at = 0
  /** A value too large to be copied, the end of the message that is being written. */
  #large: Uint8Array | undefined
  #isDue = false
  #isStream = false
  /** Whether anybody waits for something of what was not sent yet. */
  #isUrgent = false
  #hops = 0
  #seenAt = 0
  #deferred: (() => void)[] = []

  /** True while a message is half written: a getter of its value is running. */
  isBusy = false

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Starts a message. */
  begin(type: number): void {
    assert(!this.isBusy, 'who may be called by a getter defers what it writes')
    this.#room(roomBytes)
    this.#start = this.#at
    this.#at += lengthBytes
    this.#bytes[this.#at++] = type
  }

  /** Writes later: once the message that is half written is whole, or was taken back. */
  defer(write: () => void): void {
    this.#deferred.push(write)
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    const bytes = this.#bytes
    let rest = value
    while (rest >= 0x80) {
      bytes[this.#at++] = (rest % 0x80) | 0x80
      rest = rest < 2 ** 31 ? rest >>> 7 : Math.floor(rest / 0x80)
    }
    bytes[this.#at++] = rest
  }

  /** A short text, with its length. */
  text(text: string): void {
    const { length } = text
    this.#room(3 * length + roomBytes)
    const bytes = this.#bytes
    const lengthAt = this.#at
    let at = lengthAt + 1
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80 || length >= 0x80) return this.#longText(text)
      bytes[at++] = unit
    }
    bytes[lengthAt] = length
    this.#at = at
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.#room(value.length + roomBytes)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /**
   * The value at the end of a message.
   *
   * @throws {SkeinError} `INVALID` it cannot travel; the message is then taken back.
   */
  value(codec: ValueCodec, value: unknown): void {
    let encoded: number | Uint8Array
    this.isBusy = true
    try {
      encoded = codec.encodeAt(value, this.#bytes, this.#at)
    } catch (thrown) {
      this.#at = this.#start
      throw thrown
    } finally {
      this.isBusy = false
      if (this.#deferred.length > 0) queueMicrotask(this.#writeDeferred)
    }
    if (typeof encoded === 'number') this.#at += encoded
    else if (encoded.length > largeMessageBytes) this.#large = encoded
    else this.raw(encoded)
  }

  /** Bytes of the message that is being written. */
  get messageBytes(): number {
    return this.#at - this.#start - lengthBytes + (this.#large?.length ?? 0)
  }

  /**
   * Ends the message. It leaves soon.
   *
   * @param haste - `stream`: others follow; `idle`: nobody waits for it.
   */
  end(haste: 'now' | 'stream' | 'idle' = 'now'): void {
    const length = this.messageBytes
    const bytes = this.#bytes
    const start = this.#start
    bytes[start] = length >>> 24
    bytes[start + 1] = length >>> 16
    bytes[start + 2] = length >>> 8
    bytes[start + 3] = length
    this.#start = this.#at
    if (haste === 'stream') this.#isStream = true
    if (haste !== 'idle') this.#isUrgent = true
    if (!this.#isDue) this.#wake()
  }

  /**
   * Takes the message that is being written out, without its length: it goes another way.
   *
   * @returns Its parts, in order.
   */
  takeOut(): readonly Uint8Array[] {
    const head = this.#bytes.slice(this.#start + lengthBytes, this.#at)
    const large = this.#large
    this.#at = this.#start
    this.#large = undefined
    return large === undefined ? [head] : [head, large]
  }

  /** Sends what was ended, if anybody waits for it. */
  flushUrgent(): void {
    if (this.#isUrgent) this.flush()
  }

  /** Sends what was ended. */
  flush(): void {
    if (this.#start === this.#from) return
    assert(this.#at === this.#start, 'no message is half written when others leave')
    const piece = this.#bytes.subarray(this.#from, this.#start)
    this.#from = this.#start
    this.#isStream = false
    this.#isUrgent = false
    this.#sink.send(piece)
  }

  readonly #writeDeferred = (): void => {
    const deferred = this.#deferred
    this.#deferred = []
    for (const write of deferred) write()
  }

  #wake(): void {
    this.#isDue = true
    this.#hops = 0
    this.#seenAt = this.#at
    queueMicrotask(this.#onTurn)
  }

  readonly #onTurn = (): void => {
    if (!this.#isUrgent && this.#at > this.#from) {
      if (++this.#hops < idleHops) return queueMicrotask(this.#onTurn)
    } else if (this.#isStream && this.#at - this.#from < hopBytes && this.#at > this.#from) {
      this.#hops = this.#at === this.#seenAt ? this.#hops + 1 : 0
      this.#seenAt = this.#at
      if (this.#hops < patientHops) return queueMicrotask(this.#onTurn)
    }
    this.#isDue = false
    this.flush()
  }

  #longText(text: string): void {
    const encoded = utf8.encode(text)
    this.number(encoded.length)
    this.raw(encoded)
  }

  /** Makes sure that `bytes` fit. What was sent stays where it is: it belongs to the connection. */
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const kept = this.#bytes.subarray(this.#from, this.#at)
    const larger = new Uint8Array(Math.max(bufferBytes, 2 * (kept.length + bytes)))
    larger.set(kept)
    this.#start -= this.#from
    this.#at -= this.#from
    this.#seenAt = this.#at
    this.#from = 0
    this.#bytes = larger
  }
}

const lengthBytes = 4
const utf8 = new TextEncoder()
