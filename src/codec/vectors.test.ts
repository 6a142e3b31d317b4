import { Tagged as ForeignTagged, decode as decodeForeign } from 'cborg'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Tagged } from './foreign.ts'
import { ClassRegistry, ValueCodec, decode } from './index.ts'

class Point {
  readonly x: number
  readonly y: number
  constructor(x: number, y: number) {
    this.x = x
    this.y = y
  }
}

/** Takes what was described for what describes it. */
const callback = (): void => {}
const codec = new ValueCodec({
  classes: new ClassRegistry().register(Point),
  references: {
    describe: (value) => (value === callback ? [1, 'f'] : undefined),
    revive: () => callback,
  },
})

const file = new URL('../../test/vectors/values.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
  vectors: readonly { readonly name: string; readonly hex: string }[]
}

const shared = [1]
const cycle: Record<string, unknown> = {}
cycle['self'] = cycle
const bytes = Uint8Array.of(1, 2)

/** The value of each vector. */
const values: Readonly<Record<string, unknown>> = {
  'lone surrogate': 'a\ud800',
  'lone surrogate in a key': { '\udc00': 1 },
  'date, whole seconds': new Date(1_363_896_240_000),
  'date, milliseconds': new Date(1_363_896_240_500),
  'date, invalid': new Date(NaN),
  'regular expression': /a+b/,
  'regular expression with flags': /a+b/gi,
  URL: new URL('https://example.com/a?b#c'),
  Map: new Map<unknown, unknown>([
    ['a', 1],
    [2, null],
  ]),
  'Map with objects as keys': new Map([
    [{}, 1],
    [{}, 2],
  ]),
  Set: new Set([1, 'a']),
  Uint8Array: Uint8Array.of(1, 2, 255),
  Uint8ClampedArray: Uint8ClampedArray.of(1, 255),
  Int8Array: Int8Array.of(1, -1),
  Uint16Array: Uint16Array.of(1, 512),
  Uint32Array: Uint32Array.of(1),
  BigUint64Array: BigUint64Array.of(1n),
  Int16Array: Int16Array.of(-2),
  Int32Array: Int32Array.of(-2),
  BigInt64Array: BigInt64Array.of(-2n),
  Float32Array: Float32Array.of(1.5),
  Float64Array: Float64Array.of(1.5),
  ArrayBuffer: bytes.buffer,
  DataView: new DataView(bytes.buffer),
  // oxlint-disable-next-line no-sparse-arrays -- the subject
  'sparse array': [1, , 3],
  error: new Error('frost'),
  'error with a code and a cause': Object.assign(
    new TypeError('no wing', { cause: new Error('frost') }),
    { code: 'E_WING' },
  ),
  AggregateError: new AggregateError([new Error('a')], 'all'),
  DOMException: new DOMException('gone', 'AbortError'),
  'instance of a registered class': new Point(1, 2),
  'shared array': [shared, shared],
  cycle,
  reference: callback,
  'plain data': { a: [1, -0, NaN, undefined], b: 5n },
}

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function hex(encoded: Uint8Array): string {
  return Array.from(encoded, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

describe('test/vectors/values.json', () => {
  test('[V24] has a value for each name', () => {
    expect(vectors.map(({ name }) => name).toSorted()).toEqual(Object.keys(values).toSorted())
  })

  test.each(vectors)('[V24] $name is written so', ({ name, hex: expected }) => {
    expect(hex(codec.encode(values[name]))).toBe(expected)
  })

  test.each(vectors)('[V24] $name is read so', ({ name, hex: written }) => {
    expect(codec.decode(unhex(written))).toMatchObject({ ok: true, end: written.length / 2 })
    const decoded = codec.decode(unhex(written))
    expect(decoded.ok && decoded.value).toStrictEqual(values[name])
  })

  // Another library reads the same tree of tags, and so does the decoder of plain data.
  test.each(vectors)('[V24] $name is CBOR to others too', ({ hex: written }) => {
    const known = [2, 3, 27, 28, 29, 31, 32, 35, 68, 69, 70, 71, 72, 77, 78, 79, 85, 86, 1]
    const tags = ForeignTagged.preserve(...known, 258, 259, 273, 41_221)
    const foreign: unknown = decodeForeign(unhex(written), { tags, useMaps: true })
    const ours = decode(unhex(written))
    expect(comparable(ours.ok && ours.value)).toEqual(comparable(foreign))
  })
})

/** The same for both libraries: tags as tags, maps as maps, big integers as what they are made of. */
function comparable(value: unknown): unknown {
  if (value instanceof Tagged || value instanceof ForeignTagged) {
    const { tag, value: held } = value as { readonly tag: number; readonly value: unknown }
    if (tag === 2) return (held as Uint8Array).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
    return { tag, held: comparable(held) }
  }
  if (Array.isArray(value)) return value.map(comparable)
  if (value instanceof Uint8Array) return [...value]
  if (value instanceof Map) return [...value].map((entry) => entry.map(comparable))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([key, held]) => [key, comparable(held)])
  }
  return value
}
