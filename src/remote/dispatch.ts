/**
 * Uses members of values here for somebody elsewhere: walks a path and calls, reads or iterates over
 * what stands at its end, within what is exposed.
 *
 *   object with a class   the members that its exposure has
 *   plain data            its own properties: they travel with it anyway
 *   proxy                 whatever its owner lets us: this node stands between
 *
 * **Invariant**: the only names that reach an object of the owner's are those that its exposure has.
 */
import { SkeinError } from '../base/errors.ts'
import type { Subject } from '../base/policy.ts'
import { Exposure } from './exposure.ts'
import type { Entry } from './object-table.ts'
import { remoteOf } from './proxy.ts'

/** A value with what is exposed of it. */
export interface Place {
  readonly value: unknown
  /** Its entry, where it has one. */
  readonly entry: Entry | undefined
  /** Through what it was reached; what has no entry is exposed as its giver is. */
  readonly giver: Exposure | undefined
}

/** Who asks, and how entries are found. */
export interface Asker {
  readonly subject: () => Subject
  readonly findEntry: (target: object) => Entry | undefined
}

/** Tells whether something is a promise, or may be awaited like one; not a proxy. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true
  if (typeof value !== 'object' || value === null || remoteOf(value) !== undefined) return false
  return typeof (value as { readonly then?: unknown }).then === 'function'
}

/**
 * Calls what stands at the end of `path`.
 *
 * @returns What it returned, maybe a promise.
 * @throws {SkeinError} `UNKNOWN_MEMBER`, `INVALID`; and whatever the method throws.
 */
export function callAt(
  place: Place,
  { path, args }: { readonly path: readonly string[]; readonly args: unknown[] },
  asker: Asker,
): unknown {
  const { length } = path
  if (length === 0) return callFunction(place.value, args)
  if (length === 1) return callMember(place, { name: path[0] ?? '', args }, asker)
  const holder = walk(place, path.slice(0, -1), asker)
  const last = { name: path.at(-1) ?? '', args }
  if (holder instanceof Promise) return holder.then((found) => callMember(found, last, asker))
  return callMember(holder, last, asker)
}

/** Reads what stands at the end of `path`. As {@link callAt}. */
export function readAt(place: Place, path: readonly string[], asker: Asker): unknown {
  const found = walk(place, path, asker)
  return found instanceof Promise ? found.then(({ value }) => value) : found.value
}

/**
 * Finds what stands at the end of `path`, going through promises on the way.
 *
 * @throws {SkeinError} `UNKNOWN_MEMBER`; and whatever a getter throws.
 */
function walk(start: Place, path: readonly string[], asker: Asker): Place | Promise<Place> {
  let place = start
  for (const [index, name] of path.entries()) {
    place = readMember(place, name, asker)
    const { value, giver } = place
    if (!isThenable(value)) continue
    const rest = path.slice(index + 1)
    return Promise.resolve(value).then((settled) =>
      walk({ value: settled, entry: undefined, giver }, rest, asker),
    )
  }
  return place
}

function callFunction(value: unknown, args: unknown[]): unknown {
  if (typeof value === 'function') return Reflect.apply(value, undefined, args) as unknown
  throw new SkeinError('INVALID', 'it is no function; name a method of it')
}

function callMember(
  place: Place,
  { name, args }: { readonly name: string; readonly args: unknown[] },
  asker: Asker,
): unknown {
  const { value } = place
  const exposure = exposureOf(place, asker)
  if (exposure === undefined) return callFunction(readPlain(value, name), args)
  if (!exposure.has(name, asker.subject)) throw unknownMember(exposure, name)
  const method = (value as Record<string, unknown>)[name]
  if (typeof method !== 'function') {
    throw new SkeinError('INVALID', `'${name}' is a property; await it, without a call`)
  }
  const schema = exposure.schemaOf(name)
  if (schema === undefined) return Reflect.apply(method, value, args) as unknown
  const result = schema['~standard'].validate(args)
  if (result instanceof Promise) {
    return result.then(
      (checked) => Reflect.apply(method, value, checkedArgs(checked, name)) as unknown,
    )
  }
  return Reflect.apply(method, value, checkedArgs(result, name)) as unknown
}

function checkedArgs(
  result: Awaited<
    ReturnType<NonNullable<ReturnType<Exposure['schemaOf']>>['~standard']['validate']>
  >,
  name: string,
): unknown[] {
  if (result.issues === undefined) {
    if (Array.isArray(result.value)) return result.value as unknown[]
    throw new SkeinError('INTERNAL', `the schema of '${name}' made no list of arguments`)
  }
  const issues = result.issues.slice(0, maxIssues).map(({ message, path = [] }) => {
    const at = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
    return at === '' ? message : `${at}: ${message}`
  })
  throw new SkeinError('INVALID', `arguments of '${name}': ${issues.join('; ')}`)
}

const maxIssues = 8 // Guess: a message for a person.

function readMember(place: Place, name: string, asker: Asker): Place {
  const exposure = exposureOf(place, asker)
  const { value } = place
  if (exposure === undefined) {
    return { value: readPlain(value, name), entry: undefined, giver: place.giver }
  }
  if (!exposure.has(name, asker.subject)) throw unknownMember(exposure, name)
  const found = (value as Record<string, unknown>)[name]
  if (typeof found === 'function') {
    throw new SkeinError('INVALID', `'${name}' is a method; call it`)
  }
  return { value: found, entry: undefined, giver: exposure }
}

/** What is exposed of an object; `undefined` for data and proxies. */
function exposureOf({ value, entry, giver }: Place, { findEntry }: Asker): Exposure | undefined {
  if (entry !== undefined && entry.target === value) return entry.exposure
  if (typeof value !== 'object' || value === null || remoteOf(value) !== undefined) {
    if (typeof value === 'function' && remoteOf(value) === undefined) return Exposure.bare(giver)
    return undefined
  }
  return findEntry(value)?.exposure ?? Exposure.of(value, giver)
}

/** A property of data that travels, or of a proxy. */
function readPlain(value: unknown, name: string): unknown {
  if (typeof value === 'function' && remoteOf(value) !== undefined) {
    return (value as unknown as Record<string, unknown>)[name]
  }
  const isData = typeof value === 'object' && value !== null && isPlain(value)
  if (isData && Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name]
  throw new SkeinError('UNKNOWN_MEMBER', `the result has no member '${name}'`)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Array.isArray(value)
}

function unknownMember({ name: owner = 'the object' }: Exposure, name: string): SkeinError {
  return new SkeinError('UNKNOWN_MEMBER', `${owner} offers you no member '${name}'`)
}
