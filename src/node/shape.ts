/** What values of plain JavaScript must look like, and how an error says which one does not. */
import { SkeinError } from '../base/errors.ts'
import { nearestWord, jsonLine, shortenText } from '../base/text.ts'

/** Tells what is wrong with the value at a place, such as `mail.allow[0]`; nothing where all is right. */
export type Check = (value: unknown, at: string) => readonly string[]

const none: readonly string[] = []
const maxShownLength = 60 // Guess: an error stays one line of a terminal.

/** A value that `accept` takes; `wanted` completes "must be …". */
export function where(wanted: string, accept: (value: unknown) => boolean): Check {
  return (value, at) =>
    accept(value) ? none : [`${at} must be ${wanted}, not ${showValue(value)}`]
}

/** One of a few words. */
export function oneOf(words: readonly string[]): Check {
  const quoted = words.map((word) => `'${word}'`).join(', ')
  return where(`one of ${quoted}`, (value) => words.some((word) => word === value))
}

/** A whole number within bounds, both included. */
export function whole(min: number, max: number): Check {
  const isWithin = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
  return where(`a whole number from ${min} to ${max}`, isWithin)
}

/** A list; where a text was given instead, the error shows the list of it. */
export function list(item: Check, example: string): Check {
  return (value, at) => {
    if (Array.isArray(value)) {
      // Not flatMap: it skips what was never set.
      return Array.from(value, (each, index) => item(each, `${at}[${index}]`)).flat()
    }
    const fixed = typeof value === 'string' ? `[${showValue(value)}]` : example
    return [`${at} must be a list, not ${showValue(value)}; write ${fixed}`]
  }
}

/** Values by names that the program chooses. */
export function byName(item: Check, example: string): Check {
  return (value, at) => {
    if (!isPlain(value))
      return [`${at} must be an object such as ${example}, not ${showValue(value)}`]
    return Object.entries(value).flatMap(([name, each]) => item(each, placeOf(at, name)))
  }
}

/**
 * An object of options with these keys and no others. One that is `undefined` is as good as absent.
 *
 * @param required - Those that must be there.
 */
export function shape(
  checks: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): Check {
  return (value, at) => {
    if (!isPlain(value)) return [`${at} must be an object, not ${showValue(value)}`]
    const keys = Object.keys(value).filter(
      (key) => value[key] !== undefined || !Object.hasOwn(checks, key),
    )
    return [...new Set([...required, ...keys])].flatMap((key) => {
      const check = Object.hasOwn(checks, key) ? checks[key] : undefined
      if (check === undefined) return [unknownKey(key, at, Object.keys(checks))]
      return check(value[key], at === wholeCall ? key : `${at}.${key}`)
    })
  }
}

/** Numbers by these keys; as they take the place of defaults, `undefined` is none. */
export function numbers(checks: Readonly<Record<string, Check>>): Check {
  const item = shape(checks)
  return (value, at) => {
    if (!isPlain(value)) return item(value, at)
    const missing = Object.keys(value).filter(
      (key) => value[key] === undefined && Object.hasOwn(checks, key),
    )
    const problems = missing.map((key) => `${placeOf(at, key)} must be a number, not undefined`)
    return [...problems, ...item(value, at)]
  }
}

/** What may be `undefined`, too. */
export function optional(check: Check): Check {
  return (value, at) => (value === undefined ? none : check(value, at))
}

/** Something with these methods, such as a class that keeps to a contract. */
export function withMethods(
  names: readonly string[],
  checks: Readonly<Record<string, Check>> = {},
): Check {
  return (value, at) => {
    if (typeof value !== 'object' || value === null)
      return [`${at} must be an object with ${names.map(call).join(', ')}, not ${showValue(value)}`]
    const fields = value as Readonly<Record<string, unknown>>
    const missing = names.filter((name) => typeof fields[name] !== 'function')
    const advice = value instanceof Promise ? '; await it first' : ''
    const lack = `${at} is ${showValue(value)} that lacks ${missing.map(call).join(', ')}${advice}`
    const problems = missing.length === 0 ? none : [lack]
    const others = Object.entries(checks)
    return [...problems, ...others.flatMap(([key, check]) => check(fields[key], placeOf(at, key)))]
  }
}

function call(name: string): string {
  return `${name}()`
}

function unknownKey(key: string, at: string, keys: readonly string[]): string {
  const nearest = nearestWord(key, keys) ?? nearestWord(key.toLowerCase(), keys)
  const advice = nearest === undefined ? `there are ${keys.join(', ')}` : `did you mean ${nearest}?`
  return `${placeOf(at, key)} is no option; ${advice}`
}

/** The options of a call have no name themselves. */
function placeOf(at: string, key: string): string {
  const name = /^[\w.$-]{1,64}$/.test(key) ? key : showValue(key)
  return at === wholeCall ? name : `${at}.${name}`
}

/** @throws {SkeinError} `INVALID` these problems, a line each, in a call of `what`. */
export function refuse(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new SkeinError('INVALID', `${what}: ${problems.join('\n')}`)
}

/** The place of all options of a call. */
export const wholeCall = 'the options'

/** Tells `{…}`, an instance of a class or a module from lists, maps, dates and their like. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return ['Object', 'Module'].includes(kindOf(value))
}

/** What was given, short and on one line. What is inside an object is not shown: it may be a secret. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') {
    const inside = jsonLine(shortenText(value, maxShownLength)).slice(1, -1)
    return `'${inside.replaceAll('\\"', '"')}'`
  }
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  const kind = kindOf(value)
  if (kind !== 'Object') return `a ${kind}`
  const keys = Object.keys(value)
  return keys.length === 0
    ? 'an empty object'
    : `an object with ${shortenText(keys.join(', '), maxShownLength)}`
}

/** `Object`, `Array`, `Map`, `Date`, … */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}
