/** Needs the built worker, `dist/command/calc-worker.node.js`: `npm run build` or `tsc` makes it. */
import { afterAll, describe, expect, test, vi } from 'vitest'
import { owner } from '../base/policy.ts'
import { Calculator, calcCommand } from './calc.node.ts'
import type { CommandContext } from './command.ts'

const calculator = new Calculator()
afterAll(() => calculator.close())

describe('calc', () => {
  test.each([
    ['1+2', '3'],
    ['2*(3+4)^2', '98'],
    ['1/3', '0.33333333333333'],
    ['0.1+0.2', '0.3'],
    ['99999999999999999999+1', '1e+20'],
    ['sqrt(2)', '1.4142135623731'],
    ['123456*2', '246912'],
    ['999999999999999', '999999999999999'],
    ['2^53 - 1', '9007199254740991'],
    ['2^53', '9.007199254741e+15'],
    ['-12345678901234567', '-1.2345678901235e+16'],
    ['2 inch to cm', '5.08 cm'],
    ['sqrt(-4)', '2i'],
    ['[1,2;3,4]*2', '[[2, 4], [6, 8]]'],
    ['true and false', 'false'],
    ['hex(255)', '0xff'],
    ['a=2; b=3; a*b', '6'],
    ['1\n2', '1\n2'],
    ['0.000001', '0.000001'],
    ['1e-9', '1e-9'],
    ['10^10^10', 'Infinity'],
    ['null', 'null'],
  ])('[D40] %s is %s', async (expression, text) => {
    expect(await calculator.evaluate(expression)).toBe(text)
  })

  test.each([
    ['garbage', ')(', 'a value is expected, at character 1'],
    ['half an expression', '2+', 'the expression ends too soon, at character 3'],
    ['an open bracket', '(1', 'a closing ) is expected, at character 3'],
    ['a bracket too many', '1)', 'unexpected ")", at character 2'],
    ['two numbers', '1 2', 'unexpected "2", at character 3'],
    ['what is no mathematics', '2 @ 3', 'unexpected "@ 3", at character 3'],
    ['an open matrix', '[1,2', 'a closing ] is expected, at character 5'],
    ['an open object', '{a:1', 'a comma or a closing } is expected, at character 5'],
    ['half a choice', '1 ? 2', 'a : with what holds otherwise is expected, at character 6'],
    ['an unknown name', 'nope', 'nope is no number, unit, variable or function'],
    ['an unknown function', 'nope(1)', 'there is no function nope'],
    ['too little', 'sqrt()', 'sqrt wants more than the 0 values that it was given'],
    ['too much', 'sqrt(1,2,3)', 'sqrt takes 1 at most, and was given 3 values'],
    ['a wrong value', '1 to 2', 'to takes no number as its value 2'],
    ['a missing value', 'undefined+1', 'add takes no missing value as its value 1'],
    ['a text as a number', 'bignumber("x")', '"x" is no number'],
    ['units that differ', '1 cm + 1 s', 'Units do not match'],
    ['nothing', ' ', 'there is nothing to calculate'],
    ['a function', 'sqrt', 'the result is a function; call it: sqrt(2)'],
    ['an open text', '"a', 'a closing " is expected, at character 3'],
  ])('[D40] %s is INVALID, in one line', async (_what, expression, message) => {
    await expect(calculator.evaluate(expression)).rejects.toMatchObject({
      code: 'INVALID',
      message,
    })
  })

  test.each([
    'import({a:1})',
    'createUnit("foo")',
    'evaluate("1")',
    'parse("1")',
    'simplify("x")',
    'derivative("x","x")',
    'config({})',
    'compile("1")',
    'parser()',
    'help(sqrt)',
    'chain(1)',
    'typed("f", sqrt)',
    'reviver()',
    'replacer()',
    'resolve("x")',
    'rationalize("x")',
    '"a".constructor',
    '{}.constructor',
    'f(x)=x;f.constructor',
    'typed.create()',
    'cos.call',
    '[1].constructor.constructor',
    'unit("1 m").constructor',
    '{}.__proto__',
  ])('[D42] %s is not offered', async (expression) => {
    await expect(calculator.evaluate(expression)).rejects.toMatchObject({ code: 'INVALID' })
  })

  test('[D42] a name that one defined is not there for the next', async () => {
    expect(await calculator.evaluate('secret = 42')).toBe('42')
    expect(await calculator.evaluate('pi = 3')).toBe('3')
    await expect(calculator.evaluate('secret')).rejects.toMatchObject({ code: 'INVALID' })
    expect(await calculator.evaluate('pi')).toBe('3.1415926535898')
  })

  test.each([
    ['time', 'f(n)=n<2?n:f(n-1)+f(n-2);f(60)', 'the calculation takes more than 2 s'],
    ['memory, a little at a time', 'setPowerset(1:30)', 'the calculation takes more than'],
    ['memory, at once', 'ones(1e8)', 'the calculation takes more than'],
    ['memory, as a range', 'range(1,1e9)', 'the calculation takes more than'],
    ['memory, as a matrix', 'ones(1e5,1e5)', 'the calculation takes more than'],
    ['memory, as text', 'f(s,n)=n==0?s:f(concat(s,s),n-1);f("aaaaaaaa",40)', 'takes more than'],
    ['stack', 'f(n)=f(n+1);f(1)', 'the calculation nests or recurses too deeply'],
    ['depth', `${'('.repeat(20_000)}1`, 'the calculation nests or recurses too deeply'],
    ['output', 'ones(200,200)', 'the result has over 65536 bytes'],
  ])(
    '[D41] too much %s is LIMIT_EXCEEDED, and the next is as ever',
    async (_what, bomb, message) => {
      const small = new Calculator({ timeLimitMs: 2_000, memoryLimitMb: 64 })
      await expect(small.evaluate(bomb)).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining(message) as string,
      })
      expect(await small.evaluate('1+1')).toBe('2')
      await small.close()
    },
  )
})

