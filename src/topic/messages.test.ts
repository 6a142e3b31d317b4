import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, encode } from '../codec/index.ts'
import { readMessage, writeMessage } from './envelope.ts'
import { topicProblem } from './topic-name.ts'
import { readWire, writeWire } from './messages.ts'
import { prefixOf } from './message-name.ts'
import { memberId, nameOf, testSignature } from './topic.test-kit.ts'
import type { TopicWireMessage } from './messages.ts'

const prefix = prefixOf(memberId(1))
const row = { author: prefix, incarnation: 1_700_000_000_000, ranges: [0, 4, 7, 7] }

test.each<[TopicWireMessage]>([
  [{ type: 'push', bytes: new Uint8Array([1, 2]), ageMs: 5 }],
  [{ type: 'have', names: [nameOf(memberId(1), 2 ** 47, 99)] }],
  [{ type: 'graft', names: [{ author: prefix, incarnation: 1_700_000_000_000, sequence: 3 }] }],
  [{ type: 'prune', authors: [prefix, prefixOf(memberId(2))] }],
  [{ type: 'follow', authors: [] }],
  [{ type: 'sync', hash: 2 ** 32 - 1 }],
  [{ type: 'seen', wantsReply: true, rows: [row] }],
])('[TP2] [TP4] what is written is read: %o', (message) => {
  const decoded = decode(encode(writeWire(message)))
  expect(decoded.ok && readWire(decoded.value)).toEqual(message)
})

test.each<[string, unknown]>([
  ['no map', 5],
  ['two keys', { sync: 1, prune: new Uint8Array() }],
  ['an unknown key', { dance: 1 }],
  ['a push without its age', { push: [new Uint8Array()] }],
  ['a push with an age below zero', { push: [new Uint8Array(), -1] }],
  ['half a name', { have: new Uint8Array(23) }],
  ['a million names', { have: new Uint8Array(24 * 1_000_000) }],
  ['a graft that is a list', { graft: [1, 2] }],
  ['rows that overlap', { seen: [true, [[prefix, 1, [0, 5, 4, 9]]]] }],
  ['rows without an end', { seen: [true, [[prefix, 1, [0]]]] }],
  ['rows of nobody', { seen: [true, [['nobody', 1, [0, 1]]]] }],
  ['too many rows', { seen: [true, Array.from({ length: 8_193 }, () => [prefix, 1, []])] }],
  [
    'a row of a thousand runs',
    { seen: [true, [[prefix, 1, Array.from({ length: 2_000 }, (_, at) => 2 * at)]]] },
  ],
])('[TP2] %s is refused', (_what, value) => {
  expect(typeof readWire(value)).toBe('string')
})

test('[TP2] [TP3] noise is refused and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(typeof readMessage(bytes, 1_000)).toBe('string')
      const decoded = decode(bytes)
      if (decoded.ok) readWire(decoded.value)
    }),
  )
})

test('[TP3] a message is what its author signed, byte for byte', () => {
  const author = memberId(1)
  const message = {
    author,
    incarnation: 5,
    sequence: 6,
    time: 7,
    topic: 'prices/eu',
    body: new Uint8Array([1]),
  }
  const bytes = writeMessage(message, (signed) => testSignature(author, signed))
  const read = readMessage(bytes, 100)
  expect(read).toMatchObject({ message })
  if (typeof read === 'string') return
  expect(read.signature).toEqual(testSignature(author, read.signed))
  expect(readMessage(bytes, 0)).toBe('a body is too long')
})

test.each<[string, boolean]>([
  ['prices', true],
  ['a/b.c_d-e', true],
  ['', false],
  ['$typed', false],
  ['two words', false],
  ['-x', false],
  ['x'.repeat(65), false],
  ['caf\u00e9', false],
])('[TP3] the name %j', (name, isGood) => {
  expect(topicProblem(name) === undefined).toBe(isGood)
})
