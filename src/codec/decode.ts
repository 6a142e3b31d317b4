/**
 * CBOR (RFC 8949) to values, for input from peers that may be hostile. The rules are in
 * docs/spec/values.md.
 *
 * Everything well-formed and valid is decoded, also what `encode` never writes: longer forms than
 * needed, indefinite lengths, keys that are no text, unknown tags and simple values.
 *
 * **Invariant**: time and memory are linear in the input: no length is believed before that many
 * bytes are there, no byte is read more than a fixed number of times, and recursion ends at
 * `maxDepth`.
 */
import { bytesToBigint } from './bigint-bytes.ts'
import { Tagged } from './foreign.ts'
import { resolveLimits } from './limits.ts'
import type { CodecLimits, DecodeLimits } from './limits.ts'
import * as major from './major-types.ts'
import { Reader } from './reader.ts'
import { readSimpleOrFloat } from './simple-or-float.ts'
import { Violation } from './violation.ts'

/** A value, or what is wrong with the bytes and where. */
export type Decoded =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly violation: string }

/**
 * Decodes one value that takes up all of `bytes`.
 *
 * A map becomes a plain object, or a `Map` where some key is no text. Byte strings share the memory
 * of `bytes`: who keeps one keeps all, and who writes to one writes to both. An unknown tag becomes
 * a frozen `{ tag, value }`, an unassigned simple value a frozen `{ value }`.
 *
 * Never throws, whatever the bytes are.
 *
 * @example
 * const decoded = decode(bytes)
 * if (!decoded.ok) close(decoded.violation) // "text that is not UTF-8, at byte 7"
 */
export function decode(bytes: Uint8Array, limits?: DecodeLimits): Decoded {
  try {
    return { ok: true, value: new Decoder(bytes, resolveLimits(limits)).whole() }
  } catch (thrown) {
    if (thrown instanceof Violation) return { ok: false, violation: thrown.message }
    throw thrown // Our own bug: hiding it would blame the peer.
  }
}

class Decoder {
  readonly #reader: Reader
  readonly #limits: CodecLimits
  #items = 0
  #isInKey = false

  constructor(bytes: Uint8Array, limits: CodecLimits) {
    if (bytes.length > limits.maxBytes) {
      throw new Violation(`more than ${limits.maxBytes} bytes`, limits.maxBytes)
    }
    this.#reader = new Reader(bytes)
    this.#limits = limits
  }

  whole(): unknown {
    const value = this.#item(0)
    if (this.#reader.left > 0) {
      throw new Violation(`${this.#reader.left} bytes after the value`, this.#reader.offset)
    }
    return value
  }

  /** Reads the next item, which stands in `depth` containers. */
  #item(depth: number): unknown {
    const start = this.#reader.offset
    this.#count(start)
    const first = this.#reader.byte()
    const information = first & 0x1f
    switch (first >>> 5) {
      case major.unsigned:
        return this.#integer(information)
      case major.negative:
        return this.#negative(information)
      case major.byteString:
        return information === major.indefinite ? this.#joinedBytes() : this.#bytes(information)
      case major.textString:
        return information === major.indefinite
          ? this.#joinedText()
          : this.#reader.text(this.#reader.argument(information))
      case major.array:
        return this.#array(information, this.#deeper(depth, start))
      case major.map:
        return this.#map(information, this.#deeper(depth, start))
      case major.tag:
        return this.#tagged(information, { depth, start })
      default:
        return readSimpleOrFloat(this.#reader, first)
    }
  }

  #count(start: number): void {
    if (++this.#items <= this.#limits.maxItems) return
    throw new Violation(`more than ${this.#limits.maxItems} items`, start)
  }

  #deeper(depth: number, start: number): number {
    if (depth < this.#limits.maxDepth) return depth + 1
    throw new Violation(`more than ${this.#limits.maxDepth} levels`, start)
  }

  #integer(information: number): number | bigint {
    const value = this.#reader.argument(information)
    return Number.isSafeInteger(value) ? value : this.#reader.wideArgument()
  }

