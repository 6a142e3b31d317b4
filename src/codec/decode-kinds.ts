/** Reads the kinds of values that tags make, beyond plain data. */
import { SkeinError } from '../base/errors.ts'
import { readError } from './error-reader.ts'
import { maxPatternUnits, maxUrlUnits } from './limits.ts'
import * as major from './major-types.ts'
import { plainObject, setOwn } from './own-property.ts'
import { Arguments } from './tag-arguments.ts'
import * as tags from './tags.ts'
import { bytesToView, isViewTag } from './typed-arrays.ts'
import type { DecoderKinds, ValuePlace, ValueSource } from './value-source.ts'
import { Violation } from './violation.ts'

/** What a tag is read with. */
export interface KindReading {
  readonly source: ValueSource
  readonly kinds: DecoderKinds
  readonly at: ValuePlace
}

/** Says that a tag is none of these, and that nothing was read. */
export const unknownTag = Symbol('unknown tag')

const latestMs = 8.64e15 // ECMA-262 §21.4.1.1

/** Reads what follows a tag; {@link unknownTag} for one that stands for nothing here. */
export function readKind(tag: number, reading: KindReading): unknown {
  const { source, at } = reading
  switch (tag) {
    case tags.epochTime:
      return readEpochTime(source, at)
    case tags.dateTimeText:
      return readDateTime(source, at)
    case tags.object:
      return readObject(reading)
    case tags.set:
      return readSet(source, at)
    case tags.map:
      return readMap(source, at)
    case tags.uri:
      return readUrl(source.text(), at)
    case tags.regexp:
      return readRegExp(source.text(), '', at)
    case tags.absent:
      throw new Violation('an absent element outside an array', at.start)
    case tags.reference:
      return readReference(reading)
    default:
      return isViewTag(tag) ? readView(tag, source, at) : unknownTag
  }
}

function readEpochTime(source: ValueSource, at: ValuePlace): Date {
  const seconds = source.number()
  if (!Number.isFinite(seconds)) return toDate(seconds, at)
  const whole = Math.trunc(seconds)
  // In one multiplication the last milliseconds of a date would be rounded a second time.
  return toDate(whole * 1_000 + Math.round((seconds - whole) * 1_000), at)
}

/** RFC 3339, which RFC 8949 §3.4.1 asks for; what `Date` reads beyond that differs by engine. */
function readDateTime(source: ValueSource, at: ValuePlace): Date {
  const text = source.text()
  const isKnown = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.test(text)
  const ms = isKnown ? Date.parse(text.toUpperCase()) : NaN
  if (ms !== ms) throw new Violation('a time that is not of RFC 3339', at.start)
  return new Date(ms)
}

function toDate(ms: number, at: ValuePlace): Date {
  if (Math.abs(ms) <= latestMs || ms !== ms) return new Date(ms)
  throw new Violation('a time beyond what a date can say', at.start)
}

function readSet(source: ValueSource, at: ValuePlace): Set<unknown> {
  const inner = source.deeper(at.depth)
  const set = new Set<unknown>()
  source.fill(at.slot, set)
  const count = source.open(major.array)
  for (let index = 0; source.has(index, count); index++) {
    const start = source.reader.offset
    const element = source.item(inner)
    if (set.has(element)) throw new Violation('an element that was there before', start)
    set.add(element)
  }
  return set
}

function readMap(source: ValueSource, at: ValuePlace): Map<unknown, unknown> {
  const inner = source.deeper(at.depth)
  const map = new Map<unknown, unknown>()
  source.fill(at.slot, map)
  const count = source.open(major.map)
  source.entries(map, count, inner)
  return map
}

function readUrl(text: string, at: ValuePlace): URL {
  if (text.length <= maxUrlUnits && URL.canParse(text)) return new URL(text)
  throw new Violation('a URI that is no URL', at.start)
}

