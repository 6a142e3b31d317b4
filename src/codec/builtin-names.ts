import { aggregateError, domException, errorKinds } from './error-kinds.ts'

/** The names of tag 27 that are not a program's own. */
export const builtinNames: ReadonlySet<string> = new Set([
  ...errorKinds.keys(),
  aggregateError,
  domException,
  ...['Map', 'RegExp', 'ArrayBuffer', 'DataView'],
])
