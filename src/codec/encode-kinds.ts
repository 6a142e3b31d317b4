/** Writes the kinds of values that are neither plain data nor instances of a program's classes. */
import { compareBytes } from './compare-bytes.ts'
import { Tagged } from './foreign.ts'
import type { Simple } from './foreign.ts'
import { maxPatternUnits, maxUrlUnits } from './limits.ts'
import * as major from './major-types.ts'
import { Refusal, refusalAt } from './refusal.ts'
import * as tags from './tags.ts'
import { bytesTag, tagOfView } from './typed-arrays.ts'
import { entryStep } from './value-path.ts'
import type { ValueSink } from './value-sink.ts'

type KindWriter = (sink: ValueSink, value: object, depth: number) => void

/** Each kind by the prototype that its values have; a subclass is not of the kind. */
export const kindWriters: ReadonlyMap<object | null, KindWriter> = new Map<object, KindWriter>([
  [Map.prototype, (sink, value, depth) => writeMap(sink, value as Map<unknown, unknown>, depth)],
  [Set.prototype, (sink, value, depth) => writeSet(sink, value as Set<unknown>, depth)],
  [Date.prototype, (sink, value) => writeDate(sink, value as Date)],
  [RegExp.prototype, (sink, value) => writeRegExp(sink, value as RegExp)],
  [URL.prototype, (sink, value) => writeUrl(sink, value as URL)],
  [ArrayBuffer.prototype, (sink, value) => writeArrayBuffer(sink, value as ArrayBuffer)],
])

/** A typed array or a `DataView`, of a subclass too: a copy of the bytes that it shows. */
export function writeView(sink: ValueSink, view: ArrayBufferView): void {
  const tag = tagOfView(view)
  if (tag === undefined) startObject(sink, 'DataView', 1)
  else if (tag !== bytesTag) sink.writer.head(major.tag, tag)
  writeBytes(sink, new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
}

/** What another CBOR program sent and this one has no value for. */
export function writeForeign(sink: ValueSink, value: Tagged | Simple, depth: number): void {
  if (value instanceof Tagged) {
    if (value.tag === tags.shareable || value.tag === tags.sharedReference) {
      throw new Refusal(`tag ${value.tag} is the codec's own`, 'value')
    }
    sink.writer.wideHead(major.tag, BigInt(value.tag))
    sink.item(value.value, sink.deeper(depth))
  } else if (value.value < 24) sink.writer.byte((major.simpleOrFloat << 5) | value.value)
  else {
    sink.writer.byte(major.simpleByte)
    sink.writer.byte(value.value)
  }
}

/** Tag 27: the name of a type and what its constructor takes. */
export function startObject(sink: ValueSink, name: string, count: number): void {
  sink.writer.head(major.tag, tags.object)
  sink.writer.head(major.array, 1 + count)
  sink.writer.text(name)
}

function writeBytes(sink: ValueSink, bytes: Uint8Array): void {
  sink.writer.head(major.byteString, bytes.length)
  sink.writer.raw(bytes)
}

/** Seconds; doubles lie less than a millisecond apart as far as a date reaches, so none is lost. */
function writeDate(sink: ValueSink, date: Date): void {
  sink.writer.head(major.tag, tags.epochTime)
  sink.writer.number(date.getTime() / 1_000 + 0) // A date is never -0.
}

function writeRegExp(sink: ValueSink, { source, flags }: RegExp): void {
  if (source.length > maxPatternUnits) {
    throw new Refusal(`a regular expression of more than ${maxPatternUnits} units`, 'value')
  }
  if (flags === '') {
    sink.writer.head(major.tag, tags.regexp)
    return sink.string(source)
  }
  startObject(sink, 'RegExp', 2)
  sink.string(source)
  sink.writer.text(flags)
}

function writeUrl(sink: ValueSink, { href }: URL): void {
  if (href.length > maxUrlUnits) {
    throw new Refusal(`a URL of more than ${maxUrlUnits} units`, 'value')
  }
  sink.writer.head(major.tag, tags.uri)
  sink.writer.text(href)
}

function writeArrayBuffer(sink: ValueSink, buffer: ArrayBuffer): void {
  startObject(sink, 'ArrayBuffer', 1)
  writeBytes(sink, new Uint8Array(buffer))
}

/**
 * A CBOR map where all keys are primitive: then no two have the same bytes. Objects as keys are
 * distinct even if they look the same, which a CBOR map could not say.
 */
function writeMap(sink: ValueSink, map: Map<unknown, unknown>, depth: number): void {
  const inner = sink.deeper(depth)
  if (!hasPrimitives(map.keys())) return writeEntries(sink, map, inner)
  sink.writer.head(major.tag, tags.map)
  sink.writer.head(major.map, map.size)
  if (sink.isDeterministic) return writeSortedMap(sink, map, inner)
  forEachCounted(map, ([key, value]) => {
    sink.item(key, inner)
    writeEntryValue(sink, [key, value], inner)
  })
}

function writeEntries(sink: ValueSink, map: Map<unknown, unknown>, inner: number): void {
  startObject(sink, 'Map', 1)
  sink.writer.head(major.array, map.size)
  forEachCounted(map, ([key, value]) => {
    sink.writer.head(major.array, 2)
    sink.item(key, inner)
    writeEntryValue(sink, [key, value], inner)
  })
}

function writeSortedMap(sink: ValueSink, map: Map<unknown, unknown>, inner: number): void {
  const entries = Array.from(map, (entry) => ({ entry, bytes: encodeAlone(sink, entry[0]) }))
  for (const { entry, bytes } of entries.sort((a, b) => compareBytes(a.bytes, b.bytes))) {
    sink.writer.raw(bytes)
    writeEntryValue(sink, entry, inner)
  }
}

function writeEntryValue(sink: ValueSink, [key, value]: [unknown, unknown], inner: number): void {
  try {
    sink.item(value, inner)
  } catch (thrown) {
    throw refusalAt(thrown, entryStep(key))
  }
}

function writeSet(sink: ValueSink, set: Set<unknown>, depth: number): void {
  const inner = sink.deeper(depth)
  sink.writer.head(major.tag, tags.set)
  sink.writer.head(major.array, set.size)
  if (sink.isDeterministic && hasPrimitives(set.values())) {
    const elements = Array.from(set, (element) => encodeAlone(sink, element))
    for (const bytes of elements.sort(compareBytes)) sink.writer.raw(bytes)
    return
  }
  let index = 0
  forEachCounted(set, (element) => {
    try {
      sink.item(element, inner)
      index++
    } catch (thrown) {
      throw refusalAt(thrown, { text: `.values()[${index}]` })
    }
  })
}

function encodeAlone(sink: ValueSink, primitive: unknown): Uint8Array {
  const start = sink.writer.length
  sink.item(primitive, 0)
  return sink.writer.take(start)
}

function hasPrimitives(values: Iterable<unknown>): boolean {
  for (const value of values) {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') return false
  }
  return true
}

/** Goes through a collection whose size is already written; a getter in it may change it. */
function forEachCounted<T>(
  values: Iterable<T> & { readonly size: number },
  write: (value: T) => void,
): void {
  const { size } = values
  let count = 0
  for (const value of values) {
    if (++count > size) break
    write(value)
  }
  if (count !== size) throw new Refusal('it changed while it was read', 'value')
}
