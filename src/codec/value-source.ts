import type { ClassRegistry } from './class-registry.ts'
import type { Reader } from './reader.ts'
import type { References } from './references.ts'

/** Where the value that is being read stands. */
export interface ValuePlace {
  /** In how many containers. */
  readonly depth: number
  /** The byte of its tag. */
  readonly start: number
  /** Its number among the shared objects; -1 for none. */
  readonly slot: number
}

/** What goes beyond plain data. */
export interface DecoderKinds {
  readonly classes: ClassRegistry | undefined
  readonly references: References | undefined
  readonly copiesBytes: boolean
}

/** Where the readers of kinds read from: a decoder. */
export interface ValueSource {
  readonly reader: Reader
  /** Reads a value that stands in `depth` containers. */
  item(depth: number): unknown
  /** Reads a number that is part of a value; not a bigint. */
  number(): number
  /** Reads text that is part of a value; any UTF-16. */
  text(): string
  /** Reads bytes that are part of a value; they share the input's memory. */
  bytes(): Uint8Array<ArrayBuffer>
  /** Bytes as the program gets them. */
  own(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>
  /** Reads the head of an array or map: how many there are, -1 for as many as come before a break. */
  open(majorType: number): number
  /** Whether there is an element after `index` others. */
  has(index: number, count: number): boolean
  /** @returns the depth of what is in a container that stands in `depth` others. */
  deeper(depth: number): number
  /** Lets a shared object stand within itself, from now on. */
  fill(slot: number, value: object): void
  /** Reads the rest of a map with keys of any kind into `entries`. */
  entries(entries: Map<unknown, unknown>, count: number, depth: number): void
}
