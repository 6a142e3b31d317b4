/**
 * Bytes in the making: a buffer that grows, and the pieces of CBOR that need no thought.
 *
 * Making a buffer costs more than filling it. So one serves encoding after encoding, and what is
 * written is copied out at its exact length, stays where it is in memory of the caller, or stays in
 * a piece of a pool that is never written again.
 */
import { numberToHalf } from './half-float.ts'
import { doubleByte, halfByte, negative, singleByte, textString, unsigned } from './major-types.ts'
import { Refusal } from './refusal.ts'

const poolBytes = 2 ** 15 // Guess: hundreds of calls share the cost of making one, and what it pins.
const pooledBytes = poolBytes / 8 // What is larger gets memory of its own.
const longestHead = 9 // A first byte and a 64-bit argument.
const shortText = 48 // Measured: up to about here the loop is faster than TextEncoder.
const longText = 2 ** 16 // Above this, room for three bytes a character would be a waste.

const utf8 = new TextEncoder()
const scratch = new DataView(new ArrayBuffer(8))
const scratchBytes = new Uint8Array(scratch.buffer)

/** Appends CBOR to a buffer. Reusable: each start forgets what was written. */
export class Writer {
  #pool = new Uint8Array(poolBytes)
  /** Up to here the pool was handed out. */
  #poolAt = 0
  #bytes = this.#pool
  #start = 0
  #at = 0
  #maxBytes = 0
  #hasGrown = false

  /** Begins a value of at most `maxBytes`. */
  start(maxBytes: number): void {
    this.#begin(this.#pool, this.#poolAt, maxBytes)
  }

  /** Begins a value that stands in `target` from `offset` on, if it fits. */
  startIn(target: Uint8Array<ArrayBuffer>, offset: number, maxBytes: number): void {
    this.#begin(target, offset, maxBytes)
  }

  /** Forgets what was written of the value, and begins it again. */
  restart(): void {
    this.#at = this.#start
  }

  /** How many bytes were written of the value. */
  get length(): number {
    return this.#at - this.#start
  }

  /**
   * Ends the value.
   *
   * @throws {Refusal} It is longer than `maxBytes`.
   */
  end(): void {
    this.#checkLength(this.length)
  }

  /** Whether what was written stands in the target. */
  isIn(target: Uint8Array): boolean {
    return this.#bytes === target
  }

  /** Copies out what was written. */
  finishCopy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(this.#start, this.#at)
  }

