/**
 * What a setting's value may be: a sentence for people and a function that reads it.
 *
 * Every kind completes the sentence "KEY must be …, not VALUE", so that each error says what is
 * allowed.
 */

/** A value that was read, or what is wrong with it. */
export type Reading<T> = { readonly value: T } | { readonly problem: string }

/** One sort of value. */
export interface Kind<T> {
  /** Completes "must be …". */
  readonly allowed: string
  /** Turns what a file holds into a value. */
  readonly read: (value: unknown) => Reading<T>
  /** True for lists: from `-s` and the environment they may come as `a,b`. */
  readonly isList?: boolean
}

/** A kind from a function that returns `undefined` for what it does not take. */
export function kindOf<T>(allowed: string, accept: (value: unknown) => T | undefined): Kind<T> {
  return {
    allowed,
    read(value) {
      const accepted = accept(value)
      if (accepted !== undefined) return { value: accepted }
      return { problem: `must be ${allowed}, not ${show(value)}` }
    },
  }
}

/** `true` or `false`. */
export const yesNo: Kind<boolean> = kindOf('true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
)

/** Text that satisfies `accept`, described by `allowed`. */
export function textWhere(allowed: string, accept: (text: string) => boolean): Kind<string> {
  return kindOf(allowed, (value) =>
    typeof value === 'string' && accept(value) ? value : undefined,
  )
}

/** A whole number within bounds, both included. */
export function wholeNumber(min: number, max: number): Kind<number> {
  return kindOf(`a whole number from ${min} to ${max}`, (value) => {
    const isWithin = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
    return isWithin ? Number(value) : undefined
  })
}

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  const quoted = words.map((word) => `"${word}"`).join(', ')
  return kindOf(`one of ${quoted}`, (value) => words.find((word) => word === value))
}

/** A list in which every item is of one kind. */
export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  const allowed = `a list, each item ${item.allowed}`
  return { allowed, isList: true, read: (value) => readList(value, item, allowed) }
}

function readList<T>(value: unknown, item: Kind<T>, allowed: string): Reading<readonly T[]> {
  if (!Array.isArray(value)) return { problem: `must be ${allowed}, not ${show(value)}` }
  const items: T[] = []
  for (const [index, element] of value.entries()) {
    const reading = item.read(element)
    if ('problem' in reading) return { problem: `item ${index + 1} ${reading.problem}` }
    items.push(reading.value)
  }
  return { value: items }
}

/** Tells a table of TOML (an object of JSON) from lists, dates and plain values. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}

const maxShownLength = 60 // Guess: an error stays one line of a terminal.

/** A wrong value as an error shows it: short, on one line. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = value instanceof Date ? value.toISOString() : JSON.stringify(value)
  return text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text
}
