/**
 * The walk over bytes that makes the value. Everything well-formed and valid is decoded, also what the
 * encoder never writes: longer forms than needed, indefinite lengths, keys that are no text, unknown
 * tags and simple values.
 *
 * **Invariant**: time and memory are linear in the input: no length is believed before that many
 * bytes are there, no byte is read more than a fixed number of times, and recursion ends at
 * `maxDepth`.
 */
import { bytesToBigint } from './bigint-bytes.ts'
import { readKind, unknownTag } from './decode-kinds.ts'
import { Tagged } from './foreign.ts'
import { defaultLimits } from './limits.ts'
import type { CodecLimits } from './limits.ts'
import * as major from './major-types.ts'
import { setOwn } from './own-property.ts'
import { Reader } from './reader.ts'
import { maxShapeKeys, rootShape, shapeWith } from './shapes.ts'
import type { Shape } from './shapes.ts'
import { readSimpleOrFloat } from './simple-or-float.ts'
import * as tags from './tags.ts'
import { heavyItems } from './value-sink.ts'
import type { DecoderKinds, ValuePlace, ValueSource } from './value-source.ts'
import { Violation } from './violation.ts'
import { wtf8ToString } from './wtf8.ts'

/** A shared object that is not there yet. */
const unfilled = Symbol('unfilled')
const keptValues = 1_024

/** A map that is being read. */
interface MapTarget {
  readonly object: Record<string, unknown>
  /** Its place among the shared values; below zero where it is none. */
  readonly slot: number
}

/** Reads values, one after the other; not one within the other. */
export class Decoder implements ValueSource {
  readonly reader = new Reader()
  #limits: CodecLimits = defaultLimits
  #kinds: DecoderKinds | undefined
  #items = 0
  #maxItems = 0
  #isInKey = false
  #slots: unknown[] = []
  /** The slot of the tag that is read next. */
  #slot = -1
  /** Values of maps that are being read, the innermost last. */
  #values: unknown[] = []
  #top = 0
  #highest = 0

  /**
   * Reads the value that begins at `from`, and of which nothing stands at `end` or later.
   *
   * @throws {Violation} What is wrong.
   */
  read(
    bytes: Uint8Array<ArrayBuffer>,
    { from, end }: { readonly from: number; readonly end: number },
    settings: { readonly limits: CodecLimits; readonly kinds: DecoderKinds | undefined },
  ): unknown {
    this.#limits = settings.limits
    this.#maxItems = settings.limits.maxItems
    this.#kinds = settings.kinds
    this.#items = 0
    this.#isInKey = false
    this.#slot = -1
    this.#top = 0
    if (end - from > settings.limits.maxBytes) {
      throw new Violation(`more than ${settings.limits.maxBytes} bytes`, settings.limits.maxBytes)
    }
    this.reader.start(bytes, from, end)
    return this.item(0)
  }

  /** @throws {Violation} There is something after the value. */
  expectEnd(): void {
    const { left, offset } = this.reader
    if (left > 0) throw new Violation(`${left} bytes after the value`, offset)
  }

