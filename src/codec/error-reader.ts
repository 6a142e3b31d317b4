import { aggregateError, domException, errorKinds } from './error-kinds.ts'
import * as major from './major-types.ts'
import { define, plainObject } from './own-property.ts'
import type { Arguments } from './tag-arguments.ts'
import type { ValuePlace, ValueSource } from './value-source.ts'
import { Violation } from './violation.ts'

interface ErrorReading {
  readonly source: ValueSource
  readonly args: Arguments
  readonly at: ValuePlace
  readonly inner: number
}

/** Fields that are hidden from `for…in`, as in an error that was made here. */
const hiddenFields = new Set(['name', 'message', 'stack', 'cause', 'errors'])

/** Reads the error that a kind's name announced; `undefined` where it is the name of no kind. */
export function readError(kind: string, reading: ErrorReading): Error | undefined {
  if (kind === domException) return readDomException(reading)
  const { source, args, at, inner } = reading
  const isAggregate = kind === aggregateError
  const constructor = errorKinds.get(kind)
  if (!isAggregate && constructor === undefined) return undefined
  const error = withoutStack(() => (constructor ? new constructor('') : new AggregateError([], '')))
  source.fill(at.slot, error)
  if (isAggregate) {
    args.next()
    hide(error, 'errors', readErrors(source, inner))
  }
  args.next()
  hide(error, 'message', source.text())
  if (args.hasNext()) {
    const fields = plainObject(source.item(inner))
    if (fields === undefined) throw new Violation('fields of an error that are no map', at.start)
    setFields(error, fields)
  }
  if (!Object.hasOwn(error, 'stack')) hide(error, 'stack', `${error.name}: ${error.message}`)
  return error
}

function readErrors(source: ValueSource, depth: number): unknown[] {
  const errors: unknown[] = []
  const inner = source.deeper(depth)
  const count = source.open(major.array)
  for (let index = 0; source.has(index, count); index++) errors.push(source.item(inner))
  return errors
}

function readDomException({ source, args }: ErrorReading): Error {
  args.next()
  const message = source.text()
  args.next()
  const name = source.text()
  return withoutStack(() => new DOMException(message, name))
}

/** What would hide a method that every error has is left out. */
function setFields(error: Error, fields: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(fields)) {
    if (key === 'name' || key === 'stack') {
      if (typeof value === 'string') hide(error, key, value)
    } else if (key === 'message' || Object.hasOwn(error, key)) continue
    else if (hiddenFields.has(key)) hide(error, key, value)
    else if (!(key in Error.prototype)) define(error, key, value)
  }
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  })
}

/** The stack here says nothing of an error from elsewhere, and takes most of the time to make. */
function withoutStack<T>(make: () => T): T {
  const maker: ErrorConstructor & { stackTraceLimit?: number } = Error // V8's own.
  const { stackTraceLimit } = maker
  maker.stackTraceLimit = 0
  try {
    return make()
  } finally {
    if (stackTraceLimit !== undefined) maker.stackTraceLimit = stackTraceLimit
  }
}
