/**
 * Short ASCII strings without `TextDecoder`, whose call costs more than the work, and map keys
 * without making the same string for every message.
 *
 * The cache is shared by all callers: a fixed number of slots, each the last key of its hash. It is
 * a matter of speed only; a peer that fills it with other keys slows the next message by a few
 * strings.
 */

/** Strings up to this many bytes are worth the loop; measured against `TextDecoder`. */
export const shortTextBytes = 24

const cacheSlots = 512 // Guess: the keys of all protocols of a node; a power of two.
const cache: string[] = Array.from({ length: cacheSlots }, () => '')

/** The text from `start` to `end`, or `undefined` where it is not ASCII. */
export function readAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  let at = start
  for (; at + 4 <= end; at += 4) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    if ((a | b | c | d) >= 0x80) return undefined
    text += String.fromCharCode(a, b, c, d) // Measured: half the time of one by one.
  }
  for (; at < end; at++) {
    const byte = bytes[at] as number
    if (byte >= 0x80) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

/** As {@link readAscii}, from the cache where it can. */
export function readAsciiKey(bytes: Uint8Array, start: number, end: number): string | undefined {
  let hash = end - start
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0
  const slot = (hash ^ (hash >>> 9)) & (cacheSlots - 1)
  const cached = cache[slot] as string
  if (cached.length === end - start && stands(cached, bytes, start)) return cached
  const text = readAscii(bytes, start, end)
  if (text !== undefined) cache[slot] = text
  return text
}

/** Whether ASCII `text` stands in `bytes` from `start` on. */
function stands(text: string, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false
  }
  return true
}