  /** Holds nothing of what was read any more. */
  release(): void {
    this.reader.release()
    if (this.#slots.length > 0) this.#slots = []
    if (this.#values.length > keptValues) this.#values = []
    else for (let index = this.#highest; index > 0;) this.#values[--index] = undefined
    this.#highest = 0
  }

  item(depth: number): unknown {
    if (++this.#items > this.#maxItems) throw this.#tooManyItems()
    const { reader } = this
    const first = reader.byte()
    const information = first & 0x1f
    switch (first >>> 5) {
      case major.unsigned:
        return information < 24 ? information : this.#integer(information)
      case major.negative:
        return information < 24 ? -1 - information : this.#negative(information)
      case major.byteString:
        return this.#byteString(information)
      case major.textString:
        return information < 24 ? reader.text(information) : this.#text(information)
      case major.array:
        return this.#array(information, depth, -1)
      case major.map:
        return this.#map(information, depth)
      case major.tag:
        return this.#tagged(information, depth)
      default:
        return readSimpleOrFloat(reader, first)
    }
  }

  number(): number {
    const start = this.reader.offset
    const first = this.reader.byte()
    const majorType = first >>> 5
    if (majorType === major.unsigned || majorType === major.negative || isFloatByte(first)) {
      const value =
        majorType === major.unsigned
          ? this.#integer(first & 0x1f)
          : majorType === major.negative
            ? this.#negative(first & 0x1f)
            : readSimpleOrFloat(this.reader, first)
      if (typeof value === 'number') return value
    }
    throw new Violation('something else where a number must stand', start)
  }

  text(): string {
    const start = this.reader.offset
    const text = this.#anyText()
    if (text === undefined) throw new Violation('something else where text must stand', start)
    return text
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const start = this.reader.offset
    const first = this.reader.byte()
    if (first >>> 5 !== major.byteString) {
      throw new Violation('something else where a byte string must stand', start)
    }
    return this.#bytes(first & 0x1f)
  }

  own(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return this.#kinds?.copiesBytes ? bytes.slice() : bytes
  }

  open(majorType: number): number {
    const start = this.reader.offset
    const first = this.reader.byte()
    if (first >>> 5 === majorType) return this.#claim(first & 0x1f, majorType === major.map ? 2 : 1)
    const what = majorType === major.map ? 'a map' : 'an array'
    throw new Violation(`something else where ${what} must stand`, start)
  }

  has(index: number, count: number): boolean {
    return count < 0 ? !this.#isAtBreak() : index < count
  }

  deeper(depth: number): number {
    if (depth < this.#limits.maxDepth) return depth + 1
    throw new Violation(`more than ${this.#limits.maxDepth} levels`, this.reader.offset - 1)
  }

  fill(slot: number, value: object): void {
    if (slot >= 0) this.#slots[slot] = value
  }

  entries(entries: Map<unknown, unknown>, count: number, depth: number): void {
    const seen = new Set<string>()
    for (let index = 0; this.has(index, count); index++) {
      const start = this.reader.offset
      const key = this.#entryKey(seen, depth)
      if (entries.has(key)) throw repeatedKey(start)
      entries.set(key, this.item(depth))
    }
  }

  #tooManyItems(): Violation {
    return new Violation(`more than ${this.#limits.maxItems} items`, this.reader.offset)
  }

  #weigh(items: number, start: number): void {
    this.#items += items
    if (this.#items <= this.#limits.maxItems) return
    throw new Violation(`more than ${this.#limits.maxItems} items`, start)
  }

  #integer(information: number): number | bigint {
    const value = this.reader.argument(information)
    return Number.isSafeInteger(value) ? value : this.reader.wideArgument()
  }

  #negative(information: number): number | bigint {
    const value = -1 - this.reader.argument(information)
    return Number.isSafeInteger(value) ? value : -1n - this.reader.wideArgument()
  }

  #byteString(information: number): Uint8Array {
    if (this.#kinds === undefined) return this.#bytes(information)
    this.#weigh(heavyItems - 1, this.reader.offset - 1)
    return this.own(this.#bytes(information))
  }

  #bytes(information: number): Uint8Array<ArrayBuffer> {
    if (information === major.indefinite) return this.#joinedBytes()
    return this.reader.bytes(this.reader.argument(information))
  }

  #joinedBytes(): Uint8Array<ArrayBuffer> {
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

  #text(information: number): string {
    if (information === major.indefinite) return this.#joinedText()
    return this.reader.text(this.reader.argument(information))
  }

  /** Each chunk is UTF-8 by itself (RFC 8949 §3.2.3). */
  #joinedText(): string {
    let text = ''
    while (!this.#isAtBreak()) text += this.#text(this.#chunkInformation(major.textString))
    return text
  }

  #chunkInformation(majorType: number): number {
    const start = this.reader.offset
    this.#weigh(1, start)
    const first = this.reader.byte()
    if (first >>> 5 === majorType && (first & 0x1f) !== major.indefinite) return first & 0x1f
    throw new Violation('a string chunk of another type', start)
  }

