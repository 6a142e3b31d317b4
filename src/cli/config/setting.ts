import type { Kind } from './kinds.ts'

/** One row of the table of settings: a kind with its default and meaning. */
export interface Setting<T> extends Kind<T> {
  /** The built-in default, each name's own in a row with `*`; absent where there is none. */
  readonly fallback?: T
  /** How the default is shown where its value does not say it. */
  readonly fallbackText?: string
  /** What it does, for the guide; starts with a capital, ends without a full stop. */
  readonly doc: string
  /** What the name at `*` may be. */
  readonly nameKind?: Kind<string>
}

/** Makes a row. */
export function setting<T>(kind: Kind<T>, rest: Omit<Setting<T>, keyof Kind<T>>): Setting<T> {
  return { ...kind, ...rest }
}
