import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSameName, readDnsMessage, writeDnsMessage } from './messages.ts'
import type { DnsMessage } from './messages.ts'

const label = fc.stringMatching(/^[a-z0-9 ._é-]{1,20}$/)
const name = fc.array(label, { minLength: 1, maxLength: 5 })
const data = fc.oneof(
  fc.record({ kind: fc.constant('ptr' as const), name }),
  fc.record({ kind: fc.constant('srv' as const), port: fc.nat(65_535), target: name }),
  fc.record({
    kind: fc.constant('txt' as const),
    texts: fc.array(fc.string({ maxLength: 60 }), { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('address' as const),
    bytes: fc.constantFrom(4, 16).chain((length) => {
      return fc.uint8Array({ minLength: length, maxLength: length })
    }),
  }),
)
const record = fc.record({
  ...{ name, data, ttlSeconds: fc.nat(2 ** 31), isUnique: fc.boolean() },
})
const records = fc.array(record, { maxLength: 6 })
const question = fc.record({ name, type: fc.nat(65_535), isUnicast: fc.boolean() })
const message: fc.Arbitrary<DnsMessage> = fc.record({
  isResponse: fc.boolean(),
  questions: fc.array(question, { maxLength: 4 }),
  answers: records,
  additionals: records,
})

test('[F15] what is written is read as it was', () => {
  fc.assert(
    fc.property(message, (written) => {
      expect(readDnsMessage(writeDnsMessage(written))).toEqual(written)
    }),
  )
})

test('[F15] reading ends and never throws, whatever the bytes', () => {
  const altered = fc
    .tuple(message, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }), fc.nat(600))
    .map(([written, changes, length]) => {
      const bytes = writeDnsMessage(written).slice(0, length)
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
      return bytes
    })
  fc.assert(
    fc.property(fc.oneof(altered, fc.uint8Array({ maxLength: 600 })), (bytes) => {
      readDnsMessage(bytes)
    }),
    { numRuns: 2_000 },
  )
})

const head = [0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0]
const end = [0, 12, 0, 1]

test.each<[string, readonly number[]]>([
  ['a name that points at itself', [...head, 0xc0, 12, ...end]],
  ['a name that points forwards', [...head, 0xc0, 20, ...end, 0, 0, 0, 0]],
  ['two names that point at each other', [...head, 1, 97, 0xc0, 12, ...end]],
  ['a label that is longer than the message', [...head, 63, 97, 97]],
  ['a label of a kind that nobody uses', [...head, 0x40, 97, 0, ...end]],
  ['a message that ends in a question', [...head, 1, 97, 0, 0]],
  ['more questions than it holds', [0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 1]],
  ['ten thousand questions', [0, 0, 0, 0, 0x27, 0x10, 0, 0, 0, 0, 0, 0]],
  ['sixty thousand records', [0, 0, 0x84, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]],
  [
    'an address of three bytes',
    [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 3, 1, 2, 3],
  ],
  [
    'a record that is longer than the message',
    [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 9, 1],
  ],
  ['another operation than a question', [0, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
])('[F15] %s is refused', (_title, bytes) => {
  expect(readDnsMessage(Uint8Array.from(bytes))).toBeUndefined()
})

test('[F15] a name grown by pointers beyond 255 bytes is refused, at once', () => {
  // Each name points at the one before and is a label longer.
  const bytes = [0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0]
  let before = 0
  for (let each = 0; each < 60; each++) {
    const at = bytes.length
    bytes.push(30, ...Array.from({ length: 30 }, () => 97))
    if (before === 0) bytes.push(0)
    else bytes.push(0xc0 | (before >> 8), before & 255)
    bytes.push(0, 12, 0, 1)
    before = at
  }
  expect(readDnsMessage(Uint8Array.from(bytes))).toBeUndefined()
})

test('[F15] names are the same in capitals, and only then', () => {
  expect(isSameName(['_Skein', '_TCP', 'local'], ['_skein', '_tcp', 'LOCAL'])).toBe(true)
  expect(isSameName(['a.b', 'local'], ['a', 'b', 'local'])).toBe(false)
})
