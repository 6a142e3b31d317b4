/**
 * Bytes in the making: a buffer that grows, and the pieces of CBOR that need no thought.
 *
 * One buffer serves encoding after encoding, since making one costs more than filling it; the
 * result is copied out once, at its exact length.
 */
import { numberToHalf } from './half-float.ts'
import { doubleByte, halfByte, singleByte, textString } from './major-types.ts'
import { Refusal } from './refusal.ts'

const firstBytes = 4_096 // Guess: most messages never make it grow.
const keptBytes = 2 ** 20 // Guess: one large message must not hold its memory for ever.
const longestHead = 9 // A first byte and a 64-bit argument.
const shortText = 32 // Measured: up to about here the loop is faster than TextEncoder.
const longText = 2 ** 16 // Above this, room for three bytes a character would be a waste.

const utf8 = new TextEncoder()

/** Appends CBOR to a buffer. Reusable: {@link start} forgets what was written. */
export class Writer {
  #bytes = new Uint8Array(firstBytes)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  #maxBytes = 0

  /** Begins a new value of at most `maxBytes`. */
  start(maxBytes: number): void {
    this.#length = 0
    this.#maxBytes = maxBytes
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#length
  }

  /**
   * Copies out what was written.
   *
   * @throws {Refusal} It is longer than `maxBytes`.
   */
  finish(): Uint8Array {
    this.#checkLength(this.#length)
    return this.#bytes.slice(0, this.#length)
  }

  /** Gives a buffer that has grown large back to the collector. */
  release(): void {
    if (this.#bytes.length <= keptBytes) return
    this.#bytes = new Uint8Array(firstBytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#length++] = value
  }

  /** A first byte with the shortest argument that holds a safe integer. */
  head(major: number, argument: number): void {
    if (this.#length + longestHead > this.#bytes.length) this.#grow(longestHead)
    this.#length = this.#putHead(this.#length, major, argument)
  }

  /** A first byte with an argument of up to 64 bits. */
  wideHead(major: number, argument: bigint): void {
    if (argument <= Number.MAX_SAFE_INTEGER) return this.head(major, Number(argument))
    if (this.#length + longestHead > this.#bytes.length) this.#grow(longestHead)
    this.#bytes[this.#length] = (major << 5) | 27
    this.#view.setBigUint64(this.#length + 1, argument)
    this.#length += 9
  }

  /** The shortest float that is exactly `value`, with its first byte (RFC 8949 §4.1). */
  float(value: number): void {
    if (this.#length + longestHead > this.#bytes.length) this.#grow(longestHead)
    const isSingle = Math.fround(value) === value || value !== value
    const half = isSingle ? numberToHalf(value) : -1
    if (half >= 0) {
      this.#bytes[this.#length] = halfByte
      this.#view.setUint16(this.#length + 1, half)
      this.#length += 3
    } else if (isSingle) {
      this.#bytes[this.#length] = singleByte
      this.#view.setFloat32(this.#length + 1, value)
      this.#length += 5
    } else {
      this.#bytes[this.#length] = doubleByte
      this.#view.setFloat64(this.#length + 1, value)
      this.#length += 9
    }
  }

  /** Bytes as they are, without a head. */
  raw(bytes: Uint8Array): void {
    this.#checkLength(this.#length + bytes.length)
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /**
   * A text string.
   *
   * @returns false for one with a lone surrogate, which UTF-8 cannot carry; the bytes are then
   *   garbage.
   */
  text(text: string): boolean {
    const units = text.length
    if (units > shortText) return this.#textBySystem(text)
    if (this.#length + shortText + longestHead > this.#bytes.length) {
      this.#grow(shortText + longestHead)
    }
    const bytes = this.#bytes
    let at = this.#putHead(this.#length, textString, units)
    for (let index = 0; index < units; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80) return this.#textBySystem(text)
      bytes[at++] = unit
    }
    this.#length = at
    return true
  }

  /** Replaces the head of what was written since `start`, where one byte was left for it. */
  patchHead(start: number, major: number, argument: number): void {
    if (argument < 24) {
      this.#bytes[start] = (major << 5) | argument
      return
    }
    if (this.#length + longestHead > this.#bytes.length) this.#grow(longestHead)
    const headBytes = argument < 0x100 ? 2 : argument < 0x1_0000 ? 3 : 5
    this.#bytes.copyWithin(start + headBytes, start + 1, this.#length)
    this.#putHead(start, major, argument)
    this.#length += headBytes - 1
  }

  #textBySystem(text: string): boolean {
    if (loneSurrogate.test(text)) return false
    if (text.length > longText) {
      this.#checkLength(this.#length + text.length)
      const encoded = utf8.encode(text)
      this.head(textString, encoded.length)
      this.raw(encoded)
      return true
    }
    const start = this.#length
    const mostBytes = 3 * text.length + longestHead
    if (start + mostBytes > this.#bytes.length) this.#grow(mostBytes)
    const { written } = utf8.encodeInto(text, this.#bytes.subarray(start + 1))
    this.#length += 1 + written
    this.patchHead(start, textString, written)
    return true
  }

  /** Puts a head at `at`, where there is room for it; returns where it ends. */
  #putHead(at: number, major: number, argument: number): number {
    const bytes = this.#bytes
    const first = major << 5
    if (argument < 24) {
      bytes[at] = first | argument
      return at + 1
    }
    if (argument < 0x100) {
      bytes[at] = first | 24
      bytes[at + 1] = argument
      return at + 2
    }
    if (argument < 0x1_0000) {
      bytes[at] = first | 25
      this.#view.setUint16(at + 1, argument)
      return at + 3
    }
    if (argument < 2 ** 32) {
      bytes[at] = first | 26
      this.#view.setUint32(at + 1, argument)
      return at + 5
    }
    bytes[at] = first | 27
    this.#view.setUint32(at + 1, Math.floor(argument / 2 ** 32))
    this.#view.setUint32(at + 5, argument >>> 0)
    return at + 9
  }

  /** Makes room; by doubling, so that appending stays linear. */
  #grow(moreBytes: number): void {
    this.#checkLength(this.#length)
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + moreBytes))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }

  #checkLength(length: number): void {
    if (length <= this.#maxBytes) return
    throw new Refusal(`the whole takes more than ${this.#maxBytes} bytes`, 'limit')
  }
}

const loneSurrogate = /\p{Surrogate}/u
