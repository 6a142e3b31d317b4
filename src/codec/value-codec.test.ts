import { describe, expect, test } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import { Simple, Tagged } from './foreign.ts'
import { ClassRegistry, ValueCodec } from './index.ts'
import type { References, ValueOptions } from './index.ts'

const plain = new ValueCodec()

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** What comes back. */
function turn<T>(value: T, codec = plain): T {
  const decoded = codec.decode(codec.encode(value))
  if (!decoded.ok) throw new Error(decoded.violation)
  return decoded.value as T
}

function refusalOf(value: unknown, options: ValueOptions = {}): string {
  try {
    new ValueCodec(options).encode(value)
    return 'no refusal'
  } catch (thrown) {
    if (thrown instanceof SkeinError && thrown.code === 'INVALID') return thrown.message
    throw thrown
  }
}

function violationOf(hex: string, options: ValueOptions = {}): string {
  const decoded = new ValueCodec(options).decode(unhex(hex))
  return decoded.ok ? 'no violation' : decoded.violation
}

describe('dates, patterns, addresses', () => {
  test('[V25] every millisecond that a date can say comes back', () => {
    for (const ms of [
      0,
      1,
      -1,
      8.64e15,
      -8.64e15,
      8.64e15 - 1,
      1 - 8.64e15,
      8_639_999_999_999_001,
      4_476_062_952_921_147, // One multiplication of its seconds is a millisecond off.
      -4_430_362_261_054_345,
    ]) {
      expect(turn(new Date(ms)).getTime()).toBe(ms)
    }
  })

  test('[V25] a time in text is read too', () => {
    const codec = new ValueCodec()
    const text = `c074${'323031332d30332d32315432303a30343a30305a'}`
    expect(codec.decode(unhex(text))).toMatchObject({ value: new Date('2013-03-21T20:04:00Z') })
  })

  test.each([
    [
      '[V25] a time that no date can say',
      'c1fb7e37e43c8800759c',
      'a time beyond what a date can say',
    ],
    ['[V25] a time without an end', 'c1f97c00', 'a time beyond what a date can say'],
    ['[V25] a time of text that is none', 'c06131', 'a time that is not of RFC 3339'],
    ['[V25] a time that is no number', 'c1c100', 'something else where a number must stand'],
    ['[V26] a broken pattern', 'd8236128', 'a regular expression that is none here'],
    ['[V26] unknown flags', 'd81b8366526567457870616161213f', 'a regular expression that is none'],
    ['[V27] a relative URI', 'd820612f', 'a URI that is no URL'],
    ['[V28] an element twice', 'd90102820101', 'an element that was there before'],
    ['[V28] a key twice', 'd90103a201000100', 'a map key that was there before'],
    [
      '[V28] a pair of three',
      'd81b82634d617081830000 00'.replace(' ', ''),
      'an entry that is no pair',
    ],
    [
      '[V29] part of an element',
      'd84541 00'.replace(' ', ''),
      'a typed array of part of an element',
    ],
    ['[V30] an absent element elsewhere', 'd81ff7', 'an absent element outside an array'],
    ['[V30] an absent element that is there', '81d81f00', 'an absent element that is something'],
    ['[V24] WTF-8 of two surrogates', 'd9011146eda080edb080', 'text that is not WTF-8'],
    ['[V24] overlong WTF-8', 'd9011142c080', 'text that is not WTF-8'],
    ['[V31] an error without a message', 'd81b81654572726f72', 'an object with too few arguments'],
    ['[V31] too much of an error', 'd81b84654572726f7260a000', 'an object with too many arguments'],
    ['[V33] a reference to nothing', 'd81d00', 'a reference to a value that was not shared'],
    [
      '[V33] a reference to a name',
      'd81d666c656e677468',
      'something else where a number must stand',
    ],
    ['[V33] a reference to what is not there yet', 'd81cd823d81d00', 'something else where text'],
    ['[V33] a mark of a mark', 'd81cd81c80', 'a shared value marked twice'],
    ['[V34] a reference where none is taken', 'd9a10500', 'a reference where none is taken'],
  ])('%s is a violation', (_sentence, hex, violation) => {
    expect(violationOf(hex)).toContain(violation)
  })

  test('[V26] a pattern too long is refused on both sides', () => {
    expect(refusalOf({ a: new RegExp('x'.repeat(5_000)) })).toMatch(/^cannot encode \$\.a: .* 4096/)
    expect(violationOf(`d823791388${'78'.repeat(5_000)}`)).toMatch(/^a regular expression that/)
  })
})

