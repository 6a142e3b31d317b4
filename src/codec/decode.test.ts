import { describe, expect, test } from 'vitest'
import { decode, encode } from './index.ts'
import type { DecodeLimits } from './index.ts'

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function violationOf(hex: string, limits?: DecodeLimits): string {
  const decoded = decode(unhex(hex), limits)
  return decoded.ok ? 'no violation' : decoded.violation
}

function valueOf(hex: string): unknown {
  const decoded = decode(unhex(hex))
  if (!decoded.ok) throw new Error(decoded.violation)
  return decoded.value
}

test.each([
  ['[V12] empty input', '', 'the input ends within a value, at byte 0'],
  ['[V12] a head without its argument', '19ff', 'the input ends within a value, at byte 2'],
  ['[V12] an indefinite array without an end', '9f01', 'the input ends within a value, at byte 2'],
  [
    '[V12] an indefinite map without an end',
    'bf6161f6',
    'the input ends within a value, at byte 4',
  ],
  ['[V12] a key without a value', 'bf6161ff', 'a break where none may stand, at byte 3'],
  ['[V12] bytes after the value', '0000', '1 bytes after the value, at byte 1'],
  ['[V12] a reserved length', '1c', 'a reserved length where none may stand, at byte 0'],
  ['[V12] a reserved first byte', 'fc', 'a reserved first byte, at byte 0'],
  ['[V12] an indefinite integer', '1f', 'an indefinite length where none may stand, at byte 0'],
  ['[V12] an indefinite tag', 'df00', 'an indefinite length where none may stand, at byte 0'],
  ['[V12] a break alone', 'ff', 'a break where none may stand, at byte 0'],
  ['[V12] a break in a definite array', '81ff', 'a break where none may stand, at byte 1'],
  ['[V12] a text chunk among bytes', '5f6161ff', 'a string chunk of another type, at byte 1'],
  ['[V12] a chunk within a chunk', '7f7f6161ffff', 'a string chunk of another type, at byte 1'],
  [
    '[V12] simple value 24 in two bytes',
    'f818',
    'a simple value in two bytes that fits into one, at byte 0',
  ],
  ['[V4] an overlong NUL', '62c080', 'text that is not UTF-8, at byte 1'],
  ['[V4] an encoded surrogate', '63eda080', 'text that is not UTF-8, at byte 1'],
  ['[V4] bad UTF-8 in a key', 'a161ff00', 'text that is not UTF-8, at byte 2'],
  ['[V4] a character across chunks', '7f61c361bcff', 'text that is not UTF-8, at byte 2'],
  ['[V3] a bignum of text', 'c26161', 'a big integer that is no byte string, at byte 1'],
  ['[V9] a text key twice', 'a2616101616102', 'a map key that was there before, at byte 4'],
  ['[V9] an undefined key twice', 'a26161f76161f7', 'a map key that was there before, at byte 4'],
  ['[V9] one key in two forms', 'a2616101780161f6', 'a map key that was there before, at byte 4'],
  [
    '[V9] __proto__ twice',
    `a2${'695f5f70726f746f5f5f00'.repeat(2)}`,
    'a map key that was there before, at byte 12',
  ],
  ['[V9] 1 and 1.0', 'a20100f93c0000', 'a map key that was there before, at byte 3'],
  ['[V9] text again after 1', 'a3616100010061610', 'a map key that was there before, at byte 6'],
  [
    '[V9] an array key twice',
    'a281010081010 0'.replace(' ', ''),
    'a map key that was there before, at byte 4',
  ],
  ['[V9] a compound key within one', 'a1a1800000', 'a compound key within a key, at byte 2'],
])('%s is a violation', (_sentence, hex, violation) => {
  expect(violationOf(hex)).toBe(violation)
})

test.each([
  ['bytes', '5bffffffffffffffff', '18446744073709552000 bytes announced, 0 left, at byte 9'],
  ['text', '7a7fffffff6161', '2147483647 bytes announced, 2 left, at byte 5'],
  ['an array', '9affffffff', '4294967295 items announced, 0 bytes left, at byte 0'],
  ['a map', 'a2616100', '2 pairs announced, 3 bytes left, at byte 0'],
  ['a key', 'a17a00ffffff6161', '16777215 bytes announced, 2 left, at byte 6'],
  ['a bignum', 'c25a7fffffff00', '2147483647 bytes announced, 1 left, at byte 6'],
  ['nested arrays', `${'9a00000010'.repeat(4)}`, '16 items announced, 15 bytes left, at byte 0'],
])('[V14] %s longer than the input is a violation', (_what, hex, violation) => {
  expect(violationOf(hex)).toBe(violation)
})

