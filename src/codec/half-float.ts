/**
 * IEEE 754 binary16, which CBOR has and JavaScript (before Float16Array) has not.
 *
 *   sign 1 | exponent 5, bias 15 | fraction 10
 */

const single = new Float32Array(1)
const singleBits = new Uint32Array(single.buffer)

const scales = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 25))

/** The value of 16 bits (RFC 8949, Appendix D). */
export function halfToNumber(half: number): number {
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent < 31
        ? (fraction + 1_024) * (scales[exponent] as number)
        : fraction === 0
          ? Infinity
          : NaN
  return half & 0x8000 ? -magnitude : magnitude
}

/**
 * The 16 bits of a number that fits into 32 (`Math.fround(value) === value`), or is infinite or
 * NaN.
 *
 * @returns -1 where 16 bits would lose something. Each NaN is `0x7e00`.
 */
export function numberToHalf(value: number): number {
  if (value !== value) return 0x7e00
  single[0] = value
  const bits = singleBits[0] as number
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 0xff) - 127
  const fraction = bits & 0x7f_ffff
  if (exponent === 128) return sign | 0x7c00
  if (exponent > 15) return -1
  if (exponent >= -14) {
    return fraction & 0x1fff ? -1 : sign | ((exponent + 15) << 10) | (fraction >>> 13)
  }
  if (exponent >= -24) return subnormal(sign, fraction | 0x80_0000, -1 - exponent)
  return value === 0 ? sign : -1
}

/** `significand` has 24 bits, of which the lowest `shift` must be zero. */
function subnormal(sign: number, significand: number, shift: number): number {
  return significand & ((1 << shift) - 1) ? -1 : sign | (significand >>> shift)
}
