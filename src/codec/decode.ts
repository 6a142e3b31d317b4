/**
 * CBOR (RFC 8949) to plain data, for input from peers that may be hostile. The rules are in
 * docs/spec/values.md.
 */
import { Decoder } from './decoder.ts'
import { defaultLimits, resolveLimits } from './limits.ts'
import type { DecodeLimits } from './limits.ts'
import { Violation } from './violation.ts'

/** A value, or what is wrong with the bytes and where. */
export type Decoded =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly violation: string }

/**
 * Decodes one value that takes up all of `bytes`.
 *
 * A map becomes a plain object, or a `Map` where some key is no text. Byte strings share the memory
 * of `bytes`: who keeps one keeps all, and who writes to one writes to both. An unknown tag becomes
 * a frozen `{ tag, value }`, an unassigned simple value a frozen `{ value }`.
 *
 * Never throws, whatever the bytes are.
 *
 * @example
 * const decoded = decode(bytes)
 * if (!decoded.ok) close(decoded.violation) // "text that is not UTF-8, at byte 7"
 */
export function decode(bytes: Uint8Array, limits?: DecodeLimits): Decoded {
  const settings =
    limits === undefined ? plainSettings : { limits: resolveLimits(limits), kinds: undefined }
  const decoder = idleDecoder
  try {
    const value = decoder.read(
      bytes as Uint8Array<ArrayBuffer>,
      { from: 0, end: bytes.length },
      settings,
    )
    decoder.expectEnd()
    return { ok: true, value }
  } catch (thrown) {
    if (thrown instanceof Violation) return { ok: false, violation: thrown.message }
    throw thrown // Our own bug: hiding it would blame the peer.
  } finally {
    decoder.release()
  }
}

/** Plain data runs nothing of anybody's while it is decoded, so one is enough. */
const idleDecoder = new Decoder()
const plainSettings = { limits: defaultLimits, kinds: undefined }
