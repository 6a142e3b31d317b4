import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { ValueCodec } from './index.ts'

const plain = new ValueCodec()

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function turn<T>(value: T, codec = plain): T {
  const decoded = codec.decode(codec.encode(value))
  if (!decoded.ok) throw new Error(decoded.violation)
  return decoded.value as T
}

describe('memory and depth', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const held = (): number => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const repeated = (hex: string, count: number): Uint8Array => {
    const one = [...unhex(hex)]
    const head = [0x9a, count >>> 24, count >>> 16, count >>> 8, count]
    return Uint8Array.from([...head, ...Array.from({ length: count }, () => one).flat()])
  }

  test.each([
    ['objects', 'a0'],
    ['arrays of one', '8100'],
    ['indexes that are far apart', 'a1643130303000'],
    ['maps', 'd90103a0'],
    ['byte strings', '40'],
    ['addresses', 'd82063613a62'],
    ['holes', '81d81ff7'],
  ])('[V35] %s take at most 128 bytes a byte of input', (_what, hex) => {
    const input = repeated(hex, 40_000)
    const before = held()
    const decoded = plain.decode(input)
    expect(decoded.ok).toBe(true)
    expect((held() - before) / input.length).toBeLessThan(128)
    expect(decoded.ok && (decoded.value as unknown[]).length).toBe(40_000) // Held until here.
  })

  test.each([
    'c1',
    'd81d',
    'd81c',
    'd81c81',
    'd90102',
    'd90103',
    'd81b82',
    'd9a105',
    'c6',
    '81',
    'a1',
  ])('[V16] 100 000 times %s is a violation, not a crash', (hex) => {
    const bomb = repeated(hex, 100_000).subarray(5)
    expect(new ValueCodec({ maxDepth: 1e9, maxItems: 1e9 }).decode(bomb).ok).toBe(false)
  })

  test('[V35] a value of 500 levels fits into the stack', () => {
    let value: unknown = { end: true }
    for (let level = 0; level < 100; level++) value = new Map([[1, [new Set([{ a: [value] }])]]])
    const codec = new ValueCodec({ maxDepth: 1e9 })
    expect(() => codec.encode(value)).toThrow(/more than 500 levels deep/)
    value = 0
    for (let level = 0; level < 500; level++) value = level % 2 ? [value] : { value }
    expect(codec.decode(codec.encode(value)).ok).toBe(true)
  })

  test('[V35] a big integer of 128 KiB takes no time to speak of', () => {
    const value = 2n ** (8n * 131_072n) - 1n
    const startMs = performance.now()
    expect(turn(value) === value).toBe(true)
    expect(performance.now() - startMs).toBeLessThan(1_000)
  })
})
