import { describe, expect, test } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import { Tagged } from './foreign.ts'
import { decode, encode } from './index.ts'
import type { EncodeOptions } from './index.ts'

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function refusalOf(value: unknown, options?: EncodeOptions): string {
  try {
    encode(value, options)
    return 'no refusal'
  } catch (thrown) {
    if (thrown instanceof SkeinError && thrown.code === 'INVALID') return thrown.message
    throw thrown
  }
}

/** `levels` arrays inside each other. */
function nested(levels: number): unknown {
  let value: unknown = 0
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

class Goose {}

test.each<[string, unknown, string]>([
  ['[V11] a function', { a: { run() {} } }, '$.a.run: the function run is no data'],
  ['[V11] a nameless function', [() => 0], '$[0]: the function without a name is no data'],
  ['[V11] a symbol', { s: Symbol('x') }, '$.s: Symbol(x) is no data'],
  ['[V11] a date', [1, new Date(0)], '$[1]: an instance of Date is no plain data'],
  ['[V11] an instance', new Goose(), '$: an instance of Goose is no plain data'],
  [
    '[V11] a nameless instance',
    new (class {})(),
    '$: an instance of a nameless class is no plain data',
  ],
  [
    '[V11] a subclass of Array',
    new (class Flock extends Array {})(),
    '$: an instance of Flock is no plain data',
  ],
  [
    '[V10] a Map',
    { 'two words': new Map() },
    '$["two words"]: an instance of Map is no plain data',
  ],
  ['[V10] a tag', new Tagged(1, 2), '$: an instance of Tagged is no plain data'],
  ['[V11] a boxed number', new Number(1), '$: an instance of Number is no plain data'],
  [
    '[V5] another typed array',
    new Uint16Array(1),
    '$: an instance of Uint16Array is no plain data',
  ],
  ['[V4] a lone surrogate', ['a\ud800'], '$[0]: a string with a lone surrogate has no UTF-8'],
  [
    '[V4] a lone surrogate in a key',
    { a: { '\udc00': 1 } },
    '$.a["\\udc00"]: a string with a lone surrogate has no UTF-8',
  ],
  [
    '[V4] a lone surrogate in long text',
    `${'x'.repeat(99)}\udc00`,
    '$: a string with a lone surrogate has no UTF-8',
  ],
  [
    '[V11] a place with a long key',
    { ['k'.repeat(50)]: Symbol() },
    `$["${'k'.repeat(40)}…"]: Symbol() is no data`,
  ],
])('%s is refused with its place', (_sentence, value, refusal) => {
  expect(refusalOf(value)).toBe(`cannot encode ${refusal}`)
})

describe('cycles', () => {
  test('[V20] a cycle is refused with where it closes and on what', () => {
    const b: Record<string, unknown> = { before: 1 }
    b['c'] = [0, b]
    expect(refusalOf({ a: { b } })).toBe('cannot encode $.a.b.c[1]: it is $.a.b again, a cycle')
  })

  test('[V20] a cycle is named also where another limit stops it first', () => {
    const list: unknown[] = Array.from({ length: 5_000 }, () => 0)
    list.push(list)
    expect(refusalOf(list)).toBe('cannot encode $[5000]: it is $ again, a cycle')
  })

  test('[V20] an object met twice without a cycle is sent twice', () => {
    const shared = { a: 1 }
    expect(hex(encode([shared, shared]))).toBe('82a1616101a1616101')
  })

  test('[V17] shared objects that double at each level end at a limit', () => {
    let value: unknown = 0
    for (let level = 0; level < 60; level++) value = [value, value]
    expect(refusalOf(value)).toMatch(/more than 100000 items$/)
  })
})

describe('limits', () => {
  test.each<[string, unknown, EncodeOptions, RegExp]>([
    ['[V16] 64 levels', nested(64), {}, /^no refusal$/],
    ['[V16] 65 levels', nested(65), {}, /48 more .*: it stands more than 64 levels deep$/],
    ['[V16] a limit above 500', nested(501), { maxDepth: 1e9 }, /more than 500 levels deep$/],
    ['[V17] as many items', [1, 2, { a: 3 }], { maxItems: 6 }, /^no refusal$/],
    ['[V17] an item too many', [1, 2, { a: 3 }], { maxItems: 5 }, /\$\[2\]\.a: .* 5 items$/],
    ['[V17] a length nobody filled', { a: Array(1e9) }, {}, /\$\.a\[\d+\]: .* 100000 items$/],
    ['[V18] as many bytes', 'abc', { maxBytes: 4 }, /^no refusal$/],
    ['[V18] a byte too many', 'abc', { maxBytes: 3 }, /more than 3 bytes$/],
    [
      '[V18] far too many bytes',
      [new Uint8Array(9_999)],
      { maxBytes: 99 },
      /\$\[0\]: .* 99 bytes$/,
    ],
    ['[V18] far too long text', { a: 'x'.repeat(99_999) }, { maxBytes: 99 }, /\$\.a: .* 99 bytes$/],
    ['[V19] a bigint as large', 256n ** 16n - 1n, { maxBigintBytes: 16 }, /^no refusal$/],
    ['[V19] a bigint too large', [256n ** 16n], { maxBigintBytes: 16 }, /\$\[0\]: .* 16 bytes$/],
  ])('%s', (_sentence, value, options, refusal) => {
    expect(refusalOf(value, options)).toMatch(refusal)
  })

  test('[V16] [V17] what is encoded within limits is decoded within the same', () => {
    const value = [1n, -1n, 2n ** 70n, { a: undefined, b: [3n] }]
    const limits = { maxDepth: 3, maxItems: 10 }
    expect(decode(encode(value, limits), limits)).toStrictEqual({ ok: true, value })
  })
})

describe('getters', () => {
  test('[V21] one that throws makes it INVALID, with the cause', () => {
    const cause = new Error('no feathers')
    const value = {
      get wing(): never {
        throw cause
      },
    }
    expect(refusalOf({ value })).toBe('cannot encode $.value.wing: reading it failed: no feathers')
    expect(hex(encode([1]))).toBe('8101')
  })

  test('[V21] one that encodes does not disturb the encoding it is part of', () => {
    const value = {
      a: 1,
      get inner(): string {
        return hex(encode({ b: [2, 'x'.repeat(30)] }))
      },
      c: 3,
    }
    expect(decode(encode(value))).toStrictEqual({ ok: true, value: { ...value } })
  })
})

test('[V7] own enumerable properties are sent, undefined ones too', () => {
  const value = Object.create(null) as Record<PropertyKey, unknown>
  Object.assign(value, { a: undefined, [Symbol('s')]: 1, toJSON: null })
  Object.defineProperty(value, 'hidden', { value: 1, enumerable: false })
  expect(decode(encode(value))).toStrictEqual({ ok: true, value: { a: undefined, toJSON: null } })
})

test('[V6] a hole is sent as undefined', () => {
  // oxlint-disable-next-line no-sparse-arrays -- the subject
  expect(hex(encode([1, , 2]))).toBe('8301f702')
})

test('[V7] plain data of another realm is plain, and what it inherits is not sent', () => {
  const bare = (prototype: object | null): object => Object.create(prototype) as object
  const foreign = Object.assign(bare(null), { inherited: 1 })
  const list: unknown = Object.setPrototypeOf([1], bare(foreign))
  expect(hex(encode(Object.assign(bare(foreign), { a: list })))).toBe('a161618101')
})

test('[V5] a part of a larger buffer, of a subclass too, is a byte string', () => {
  class Chunk extends Uint8Array {}
  expect(hex(encode(Chunk.of(1, 2, 3).subarray(1)))).toBe('420203')
})

test('[V7] a map of any number of entries gets the head it needs', () => {
  for (const count of [23, 24, 255, 256, 65_535, 65_536]) {
    const value = Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0]))
    const limits = { maxItems: 1e6 }
    expect(decode(encode(value, limits), limits)).toStrictEqual({ ok: true, value })
  }
})

