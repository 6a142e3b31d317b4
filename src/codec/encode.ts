/**
 * Values to CBOR (RFC 8949), shortest forms throughout (§4.1). The rules are in
 * docs/spec/values.md.
 *
 * Only data goes: a function, a symbol or an instance of a class is refused, never turned into
 * something that resembles it. Neither `toJSON` nor `valueOf` is called.
 *
 * Cycles cost nothing until there is one: it runs into a limit, and only then is the way down
 * walked again to say where it closes.
 */
import { messageOf, SkeinError } from '../base/errors.ts'
import { bigintToBytes } from './bigint-bytes.ts'
import { defaultLimits, resolveLimits } from './limits.ts'
import type { CodecLimits, EncodeOptions } from './limits.ts'
import * as major from './major-types.ts'
import { Refusal } from './refusal.ts'
import { findCycle, formatPath } from './value-path.ts'
import { Writer } from './writer.ts'

/**
 * Encodes a value: null, undefined, booleans, numbers, bigints, strings, `Uint8Array`s (of a
 * subclass too), arrays and plain objects of these.
 *
 * Of an object its own enumerable properties with string keys are sent, also those that are
 * undefined; a hole in an array is sent as undefined.
 *
 * @returns A copy that belongs to the caller.
 * @throws {SkeinError} `INVALID` the value holds something else, a string with a lone surrogate or
 *   a cycle, exceeds a limit, or a getter of it threw; the message names the place.
 * @example
 * encode({ argv: ['add'], timeoutMs: 5 })
 */
export function encode(value: unknown, options?: EncodeOptions): Uint8Array {
  // A getter may encode too: it finds none idle and makes its own.
  const encoder = idleEncoder ?? new Encoder()
  idleEncoder = undefined
  try {
    return encoder.encode(value, options)
  } finally {
    idleEncoder = encoder
  }
}

let idleEncoder: Encoder | undefined

class Encoder {
  readonly #writer = new Writer()
  /** The steps down to the value at hand; those at `#depth` and beyond are left over. */
  readonly #path: (string | number)[] = []
  #depth = 0
  #items = 0
  #limits: CodecLimits = defaultLimits
  #isDeterministic = false

  encode(root: unknown, options: EncodeOptions | undefined): Uint8Array {
    this.#limits = resolveLimits(options)
    this.#isDeterministic = options?.deterministic ?? false
    this.#depth = 0
    this.#items = 0
    this.#writer.start(this.#limits.maxBytes)
    try {
      this.#item(root)
      return this.#writer.finish()
    } catch (thrown) {
      throw this.#explain(root, thrown)
    } finally {
      this.#writer.release()
    }
  }

