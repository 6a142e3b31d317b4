/** Values of one session on their way out and in, with the references that stand in them. */
import { SkeinError } from '../base/errors.ts'
import type { ClassRegistry } from '../codec/class-registry.ts'
import { ValueCodec } from '../codec/value-codec.ts'
import type { DecodedValue } from '../codec/value-codec.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { Marshal } from './marshal.ts'
import type { Entry } from './object-table.ts'
import { maxValueItems } from './options.ts'
import type { ObjectLimits } from './options.ts'

/** What values are written and read with. */
export interface SessionValuesSetup {
  readonly marshal: Marshal
  readonly limits: ObjectLimits
  readonly classes?: ClassRegistry | undefined
}

/** See the file's head. */
export class SessionValues {
  readonly #setup: SessionValuesSetup
  readonly #marshal: Marshal
  readonly #codec: ValueCodec
  #stackCodec: ValueCodec | undefined

  constructor(setup: SessionValuesSetup) {
    this.#setup = setup
    this.#marshal = setup.marshal
    this.#codec = this.#makeCodec(false)
  }

  /**
   * Writes the value at the end of a message, as given through `giver`.
   *
   * @throws {SkeinError} It cannot travel; nothing was written or given.
   */
  write(writer: FrameWriter, value: unknown, giver: Entry | undefined): void {
    this.#marshal.begin(giver)
    const codec = giver?.exposure.sendsStacks === true ? this.#codecWithStacks() : this.#codec
    try {
      writer.value(codec, value)
    } catch (thrown) {
      this.#marshal.takeBack()
      // Why a reference could not be given, and not just that the value could not be written.
      throw thrown instanceof Error && thrown.cause instanceof SkeinError ? thrown.cause : thrown
    }
  }

  /** Reads a value. @throws {SkeinError} `VIOLATION` a reference in it breaks a rule. */
  decode(bytes: Uint8Array, from: number, end: number): DecodedValue {
    const decoded = this.#codec.decodeWithin(bytes, from, end)
    const { broken } = this.#marshal
    if (broken === undefined) return decoded
    this.#marshal.broken = undefined
    if (broken.code === 'VIOLATION') throw broken
    return { ok: false, violation: broken.message }
  }

  #codecWithStacks(): ValueCodec {
    return (this.#stackCodec ??= this.#makeCodec(true))
  }

  #makeCodec(sendsStacks: boolean): ValueCodec {
    const { limits, classes, marshal } = this.#setup
    return new ValueCodec({
      maxDepth: limits.objectValueDepth,
      maxBytes: limits.objectValueBytes,
      maxItems: maxValueItems,
      references: marshal,
      sendsStacks,
      ...(classes !== undefined && { classes }),
    })
  }
}