  #negative(information: number): number | bigint {
    const value = -1 - this.#reader.argument(information)
    return Number.isSafeInteger(value) ? value : -1n - this.#reader.wideArgument()
  }

  #bytes(information: number): Uint8Array {
    return this.#reader.bytes(this.#reader.argument(information))
  }

  #joinedBytes(): Uint8Array {
    const chunks: Uint8Array[] = []
    let length = 0
    while (!this.#isAtBreak()) {
      const chunk = this.#bytes(this.#chunkInformation(major.byteString))
      chunks.push(chunk)
      length += chunk.length
    }
    const joined = new Uint8Array(length)
    let at = 0
    for (const chunk of chunks) {
      joined.set(chunk, at)
      at += chunk.length
    }
    return joined
  }

  /** Each chunk is UTF-8 by itself (RFC 8949 §3.2.3). */
  #joinedText(): string {
    let text = ''
    while (!this.#isAtBreak()) {
      const information = this.#chunkInformation(major.textString)
      text += this.#reader.text(this.#reader.argument(information))
    }
    return text
  }

  #chunkInformation(majorType: number): number {
    const start = this.#reader.offset
    this.#count(start)
    const first = this.#reader.byte()
    if (first >>> 5 === majorType && (first & 0x1f) !== major.indefinite) return first & 0x1f
    throw new Violation('a string chunk of another type', start)
  }

  /** Takes the break that ends an indefinite length, if it comes next. */
  #isAtBreak(): boolean {
    if (this.#reader.peek() !== major.breakByte) return false
    this.#reader.byte()
    return true
  }

  /** How many items follow, -1 for as many as there are before a break. */
  #claim(information: number, perEntry: 1 | 2): number {
    if (information === major.indefinite) return -1
    const start = this.#reader.offset - 1
    const count = this.#reader.argument(information)
    if (count * perEntry <= this.#reader.left) return count
    const left = `${this.#reader.left} bytes left`
    throw new Violation(`${count} ${perEntry === 1 ? 'items' : 'pairs'} announced, ${left}`, start)
  }

  #array(information: number, depth: number): unknown[] {
    const count = this.#claim(information, 1)
    const values: unknown[] = []
    for (let index = 0; count < 0 ? !this.#isAtBreak() : index < count; index++) {
      values.push(this.#item(depth))
    }
    return values
  }

  #map(information: number, depth: number): unknown {
    const count = this.#claim(information, 2)
    const object: Record<string, unknown> = {}
    for (let index = 0; count < 0 ? !this.#isAtBreak() : index < count; index++) {
      const start = this.#reader.offset
      const first = this.#reader.peek()
      if (first >>> 5 !== major.textString) {
        const entries = new Map<unknown, unknown>(Object.entries(object))
        return this.#mixedMap(entries, count < 0 ? -1 : count - index, depth)
      }
      const key = this.#textKey()
      if (Object.hasOwn(object, key)) throw repeatedKey(start)
      const value = this.#item(depth)
      if (key === '__proto__') defineProperty(object, key, value)
      else object[key] = value
    }
    return object
  }

  #textKey(): string {
    this.#count(this.#reader.offset)
    const information = this.#reader.byte() & 0x1f
    if (information === major.indefinite) return this.#joinedText()
    return this.#reader.keyText(this.#reader.argument(information))
  }

  /**
   * The rest of a map from its first key that is no text. Keys that are objects here are the same
   * if their bytes are; they hold no such keys themselves, or comparing them would not be linear.
   */
  #mixedMap(entries: Map<unknown, unknown>, count: number, depth: number): Map<unknown, unknown> {
    const seen = new Set<string>()
    for (let index = 0; count < 0 ? !this.#isAtBreak() : index < count; index++) {
      const start = this.#reader.offset
      const isInKey = this.#isInKey
      this.#isInKey = true
      const key = this.#item(depth)
      this.#isInKey = isInKey
      if (typeof key === 'object' && key !== null) {
        if (isInKey) throw new Violation('a compound key within a key', start)
        const identity = this.#reader.latin1Since(start)
        if (seen.has(identity)) throw repeatedKey(start)
        seen.add(identity)
      } else if (entries.has(key)) throw repeatedKey(start)
      entries.set(key, this.#item(depth))
    }
    return entries
  }

  #tagged(information: number, at: { readonly depth: number; readonly start: number }): unknown {
    const tag = this.#integer(information)
    switch (tag) {
      case major.positiveBignum:
        return this.#bignum()
      case major.negativeBignum:
        return -1n - this.#bignum()
      default:
        return new Tagged(tag, this.#item(this.#deeper(at.depth, at.start)))
    }
  }

  /** The content of a bignum, which is no item or level of its own. */
  #bignum(): bigint {
    const start = this.#reader.offset
    const first = this.#reader.byte()
    if (first >>> 5 !== major.byteString) {
      throw new Violation('a big integer that is no byte string', start)
    }
    const information = first & 0x1f
    const isJoined = information === major.indefinite
    const bytes = isJoined ? this.#joinedBytes() : this.#bytes(information)
    if (bytes.length <= this.#limits.maxBigintBytes) return bytesToBigint(bytes)
    throw new Violation(`a big integer of over ${this.#limits.maxBigintBytes} bytes`, start)
  }
}

function repeatedKey(start: number): Violation {
  return new Violation('a map key that was there before', start)
}

/** Assigning `__proto__` would change the prototype; this makes a property like any other. */
function defineProperty(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}