describe('limits', () => {
  const levels = (count: number): string => `${'81'.repeat(count)}00`

  test.each<[string, string, DecodeLimits, string]>([
    ['[V16] 64 levels', levels(64), {}, 'no violation'],
    ['[V16] 65 levels', levels(65), {}, 'more than 64 levels, at byte 64'],
    ['[V16] 65 tags', `${'c6'.repeat(65)}00`, {}, 'more than 64 levels, at byte 64'],
    [
      '[V16] levels in a key',
      'a1818100 00'.replace(' ', ''),
      { maxDepth: 2 },
      'more than 2 levels, at byte 2',
    ],
    [
      '[V16] a limit above 500',
      levels(501),
      { maxDepth: 1e9 },
      'more than 500 levels, at byte 500',
    ],
    ['[V17] as many items', '83010203', { maxItems: 4 }, 'no violation'],
    ['[V17] an item too many', '83010203', { maxItems: 3 }, 'more than 3 items, at byte 3'],
    ['[V17] a key too many', 'a1616100', { maxItems: 1 }, 'more than 1 items, at byte 1'],
    ['[V17] a chunk too many', '5f4040ff', { maxItems: 2 }, 'more than 2 items, at byte 2'],
    ['[V18] as many bytes', '820000', { maxBytes: 3 }, 'no violation'],
    ['[V18] a byte too many', '820000', { maxBytes: 2 }, 'more than 2 bytes, at byte 2'],
    ['[V19] a bignum as large', 'c2420100', { maxBigintBytes: 2 }, 'no violation'],
    [
      '[V19] a bignum too large',
      'c3420100',
      { maxBigintBytes: 1 },
      'a big integer of over 1 bytes, at byte 1',
    ],
  ])('%s', (_sentence, hex, limits, violation) => {
    expect(violationOf(hex, limits)).toBe(violation)
  })
})

test('[V8] __proto__ is a property and no prototype', () => {
  const value = valueOf('a2695f5f70726f746f5f5fa16161016162f5') as Record<string, unknown>
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect(Object.keys(value)).toEqual(['__proto__', 'b'])
  expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toEqual({ a: 1 })
  expect('a' in value).toBe(false)
})

test('[V8] a map with a key that is no text is a Map of all its entries', () => {
  const expected = new Map<unknown, unknown>([
    ['a', 1],
    [2, { b: 3 }],
    [null, 4],
    [[5], 6],
  ])
  expect(valueOf('bf616101 02a1616203 f604 810506 ff'.replaceAll(' ', ''))).toEqual(expected)
})

test('[V9] byte strings that differ in any byte are different keys', () => {
  const entries = Array.from(
    { length: 256 },
    (_, byte) => `41${byte.toString(16).padStart(2, '0')}00`,
  )
  expect(valueOf(`b90100${entries.join('')}`)).toHaveProperty('size', 256)
})

test.each([
  ['[V2] 2^53 - 1', '1b001fffffffffffff', 2 ** 53 - 1],
  ['[V2] 2^53', '1b0020000000000000', 2n ** 53n],
  ['[V2] -2^53 + 1', '3b001ffffffffffffe', -(2 ** 53) + 1],
  ['[V2] -2^53', '3b001fffffffffffff', -(2n ** 53n)],
  ['[V3] an empty bignum', 'c240', 0n],
  ['[V3] a negative bignum of zero', 'c340', -1n],
  ['[V3] a bignum with leading zeros', 'c243000001', 1n],
  ['[V3] a bignum in chunks', 'c25f41014100ff', 256n],
  ['[V13] an integer longer than needed', '1b0000000000000001', 1],
  ['[V4] a byte order mark', '64efbbbf61', '\ufeffa'],
  ['[V4] text in no chunks', '7fff', ''],
])('%s is decoded', (_sentence, hex, value) => {
  expect(valueOf(hex)).toBe(value)
})

test('[V10] a tag above 2^53 keeps its number', () => {
  expect(valueOf('dbffffffffffffffff00')).toMatchObject({ tag: 2n ** 64n - 1n, value: 0 })
  expect(Object.isFrozen(valueOf('c600'))).toBe(true)
})

test('[V5] bytes share the memory of the input and are of no subclass', () => {
  class Chunk extends Uint8Array {}
  const input = Chunk.of(0, 0x42, 7, 8).subarray(1)
  const decoded = decode(input)
  const value = decoded.ok ? (decoded.value as Uint8Array) : new Uint8Array()
  expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype)
  expect([...value]).toEqual([7, 8])
  expect(value.buffer).toBe(input.buffer)
})

test('[V4] long, short and cached texts are the same', () => {
  for (const text of ['', 'a', 'ab', 'ü', 'x'.repeat(24), 'x'.repeat(25), 'é'.repeat(70_000)]) {
    const value = { [text]: text }
    for (let round = 0; round < 2; round++) {
      expect(decode(encode(value))).toStrictEqual({ ok: true, value })
    }
  }
})
