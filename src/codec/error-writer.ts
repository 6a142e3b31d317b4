import { startObject } from './encode-kinds.ts'
import { aggregateError, domException, errorKinds } from './error-kinds.ts'
import * as major from './major-types.ts'
import { refusalAt } from './refusal.ts'
import type { ValueSink } from './value-sink.ts'

const kindsByPrototype: ReadonlyMap<object, string> = new Map<object, string>([
  ...Array.from(errorKinds, ([name, kind]) => [kind.prototype as object, name] as const),
  [AggregateError.prototype, aggregateError],
])

/** What travels otherwise, or not at all. */
const ownPlaces = new Set(['message', 'name', 'stack', 'cause', '__proto__'])

const searchedDepth = 8 // Guess: fields that say what happened are flat.
const searchedItems = 1_000 // Guess: what is larger does not say what happened.

/** Whether a value is an error, of another realm too. Reads nothing of it but its prototypes. */
export function isError(value: object): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

/** Writes an error with its name, cause, errors and own fields; the stack where it may leave. */
export function writeError(sink: ValueSink, error: Error, depth: number): void {
  const inner = sink.deeper(depth)
  const kind = kindOf(error)
  const message = String(error.message)
  if (kind === domException) {
    startObject(sink, kind, 2)
    sink.string(message)
    return sink.string(String(error.name))
  }
  const fields = fieldsOf(error, { kind, sendsStacks: sink.sendsStacks })
  const isAggregate = kind === aggregateError
  const hasFields = Object.keys(fields).length > 0
  startObject(sink, kind, (isAggregate ? 2 : 1) + (hasFields ? 1 : 0))
  if (isAggregate) writeErrors(sink, error as AggregateError, inner)
  sink.string(message)
  if (hasFields) sink.item(fields, inner)
}

function writeErrors(sink: ValueSink, { errors }: AggregateError, depth: number): void {
  const inner = sink.deeper(depth)
  const list: unknown[] = Array.isArray(errors) ? errors : []
  sink.writer.head(major.array, list.length)
  for (const [index, each] of list.entries()) {
    try {
      sink.item(each, inner)
    } catch (thrown) {
      throw refusalAt(thrown, { text: `.errors[${index}]` })
    }
  }
}

/** The kind that an error is, or that its class extends. */
function kindOf(error: Error): string {
  if (Object.prototype.toString.call(error) === '[object DOMException]') return domException
  for (let at: unknown = error; at !== null; at = Object.getPrototypeOf(at)) {
    const kind = kindsByPrototype.get(at as object)
    if (kind !== undefined) return kind
  }
  return 'Error'
}

function fieldsOf(
  error: Error,
  { kind, sendsStacks }: { readonly kind: string; readonly sendsStacks: boolean },
): object {
  const fields: Record<string, unknown> = {}
  const { name } = error
  if (typeof name === 'string' && name !== kind) fields['name'] = name
  for (const [key, value] of Object.entries(error)) {
    if (!ownPlaces.has(key) && isPlain(value)) fields[key] = value
  }
  if (Object.hasOwn(error, 'cause') && isPlain(error.cause)) fields['cause'] = error.cause
  if (sendsStacks && typeof error.stack === 'string') fields['stack'] = error.stack
  return fields
}

/**
 * Whether a field is plain data or an error throughout: an error must not fail to travel because of
 * the socket that hangs on it.
 */
function isPlain(root: unknown): boolean {
  let left = searchedItems
  const search = (value: unknown, depth: number): boolean => {
    if (--left < 0 || depth > searchedDepth) return false
    if (typeof value !== 'object' || value === null) {
      return typeof value !== 'function' && typeof value !== 'symbol'
    }
    if (value instanceof Date || ArrayBuffer.isView(value) || isError(value)) return true
    const prototype: unknown = Object.getPrototypeOf(value)
    const isData = Array.isArray(value) || prototype === Object.prototype || prototype === null
    return isData && Object.values(value).every((each) => search(each, depth + 1))
  }
  return search(root, 0)
}
