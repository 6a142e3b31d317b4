/**
 * The walk over a value that writes it.
 *
 * Two ways of one walk: *plain data*, where whatever else there is is refused and a cycle runs into a
 * limit; and *values of programs*, with the kinds of `encode-kinds.ts`, registered classes, references,
 * and objects that stand in the value more than once.
 *
 * Where a value stands is known only once something is wrong: each container that a refusal passes
 * on its way up adds its step.
 */
import { SkeinError } from '../base/errors.ts'
import { bigintToBytes } from './bigint-bytes.ts'
import type { ClassRegistry, RegisteredClass } from './class-registry.ts'
import { compareBytes } from './compare-bytes.ts'
import { kindWriters, writeForeign, writeView } from './encode-kinds.ts'
import { isError, writeError } from './error-writer.ts'
import { Simple, Tagged } from './foreign.ts'
import { defaultLimits } from './limits.ts'
import type { CodecLimits } from './limits.ts'
import * as major from './major-types.ts'
import type { References } from './references.ts'
import { Refusal, refusalAt } from './refusal.ts'
import { Sharing } from './sharing.ts'
import * as tags from './tags.ts'
import { findCycle, formatPath } from './value-path.ts'
import { heavyItems } from './value-sink.ts'
import type { ValueSink } from './value-sink.ts'
import { Writer } from './writer.ts'
import { stringToWtf8 } from './wtf8.ts'

/** What goes beyond plain data. */
export interface EncoderKinds {
  readonly classes: ClassRegistry | undefined
  readonly references: References | undefined
  readonly sendsStacks: boolean
}

export interface EncoderSettings {
  readonly limits: CodecLimits
  readonly isDeterministic: boolean
  /** `undefined`: plain data only. */
  readonly kinds: EncoderKinds | undefined
}

type PlainObject = Readonly<Record<PropertyKey, unknown>>

// oxlint-disable-next-line typescript/unbound-method -- it is only `call`ed; faster than Object.hasOwn
const { hasOwnProperty } = Object.prototype

/** Writes values, one after the other; not one within the other. */
export class Encoder implements ValueSink {
  readonly writer = new Writer()
  readonly #sharing = new Sharing()
  isDeterministic = false
  sendsStacks = false
  #limits: CodecLimits = defaultLimits
  #kinds: EncoderKinds | undefined
  /** Whether somebody describes what is no data. */
  #hasReferences = false
  #asksPlain = false
  /** Whether every object of this process inherits something enumerable. Checking each key costs 15 %. */
  #isPolluted = false
  #items = 0
  #maxItems = 0
  /** Whether this is the walk that marks what is shared. */
  #isMarking = false
  /** Descriptions and states that were given, `undefined` too, so that nobody is asked twice. */
  #descriptions: Map<object, unknown> | undefined
  #states: Map<object, unknown> | undefined
  /** Instances that exist at the other side only once their whole state is there. */
  #unmade: Set<object> | undefined

