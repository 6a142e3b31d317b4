/** How much room this process's output has. */

/** In characters. */
export interface OutputSize {
  readonly columns: number
  /** Absent where nobody counts lines: in a pipe. */
  readonly rows?: number
}

const pipeColumns = 120 // Guess: what a page or a mail shows without wrapping.

/** The size of the terminal at this moment; of a pipe or file a width that people can read. */
export function outputSize(): OutputSize {
  const { isTTY, columns, rows } = process.stdout
  return isTTY && columns > 0 && rows > 0 ? { columns, rows } : { columns: pipeColumns }
}
