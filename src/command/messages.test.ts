import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readExit, readInput, readPart, readRequest, requestProblem } from './messages.ts'

const bytes = new Uint8Array([1])

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'
const badTraceparents = [
  '',
  1,
  `00-${trace}-${span}`,
  `00-${trace}-${span}-01-more`,
  `ff-${trace}-${span}-01`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}-0g`,
  `00-${trace}-${span}-01\n`,
]

test('[D13] a request may say which span it comes from', () => {
  const request = { argv: ['add'], traceparent: `00-${trace}-${span}-01` }
  expect(readRequest(request)).toEqual({ ok: true, value: request })
})

describe('a request', () => {
  test.each<[string, unknown, unknown]>([
    ['[D1] is argv', { argv: ['add'] }, { argv: ['add'] }],
    ['[D1] may have all', { argv: ['a', ''], to: 'bob', timeoutMs: 5 }, undefined],
    ['[D5] may have keys we do not know', { argv: ['a'], later: 1 }, { argv: ['a'] }],
    ['[D1] may be empty: people can type that', { argv: [] }, { argv: [] }],
  ])('%s', (_sentence, message, value) => {
    expect(readRequest(message)).toEqual({ ok: true, value: value ?? message })
  })

  test.each<[string, unknown]>([
    ['[D1] is no text', 'add'],
    ['[D1] is no list', [['add']]],
    ['[D1] is not nothing', null],
    ['[D1] is no map without argv', {}],
    ['[D1] has no text as argv', { argv: 'add' }],
    ['[D1] has only texts in argv', { argv: ['add', 1] }],
    ['[D1] has no number in to', { argv: ['add'], to: 1 }],
    ['[D1] has no endless to', { argv: ['add'], to: 'a'.repeat(5_000) }],
    ['[D1] has no negative limit', { argv: ['add'], timeoutMs: -1 }],
    ['[D1] has a limit above 0', { argv: ['add'], timeoutMs: 0 }],
    ['[D1] has a limit that is a number', { argv: ['add'], timeoutMs: NaN }],
    ['[D1] has a limit that a timer takes', { argv: ['add'], timeoutMs: 2 ** 31 }],
    ['[D1] has no bigint as limit', { argv: ['add'], timeoutMs: 5n }],
    ...badTraceparents.map((traceparent): [string, unknown] => [
      `[D13] has no traceparent ${JSON.stringify(traceparent)}`,
      { argv: ['add'], traceparent },
    ]),
  ])('%s', (_sentence, message) => {
    expect(readRequest(message)).toMatchObject({ ok: false })
  })

  test.each<[string, string[], string | undefined]>([
    ['[D6] of 64 KiB is taken', ['a', 'b'.repeat(65_535)], undefined],
    ['[D6] above is LIMIT_EXCEEDED', ['a', 'b'.repeat(65_536)], 'LIMIT_EXCEEDED'],
    ['[D6] counts bytes, not characters', ['é'.repeat(32_769)], 'LIMIT_EXCEEDED'],
    ['[D6] of too many words is LIMIT_EXCEEDED', Array<string>(4_097).fill('a'), 'LIMIT_EXCEEDED'],
    ['[D6] of no words is INVALID', [], 'INVALID'],
    ['[D6] of an empty command is INVALID', ['', 'a'], 'INVALID'],
    ['[D6] with a NUL is INVALID', ['a', 'b\0'], 'INVALID'],
  ])('%s', (_sentence, argv, code) => {
    expect(requestProblem(argv)?.code).toBe(code)
  })
})

describe('input', () => {
  test('[D2] is a chunk of bytes', () => {
    expect(readInput(bytes)).toEqual({ ok: true, value: bytes })
    expect(readInput(new Uint8Array(65_536)).ok).toBe(true)
  })

  test.each([['text'], [{}], [null], [[1]], [new Uint8Array(65_537)], [new Uint16Array(1)]])(
    '[D2] is not %j',
    (item) => {
      expect(readInput(item)).toMatchObject({ ok: false })
    },
  )
})

describe('what comes of a command', () => {
  test.each<[string, unknown, unknown]>([
    ['[D3] is output', { out: bytes }, { out: bytes }],
    ['[D3] is an error output', { err: bytes }, { err: bytes }],
    ['[D4] is a sign of life', { alive: true }, { alive: true }],
    ['[D5] may have keys we do not know', { out: bytes, later: 1 }, { out: bytes }],
  ])('%s', (_sentence, item, value) => {
    expect(readPart(item)).toEqual({ ok: true, value })
  })

  test.each([
    {},
    null,
    1,
    [],
    { out: 'text' },
    { out: new Uint8Array(65_537) },
    { err: 1 },
    { alive: false },
    { exit: 0 },
    { out: bytes, err: bytes },
    { out: bytes, alive: true },
  ])('[D3] is not %j', (item) => {
    expect(readPart(item)).toMatchObject({ ok: false })
  })

  test.each([0, 1, 255])('[D3] ends with exit code %d', (exit) => {
    expect(readExit(exit)).toEqual({ ok: true, value: exit })
  })

  test.each([-1, 256, 0.5, '0', undefined, null, {}, 0n])('[D3] does not end with %s', (exit) => {
    expect(readExit(exit)).toMatchObject({ ok: false })
  })
})

test('[D5] the guards never throw', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      readRequest(value)
      readInput(value)
      readPart(value)
      readExit(value)
    }),
  )
})
