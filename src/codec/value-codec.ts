/**
 * Values of programs to bytes and back: what `encode` and `decode` carry, and what the language has
 * beyond plain data, shared references and cycles among it. The rules are in docs/spec/values.md.
 */
import type { ClassRegistry } from './class-registry.ts'
import type { DecodeLimits } from './limits.ts'
import type { References } from './references.ts'

/** What a codec carries beyond what it always does, and its limits. */
export interface ValueOptions extends DecodeLimits {
  /** Classes whose instances travel; none by default. */
  readonly classes?: ClassRegistry
  /** Who describes and revives what travels as a reference; without one such values are refused. */
  readonly references?: References
  /** Whether the stacks of errors leave this process. They name files. Default false. */
  readonly sendsStacks?: boolean
  /**
   * Whether byte strings and typed arrays that arrive get memory of their own. Otherwise, the
   * default, they are views of the message and hold all of it for as long as they live.
   */
  readonly copiesBytes?: boolean
}

/** A value and where it ended, or what is wrong with the bytes and where. */
export type DecodedValue =
  | { readonly ok: true; readonly value: unknown; readonly end: number }
  | { readonly ok: false; readonly violation: string }

/** One configuration, for any number of values; make it once for each connection. */
export declare class ValueCodec {
  constructor(options?: ValueOptions)

  /** @returns Bytes of their own, which belong to the caller. */
  encode(value: unknown, options?: { readonly deterministic?: boolean }): Uint8Array

  /**
   * Encodes into memory of the caller, from `offset` on: no copy is made.
   *
   * @returns A view of `target` where the value fitted, else bytes of their own (`target` is then
   *   changed from `offset` on).
   */
  encodeInto(value: unknown, target: Uint8Array, offset: number): Uint8Array

  /** Decodes one value that takes up all of `bytes`; those may be a part of a larger buffer. */
  decode(bytes: Uint8Array): DecodedValue

  /** Decodes the value that begins at `offset`; what follows it is the caller's: see `end`. */
  decodeFrom(bytes: Uint8Array, offset: number): DecodedValue
}
