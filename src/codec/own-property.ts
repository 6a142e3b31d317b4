/**
 * Sets a property as if it had been written in a literal: no setter is called, no prototype changes.
 *
 * An index far beyond those before it would make the engine reserve memory for all between: a few
 * bytes of input could take kilobytes. Such an object is told first that its indexes are sparse.
 */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key in object) return define(object, key, value)
  const code = key.charCodeAt(0)
  if (code >= 0x31 && code <= 0x39 && key.length >= 2) makeSparse(object)
  object[key] = value
}

/** The largest index: an object that had it keeps its indexes in a table. */
const lastIndex = '4294967294'

function makeSparse(object: Record<string, unknown>): void {
  if (lastIndex in object) return
  object[lastIndex] = undefined
  delete object[lastIndex]
}

/** Sets a property whatever the object inherits. */
export function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

/** A value that was decoded, if it is a plain object. */
export function plainObject(value: unknown): Record<string, unknown> | undefined {
  const isPlain =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isPlain ? (value as Record<string, unknown>) : undefined
}
