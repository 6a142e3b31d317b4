/**
 * Where a value stands within the whole, for people: `$.a.b`, `$.list[3]`, `$["two words"]`,
 * `$.scores.get("bob")`.
 */

const shownKeyLength = 40 // Guess: enough to find the place, short enough for a log line.
const shownEndSteps = 8 // Guess: at each end of a path.

/** A key, an index, or how else one gets there. */
export type PathStep = string | number | { readonly text: string }

/** The steps from the root to a value. */
export type ValuePath = readonly PathStep[]

/** Writes a path; long keys are cut, and the middle of a long path is left out. */
export function formatPath(path: ValuePath): string {
  const steps = path.map(formatStep)
  const middle = steps.length - 2 * shownEndSteps
  if (middle > 0) steps.splice(shownEndSteps, middle, ` … ${middle} more … `)
  return `$${steps.join('')}`
}

/** The step to the value of a map's entry. */
export function entryStep(key: unknown): PathStep {
  if (typeof key === 'string')
    return { text: `.get(${JSON.stringify(key.slice(0, shownKeyLength))})` }
  const isShown = ['number', 'bigint', 'boolean', 'undefined'].includes(typeof key) || key === null
  return { text: `.get(${isShown ? `${key as number}`.slice(0, shownKeyLength) : '…'})` }
}

function formatStep(step: PathStep): string {
  if (typeof step === 'object') return step.text
  if (typeof step === 'number') return `[${step}]`
  if (step.length > shownKeyLength) return `["${step.slice(0, shownKeyLength)}…"]`
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
}

/** The first place on the way along `path` that is also a place above itself. */
export function findCycle(
  root: unknown,
  path: ValuePath,
): { readonly at: ValuePath; readonly target: ValuePath } | undefined {
  const depths = new Map<unknown, number>([[root, 0]])
  let value = root
  for (const [index, step] of path.entries()) {
    if (typeof step === 'object') return undefined
    value = (value as Record<string | number, unknown>)[step]
    if (typeof value !== 'object' || value === null) return undefined
    const above = depths.get(value)
    if (above !== undefined) return { at: path.slice(0, index + 1), target: path.slice(0, above) }
    depths.set(value, index + 1)
  }
  return undefined
}
