import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatHostPort, parseHostPort } from './address.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'
import { Emitter } from './emitter.ts'
import { labelProblem, toLabel } from './label.ts'
import { isPeerId, keyFromPeerId, peerIdFromKey } from './peer-id.ts'
import { findRule, isRule, owner } from './policy.ts'
import { seededRandom } from './random.ts'
import { jsonLine, nearestWord, sanitizeText } from './text.ts'
import type { Rule } from './policy.ts'

test('base32 reads back what it wrote, and every text has one meaning', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes)
    }),
  )
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), (text) => {
      const bytes = decodeBase32(text)
      if (bytes !== undefined) expect(encodeBase32(bytes)).toBe(text)
    }),
  )
})

test('a peer ID is 52 characters and reads back as the key', () => {
  const key = seededRandom(1).bytes(32)
  const id = peerIdFromKey(key)
  expect(id).toMatch(/^[a-z2-7]{52}$/)
  expect(keyFromPeerId(id)).toEqual(key)
  expect([isPeerId(id), isPeerId(id.slice(1)), isPeerId(id.toUpperCase())]).toEqual([
    true,
    false,
    false,
  ])
})

test.each<[string, ReturnType<typeof parseHostPort>]>([
  ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
  ['[::1]:8090', { host: '::1', port: 8090 }],
  ['tls://bob.example:14590', { host: 'bob.example', port: 14590 }],
  ['[fe80::1%eth0]:1', { host: 'fe80::1%eth0', port: 1 }],
  ['::1:8090', undefined],
  ['host', undefined],
  ['host:0', undefined],
  ['host:65536', undefined],
  ['a b:1', undefined],
  [':1', undefined],
])('the address %s', (text, expected) => {
  expect(parseHostPort(text)).toEqual(expected)
  if (expected !== undefined) expect(parseHostPort(formatHostPort(expected))).toEqual(expected)
})

test.each<[string, boolean]>([
  ['bob', true],
  ['b.o-b_2', true],
  ['42', false],
  ['all', false],
  ['Bob', false],
  ['', false],
  ['x'.repeat(33), false],
])('the label %j', (text, isLabel) => {
  expect(labelProblem(text) === undefined).toBe(isLabel)
})

test('any host name becomes a label', () => {
  expect([toLabel("Anna's Mac.local"), toLabel('—'), toLabel('42')]).toEqual([
    'anna-s-mac.local',
    'node',
    'node',
  ])
  fc.assert(fc.property(fc.string(), (text) => labelProblem(toLabel(text)) === undefined))
})

describe('policy', () => {
  const id = peerIdFromKey(seededRandom(2).bytes(32))
  const subject = { peerId: id, name: 'bob', roles: new Set(['anyone', 'ops']) }

  test.each<[readonly Rule[], Rule | undefined]>([
    [['role:ops'], 'role:ops'],
    [['role:known', 'role:anyone'], 'role:anyone'],
    [[`peer:${id}`], `peer:${id}`],
    [['role:known'], undefined],
    [[], undefined],
  ])('%j lets in by %s', (allow, rule) => {
    expect(findRule(allow, subject)).toBe(rule)
  })

  test('the owner needs no rule', () => {
    expect(findRule([], owner)).toBe('role:owner')
  })

  test('a rule has a form', () => {
    expect(['role:ops', `peer:${id}`, 'ops', 'role:', 'peer:bob'].map(isRule)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

test('a listener that throws disturbs nobody', () => {
  const problems: string[] = []
  const emitter = new Emitter<{ tick: number }>((message) => problems.push(message))
  const seen: number[] = []
  emitter.on('tick', () => {
    throw new RangeError('no')
  })
  const stop = emitter.on('tick', (value) => seen.push(value))
  emitter.emit('tick', 1)
  stop()
  emitter.emit('tick', 2)
  expect([seen, problems.length]).toEqual([[1], 2])
})

test('text from peers keeps no escape sequence', () => {
  expect(sanitizeText('\u001b[31mred\u0007\u202e\n\t.')).toBe('\\x1b[31mred\\x07\\u{202e}\n\t.')
})

test('[B17] JSON for a terminal has no control characters, and means the same', () => {
  const value = { text: '\u001b[31m \u009b31m \u202e \u007f \u2066 "é" 🦆\n', list: ['\u0085'] }
  const line = jsonLine(value)
  // oxlint-disable-next-line no-control-regex -- these are what must not be there
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
  expect(line).toContain('é')
  expect(JSON.parse(line)).toEqual(value)
})

test('a mistyped word finds its neighbour', () => {
  const words = ['peers', 'port', 'host']
  expect([
    nearestWord('peres', words),
    nearestWord('prot', words),
    nearestWord('zebra', words),
  ]).toEqual(['peers', 'port', undefined])
})
