import type { Writer } from './writer.ts'

/** Where the writers of kinds write to: an encoder. */
export interface ValueSink {
  readonly writer: Writer
  /** Whether equal values are to give equal bytes. */
  readonly isDeterministic: boolean
  /** Whether the stacks of errors are written. */
  readonly sendsStacks: boolean
  /** Writes a value that stands in `depth` containers. */
  item(value: unknown, depth: number): void
  /** Writes a string of any UTF-16, as a text string where that is possible. */
  string(text: string): void
  /** Counts items beyond the one of the value itself. */
  count(items: number): void
  /** @returns the depth of what is in a container that stands in `depth` others. */
  deeper(depth: number): number
}

/**
 * What a value of a kind beyond plain data counts of `maxItems`, since it takes far more memory than
 * a number or a short string.
 */
export const heavyItems = 8 // Measured: such an object takes 100–300 bytes, a plain one 16–60.