  /**
   * Writes a value to the writer, which was started.
   *
   * @throws {SkeinError} `INVALID` it cannot travel; the message names the place.
   */
  write(root: unknown, settings: EncoderSettings): void {
    this.#start(settings)
    try {
      this.item(root, 0)
      if (this.#sharing.hasShared) this.#writeMarked(root)
      this.writer.end()
    } catch (thrown) {
      throw explain(root, refusalAt(thrown, undefined))
    } finally {
      this.#sharing.clear()
      this.#descriptions = undefined
      this.#states = undefined
      this.#unmade = undefined
    }
  }

  item(value: unknown, depth: number): void {
    if (++this.#items > this.#maxItems) throw this.#tooManyItems()
    switch (typeof value) {
      case 'string':
        if (!this.writer.text(value)) this.#illFormed(value)
        return
      case 'number':
        return this.writer.number(value)
      case 'object':
        return value === null ? this.writer.byte(major.nullByte) : this.#object(value, depth)
      case 'boolean':
        return this.writer.byte(value ? major.trueByte : major.falseByte)
      case 'undefined':
        return this.writer.byte(major.undefinedByte)
      case 'bigint':
        return this.#bigint(value)
      case 'function':
        return this.#function(value, depth)
      case 'symbol':
        throw new Refusal(`${String(value)} is no data`, 'value')
    }
  }

  string(text: string): void {
    if (!this.writer.text(text)) this.#illFormed(text)
  }

  count(items: number): void {
    this.#items += items
    if (this.#items > this.#limits.maxItems) throw this.#tooManyItems()
  }

  deeper(depth: number): number {
    if (depth < this.#limits.maxDepth) return depth + 1
    throw new Refusal(`it stands more than ${this.#limits.maxDepth} levels deep`, 'limit')
  }

  #start(settings: EncoderSettings): void {
    this.#limits = settings.limits
    this.#maxItems = settings.limits.maxItems
    this.isDeterministic = settings.isDeterministic
    this.#kinds = settings.kinds
    this.#items = 0
    this.#isMarking = false
    this.#isPolluted = inheritsEnumerable()
    if (settings.kinds === undefined) return
    this.sendsStacks = settings.kinds.sendsStacks
    this.#hasReferences = settings.kinds.references !== undefined
    this.#asksPlain = settings.kinds.references?.describesPlain ?? false
  }

  #writeMarked(root: unknown): void {
    this.#sharing.forgetSeen()
    this.writer.restart()
    this.#items = 0
    this.#isMarking = true
    this.item(root, 0)
  }

  #tooManyItems(): Refusal {
    return new Refusal(`the whole has more than ${this.#limits.maxItems} items`, 'limit')
  }

  #illFormed(text: string): void {
    if (this.#kinds === undefined) {
      throw new Refusal('a string with a lone surrogate has no UTF-8', 'value')
    }
    this.writer.head(major.tag, tags.wtf8)
    this.#byteString(stringToWtf8(text))
  }

