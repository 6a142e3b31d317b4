/**
 * Values of programs to bytes and back: what `encode` and `decode` carry, and what the language has
 * beyond plain data, shared references and cycles among it. The rules are in docs/spec/values.md.
 */
import type { ClassRegistry } from './class-registry.ts'
import { Decoder } from './decoder.ts'
import { Encoder } from './encoder.ts'
import type { EncoderKinds, EncoderSettings } from './encoder.ts'
import { defaultValueLimits, resolveLimits } from './limits.ts'
import type { CodecLimits, DecodeLimits } from './limits.ts'
import type { References } from './references.ts'
import type { DecoderKinds } from './value-source.ts'
import { Violation } from './violation.ts'

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
   * default, they are views of the message where they can be: they hold all of it for as long as
   * they live, and change with it.
   */
  readonly copiesBytes?: boolean
}

/** A value and where it ended, or what is wrong with the bytes and where. */
export type DecodedValue =
  | { readonly ok: true; readonly value: unknown; readonly end: number }
  | { readonly ok: false; readonly violation: string }

/**
 * One configuration, for any number of values. It keeps nothing between them.
 *
 * @example
 * const codec = new ValueCodec({ classes: new ClassRegistry().register(Point) })
 * codec.decode(codec.encode(new Map([['here', new Point(1, 2)]])))
 */
export class ValueCodec {
  readonly #limits: CodecLimits
  readonly #written: EncoderKinds
  readonly #read: { readonly limits: CodecLimits; readonly kinds: DecoderKinds }
  readonly #settings: EncoderSettings

  constructor(options: ValueOptions = {}) {
    const { classes, references, sendsStacks = false, copiesBytes = false } = options
    this.#limits = resolveLimits(options, defaultValueLimits)
    this.#written = { classes, references, sendsStacks }
    this.#read = { limits: this.#limits, kinds: { classes, references, copiesBytes } }
    this.#settings = { limits: this.#limits, isDeterministic: false, kinds: this.#written }
  }

  /**
   * Encodes a value.
   *
   * Getters are read, `toState` and `References.describe` are called; of what is shared the getters
   * are read twice.
   *
   * @returns Bytes that nothing else writes to. Small ones are a view of 32 KiB that others have
   *   parts of: `slice()` what is kept for long.
   * @throws {SkeinError} `INVALID` something in it cannot travel, exceeds a limit, or failed to be
   *   read; the message names the place.
   */
  encode(value: unknown, options?: { readonly deterministic?: boolean }): Uint8Array<ArrayBuffer> {
    const encoder = takeEncoder()
    try {
      encoder.writer.start(this.#limits.maxBytes)
      encoder.write(value, options?.deterministic ? this.#deterministic() : this.#settings)
      return encoder.writer.finish()
    } finally {
      giveBack(encoder)
    }
  }

  /**
   * Encodes into memory of the caller, from `offset` on: no copy is made.
   *
   * @returns A view of `target` where the value fitted with 64 bytes to spare, else bytes of their own
   *   (`target` is then changed from `offset` on).
   * @throws {SkeinError} `INVALID` as `encode`; `target` is then changed from `offset` on.
   */
  encodeInto(
    value: unknown,
    target: Uint8Array<ArrayBuffer>,
    offset: number,
  ): Uint8Array<ArrayBuffer> {
    const encoded = this.encodeAt(value, target, offset)
    if (typeof encoded !== 'number') return encoded
    return new Uint8Array(target.buffer, target.byteOffset + offset, encoded)
  }

  /** As {@link encodeInto}, but makes no view: returns how many bytes of `target` the value took. */
  encodeAt(
    value: unknown,
    target: Uint8Array<ArrayBuffer>,
    offset: number,
  ): number | Uint8Array<ArrayBuffer> {
    const encoder = takeEncoder()
    try {
      encoder.writer.startIn(target, offset, this.#limits.maxBytes)
      encoder.write(value, this.#settings)
      return encoder.writer.isIn(target) ? encoder.writer.length : encoder.writer.finish()
    } finally {
      giveBack(encoder)
    }
  }

  /**
   * Decodes one value that takes up all of `bytes`; those may be a part of a larger buffer.
   *
   * Never throws, whatever the bytes are, unless `References.revive` has a bug. What it makes runs
   * nothing of the peer's; but a `RegExp` from a peer can take for ever once you run it.
   */
  decode(bytes: Uint8Array): DecodedValue {
    return this.#decode(bytes, { from: 0, end: bytes.length }, true)
  }

  /** As {@link decode}, of the bytes from `from` to `end`. */
  decodeWithin(bytes: Uint8Array, from: number, end: number): DecodedValue {
    return this.#decode(bytes, { from, end }, true)
  }

  /** Decodes the value that begins at `offset`; what follows it is the caller's: see `end`. */
  decodeFrom(bytes: Uint8Array, offset: number): DecodedValue {
    return this.#decode(bytes, { from: offset, end: bytes.length }, false)
  }

  #decode(
    bytes: Uint8Array,
    part: { readonly from: number; readonly end: number },
    isWhole: boolean, // Then positions in messages count from where it starts.
  ): DecodedValue {
    const decoder = idleDecoder ?? new Decoder()
    idleDecoder = undefined
    try {
      const value = decoder.read(bytes as Uint8Array<ArrayBuffer>, part, this.#read)
      if (isWhole) decoder.expectEnd()
      return { ok: true, value, end: decoder.reader.offset }
    } catch (thrown) {
      if (!(thrown instanceof Violation)) throw thrown
      return { ok: false, violation: isWhole ? thrown.describeFrom(part.from) : thrown.message }
    } finally {
      decoder.release()
      idleDecoder = decoder
    }
  }

  #deterministic(): EncoderSettings {
    return { ...this.#settings, isDeterministic: true }
  }
}

// A getter, `toState` or `revive` may use a codec too: it finds none idle and makes its own.
let idleEncoder: Encoder | undefined
let idleDecoder: Decoder | undefined

function takeEncoder(): Encoder {
  const encoder = idleEncoder ?? new Encoder()
  idleEncoder = undefined
  return encoder
}

function giveBack(encoder: Encoder): void {
  encoder.writer.release()
  idleEncoder = encoder
}