describe('collections', () => {
  test('[V28] objects as keys stay distinct, and keys of any kind stay what they are', () => {
    const map = new Map<unknown, unknown>([
      [1, 'number'],
      ['1', 'text'],
      [1n, 'bigint'],
      [NaN, 'nan'],
      [undefined, 'nothing'],
      ['\ud800', 'half'],
    ])
    expect(turn(map)).toStrictEqual(map)
    expect([
      ...turn(
        new Map([
          [{}, 1],
          [{}, 2],
        ]),
      ).values(),
    ]).toEqual([1, 2])
  })

  test('[V28] one that changes while it is read is refused', () => {
    const set = new Set<unknown>()
    set.add({
      get grow() {
        set.add(1)
        return 0
      },
    })
    expect(refusalOf(set)).toBe('cannot encode $: it changed while it was read')
  })

  test('[V30] holes stay holes, undefined stays undefined, at the end too', () => {
    // oxlint-disable-next-line no-sparse-arrays -- the subject
    const list = turn([undefined, , undefined, ,])
    expect([list.length, ...Object.keys(list)]).toEqual([4, '0', '2'])
  })

  test('[V8] __proto__ is a property and no prototype, shared or not', () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":1}') as object
    for (const value of [turn(hostile), turn([hostile, hostile])[0]]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor'])
    }
    expect('polluted' in {}).toBe(false)
  })

  test('[V7] keys are those of the message, in every repetition and mixture', () => {
    const shapes = [{ a: 1, b: 2 }, { a: 1 }, { b: 2, a: 1 }, { a: 1, c: 3 }, {}, { '7': 0, a: 1 }]
    for (let round = 0; round < 40; round++) {
      for (const value of shapes) {
        expect(turn(value)).toStrictEqual(value)
        expect(Object.keys(turn(value))).toEqual(Object.keys(value))
      }
    }
  })
})

describe('typed arrays', () => {
  test('[V29] one that is aligned shows the bytes of the message; another one is a copy', () => {
    const floats = Float64Array.of(1.5, -2)
    const encoded = plain.encode(floats)
    for (let shift = 0; shift < 8; shift++) {
      const message = new Uint8Array(encoded.length + shift)
      message.set(encoded, shift)
      const decoded = plain.decode(message.subarray(shift))
      const value = decoded.ok ? (decoded.value as Float64Array) : undefined
      expect(value).toEqual(floats)
      const isAligned = (message.length - 16) % 8 === 0
      expect(value?.buffer === message.buffer).toBe(isAligned)
    }
  })

  test('[V29] with copiesBytes nothing shares the memory of the message', () => {
    const encoded = plain.encode([Uint8Array.of(1), Float32Array.of(1)])
    const decoded = new ValueCodec({ copiesBytes: true }).decode(encoded)
    const views = decoded.ok ? (decoded.value as Uint8Array[]) : []
    expect(views.map((view) => view.buffer === encoded.buffer)).toEqual([false, false])
  })

  test('[V29] the other order of bytes, halves, and subclasses are read', () => {
    expect(plain.decode(unhex('d841440102ff00'))).toMatchObject({
      value: Uint16Array.of(0x0102, 0xff00),
    })
    expect(plain.decode(unhex('d8544400 3c00c0'.replace(' ', '')))).toMatchObject({
      value: Float32Array.of(1, -2),
    })
    class Samples extends Float32Array {}
    expect(turn(Samples.of(1))).toStrictEqual(Float32Array.of(1))
  })
})

describe('errors', () => {
  test('[V31] a subclass arrives as its kind with its name; cause and data come along', () => {
    class WingError extends RangeError {
      override readonly name = 'WingError'
      readonly code = 7
      readonly socket = new (class Socket {})()
    }
    const error = turn(new WingError('lost', { cause: 'frost' }))
    expect(error).toBeInstanceOf(RangeError)
    expect([error.name, error.message, error.cause, error.code]).toEqual([
      'WingError',
      'lost',
      'frost',
      7,
    ])
    expect('socket' in error).toBe(false)
    expect(Object.keys(error)).toEqual(['code'])
  })

  test('[V31] the stack leaves only where it may', () => {
    const error = new Error('here')
    expect(turn(error).stack).toBe('Error: here')
    expect(turn(error, new ValueCodec({ sendsStacks: true })).stack).toBe(error.stack)
  })

  test('[V31] what would hide a method of errors is left out', () => {
    const hex = 'd81b83654572726f7260a268746f537472696e67016b636f6e7374727563746f7202'
    const decoded = plain.decode(unhex(hex))
    expect(decoded.ok && String(decoded.value)).toBe('Error')
  })

  test('[V31] an error that is its own cause stays so', () => {
    const error: Error & { me?: unknown } = new Error('loop')
    error.cause = error
    const turned = turn(error)
    expect(turned.cause).toBe(turned)
  })
})

