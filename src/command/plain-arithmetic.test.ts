import { createRequire } from 'node:module'
import fc from 'fast-check'
import type { MathJsInstance } from 'mathjs'
import { expect, test } from 'vitest'
import { calculatePlainly } from './plain-arithmetic.ts'

const math = createRequire(import.meta.url)('mathjs/lib/browser/math.js') as MathJsInstance

/** As the process that calculates prints it: see calc-worker.node.ts. */
function byMathjs(expression: string): string | undefined {
  try {
    const value: unknown = math.evaluate(expression)
    return math.format(value, { precision: 14, lowerExp: -6, upperExp: 14 })
  } catch {
    return undefined
  }
}

const numbers = fc.oneof(
  fc.nat({ max: 20 }).map(String),
  fc.nat().map(String),
  fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value.toFixed(4)),
)
const { sum } = fc.letrec<{ sum: string }>((tie) => ({
  sum: fc.oneof(
    { depthSize: 'medium' },
    numbers,
    fc
      .tuple(tie('sum'), fc.constantFrom('+', '-', '*', '/', ' + ', ' / ', '*-', ' --'), tie('sum'))
      .map((parts) => parts.join('')),
    tie('sum').map((inner) => `(${inner})`),
    tie('sum').map((inner) => `-${inner}`),
  ),
}))

test('[D41] what is calculated plainly is what mathjs says', () => {
  let count = 0
  fc.assert(
    fc.property(sum, (expression) => {
      const plain = calculatePlainly(expression)
      if (plain === undefined) return
      count++
      expect([expression, plain]).toEqual([expression, byMathjs(expression)])
    }),
    { numRuns: 3_000 },
  )
  expect(count).toBeGreaterThan(1_000) // Else it was not tried.
})

test('a text of its characters that mathjs does not take is not taken', () => {
  const texts = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789+-*/(). ')),
    maxLength: 12,
  })
  fc.assert(
    fc.property(texts, (expression) => {
      const plain = calculatePlainly(expression)
      if (plain !== undefined)
        expect([expression, plain]).toEqual([expression, byMathjs(expression)])
    }),
    { numRuns: 20_000 },
  )
})

test.each([
  ['1+2', '3'],
  ['2*(3+4) - 10/4', '11.5'],
  ['0.1+0.2', undefined],
  ['1/3', undefined],
  ['1/0', undefined],
  ['0*-1', undefined],
  ['1e3', undefined],
  ['2(3)', undefined],
  ['2 3', undefined],
  ['10**2', undefined],
  ['', undefined],
  ['99999999999999', undefined],
])('%s is %s', (expression, text) => {
  expect(calculatePlainly(expression)).toBe(text)
})