/** Making one is safe whatever it is; to run one from a peer takes as long as the peer likes. */
function readRegExp(source: string, flags: string, at: ValuePlace): RegExp {
  const problem = 'a regular expression that is none here'
  if (source.length > maxPatternUnits) throw new Violation(problem, at.start)
  try {
    return new RegExp(source, flags)
  } catch {
    throw new Violation(problem, at.start)
  }
}

function readView(tag: number, source: ValueSource, at: ValuePlace): ArrayBufferView {
  const view = bytesToView(tag, source.own(source.bytes()))
  if (view === undefined) throw new Violation('a typed array of part of an element', at.start)
  return view
}

function readReference({ source, kinds, at }: KindReading): unknown {
  if (kinds.references === undefined) {
    throw new Violation('a reference where none is taken', at.start)
  }
  const description = source.item(source.deeper(at.depth))
  return rejecting(at, () => kinds.references?.revive(description))
}

/** Tag 27. */
function readObject(reading: KindReading): unknown {
  const { source, at } = reading
  const inner = source.deeper(at.depth)
  const args = new Arguments(source, at)
  args.next()
  const name = source.text()
  const value = readNamed(name, { ...reading, args, inner })
  args.end()
  return value
}

type NamedReading = KindReading & { readonly args: Arguments; readonly inner: number }

function readNamed(name: string, reading: NamedReading): unknown {
  const { source, args, at } = reading
  switch (name) {
    case 'Map':
      args.next()
      return readEntries(source, at, reading.inner)
    case 'RegExp': {
      args.next()
      const pattern = source.text()
      return readRegExp(pattern, args.hasNext() ? source.text() : '', at)
    }
    case 'ArrayBuffer':
      args.next()
      return source.bytes().slice().buffer
    case 'DataView': {
      args.next()
      const { buffer, byteOffset, byteLength } = source.own(source.bytes())
      return new DataView(buffer, byteOffset, byteLength)
    }
    default:
      return readError(name, reading) ?? readInstance(name, reading)
  }
}

function readEntries(source: ValueSource, at: ValuePlace, inner: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>()
  source.fill(at.slot, map)
  const count = source.open(major.array)
  for (let index = 0; source.has(index, count); index++) {
    const start = source.reader.offset
    const parts = source.open(major.array)
    if (parts !== 2) throw new Violation('an entry that is no pair', start)
    const key = source.item(inner)
    if (map.has(key)) throw new Violation('a map key that was there before', start)
    map.set(key, source.item(inner))
  }
  return map
}

/** An instance of a class of the program. */
function readInstance(name: string, { source, kinds, args, at, inner }: NamedReading): unknown {
  const registered = kinds.classes?.ofName(name)
  if (registered === undefined) {
    throw new Violation(`an instance of ${shownName(name)}, a class not registered here`, at.start)
  }
  args.next()
  const { fromState } = registered
  if (fromState !== undefined) {
    const state = source.item(inner)
    try {
      return fromState(state)
    } catch {
      throw new Violation(`an instance of ${name} in a state that the class refuses`, at.start)
    }
  }
  const instance = Object.create(registered.prototype) as Record<string, unknown>
  source.fill(at.slot, instance)
  const state = plainObject(source.item(inner))
  if (state === undefined) {
    throw new Violation(`an instance of ${name} whose state is no map`, at.start)
  }
  for (const [key, value] of Object.entries(state)) setOwn(instance, key, value)
  return instance
}

/** Names are quoted from input only where they look like the name of a class. */
function shownName(name: string): string {
  return /^[\p{L}\p{N}_$.-]{1,64}$/u.test(name) ? name : 'a class with a strange name'
}

/** Runs what judges input: what it refuses is a violation. */
function rejecting<T>(at: ValuePlace, judge: () => T): T {
  try {
    return judge()
  } catch (thrown) {
    if (thrown instanceof SkeinError) throw new Violation(thrown.message, at.start)
    throw thrown // Our own bug: hiding it would blame the peer.
  }
}
