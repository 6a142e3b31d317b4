import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from './index.ts'

const { value: values } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, undefined, true, false, -0, 2 ** 53, -(2 ** 53)),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double(),
      fc.float(),
      fc.bigInt(),
      fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ maxLength: 60 }),
      fc.uint8Array({ maxLength: 40 }),
    ),
    fc.array(tie('value'), { maxLength: 8 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), {
      noNullPrototype: true,
      maxKeys: 8,
    }),
  ),
}))

/** Keys in the opposite order, at every level. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const entries = Object.entries(value).map(([key, held]) => [key, reversed(held)] as const)
  return Object.fromEntries(entries.reverse())
}

test('[V1] [V3] [V4] [V7] what is encoded is decoded as it was', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(decode(encode(value))).toStrictEqual({ ok: true, value })
    }),
  )
})

test('[V22] the deterministic form does not depend on the order of keys', () => {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = encode(value, { deterministic: true })
      expect(encode(reversed(value), { deterministic: true })).toEqual(bytes)
      expect(decode(bytes).ok).toBe(true)
    }),
  )
})

test('[V12] no value is the beginning of another', () => {
  fc.assert(
    fc.property(values, fc.nat(), (value, cut) => {
      const bytes = encode(value)
      expect(decode(bytes.subarray(0, cut % bytes.length)).ok).toBe(false)
      expect(decode(Uint8Array.of(...bytes, 0)).ok).toBe(false)
    }),
  )
})

test('[V15] noise never throws, and a violation names a byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const decoded = decode(bytes)
      if (!decoded.ok) expect(decoded.violation).toMatch(/^[\w .+-]+.*, at byte \d+$/)
    }),
    { numRuns: 3_000 },
  )
})

test('[V15] valid bytes with some changed never throw', () => {
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(values, fc.array(change, { minLength: 1, maxLength: 4 }), (value, changes) => {
      const bytes = encode(value)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      expect(() => decode(bytes)).not.toThrow()
    }),
    { numRuns: 1_000 },
  )
})
