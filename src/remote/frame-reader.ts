/**
 * Messages on their way in: takes a stream's bytes apart, and a message into its fields.
 *
 * **Invariant**: a message longer than it may be is refused when its length is read, before anything
 * is kept of it; and what is kept grows with what came, not with what was announced.
 */
import { SkeinError } from '../base/errors.ts'

const lengthBytes = 4
const firstPartBytes = 4_096 // Guess: doubles as the message comes in.

/** Cuts bytes into messages. */
export class FrameSplitter {
  readonly #maxBytes: number
  #kept = new Uint8Array(0)
  #keptBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of a message that is not whole yet. */
  get heldBytes(): number {
    return this.#keptBytes
  }

  /**
   * Hands each message to `take`: bytes, where in them it starts, and where it ends.
   *
   * @param take - False: enough, the rest is dropped.
   * @throws {SkeinError} `VIOLATION` a message is too long.
   */
  read(bytes: Uint8Array, take: (bytes: Uint8Array, from: number, end: number) => boolean): void {
    let at = 0
    if (this.#keptBytes > 0) {
      at = this.#fill(bytes)
      if (at < 0) return
      const [kept, keptBytes] = [this.#kept, this.#keptBytes]
      this.#kept = new Uint8Array(0)
      this.#keptBytes = 0
      if (!take(kept, lengthBytes, keptBytes)) return
    }
    while (at + lengthBytes <= bytes.length) {
      const end = at + lengthBytes + this.#length(bytes, at)
      if (end > bytes.length) break
      if (!take(bytes, at + lengthBytes, end)) return
      at = end
    }
    if (at < bytes.length) this.#keep(bytes.subarray(at))
  }

  /** Goes on with the message that began earlier; returns where it ends, below 0 if it does not. */
  #fill(bytes: Uint8Array): number {
    let at = 0
    if (this.#keptBytes < lengthBytes) {
      at = Math.min(lengthBytes - this.#keptBytes, bytes.length)
      this.#keep(bytes.subarray(0, at))
      if (this.#keptBytes < lengthBytes) return -1
    }
    const missing = lengthBytes + this.#length(this.#kept, 0) - this.#keptBytes
    const end = Math.min(at + missing, bytes.length)
    this.#keep(bytes.subarray(at, end))
    return end - at === missing ? end : -1
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#keptBytes + bytes.length
    if (needed > this.#kept.length) {
      const larger = new Uint8Array(Math.max(needed, firstPartBytes, 2 * this.#kept.length))
      larger.set(this.#kept.subarray(0, this.#keptBytes))
      this.#kept = larger
    }
    this.#kept.set(bytes, this.#keptBytes)
    this.#keptBytes = needed
  }

  #length(bytes: Uint8Array, at: number): number {
    const length =
      (bytes[at] ?? 0) * 2 ** 24 +
      (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
    if (length >= 1 && length <= this.#maxBytes) return length
    throw violation(`O1: a message of ${length} bytes; 1 to ${this.#maxBytes} are taken`)
  }
}

/** Reads a message field by field. One is used again and again. */
export class FieldReader {
  /** What the message is a part of. */
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the next field is. */
  at = 0
  /** Where the message ends. */
  end = 0
  #from = 0

  /** Begins a message. */
  start(bytes: Uint8Array, from: number, end: number): void {
    this.bytes = bytes
    this.#from = from
    this.at = from
    this.end = end
  }

  /** Begins the same message again. */
  restart(): void {
    this.at = this.#from
  }

  /** The message. */
  message(): Uint8Array {
    return this.bytes.subarray(this.#from, this.end)
  }

  byte(): number {
    if (this.at >= this.end) throw violation('O1: a message that ends within a field')
    return this.bytes[this.at++] as number
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(): number {
    let value = this.byte()
    if (value < 0x80) return value
    value -= 0x80
    for (let scale = 0x80; ; scale *= 0x80) {
      const next = this.byte()
      value += (next % 0x80) * scale
      if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 49) {
        throw violation('O1: a number above 2^53 - 1')
      }
      if (next < 0x80) return value
    }
  }

  /** A text of at most `maxLength` bytes. */
  text(maxLength: number): string {
    const length = this.number()
    if (length > maxLength) throw violation(`O1: a name of ${length} bytes`)
    const from = this.at
    const end = from + length
    if (end > this.end) throw violation('O1: a message that ends within a field')
    this.at = end
    return length <= shortTextBytes ? this.#shortText(from, end) : this.#utf8(from, end)
  }

  /** `length` bytes as they are. */
  raw(length: number): Uint8Array {
    const from = this.at
    const end = from + length
    if (end > this.end) throw violation('O1: a message that ends within a field')
    this.at = end
    return this.bytes.slice(from, end)
  }

  /** Names of members come again and again: the last one under the same hash is taken, not made. */
  #shortText(from: number, end: number): string {
    const { bytes } = this
    let hash = end - from
    for (let at = from; at < end; at++) {
      const byte = bytes[at] ?? 0
      if (byte >= 0x80) return this.#utf8(from, end)
      hash = (hash * 31 + byte) & nameMask
    }
    const known = names[hash] ?? ''
    if (known.length === end - from && isSameText(known, bytes, from)) return known
    const text = String.fromCharCode(...bytes.subarray(from, end))
    names[hash] = text
    return text
  }

  #utf8(from: number, end: number): string {
    try {
      return utf8.decode(this.bytes.subarray(from, end))
    } catch {
      throw violation('O1: a name that is not UTF-8')
    }
  }
}

function isSameText(text: string, bytes: Uint8Array, from: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[from + index]) return false
  }
  return true
}

const shortTextBytes = 32 // Guess: most names are shorter.
const nameMask = 0x1ff
/** Shared by all: a cache of names holds no secret and no state. */
const names: (string | undefined)[] = Array.from({ length: nameMask + 1 }, () => undefined)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a peer did wrong: the session ends with it. */
export function violation(rule: string): SkeinError {
  return new SkeinError('VIOLATION', rule)
}