  #item(value: unknown): void {
    if (++this.#items > this.#limits.maxItems) {
      throw new Refusal(`the whole has more than ${this.#limits.maxItems} items`, 'limit')
    }
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
        return this.#number(value)
      case 'object':
        return value === null ? this.#writer.byte(major.nullByte) : this.#object(value)
      case 'boolean':
        return this.#writer.byte(value ? major.trueByte : major.falseByte)
      case 'undefined':
        return this.#writer.byte(major.undefinedByte)
      case 'bigint':
        return this.#bigint(value)
      case 'function':
        throw new Refusal(`the function ${value.name || 'without a name'} is no data`, 'value')
      case 'symbol':
        throw new Refusal(`${String(value)} is no data`, 'value')
    }
  }

  #text(text: string): void {
    if (!this.#writer.text(text)) {
      throw new Refusal('a string with a lone surrogate has no UTF-8', 'value')
    }
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || (value === 0 && 1 / value < 0)) this.#writer.float(value)
    else if (value >= 0) this.#writer.head(major.unsigned, value)
    else this.#writer.head(major.negative, -1 - value)
  }

  /** The integer form decodes to a number where that is exact; a bignum is always a bigint. */
  #bigint(value: bigint): void {
    const magnitude = value < 0n ? -1n - value : value
    const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    if (magnitude >> 64n === 0n && (!isSafe || this.#isDeterministic)) {
      return this.#writer.wideHead(value < 0n ? major.negative : major.unsigned, magnitude)
    }
    const bytes = bigintToBytes(magnitude)
    if (bytes.length > this.#limits.maxBigintBytes) {
      throw new Refusal(`a bigint of more than ${this.#limits.maxBigintBytes} bytes`, 'value')
    }
    this.#writer.head(major.tag, value < 0n ? major.negativeBignum : major.positiveBignum)
    this.#byteString(bytes)
  }

  #object(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) this.#map(value as Record<string, unknown>)
    else if (Array.isArray(value) && isArrayPrototype(prototype)) this.#array(value)
    else if (value instanceof Uint8Array) this.#byteString(value)
    else if (isObjectPrototype(prototype)) this.#map(value as Record<string, unknown>)
    else throw new Refusal(`${describeInstance(value)} is no plain data`, 'value')
  }

  #byteString(bytes: Uint8Array): void {
    this.#writer.head(major.byteString, bytes.length)
    this.#writer.raw(bytes)
  }

  #array(values: readonly unknown[]): void {
    const depth = this.#enter()
    const { length } = values
    this.#writer.head(major.array, length)
    for (let index = 0; index < length; index++) {
      this.#path[depth] = index
      this.#item(values[index])
    }
    this.#depth = depth
  }

  #map(value: Readonly<Record<string, unknown>>): void {
    if (this.#isDeterministic) return this.#sortedMap(value)
    const depth = this.#enter()
    const start = this.#writer.length
    this.#writer.byte(0)
    let count = 0
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue
      this.#entry(value, key)
      count++
    }
    this.#writer.patchHead(start, major.map, count)
    this.#depth = depth
  }

  #sortedMap(value: Readonly<Record<string, unknown>>): void {
    const depth = this.#enter()
    const keys = Object.keys(value)
    this.#writer.head(major.map, keys.length)
    for (const key of sortAsEncoded(keys)) this.#entry(value, key)
    this.#depth = depth
  }

  #entry(value: Readonly<Record<string, unknown>>, key: string): void {
    this.#path[this.#depth - 1] = key
    this.#items++
    this.#text(key)
    this.#item(value[key])
  }

  /** Goes into a container; returns the depth to come back to. */
  #enter(): number {
    if (this.#depth < this.#limits.maxDepth) return this.#depth++
    throw new Refusal(`it stands more than ${this.#limits.maxDepth} levels deep`, 'limit')
  }

  #explain(root: unknown, thrown: unknown): SkeinError {
    const path = this.#path.slice(0, this.#depth)
    const place = (at: typeof path): string => `cannot encode ${formatPath(at)}`
    if (!(thrown instanceof Refusal)) {
      const reason = `reading it failed: ${messageOf(thrown)}`
      return new SkeinError('INVALID', `${place(path)}: ${reason}`, { cause: thrown })
    }
    const cycle = thrown.kind === 'limit' ? findCycle(root, path) : undefined
    if (cycle === undefined) return new SkeinError('INVALID', `${place(path)}: ${thrown.message}`)
    const reason = `it is ${formatPath(cycle.target)} again, a cycle`
    return new SkeinError('INVALID', `${place([...cycle.at])}: ${reason}`)
  }
}

/** Knows plain objects of another realm (an iframe, `node:vm`) too: nothing is above theirs. */
function isObjectPrototype(prototype: unknown): boolean {
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Not that of a subclass, whose prototype has two above it. */
function isArrayPrototype(prototype: unknown): boolean {
  if (prototype === Array.prototype) return true
  return prototype !== null && isObjectPrototype(Object.getPrototypeOf(prototype))
}

function describeInstance(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown }
  const isNamed = typeof constructor === 'function' && constructor.name !== ''
  return isNamed ? `an instance of ${constructor.name}` : 'an instance of a nameless class'
}

/** Bytewise order of the encoded keys (RFC 8949 §4.2.1): the head makes shorter ones come first. */
function sortAsEncoded(keys: readonly string[]): string[] {
  const utf8 = new TextEncoder()
  return keys
    .map((key) => ({ key, bytes: utf8.encode(key) }))
    .sort((left, right) => compareBytes(left.bytes, right.bytes))
    .map(({ key }) => key)
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  if (left.length !== right.length) return left.length - right.length
  const index = left.findIndex((byte, at) => byte !== right[at])
  return index < 0 ? 0 : (left[index] as number) - (right[index] as number)
}