  /**
   * Hands out what was written where it stands: in the target, in a piece of the pool, or, where it
   * grew out of these, in memory of its own.
   */
  finish(): Uint8Array<ArrayBuffer> {
    const { length } = this
    if (this.#bytes === this.#pool) this.#poolAt = this.#at
    else if (this.#hasGrown && length < this.#bytes.length / 2) return this.finishCopy()
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#start, length)
  }

  /** Lets go of everything but the pool. */
  release(): void {
    this.#bytes = this.#pool
  }

  byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#at++] = value
  }

  /** A first byte with the shortest argument that holds a safe integer. */
  head(major: number, argument: number): void {
    if (this.#at + longestHead > this.#bytes.length) this.#grow(longestHead)
    if (argument < 24) this.#bytes[this.#at++] = (major << 5) | argument
    else this.#at = this.#putHead(this.#at, major, argument)
  }

  /** A first byte with an argument of up to 64 bits. */
  wideHead(major: number, argument: bigint): void {
    if (argument <= Number.MAX_SAFE_INTEGER) return this.head(major, Number(argument))
    scratch.setBigUint64(0, argument)
    this.#scratch((major << 5) | 27, 8)
  }

  /** A number: in the integer form where that is exact, `-0` is not. */
  number(value: number): void {
    if (value >>> 0 === value && (value !== 0 || 1 / value > 0)) this.head(unsigned, value)
    else if (!Number.isSafeInteger(value) || value === 0) this.float(value)
    else if (value >= 0) this.head(unsigned, value)
    else this.head(negative, -1 - value)
  }

  /** The shortest float that is exactly `value`, with its first byte (RFC 8949 §4.1). */
  float(value: number): void {
    if (Math.fround(value) !== value && value === value) {
      scratch.setFloat64(0, value)
      return this.#scratch(doubleByte, 8)
    }
    const half = numberToHalf(value)
    if (half >= 0) {
      scratch.setUint16(0, half)
      return this.#scratch(halfByte, 2)
    }
    scratch.setFloat32(0, value)
    this.#scratch(singleByte, 4)
  }

  /** Bytes as they are, without a head. */
  raw(bytes: Uint8Array): void {
    this.#checkLength(this.length + bytes.length)
    if (this.#at + bytes.length > this.#bytes.length) this.#grow(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** Takes back what was written since `start`, and returns it. */
  take(start: number): Uint8Array {
    const taken = this.#bytes.slice(this.#start + start, this.#at)
    this.#at = this.#start + start
    return taken
  }

  /**
   * A text string.
   *
   * @returns false for one with a lone surrogate, which UTF-8 cannot carry; nothing is then written.
   */
  text(text: string): boolean {
    const units = text.length
    if (units > shortText) return this.#textBySystem(text)
    if (this.#at + shortText + longestHead > this.#bytes.length) this.#grow(shortText + longestHead)
    const bytes = this.#bytes
    let at = this.#at
    if (units < 24) bytes[at++] = (textString << 5) | units
    else at = this.#putHead(at, textString, units)
    for (let index = 0; index < units; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80) return this.#textBySystem(text)
      bytes[at++] = unit
    }
    this.#at = at
    return true
  }

  /** Replaces the head of what was written since `start`, where one byte was left for it. */
  patchHead(start: number, major: number, argument: number): void {
    const headAt = this.#start + start
    if (argument < 24) {
      this.#bytes[headAt] = (major << 5) | argument
      return
    }
    if (this.#at + longestHead > this.#bytes.length) {
      this.#grow(longestHead)
      return this.patchHead(start, major, argument)
    }
    const headBytes = argument < 0x100 ? 2 : argument < 0x1_0000 ? 3 : 5
    this.#bytes.copyWithin(headAt + headBytes, headAt + 1, this.#at)
    this.#putHead(headAt, major, argument)
    this.#at += headBytes - 1
  }

  #begin(bytes: Uint8Array<ArrayBuffer>, offset: number, maxBytes: number): void {
    this.#bytes = bytes
    this.#start = offset
    this.#at = offset
    this.#maxBytes = maxBytes
    this.#hasGrown = false
  }

  #textBySystem(text: string): boolean {
    if (!text.isWellFormed()) return false
    if (text.length > longText) {
      this.#checkLength(this.length + text.length)
      const encoded = utf8.encode(text)
      this.head(textString, encoded.length)
      this.raw(encoded)
      return true
    }
    const mostBytes = 3 * text.length + longestHead
    if (this.#at + mostBytes > this.#bytes.length) this.#grow(mostBytes)
    const start = this.length
    const { written } = utf8.encodeInto(text, this.#bytes.subarray(this.#at + 1))
    this.#at += 1 + written
    this.patchHead(start, textString, written)
    return true
  }

  /** A first byte and the first bytes of the scratch. */
  #scratch(first: number, count: number): void {
    if (this.#at + longestHead > this.#bytes.length) this.#grow(longestHead)
    const bytes = this.#bytes
    let at = this.#at
    bytes[at++] = first
    for (let index = 0; index < count; index++) bytes[at++] = scratchBytes[index] as number
    this.#at = at
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
      bytes[at + 1] = argument >>> 8
      bytes[at + 2] = argument
      return at + 3
    }
    if (argument < 2 ** 32) {
      bytes[at] = first | 26
      return putUint32(bytes, at + 1, argument)
    }
    bytes[at] = first | 27
    putUint32(bytes, at + 1, Math.floor(argument / 2 ** 32))
    return putUint32(bytes, at + 5, argument)
  }

  /** Makes room: in a new pool for what is small, else by doubling, so that appending stays linear. */
  #grow(moreBytes: number): void {
    const { length } = this
    this.#checkLength(length)
    const needed = length + moreBytes
    const isPooled = this.#bytes === this.#pool && needed <= pooledBytes
    const larger = new Uint8Array(isPooled ? poolBytes : Math.max(2 * length, needed))
    larger.set(this.#bytes.subarray(this.#start, this.#at))
    if (isPooled) {
      this.#pool = larger
      this.#poolAt = 0
    } else this.#hasGrown = true
    this.#bytes = larger
    this.#start = 0
    this.#at = length
  }

  #checkLength(length: number): void {
    if (length <= this.#maxBytes) return
    throw new Refusal(`the whole takes more than ${this.#maxBytes} bytes`, 'limit')
  }
}

function putUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
  return at + 4
}
