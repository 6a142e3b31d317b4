/**
 * Big integers as big-endian bytes: up to 64 bits through a typed array, larger ones by way of
 * hexadecimal text, which V8 reads and writes in linear time, where shifting takes quadratic time.
 */

const wordBytes = 8
const word = new DataView(new ArrayBuffer(wordBytes))
const latin1 = new TextDecoder('latin1')
const zero = 0x30

/** The value of big-endian bytes; none are zero, and leading zeros do not matter. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  if (bytes.length > wordBytes) return hexToBigint(bytes)
  word.setBigUint64(0, 0n)
  for (const [index, byte] of bytes.entries()) word.setUint8(wordBytes - bytes.length + index, byte)
  return word.getBigUint64(0)
}

/** The shortest big-endian bytes of a value that is not negative; zero has none. */
export function bigintToBytes(value: bigint): Uint8Array {
  const digits = value === 0n ? '' : value.toString(16)
  const bytes = new Uint8Array((digits.length + 1) >>> 1)
  let at = digits.length & 1 ? -1 : 0
  for (let index = 0; index < bytes.length; index++, at += 2) {
    const high = at < 0 ? 0 : nibble(digits.charCodeAt(at))
    bytes[index] = (high << 4) | nibble(digits.charCodeAt(at + 1))
  }
  return bytes
}

function hexToBigint(bytes: Uint8Array): bigint {
  const digits = new Uint8Array(2 + 2 * bytes.length)
  digits[0] = zero
  digits[1] = 0x78 // x
  let at = 2
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number
    digits[at++] = digit(byte >>> 4)
    digits[at++] = digit(byte & 15)
  }
  return BigInt(latin1.decode(digits))
}

/** The value of a lower-case hexadecimal digit. */
function nibble(code: number): number {
  return code < 0x3a ? code - zero : code - 0x57
}

function digit(value: number): number {
  return value < 10 ? zero + value : 0x57 + value
}