test.each<[string, unknown, string]>([
  ['[V3] a safe bigint', 5n, 'c24105'],
  ['[V3] zero as a bigint', 0n, 'c240'],
  ['[V3] a negative safe bigint', -5n, 'c34104'],
  ['[V3] the least bigint that is no number', 2n ** 53n, '1b0020000000000000'],
  ['[V1] the least number that is no safe integer', 2 ** 53, 'fa5a000000'],
  ['[V1] the largest safe integer', 2 ** 53 - 1, '1b001fffffffffffff'],
  ['[V1] the least safe integer', -(2 ** 53) + 1, '3b001ffffffffffffe'],
  ['[V1] 2^32 - 1', 2 ** 32 - 1, '1affffffff'],
  ['[V1] 2^32', 2 ** 32, '1b0000000100000000'],
])('%s', (_sentence, value, bytes) => {
  expect(hex(encode(value))).toBe(bytes)
})

describe('deterministic form', () => {
  const options = { deterministic: true }

  test('[V22] keys are sorted by their encoded bytes: the shorter first, then bytewise', () => {
    const keys = ['aa', 'b', 'é', '', 'z', 'a', '\u{10000}', '\uffff', 'x'.repeat(24)]
    const value = Object.fromEntries(keys.map((key) => [key, 0]))
    const sorted = ['', 'a', 'b', 'z', 'aa', 'é', '\uffff', '\u{10000}', 'x'.repeat(24)]
    expect(hex(encode(value, options))).toBe(
      `a9${sorted.map((key) => `${hex(encode(key))}00`).join('')}`,
    )
  })

  test('[V23] a bigint of up to 64 bits has the integer form', () => {
    expect(hex(encode([5n, -5n, 2n ** 64n - 1n], options))).toBe('8305241bffffffffffffffff')
  })
})