describe('classes', () => {
  class Goose {
    name = 'g'
    mate: unknown
    get loud() {
      return this.name.toUpperCase()
    }
  }
  class Egg {
    readonly #days: number
    constructor(days: number) {
      this.#days = days
    }
    get days() {
      return this.#days
    }
  }
  const classes = new ClassRegistry().register(Goose).register(Egg, {
    name: 'bird/Egg',
    toState: ({ days }) => ({ days }),
    fromState: (state) => {
      const { days } = state as { days?: unknown }
      if (typeof days !== 'number') throw new TypeError('no days')
      return new Egg(days)
    },
  })
  const codec = new ValueCodec({ classes })

  test('[V32] instances of classes that both sides registered arrive as instances', () => {
    const goose = new Goose()
    goose.mate = [goose, new Egg(3)]
    const turned = turn(goose, codec)
    const [self, egg] = turned.mate as [unknown, Egg]
    expect([turned.loud, self === turned, egg.days]).toEqual(['G', true, 3])
  })

  test('[V32] others are an error that names the class and the place', () => {
    expect(refusalOf({ nest: [new Map([['a', new Goose()]])] })).toBe(
      'cannot encode $.nest[0].get("a"): an instance of Goose is no data; ' +
        'register its class on both sides, or send plain data',
    )
    expect(violationOf('d81b8265476f6f7365a0')).toBe(
      'an instance of Goose, a class not registered here, at byte 0',
    )
    expect(violationOf('d81b82641b5b324aa0')).toMatch(/^an instance of a class with a strange name/)
  })

  test('[V32] a state that the class refuses is a violation, and setters are not called', () => {
    expect(violationOf('d81b8268626972642f456767a0', { classes })).toMatch(/that the class refuses/)
    const decoded = codec.decode(unhex('d81b8265476f6f7365a1646c6f756401'))
    expect(decoded.ok && Object.keys(decoded.value as object)).toEqual(['loud'])
  })

  test('[V32] an instance that is made of its state cannot stand in it', () => {
    class Ring {
      next: unknown
    }
    const ring = new Ring()
    ring.next = { ring }
    const rings = new ClassRegistry().register(Ring, {
      toState: ({ next }) => next,
      fromState: (next) => Object.assign(new Ring(), { next }),
    })
    expect(refusalOf(ring, { classes: rings })).toMatch(
      /it stands within the state that it is made of/,
    )
  })

  test('[V32] names that are taken or malformed are refused', () => {
    const register = (name: string) => () =>
      new ClassRegistry().register(Goose).register(Egg, { name })
    expect(register('Goose')).toThrow('another one has the name')
    expect(register('TypeError')).toThrow('that of a kind that always travels')
    expect(register('no blanks')).toThrow('a name is 1–64')
  })
})

describe('sharing', () => {
  test('[V33] what stands in several places is one object at the other side, of every kind', () => {
    const objects = [{}, [], new Map(), new Set(), new Date(0), /x/, new URL('a:b'), new Error()]
    for (const object of [...objects, Uint8Array.of(1), new ArrayBuffer(1)]) {
      const [first, second] = turn([object, { again: object }]) as [object, { again: object }]
      expect(second.again).toBe(first)
    }
  })

  test('[V33] cycles stay cycles, through every container', () => {
    const map = new Map<unknown, unknown>()
    const set = new Set<unknown>([map])
    const list: unknown[] = [set]
    map.set('list', list).set(list, 'as a key')
    const turned = turn(list) as [Set<Map<unknown, unknown>>]
    const [turnedMap] = turned[0]
    expect(turnedMap?.get('list')).toBe(turned)
    expect(turnedMap?.get(turned)).toBe('as a key')
  })

  test('[V33] among many objects too, and in what doubles at each level', () => {
    const many = Array.from({ length: 100 }, (_, id) => ({ id }))
    const turned = turn([...many, many[3], many[99]])
    expect([turned[100] === turned[3], turned[101] === turned[99]]).toEqual([true, true])
    let value: unknown = 0
    for (let level = 0; level < 60; level++) value = [value, value]
    expect(plain.encode(value).length).toBeLessThan(1_000)
    const [left, right] = turn(value) as [unknown, unknown]
    expect(left === right).toBe(true)
  })
})

