/**
 * The first byte of an item: three bits of major type, five bits that are the argument (0–23) or
 * say how many bytes it has (RFC 8949 §3).
 */

// Major types, in the lowest three bits (RFC 8949 §3.1).
export const unsigned = 0
export const negative = 1
export const byteString = 2
export const textString = 3
export const array = 4
export const map = 5
export const tag = 6
export const simpleOrFloat = 7

// Whole first bytes of major type 7 (RFC 8949 §3.3).
export const falseByte = 0xf4
export const trueByte = 0xf5
export const nullByte = 0xf6
export const undefinedByte = 0xf7
export const simpleByte = 0xf8
export const halfByte = 0xf9
export const singleByte = 0xfa
export const doubleByte = 0xfb
export const breakByte = 0xff

/** The additional information that starts an item of indefinite length. */
export const indefinite = 31