describe('a calculator', () => {
  test('[D41] answers in turn, and one asker does not hold up the others', async () => {
    const order: string[] = []
    const jobs = ['a1', 'a2', 'a3', 'b1'].map(async (name) => {
      await calculator.evaluate('1', { asker: name.charAt(0) })
      order.push(name)
    })
    await Promise.all(jobs)
    expect(order).toEqual(['a1', 'b1', 'a2', 'a3'])
  })

  test('[D41] lets so many wait and no more', async () => {
    const small = new Calculator({ maxWaiting: 3, maxWaitingPerAsker: 2 })
    const run = (asker: string): Promise<string> =>
      small.evaluate('1', { asker }).catch((error: { code: string }) => error.code)
    const results = await Promise.all(['a', 'a', 'a', 'a', 'b', 'b'].map(run))
    expect(results).toEqual(['1', '1', '1', 'LIMIT_EXCEEDED', '1', 'LIMIT_EXCEEDED'])
    await small.close()
  })

  test('[D43] ends its process when idle, and starts it again', async () => {
    const small = new Calculator({ idleMs: 1 })
    expect(await small.evaluate('1')).toBe('1')
    await vi.waitFor(() => expect(small.isRunning).toBe(false))
    expect(await small.evaluate('2')).toBe('2')
    await small.close()
  })

  test('[D43] that was closed fails what waits and what comes', async () => {
    const small = new Calculator()
    const waiting = [small.evaluate('1'), small.evaluate('2')]
    const failures = Promise.allSettled(waiting)
    await small.close()
    for (const failure of await failures) {
      expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'NODE_CLOSED' } })
    }
    await expect(small.evaluate('3')).rejects.toMatchObject({ code: 'NODE_CLOSED' })
  })

  test('[D41] whose process is not there says so', async () => {
    const broken = new Calculator({ workerUrl: '/no/such/worker.js' })
    await expect(broken.evaluate('1')).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'the calculator did not start (code 1)',
    })
    await broken.close()
  })
})

test('[D40] the command joins its words, and asks for some', async () => {
  const command = calcCommand(calculator)
  const context = { subject: owner, signal: new AbortController().signal } as CommandContext
  expect(await command.run({ ...context, args: ['2', '*', '3'] })).toBe('6')
  expect(() => command.run({ ...context, args: [] })).toThrow('there is nothing to calculate')
})
