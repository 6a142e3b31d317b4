/**
 * Plain data to CBOR (RFC 8949), shortest forms throughout (§4.1): what the protocols of this network
 * say to each other, and what is signed. The rules are in docs/spec/values.md.
 *
 * Only data goes: a function, a symbol or an instance of a class is refused, never turned into
 * something that resembles it. Neither `toJSON` nor `valueOf` is called.
 *
 * Cycles cost nothing until there is one: it runs into a limit, and only then is the way down
 * looked at again to say where it closes.
 */
import { Encoder } from './encoder.ts'
import type { EncoderSettings } from './encoder.ts'
import { defaultLimits, resolveLimits } from './limits.ts'
import type { EncodeOptions } from './limits.ts'

/**
 * Encodes a value: null, undefined, booleans, numbers, bigints, strings, `Uint8Array`s (of a
 * subclass too), arrays and plain objects of these.
 *
 * Of an object its own enumerable properties with string keys are sent, also those that are
 * undefined; a hole in an array is sent as undefined.
 *
 * @returns A copy that belongs to the caller.
 * @throws {SkeinError} `INVALID` the value holds something else, a string with a lone surrogate or
 *   a cycle, exceeds a limit, or a getter of it threw; the message names the place.
 * @example
 * encode({ argv: ['add'], timeoutMs: 5 })
 */
export function encode(value: unknown, options?: EncodeOptions): Uint8Array {
  const settings = options === undefined ? plainSettings : settingsOf(options)
  // A getter may encode too: it finds none idle and makes its own.
  const encoder = idleEncoder ?? new Encoder()
  idleEncoder = undefined
  try {
    encoder.writer.start(settings.limits.maxBytes)
    encoder.write(value, settings)
    return encoder.writer.finishCopy()
  } finally {
    encoder.writer.release()
    idleEncoder = encoder
  }
}

let idleEncoder: Encoder | undefined

const plainSettings: EncoderSettings = {
  limits: defaultLimits,
  isDeterministic: false,
  kinds: undefined,
}

function settingsOf(options: EncodeOptions): EncoderSettings {
  return {
    limits: resolveLimits(options),
    isDeterministic: options.deterministic ?? false,
    kinds: undefined,
  }
}
