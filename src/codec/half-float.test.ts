import { expect, test } from 'vitest'
import { halfToNumber, numberToHalf } from './half-float.ts'

test('[V1] every half float is read and written back', () => {
  const halves = Array.from({ length: 0x1_0000 }, (_, half) => half)
  const wrong = halves.filter((half) => {
    const value = halfToNumber(half)
    return numberToHalf(value) !== (Number.isNaN(value) ? 0x7e00 : half)
  })
  expect(wrong).toEqual([])
})

test.each([
  ['the largest half', 65_504, 0x7bff],
  ['the smallest half', 2 ** -24, 0x0001],
  ['the smallest normal half', 2 ** -14, 0x0400],
  ['one bit below the smallest half', 2 ** -25, -1],
  ['a subnormal with a bit too many', 3 * 2 ** -25, -1],
  ['one above the largest half', 65_536, -1],
  ['a fraction of eleven bits', 1 + 2 ** -11, -1],
  ['the smallest single', 2 ** -149, -1],
  ['minus zero', -0, 0x8000],
])('[V1] %s is a half only if exact', (_what, value, half) => {
  expect(numberToHalf(value)).toBe(half)
})
