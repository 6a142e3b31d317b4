/**
 * Big integers as big-endian bytes, by way of hexadecimal text: V8 reads and writes powers of two
 * in linear time, where shifting byte by byte takes quadratic time.
 */

const digits = '0123456789abcdef'

/** The value of big-endian bytes; none are zero, and leading zeros do not matter. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  let text = '0x'
  for (const byte of bytes) text += hexPairs[byte]
  return BigInt(text)
}

/** The shortest big-endian bytes of a value that is not negative; zero has none. */
export function bigintToBytes(value: bigint): Uint8Array {
  const text = value === 0n ? '' : value.toString(16)
  const padded = text.length % 2 ? `0${text}` : text
  return Uint8Array.from({ length: padded.length / 2 }, (_, index) =>
    Number.parseInt(padded.slice(2 * index, 2 * index + 2), 16),
  )
}

const hexPairs = Array.from(
  { length: 256 },
  (_, byte) => `${digits[byte >>> 4]}${digits[byte & 15]}`,
)
