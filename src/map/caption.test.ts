import fc from 'fast-check'
import { expect, test } from 'vitest'
import { captionLine, visibleText } from './caption.ts'
import { fakeNode } from './network.test-kit.ts'
import { briefRtt, rttBandOf, rttMillis } from './rtt-band.ts'

test.each<[string, readonly string[], string]>([
  ['the port of its address', ['tls://10.0.0.1:14590'], 'alice :14590'],
  ['of an IPv6 address', ['tls://[::1]:14590'], 'alice :14590'],
  ['the first that has one', ['memory://alice', 'tls://h:1', 'tls://h:2'], 'alice :1'],
  ['none', [], 'alice'],
  ['none that is a port', ['tls://h:99999', 'tls://h:1\n:2', '\u001b[2J'], 'alice'],
])('a caption has %s', (_sentence, addresses, expected) => {
  expect(captionLine(fakeNode(0, { addresses }))).toBe(expected)
})

test.each<[string, string, string]>([
  ['letters', 'Zoë-1.2_3', 'Zoë-1.2_3'],
  ['an escape sequence', '\u001b[31mred', String.raw`\x1b[31mred`],
  ['line breaks and tabs', 'a\r\n\tb', String.raw`a\x0d\x0a\x09b`],
  ['a bidirectional override', 'a\u202eb', String.raw`a\u{202e}b`],
  ['a combining mark', 'a\u0301', String.raw`a\u{301}`],
  ['half a surrogate pair', 'a\ud83d', String.raw`a\u{d83d}`],
  ['a wide character', '名', String.raw`\u{540d}`],
  ['a line of another kind', 'a\u2028b', String.raw`a\u{2028}b`],
  ['a megabyte', 'x'.repeat(1_000_000), `${'x'.repeat(19)}…`],
])('text is made visible: %s', (_sentence, text, expected) => {
  expect(visibleText(text, 20)).toBe(expected)
})

test('visible text is of bounded length and of one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, most) => {
      const visible = visibleText(text, most)
      expect(visible.length).toBeLessThanOrEqual(most)
      expect(visible).toMatch(/^[ -~\u00a1-\u024f–…]*$/)
    }),
  )
})

test.each<[number, string, string, number]>([
  [0, '0 µs', '0.00', 0],
  [240, '240 µs', '0.24', 0],
  [999, '999 µs', '1.00', 0],
  [1_240, '1.24 ms', '1.24', 1],
  [9_999, '10.0 ms', '10.0', 1],
  [12_350, '12.3 ms', '12.3', 2],
  [99_960, '100 ms', '100', 3],
  [999_499, '999 ms', '999', 4],
  [1_240_000, '1.24 s', '1240', 4],
  [87_000_000, '87.0 s', '87000', 4],
])('%i µs are shown briefly', (rttMicros, brief, millis, band) => {
  expect([briefRtt(rttMicros), rttMillis(rttMicros), rttBandOf(rttMicros)]).toEqual([
    brief,
    millis,
    band,
  ])
})
