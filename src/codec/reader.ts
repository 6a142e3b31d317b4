/**
 * A cursor over input, and the pieces of CBOR that need no thought.
 *
 * **Invariant**: a length is compared with what is left before anything is read or allocated for
 * it.
 */
import { halfToNumber } from './half-float.ts'
import { readAscii, readAsciiKey, shortTextBytes } from './short-text.ts'
import { Violation } from './violation.ts'

// A byte order mark is text like any other, so it stays.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const latin1 = new TextDecoder('latin1')
const scratch = new DataView(new ArrayBuffer(8))
const scratchBytes = new Uint8Array(scratch.buffer)
const nothing = new Uint8Array()

/** Reusable: {@link start} forgets the input before. */
export class Reader {
  #bytes = nothing
  #end = 0
  #offset = 0

  /** Begins to read `bytes` from `from` to `end`. */
  start(bytes: Uint8Array<ArrayBuffer>, from: number, end: number): void {
    this.#bytes = bytes
    this.#end = end
    this.#offset = from
  }

  /** Holds no input any more. */
  release(): void {
    this.start(nothing, 0, 0)
  }

  /** Where the next byte is. */
  get offset(): number {
    return this.#offset
  }

  /** How many bytes there are from here on. */
  get left(): number {
    return this.#end - this.#offset
  }

  /** The next byte, which stays; -1 at the end. */
  peek(): number {
    return this.#offset < this.#end ? (this.#bytes[this.#offset] as number) : -1
  }

  byte(): number {
    if (this.#offset >= this.#end) throw this.#truncated()
    return this.#bytes[this.#offset++] as number
  }

  /**
   * The argument of a head of which the first byte was read. One of 64 bits above 2^53 - 1 is
   * rounded, but never to a safe integer; {@link wideArgument} then has it whole.
   */
  argument(information: number): number {
    if (information < 24) return information
    switch (information) {
      case 24:
        return this.byte()
      case 25:
        return this.byte() * 0x100 + this.byte()
      case 26:
        return this.#uint32()
      case 27:
        return this.#uint32() * 2 ** 32 + this.#uint32()
      default: {
        const what = information === 31 ? 'an indefinite length' : 'a reserved length'
        throw new Violation(`${what} where none may stand`, this.#offset - 1)
      }
    }
  }

  /** The argument of 64 bits that was just read. */
  wideArgument(): bigint {
    this.#fillScratch(this.#offset - 8, 8)
    return scratch.getBigUint64(0)
  }

  half(): number {
    return halfToNumber(this.byte() * 0x100 + this.byte())
  }

  single(): number {
    this.#fillScratch(this.#skip(4), 4)
    return scratch.getFloat32(0)
  }

  double(): number {
    this.#fillScratch(this.#skip(8), 8)
    return scratch.getFloat64(0)
  }

  /**
   * The next bytes, sharing the input's memory; a plain `Uint8Array` also where the input is not.
   */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const start = this.#skip(length)
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length)
  }

  text(length: number): string {
    const start = this.#skip(length)
    const short = length <= shortTextBytes ? readAscii(this.#bytes, start, this.#offset) : undefined
    return short ?? this.#utf8(start)
  }

  /** As {@link text}; the same short key is the same string. */
  keyText(length: number): string {
    const start = this.#skip(length)
    const isShort = length <= shortTextBytes
    const short = isShort ? readAsciiKey(this.#bytes, start, this.#offset) : undefined
    return short ?? this.#utf8(start)
  }

  /** Takes `expected` if that is what comes next. */
  takes(expected: Uint8Array): boolean {
    const { length } = expected
    const offset = this.#offset
    if (offset + length > this.#end) return false
    const bytes = this.#bytes
    for (let index = 0; index < length; index++) {
      if (bytes[offset + index] !== expected[index]) return false
    }
    this.#offset = offset + length
    return true
  }

  /** A number from the next two bytes, if there are as many. */
  hint(): number {
    const offset = this.#offset
    if (offset + 2 > this.#end) return 0
    return (this.#bytes[offset] as number) + 7 * (this.#bytes[offset + 1] as number)
  }

  /** A copy of what was read since `start`. */
  since(start: number): Uint8Array {
    return this.#bytes.slice(start, this.#offset)
  }

  /** Goes back to `start`, to read from there again. */
  rewind(start: number): void {
    this.#offset = start
  }

  /** What was read since `start`, as text: equal bytes, and only those, give equal text. */
  latin1Since(start: number): string {
    return latin1.decode(this.#bytes.subarray(start, this.#offset))
  }

  #utf8(start: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(start, this.#offset))
    } catch {
      throw new Violation('text that is not UTF-8', start)
    }
  }

  #uint32(): number {
    return ((this.byte() << 24) | (this.byte() << 16) | (this.byte() << 8) | this.byte()) >>> 0
  }

  #fillScratch(start: number, count: number): void {
    const bytes = this.#bytes
    for (let index = 0; index < count; index++) scratchBytes[index] = bytes[start + index] as number
  }

  /** Moves on by `length` bytes; returns where they start. */
  #skip(length: number): number {
    if (length > this.left) {
      throw new Violation(`${length} bytes announced, ${this.left} left`, this.#offset)
    }
    const start = this.#offset
    this.#offset += length
    return start
  }

  #truncated(): Violation {
    return new Violation('the input ends within a value', this.#offset)
  }
}