  /** Takes the break that ends an indefinite length, if it comes next. */
  #isAtBreak(): boolean {
    if (this.reader.peek() !== major.breakByte) return false
    this.reader.byte()
    return true
  }

  /** How many items follow, -1 for as many as there are before a break. */
  #claim(information: number, perEntry: 1 | 2): number {
    if (information === major.indefinite) return -1
    const start = this.reader.offset - 1
    const count = information < 24 ? information : this.reader.argument(information)
    if (count * perEntry <= this.reader.left) return count
    const left = `${this.reader.left} bytes left`
    throw new Violation(`${count} ${perEntry === 1 ? 'items' : 'pairs'} announced, ${left}`, start)
  }

  #array(information: number, depth: number, slot: number): unknown[] {
    const inner = this.deeper(depth)
    const count = this.#claim(information, 1)
    const values: unknown[] = []
    this.fill(slot, values)
    const mayHaveHoles = this.#kinds !== undefined
    for (let index = 0; count < 0 ? !this.#isAtBreak() : index < count; index++) {
      if (mayHaveHoles && this.reader.peek() >>> 5 === major.tag && this.#takesHole()) {
        values.length++
      } else values.push(this.item(inner))
    }
    return values
  }

  /** Takes tag 31 with its content, if it comes next. */
  #takesHole(): boolean {
    const start = this.reader.offset
    if (this.reader.argument(this.reader.byte() & 0x1f) !== tags.absent) {
      this.reader.rewind(start)
      return false
    }
    this.#weigh(1, start)
    if (this.reader.byte() === major.undefinedByte) return true
    throw new Violation('an absent element that is something', start)
  }

  #map(information: number, depth: number): unknown {
    const inner = this.deeper(depth)
    const count = this.#claim(information, 2)
    if (count < 0 || count > maxShapeKeys)
      return this.#properties({ object: {}, slot: -1 }, count, inner)
    const { reader } = this
    const base = this.#top
    let shape = rootShape(count + reader.hint())
    for (let index = 0; index < count; index++) {
      if (++this.#items > this.#maxItems) throw this.#tooManyItems()
      const { next } = shape
      if (next !== undefined && reader.takes(next.bytes)) shape = next
      else {
        const found = this.#followedBy(shape)
        if (found === undefined) return this.#rest(shape, { base, index, count, inner })
        shape = found
      }
      const value = this.item(inner)
      this.#values[this.#top++] = value
    }
    if (this.#top > this.#highest) this.#highest = this.#top
    this.#top = base
    return shape.make(this.#values, base)
  }

  /** Reads a key that continues a known sequence; else reads nothing. */
  #followedBy(shape: Shape): Shape | undefined {
    const { reader } = this
    const start = reader.offset
    const first = reader.peek()
    if (first >>> 5 !== major.textString || (first & 0x1f) >= 24) return undefined
    reader.byte()
    const key = reader.keyText(first & 0x1f)
    const found = shapeWith(shape, key, () => reader.since(start))
    if (found === undefined) reader.rewind(start)
    return found
  }

  /** Reads on one by one where the keys are no shape. */
  #rest(
    shape: Shape,
    at: { readonly base: number; index: number; readonly count: number; readonly inner: number },
  ): unknown {
    this.#items-- // The key is counted when it is read.
    const object: Record<string, unknown> = {}
    for (const [index, key] of shape.keys.entries()) object[key] = this.#values[at.base + index]
    if (this.#top > this.#highest) this.#highest = this.#top
    this.#top = at.base
    return this.#properties({ object, slot: -1 }, at.count - at.index, at.inner)
  }

  /** The rest of a map; a `Map` of all its entries where some key is no text. */
  #properties({ object, slot }: MapTarget, count: number, inner: number): unknown {
    for (let index = 0; count < 0 ? !this.#isAtBreak() : index < count; index++) {
      const start = this.reader.offset
      const key = this.#textKey()
      if (key === undefined) {
        if (slot >= 0 && index > 0) throw new Violation('a shared map of mixed keys', start)
        const entries = new Map<unknown, unknown>(Object.entries(object))
        this.fill(slot, entries)
        this.entries(entries, count < 0 ? -1 : count - index, inner)
        return entries
      }
      if (Object.hasOwn(object, key)) throw repeatedKey(start)
      setOwn(object, key, this.item(inner))
    }
    return object
  }

  /** The key that comes next; `undefined` for one that is no text, which stays. */
  #textKey(): string | undefined {
    const start = this.reader.offset
    const first = this.reader.peek()
    if (first >>> 5 === major.textString) {
      this.#weigh(1, start)
      this.reader.byte()
      if (first === (major.textString << 5) + major.indefinite) return this.#joinedText()
      return this.reader.keyText(this.reader.argument(first & 0x1f))
    }
    const text = first >>> 5 === major.tag ? this.#anyText() : undefined
    if (text !== undefined) this.#weigh(1, start)
    return text
  }

  /** Text in one of its forms; `undefined` for what is no text, which stays. */
  #anyText(): string | undefined {
    const start = this.reader.offset
    const first = this.reader.byte()
    if (first >>> 5 === major.textString) return this.#text(first & 0x1f)
    if (this.#kinds !== undefined && first >>> 5 === major.tag) {
      if (this.reader.argument(first & 0x1f) === tags.wtf8) return this.#wtf8(start)
    }
    this.reader.rewind(start)
    return undefined
  }

  #wtf8(start: number): string {
    const text = wtf8ToString(this.bytes())
    if (text !== undefined) return text
    throw new Violation('text that is not WTF-8', start)
  }

  /**
   * A key of any kind. Keys that are objects here are the same if their bytes are; they hold no such
   * keys themselves, or comparing them would not be linear.
   */
  #entryKey(seen: Set<string>, depth: number): unknown {
    const start = this.reader.offset
    const isInKey = this.#isInKey
    this.#isInKey = true
    const key = this.item(depth)
    this.#isInKey = isInKey
    if (typeof key !== 'object' || key === null) return key
    if (isInKey) throw new Violation('a compound key within a key', start)
    const identity = this.reader.latin1Since(start)
    if (seen.has(identity)) throw repeatedKey(start)
    seen.add(identity)
    return key
  }

  #tagged(information: number, depth: number): unknown {
    const start = this.reader.offset - 1
    const slot = this.#slot
    this.#slot = -1
    const tag = this.#integer(information)
    if (tag === tags.positiveBignum) return this.#bignum()
    if (tag === tags.negativeBignum) return -1n - this.#bignum()
    if (this.#kinds !== undefined && typeof tag === 'number') {
      if (tag === tags.shareable) return this.#shareable(depth, { start, slot })
      if (tag === tags.sharedReference) return this.#sharedReference(start)
      if (tag === tags.wtf8) return this.#wtf8(start)
      this.#weigh(heavyItems - 1, start)
      const value = readKind(tag, { source: this, kinds: this.#kinds, at: { depth, start, slot } })
      if (value !== unknownTag) return value
    }
    return new Tagged(tag, this.item(this.deeper(depth)))
  }

  /** Tag 28: a value that others within the same message refer to, in the order of these tags. */
  #shareable(depth: number, at: Omit<ValuePlace, 'depth'>): unknown {
    if (at.slot >= 0) throw new Violation('a shared value marked twice', at.start)
    const slot = this.#slots.push(unfilled) - 1
    this.#weigh(1, at.start)
    const first = this.reader.peek()
    if (first >>> 5 === major.array) {
      this.reader.byte()
      return this.#array(first & 0x1f, depth, slot)
    }
    if (first >>> 5 === major.map) return this.#sharedMap(depth, slot)
    this.#items--
    this.#slot = first >>> 5 === major.tag ? slot : -1
    const value = this.item(depth)
    if (this.#slots[slot] === unfilled) this.#slots[slot] = value
    return this.#slots[slot]
  }

  #sharedMap(depth: number, slot: number): unknown {
    const inner = this.deeper(depth)
    const information = this.reader.byte() & 0x1f
    const count = this.#claim(information, 2)
    const object: Record<string, unknown> = {}
    this.fill(slot, object)
    return this.#properties({ object, slot }, count, inner)
  }

  /** Tag 29. */
  #sharedReference(start: number): unknown {
    const number = this.number()
    if (!Object.hasOwn(this.#slots, number)) {
      throw new Violation('a reference to a value that was not shared', start)
    }
    const value = this.#slots[number]
    if (value !== unfilled) return value
    throw new Violation('a reference to a value that is not there yet', start)
  }

  /** The content of a bignum, which is no item or level of its own. */
  #bignum(): bigint {
    const start = this.reader.offset
    const first = this.reader.byte()
    if (first >>> 5 !== major.byteString) {
      throw new Violation('a big integer that is no byte string', start)
    }
    const bytes = this.#bytes(first & 0x1f)
    if (bytes.length <= this.#limits.maxBigintBytes) return bytesToBigint(bytes)
    throw new Violation(`a big integer of over ${this.#limits.maxBigintBytes} bytes`, start)
  }
}

function isFloatByte(first: number): boolean {
  return first >= major.halfByte && first <= major.doubleByte
}

function repeatedKey(start: number): Violation {
  return new Violation('a map key that was there before', start)
}
