/** What bounds one value on its way in or out. Every limit is inclusive. */
export interface CodecLimits {
  /**
   * Containers (arrays, maps, tags) inside each other; a bare number has depth 0. Never over 500.
   */
  readonly maxDepth: number
  /** Values, containers, keys and string chunks together: bounds time and objects made. */
  readonly maxItems: number
  /** The whole encoded value. */
  readonly maxBytes: number
  /** The magnitude of one big integer. */
  readonly maxBigintBytes: number
}

/** Limits that differ from {@link defaultLimits}. */
export type DecodeLimits = Partial<CodecLimits>

/** How to encode. The limits stand on this side too, so that a peer takes what leaves this one. */
export interface EncodeOptions extends DecodeLimits {
  /**
   * Whether equal values give equal bytes (RFC 8949 §4.2.1): keys sorted, and a bigint of up to 64
   * bits in the integer form, so that a small one is decoded as a number. Default false.
   */
  readonly deterministic?: boolean
}

/** The limits of a caller who names none. */
export const defaultLimits: CodecLimits = {
  maxDepth: 64, // Guess: hand-written messages stay below ten.
  maxItems: 100_000, // Guess: decoding that many takes a few milliseconds.
  maxBytes: 16 * 2 ** 20, // Guess: four times what a message stream takes by default.
  maxBigintBytes: 4_096, // RSA-32768; printing one of them takes well under a millisecond.
}

/** The limits of a codec for values of programs that names none. */
export const defaultValueLimits: CodecLimits = {
  maxDepth: 200, // Guess: lists linked by hand are longer, and better sent as arrays.
  maxItems: 1_000_000, // Guess: decoding that many takes a tenth of a second, and some 60 MB.
  maxBytes: 16 * 2 ** 20,
  maxBigintBytes: 2 ** 18, // Printing one of them takes a tenth of a second.
}

// The walks recurse; measured: 500 levels fit into 400 KB of stack, and Node has 984 KB.
const deepestDepth = 500

/** Fills in the limits that are not named. */
export function resolveLimits(
  limits: DecodeLimits | undefined,
  defaults: CodecLimits = defaultLimits,
): CodecLimits {
  if (limits === undefined) return defaults
  const named = <K extends keyof CodecLimits>(key: K): number => limits[key] ?? defaults[key]
  return {
    maxDepth: Math.min(named('maxDepth'), deepestDepth),
    maxItems: named('maxItems'),
    maxBytes: named('maxBytes'),
    maxBigintBytes: named('maxBigintBytes'),
  }
}

/** UTF-16 units of a regular expression's source; making one of these takes well under 1 ms. */
export const maxPatternUnits = 4_096 // Guess: one written by hand is far shorter.

/** UTF-16 units of a URL. */
export const maxUrlUnits = 2 ** 15 // Guess: four times what servers take.
