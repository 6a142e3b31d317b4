import { describe, expect, test } from 'vitest'
import { Simple, Tagged } from './foreign.ts'
import { decode, encode } from './index.ts'

/** Bytes of hexadecimal text. */
function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const dateTime = '2013-03-21T20:04:00Z'
const to25 = Array.from({ length: 25 }, (_, index) => index + 1)

// RFC 8949, Appendix A, in its order. These are also what we write.
const written: [string, unknown][] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1819', 25],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['1bffffffffffffffff', 18446744073709551615n],
  ['c249010000000000000000', 18446744073709551616n],
  ['3bffffffffffffffff', -18446744073709551616n],
  ['c349010000000000000000', -18446744073709551617n],
  ['20', -1],
  ['29', -10],
  ['3863', -100],
  ['3903e7', -1000],
  ['f98000', -0],
  ['fb3ff199999999999a', 1.1],
  ['f93e00', 1.5],
  ['fb7e37e43c8800759c', 1.0e300],
  ['f90001', 5.960464477539063e-8],
  ['f90400', 0.00006103515625],
  ['fbc010666666666666', -4.1],
  ['fa7f7fffff', 3.4028234663852886e38],
  ['f97c00', Infinity],
  ['f97e00', NaN],
  ['f9fc00', -Infinity],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  ['40', unhex('')],
  ['4401020304', unhex('01020304')],
  ['60', ''],
  ['6161', 'a'],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', '\u00fc'],
  ['63e6b0b4', '\u6c34'],
  ['64f0908591', '\ud800\udd51'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', to25],
  ['a0', {}],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['826161a161626163', ['a', { b: 'c' }]],
  ['a56161614161626142616361436164614461656145', { a: 'A', b: 'B', c: 'C', d: 'D', e: 'E' }],
]

// The rest of Appendix A: decoded, but written in another form or not at all.
const read: [string, unknown][] = [
  ['f90000', 0],
  ['f93c00', 1],
  ['f97bff', 65504],
  ['fa47c35000', 100000],
  ['f9c400', -4],
  ['fa7f800000', Infinity],
  ['fa7fc00000', NaN],
  ['faff800000', -Infinity],
  ['fb7ff0000000000000', Infinity],
  ['fb7ff8000000000000', NaN],
  ['fbfff0000000000000', -Infinity],
  ['f0', new Simple(16)],
  ['f8ff', new Simple(255)],
  ['c074323031332d30332d32315432303a30343a30305a', new Tagged(0, dateTime)],
  ['c11a514b67b0', new Tagged(1, 1363896240)],
  ['c1fb41d452d9ec200000', new Tagged(1, 1363896240.5)],
  ['d74401020304', new Tagged(23, unhex('01020304'))],
  ['d818456449455446', new Tagged(24, unhex('6449455446'))],
  ['d82076687474703a2f2f7777772e6578616d706c652e636f6d', new Tagged(32, 'http://www.example.com')],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  ['5f42010243030405ff', unhex('0102030405')],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['9fff', []],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['9f01820203820405ff', [1, [2, 3], [4, 5]]],
  ['83018202039f0405ff', [1, [2, 3], [4, 5]]],
  ['83019f0203ff820405', [1, [2, 3], [4, 5]]],
  ['9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff', to25],
  ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
  ['826161bf61626163ff', ['a', { b: 'c' }]],
  ['bf6346756ef563416d7421ff', { Fun: true, Amt: -2 }],
]

describe('RFC 8949, Appendix A', () => {
  test.each([...written, ...read])('[V2] [V13] %s is decoded', (bytes, value) => {
    expect(decode(unhex(bytes))).toStrictEqual({ ok: true, value })
  })

  test.each(written)('[V1] [V3] %s is written so', (bytes, value) => {
    expect(hex(encode(value))).toBe(bytes)
  })

  test.each(written)('[V22] %s is also the deterministic form', (bytes, value) => {
    expect(hex(encode(value, { deterministic: true }))).toBe(bytes)
  })
})
