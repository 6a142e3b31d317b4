/** What a command of the command line works with; tests give their own. */
export interface Context {
  /** Prints to standard output, as it is. */
  out(text: string): void
  /** Prints to standard error, as it is. */
  err(text: string): void
  /** Bytes from a program go out as bytes; on a terminal without their escape sequences. */
  outBytes(chunk: Uint8Array): void | Promise<void>
  errBytes(chunk: Uint8Array): void | Promise<void>
  /** Whether a person reads standard error. */
  readonly isTerminal: boolean
  /** What was piped in; absent on a terminal. */
  readonly stdin: AsyncIterable<Uint8Array> | undefined
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal
}

/** How a command line ends: 0 done, 1 failed, 2 the line is wrong, 3 no node runs, or a program's own. */
export type ExitCode = number