  /** The integer form decodes to a number where that is exact; a bignum is always a bigint. */
  #bigint(value: bigint): void {
    const magnitude = value < 0n ? -1n - value : value
    const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    const isWord = isSafe || BigInt.asUintN(64, magnitude) === magnitude
    if (isWord && (!isSafe || this.isDeterministic)) {
      return this.writer.wideHead(value < 0n ? major.negative : major.unsigned, magnitude)
    }
    const bytes = bigintToBytes(magnitude)
    if (bytes.length > this.#limits.maxBigintBytes) {
      throw new Refusal(`a bigint of more than ${this.#limits.maxBigintBytes} bytes`, 'value')
    }
    this.writer.head(major.tag, value < 0n ? tags.negativeBignum : tags.positiveBignum)
    this.#byteString(bytes)
  }

  #byteString(bytes: Uint8Array): void {
    this.writer.head(major.byteString, bytes.length)
    this.writer.raw(bytes)
  }

  #function(value: object, depth: number): void {
    if (this.#kinds !== undefined) {
      if (this.#isRepeat(value)) return
      if (this.#isReference(value, depth)) return
    }
    throw new Refusal(`the function ${nameOf(value) ?? 'without a name'} is no data`, 'value')
  }

  #object(value: object, depth: number): void {
    const prototype = Object.getPrototypeOf(value) as object | null
    if (prototype === Object.prototype) this.#plain(value as PlainObject, depth, false)
    else if (Array.isArray(value) && isArrayPrototype(prototype)) this.#array(value, depth)
    else if (this.#kinds !== undefined) this.#instance(value, prototype, depth)
    else if (value instanceof Uint8Array) this.#byteString(value)
    else if (isObjectPrototype(prototype)) this.#plain(value as PlainObject, depth, true)
    else throw new Refusal(`${describeInstance(prototype)} is no plain data`, 'value')
  }

  #plain(value: PlainObject, depth: number, mayInherit: boolean): void {
    if (this.#kinds !== undefined) {
      if (this.#isRepeat(value)) return
      const isAsked = this.#asksPlain || (this.#hasReferences && Symbol.asyncIterator in value)
      if (isAsked && this.#isReference(value, depth)) return
    }
    this.#properties(value, depth, mayInherit || this.#isPolluted)
  }

  #array(values: readonly unknown[], depth: number): void {
    const isKind = this.#kinds !== undefined
    if (isKind) {
      if (this.#isRepeat(values)) return
      if (this.#asksPlain && this.#isReference(values, depth)) return
    }
    const inner = this.deeper(depth)
    const { length } = values
    this.writer.head(major.array, length)
    let index = 0
    try {
      for (; index < length; index++) {
        const each = values[index]
        if (each === undefined && isKind && !(index in values)) this.#hole()
        else this.item(each, inner)
      }
    } catch (thrown) {
      throw refusalAt(thrown, index)
    }
  }

  #hole(): void {
    this.count(1)
    this.writer.head(major.tag, tags.absent)
    this.writer.byte(major.undefinedByte)
  }

  /**
   * A map of own enumerable properties.
   *
   * @param mayInherit - Whether `for…in` may come upon others.
   */
  #properties(value: PlainObject, depth: number, mayInherit: boolean): void {
    if (this.isDeterministic) return this.#sortedProperties(value, depth)
    const inner = this.deeper(depth)
    const { writer } = this
    const start = writer.length
    writer.byte(0)
    let count = 0
    let at = ''
    try {
      for (const key in value) {
        if (mayInherit && !hasOwnProperty.call(value, key)) continue
        at = key
        count++
        this.#items++
        if (!writer.text(key)) this.#illFormed(key)
        this.item(value[key], inner)
      }
    } catch (thrown) {
      throw refusalAt(thrown, at)
    }
    writer.patchHead(start, major.map, count)
  }

  #sortedProperties(value: PlainObject, depth: number): void {
    const inner = this.deeper(depth)
    let at = ''
    try {
      const keys = Object.keys(value).map((key) => {
        at = key
        this.count(1)
        const start = this.writer.length
        this.string(key)
        return { key, bytes: this.writer.take(start) }
      })
      this.writer.head(major.map, keys.length)
      for (const { key, bytes } of keys.sort((a, b) => compareBytes(a.bytes, b.bytes))) {
        at = key
        this.writer.raw(bytes)
        this.item(value[key], inner)
      }
    } catch (thrown) {
      throw refusalAt(thrown, at)
    }
  }

  /** An object of values of programs that is no plain object or array. */
  #instance(value: object, prototype: object | null, depth: number): void {
    if (this.#isRepeat(value)) return
    if (isObjectPrototype(prototype)) {
      if (this.#asksPlain && this.#isReference(value, depth)) return
      return this.#properties(value as PlainObject, depth, true)
    }
    this.count(heavyItems - 1)
    if (ArrayBuffer.isView(value)) return writeView(this, value)
    const write = kindWriters.get(prototype)
    if (write !== undefined) return write(this, value, depth)
    if (this.#isReference(value, depth)) return
    const registered = this.#kinds?.classes?.ofPrototype(prototype)
    if (registered !== undefined) this.#registered(value, registered, depth)
    else if (isError(value)) writeError(this, value, depth)
    else if (value instanceof Tagged || value instanceof Simple) writeForeign(this, value, depth)
    else throw new Refusal(refuseInstance(value, prototype), 'value')
  }

  #registered(value: object, registered: RegisteredClass, depth: number): void {
    const inner = this.deeper(depth)
    this.writer.head(major.tag, tags.object)
    this.writer.head(major.array, 2)
    this.writer.text(registered.name)
    const { toState } = registered
    if (registered.fromState !== undefined) (this.#unmade ??= new Set()).add(value)
    if (toState === undefined) {
      this.count(1)
      this.#properties(value as PlainObject, inner, true)
    } else this.item(ask(value, toState, (this.#states ??= new Map<object, unknown>())), inner)
    this.#unmade?.delete(value)
  }

  /** Writes a value as a reference, if it is one. */
  #isReference(value: object, depth: number): boolean {
    const references = this.#kinds?.references
    if (references === undefined) return false
    const asked = (this.#descriptions ??= new Map<object, unknown>())
    const description = ask(value, (each) => references.describe(each), asked)
    if (description === undefined) return false
    this.count(heavyItems - 1)
    this.writer.head(major.tag, tags.reference)
    ;(this.#unmade ??= new Set()).add(value)
    this.item(description, this.deeper(depth))
    this.#unmade.delete(value)
    return true
  }

  /** Whether an object was written before; then a mark of it is. */
  #isRepeat(value: object): boolean {
    if (!this.#isMarking) return this.#sharing.isRepeated(value)
    const number = this.#sharing.numberOf(value)
    if (number === Sharing.alone) return false
    this.count(1)
    if (number === Sharing.first) {
      this.writer.head(major.tag, tags.shareable)
      return false
    }
    if (this.#unmade?.has(value)) {
      throw new Refusal('it stands within the state that it is made of', 'value')
    }
    this.writer.head(major.tag, tags.sharedReference)
    this.writer.head(major.unsigned, number)
    return true
  }
}

function inheritsEnumerable(): boolean {
  for (const _ in Object.prototype) return true
  return false
}

/** What `answer` says of a value; it is asked once. */
function ask(
  value: object,
  answer: (value: object) => unknown,
  answers: Map<object, unknown>,
): unknown {
  if (answers.has(value)) return answers.get(value)
  const answered = answer(value)
  answers.set(value, answered)
  return answered
}

function explain(root: unknown, refusal: Refusal): SkeinError {
  const path = refusal.steps.toReversed()
  const place = (at: typeof path): string => `cannot encode ${formatPath(at)}`
  const cycle = refusal.kind === 'limit' ? findCycle(root, path) : undefined
  const { cause } = refusal
  const options = cause === undefined ? {} : { cause }
  if (cycle === undefined) {
    return new SkeinError('INVALID', `${place(path)}: ${refusal.message}`, options)
  }
  const reason = `it is ${formatPath(cycle.target)} again, a cycle`
  return new SkeinError('INVALID', `${place([...cycle.at])}: ${reason}`)
}

/** Knows plain objects of another realm (an iframe, `node:vm`) too: nothing is above theirs. */
function isObjectPrototype(prototype: object | null): boolean {
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Not that of a subclass, whose prototype has two above it. */
function isArrayPrototype(prototype: object | null): boolean {
  if (prototype === Array.prototype) return true
  return prototype !== null && isObjectPrototype(Object.getPrototypeOf(prototype) as object | null)
}

/** Reads nothing of the instance itself, which may be a proxy that answers everything. */
function describeInstance(prototype: object | null): string {
  const constructor: unknown =
    prototype === null
      ? undefined
      : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  const name = typeof constructor === 'function' ? nameOf(constructor) : undefined
  return name === undefined ? 'an instance of a nameless class' : `an instance of ${name}`
}

function refuseInstance(value: object, prototype: object | null): string {
  const what = describeInstance(prototype)
  if (boxes.has(prototype as object)) return `${what} is no data; send its valueOf()`
  if (value instanceof Promise) return `${what} is no data; await it first`
  return `${what} is no data; register its class on both sides, or send plain data`
}

const boxes: ReadonlySet<object> = new Set(
  [Number, String, Boolean, BigInt, Symbol].map((box) => box.prototype as object),
)

function nameOf(constructor: object): string | undefined {
  const name: unknown = Object.getOwnPropertyDescriptor(constructor, 'name')?.value
  return typeof name === 'string' && name !== '' ? name : undefined
}
