/** What a log line carries beside its message. Flat; `peer` is a label and short ID. */
export type LogFields = Readonly<Record<string, unknown>>

/** Where structured log lines go. pino fits; so does anything a test wants to look at. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  /** The same log under a scope, named after the folder that writes. */
  child(scope: { readonly scope: string }): Log
}

const nothing = (): void => undefined

/** Keeps nothing: the default of the library. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
}