describe('references', () => {
  const given: object[] = []
  const references: References = {
    describe: (value) => (typeof value === 'function' ? { n: given.push(value) - 1 } : undefined),
    revive: (description) => {
      const value = given[(description as { n: number }).n]
      if (value === undefined) throw new SkeinError('INVALID', 'a reference that nobody gave out')
      return value
    },
  }
  const codec = new ValueCodec({ references })

  test('[V34] a function is described once and revived once, wherever it stands', () => {
    given.length = 0
    const run = (): number => 1
    const turned = turn({ run, list: [run, { run }] }, codec)
    expect([turned.run, turned.list[0], given.length]).toEqual([run, run, 1])
  })

  test('[V34] a proxy that answers everything is never probed', () => {
    const probed = (trap: string) => (): never => {
      throw new Error(trap)
    }
    const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'apply']
    const handler = Object.fromEntries(traps.map((trap) => [trap, probed(trap)]))
    const proxy: unknown = new Proxy(() => 0, handler)
    const decoded = codec.decode(codec.encode([proxy, proxy]))
    expect(decoded.ok && (decoded.value as unknown[])[1] === proxy).toBe(true)
  })

  test('[V34] an object of no known kind is asked about before it is refused', () => {
    const promise = Promise.resolve(1)
    const asked: unknown[] = []
    const asking: References = {
      describe: (value) => (asked.push(value), value === promise ? 'p' : undefined),
      revive: (description) => description,
    }
    const asker = new ValueCodec({ references: asking })
    const stream = { async *[Symbol.asyncIterator]() {} }
    expect(turn({ promise, plain: {}, map: new Map() }, asker)).toMatchObject({ promise: 'p' })
    expect(asked).toEqual([promise])
    asker.encode([stream])
    expect(asked).toEqual([promise, stream])
    new ValueCodec({ references: { ...asking, describesPlain: true } }).encode({ a: [] })
    expect(asked).toEqual([promise, stream, { a: [] }, []])
  })

  test('[V34] a description that nobody gave out is a violation', () => {
    expect(violationOf('d9a105a1616e1903e7', { references })).toBe(
      'a reference that nobody gave out, at byte 0',
    )
  })
})

describe('what does not travel', () => {
  test.each<[string, unknown, string]>([
    ['a function without references', () => 0, 'is no data'],
    ['a symbol', [Symbol('x')], '$[0]: Symbol(x) is no data'],
    [
      'a boxed number',
      { n: Object(1) as unknown },
      '$.n: an instance of Number is no data; send its valueOf()',
    ],
    ['a promise', Promise.resolve(), 'an instance of Promise is no data; await it first'],
    ['a weak map', new WeakMap(), 'an instance of WeakMap is no data'],
    ['a key of a map', new Map([[Symbol('k'), 1]]), 'Symbol(k) is no data'],
  ])('[V37] %s is refused', (_what, value, refusal) => {
    expect(refusalOf(value)).toContain(refusal)
  })

  test('[V36] unknown tags and simple values go through unchanged', () => {
    for (const value of [
      new Tagged(999, [1]),
      new Tagged(2n ** 60n, 'x'),
      new Simple(7),
      new Simple(99),
    ]) {
      expect(turn(value)).toStrictEqual(value)
    }
  })
})

describe('in place', () => {
  test('[V38] a value is written into memory of the caller, if it fits', () => {
    const slab = new Uint8Array(256)
    const inside = plain.encodeInto({ a: [1, 2] }, slab, 10)
    expect([inside.buffer === slab.buffer, inside.byteOffset]).toEqual([true, 10])
    expect(plain.decodeFrom(slab, 10)).toEqual({ ok: true, value: { a: [1, 2] }, end: 16 })
    const outside = plain.encodeInto('x'.repeat(100), slab, 200)
    expect([outside.buffer === slab.buffer, outside.length]).toEqual([false, 102])
  })

  test('[V38] what was handed out is never written again', () => {
    const held = Array.from({ length: 3_000 }, (_, index) =>
      plain.encode([index, 'x'.repeat(index % 90)]),
    )
    for (const [index, bytes] of held.entries()) {
      expect(plain.decode(bytes)).toMatchObject({ value: [index, 'x'.repeat(index % 90)] })
    }
  })

  test('[V21] one codec within another, in a getter, disturbs nothing', () => {
    const value = {
      a: 1,
      get inner() {
        return plain.encode({ b: new Map([[1, 2]]) }).length
      },
      c: 3,
    }
    expect(turn(value)).toEqual({ a: 1, inner: value.inner, c: 3 })
  })
})

describe('deterministic form', () => {
  test('[V22] entries of maps and elements of sets are sorted too', () => {
    const encode = (value: unknown): string => String(plain.encode(value, { deterministic: true }))
    const left = {
      m: new Map<unknown, number>([
        ['b', 1],
        [1, 2],
        ['a', 3],
      ]),
      s: new Set([2, 1, 'a']),
    }
    const right = {
      s: new Set(['a', 1, 2]),
      m: new Map<unknown, number>([
        ['a', 3],
        ['b', 1],
        [1, 2],
      ]),
    }
    expect(encode(left)).toBe(encode(right))
    expect(plain.encode(left)).not.toEqual(plain.encode(right))
  })

  test('[V22] a string with a lone surrogate sorts as what it is encoded as', () => {
    const bytes = plain.encode({ '\ud800': 1, zz: 2 }, { deterministic: true })
    expect([...bytes.subarray(0, 4)]).toEqual([0xa2, 0x62, 0x7a, 0x7a])
  })
})
