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

export class Reader {
  readonly #bytes: Uint8Array
  #view: DataView | undefined
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Where the next byte is. */
  get offset(): number {
    return this.#offset
  }

  /** How many bytes there are from here on. */
  get left(): number {
    return this.#bytes.length - this.#offset
  }

  /** The next byte, which stays; -1 at the end. */
  peek(): number {
    return this.#offset < this.#bytes.length ? (this.#bytes[this.#offset] as number) : -1
  }

  byte(): number {
    if (this.#offset >= this.#bytes.length) throw this.#truncated()
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
    return this.#viewed().getBigUint64(this.#offset - 8)
  }

  half(): number {
    return halfToNumber(this.byte() * 0x100 + this.byte())
  }

  single(): number {
    return this.#viewed().getFloat32(this.#skip(4))
  }

  double(): number {
    return this.#viewed().getFloat64(this.#skip(8))
  }

  /**
   * The next bytes, sharing the input's memory; a plain `Uint8Array` also where the input is not.
   */
  bytes(length: number): Uint8Array {
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

  /** Moves on by `length` bytes; returns where they start. */
  #skip(length: number): number {
    if (length > this.left) {
      throw new Violation(`${length} bytes announced, ${this.left} left`, this.#offset)
    }
    const start = this.#offset
    this.#offset += length
    return start
  }

  #viewed(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes
    return (this.#view ??= new DataView(buffer, byteOffset, byteLength))
  }

  #truncated(): Violation {
    return new Violation('the input ends within a value', this.#offset)
  }
}

const latin1 = new TextDecoder('latin1')
