/** Values of every kind from a seed, with shared objects and cycles among them. */
import { randomInt } from '../base/random.ts'
import type { Random } from '../base/random.ts'
import { ClassRegistry } from './class-registry.ts'
import { Simple, Tagged } from './foreign.ts'
import type { References } from './references.ts'

/** An instance that travels by its properties. */
export class Goose {
  name = ''
  mate: unknown
}

/** An instance that travels by a state of its own. */
export class Flight {
  readonly #legs: unknown[]
  constructor(legs: unknown[]) {
    this.#legs = legs
  }
  get legs(): readonly unknown[] {
    return this.#legs
  }
}

export const fuzzClasses = new ClassRegistry().register(Goose).register(Flight, {
  toState: ({ legs }) => legs,
  fromState: (state) => {
    if (!Array.isArray(state)) throw new TypeError('legs are a list')
    return new Flight(state)
  },
})

/** All functions are one reference. */
export const fuzzReferences: References = {
  describe: (value) => (typeof value === 'function' ? { n: 0 } : undefined),
  revive: () => callback,
}

function callback(): void {}

/** Makes a value. */
export function randomValue(random: Random): unknown {
  const made: unknown[] = []
  const pick = <T>(list: readonly T[]): T => list[randomInt(random, list.length)] as T
  const value = (depth: number): unknown => {
    if (made.length > 0 && random.next() < 0.08) return pick(made)
    if (depth >= 5 || random.next() < 0.45) return pick(leaves)(random)
    return container(depth)
  }
  const many = (depth: number, add: (each: unknown) => void): void => {
    for (let left = randomInt(random, 6); left > 0; left--) add(value(depth + 1))
  }
  const keep = <T>(object: T): T => {
    made.push(object)
    return object
  }
  const container = (depth: number): unknown => {
    switch (randomInt(random, 8)) {
      case 0: {
        const list = keep<unknown[]>([])
        many(depth, (each) => list.push(each))
        if (random.next() < 0.1) list.length += 1 + randomInt(random, 3)
        return list
      }
      case 1: {
        const map = keep(new Map<unknown, unknown>())
        many(depth, (each) => map.set(random.next() < 0.3 ? value(depth + 1) : text(random), each))
        return map
      }
      case 2: {
        const set = keep(new Set())
        many(depth, (each) => set.add(each))
        return set
      }
      case 3: {
        const error = keep(new (pick([Error, TypeError, RangeError, SyntaxError]))(text(random)))
        many(depth, (each) => Object.assign(error, { [text(random)]: each }))
        if (random.next() < 0.3) error.cause = value(depth + 1)
        return error
      }
      case 4: {
        const goose = keep(new Goose())
        goose.mate = value(depth + 1)
        return goose
      }
      case 5: {
        const legs: unknown[] = []
        many(depth, (each) => legs.push(each))
        return keep(new Flight(legs))
      }
      case 6:
        return new AggregateError([value(depth + 1)], text(random))
      default: {
        const object = keep<Record<string, unknown>>({})
        many(depth, (each) => {
          const key = random.next() < 0.5 ? pick(commonKeys) : text(random)
          if (key !== '__proto__') object[key] = each
        })
        return object
      }
    }
  }
  return value(0)
}

const commonKeys = ['id', 'name', 'method', 'args', 'toString', 'constructor', '7', '123456', '']
const texts = ['', 'a', 'method', 'ünïcödé', '\ud800', 'x\udfff', '\u{1f986}', 'z'.repeat(60)]
const arrays = [Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array]
const floats = [Float32Array, Float64Array]

function text(random: Random): string {
  const known = texts[randomInt(random, 2 * texts.length)]
  return known ?? String.fromCharCode(...Uint16Array.from(random.bytes(randomInt(random, 30))))
}

/** Values without others in them. */
const leaves: readonly ((random: Random) => unknown)[] = [
  (random) => randomInt(random, 30),
  (random) => Math.floor((random.next() - 0.5) * 2 ** randomInt(random, 56)),
  (random) => (random.next() - 0.5) * 10 ** (randomInt(random, 600) - 300),
  (random) => [-0, NaN, Infinity, -Infinity, 2 ** 53, 0.5, 1e300][randomInt(random, 7)],
  text,
  text,
  (random) => random.next() < 0.5,
  () => null,
  () => undefined,
  (random) => BigInt.asIntN(randomInt(random, 200), BigInt(randomInt(random, 2 ** 50)) ** 4n),
  (random) => random.bytes(randomInt(random, 20)),
  (random) => new (arrays[randomInt(random, arrays.length)] ?? Int8Array)([1, 2, 300, -4]),
  (random) => new (floats[randomInt(random, 2)] ?? Float64Array)([random.next(), -0, NaN]),
  (random) => BigInt64Array.of(BigInt(randomInt(random, 1e9)), -1n),
  (random) => new Date(Math.floor((random.next() - 0.5) * 1.7e16)),
  (random) => new Date(randomInt(random, 2) ? NaN : 1_763_740_000_000 + randomInt(random, 1e6)),
  (random) =>
    new RegExp(['a+b', '(?<x>.)|[^/]', '\\u{1f986}', ''][randomInt(random, 4)] ?? '', 'gu'),
  () => /plain/,
  (random) =>
    new URL(`https://example.com/${encodeURIComponent(`p${randomInt(random, 1e6)}`)}?q#f`),
  (random) => random.bytes(randomInt(random, 9)).slice().buffer,
  (random) => new DataView(random.bytes(8).slice().buffer, 1, 5),
  () => callback,
  (random) => new Tagged(randomInt(random, 2) ? 999_999 : 2n ** 60n, randomInt(random, 9)),
  (random) => new Simple(randomInt(random, 2) ? 7 : 200),
  () => new DOMException('gone', 'AbortError'),
]
