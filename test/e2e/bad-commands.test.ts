/** Commands that make no sense, are too much, or lead nowhere; and the nodes that outlive them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Node, SkeinError } from '../../src/index.ts'
import { linesOf, Machine, type RunningNode } from './machine.ts'
import type { Ended } from './processes.ts'

let machine: Machine
let alice: RunningNode

const aliases = `[commands]
add = "calc 1+2"
self = "self"
ping = "pong"
pong = "ping"
sum = "calc $1+$2"
dangling = "nowhere 1"
`

beforeAll(async () => {
  machine = new Machine()
  alice = await machine.node('alice', aliases)
  const bob = await machine.node('bob', `network.peers = ["${alice.address}"]\n`)
  await bob.process.printed('"msg":"connected"')
})

afterAll(async () => {
  // Whatever was done to them: these nodes go on.
  expect(await fromBob(['@alice', 'add'])).toEqual(success('3\n'))
  await machine.close()
})

const fromBob = (words: readonly string[]): Promise<Ended> => machine.skein(['-p', 'bob', ...words])

async function expectFailure(words: readonly string[], line: RegExp, code = 1): Promise<void> {
  const ended = await fromBob(words)
  expect(linesOf(ended.stderr)).toEqual([
    expect.stringMatching(new RegExp(`^skein: ${line.source}`)),
  ])
  expect(ended.stderr.length).toBeLessThan(1000)
  expect([ended.code, ended.stdout]).toEqual([code, ''])
}

describe('a command line', () => {
  test.each([
    ['@', /@: name a peer/],
    ['@ add', /@: name a peer/],
    ['on', /on: name a peer/],
    ['@alice', /@alice: there is no command/],
    ['@alice --json add', /--json has to stand before the peer/],
    ['--timeout soon @alice add', /--timeout must be a time up to 24d/],
    ['--timeout -1 @alice add', /--timeout must be a time up to 24d/],
  ])('%s is wrong, with exit code 2', async (line, message) => {
    await expectFailure(line.split(' '), message, 2)
  })

  test('with an empty command is wrong, with exit code 2', async () => {
    await expectFailure(['@alice', ''], /@alice: there is no command/, 2)
    await expectFailure(['@alice', '  '], /@alice: there is no command/, 2)
  })
})

describe('a peer', () => {
  test.each([
    ['that nobody is', '@nobody', /No peer found matching 'nobody'/],
    ['with an index that is not given', '@99', /No peer found matching '99'/],
    ['whose ID is not known', `@${'a'.repeat(52)}`, /no address of aaaaaaaa is known/],
    ['too short a start of its ID', '@a', /No peer found matching 'a'/],
    ['with a name as long as a page', `@${'x'.repeat(4000)}`, /No peer found/],
    ['with a name of control characters', '@\u001b[31m', /No peer found matching '\\x1b/],
    ['that is oneself', '@bob', /'bob' is this node itself; name another one/],
  ])('%s', async (_what, peer, message) => {
    await expectFailure([peer, 'add'], message)
  })
})

describe('a command', () => {
  test.each([
    ['that is not there', ['nope'], /Unknown command: nope/],
    ['of blanks', [' x'], /Unknown command: {2}x/],
    ['that names itself', ['self'], /alias 'self' leads back to itself: self → self; change it/],
    ['that leads back to itself', ['ping'], /alias '\w+' leads back .*ping → pong → ping/],
    ['of an alias of nothing', ['dangling'], /alias 'dangling' runs 'nowhere', which this peer/],
    ['with an argument too few', ['sum', '1'], /alias 'sum' takes 2 arguments; 1 was given/],
    ['with an argument too many', ['add', '1'], /alias 'add' takes no arguments; 1 was given/],
    ['that only a name of JavaScript knows', ['constructor'], /Unknown command: constructor/],
    ['named like a prototype', ['__proto__'], /Unknown command: __proto__/],
  ])('%s', async (_what, words, message) => {
    await expectFailure(['@alice', ...words], message)
  })

  test('[D6] of 1 MB is too long, and its reader hears how to send it', async () => {
    const words = Array.from({ length: 10 }, () => 'x'.repeat(100_000))
    await expectFailure(
      ['@alice', 'echo', ...words],
      /the command has 1000004 bytes; .*standard input/,
    )
  })

  test('[D6] of 1 MB at the prompt is too long as well, and the next line runs', async () => {
    machine.write('config/network/carol.toml', `network.peers = ["${alice.address}"]\n`)
    const line = 'x'.repeat(1_000_000)
    const { code, stdout } = await machine.skein(['up', '-p', 'carol'], {
      stdin: `@alice echo ${line}\necho ${line}\n${line}\n@${line} add\necho still here\n`,
    })
    const lines = linesOf(stdout)
    for (const each of lines.slice(0, 4)) expect(each.length).toBeLessThan(1000)
    expect(lines[0]).toMatch(/the command has 1000004 bytes/)
    expect(lines.at(-1)).toBe('Result: still here')
    expect(code).toBe(0)
  })

  test('with 5 000 words is too long', async () => {
    const words = Array.from({ length: 5_000 }, () => 'x')
    await expectFailure(['@alice', 'echo', ...words], /the command has 5001 words; at most 4096/)
  })
})

test('what a peer says in an error loses its escape sequences', async () => {
  await using mallory = await Node.start({ label: 'mallory', peers: [alice.address] })
  mallory.command('evil', {
    summary: 'Say something evil',
    run: () => Promise.reject(new SkeinError('INVALID', '\u001b[31mred\nskein: all is well')),
  })
  await mallory.ready()
  const { stderr } = await machine.skein(['-p', 'alice', '@mallory', 'evil'])
  expect(stderr).toBe('skein: \\x1b[31mred\nskein: skein: all is well\n')
})

describe('[D40] calc', () => {
  test.each([
    ['99999999999999999999+1', '1e+20'],
    ['0.1+0.2', '0.3'],
    ['1/3', '0.33333333333333'],
    ['sqrt(2)', '1.4142135623731'],
    ['2 inch to cm', '5.08 cm'],
    ['2*(3+4)^2', '98'],
    ['-0', '0'],
    ['1/0', 'Infinity'],
  ])('%s is %s', async (expression, result) => {
    expect(await fromBob(['@alice', 'calc', expression])).toEqual(success(`${result}\n`))
  })

  test.each([
    ['1+', /the expression ends too soon, at character 3/],
    ['(((', /.*/],
    ['what is it', /.*/],
    ['\u001b[31m', /.*/],
    ['import({ x: 1 })', /.*not offered here/],
    ['cos.constructor("return process")()', /.*/],
    ['', /there is nothing to calculate/],
  ])('of %j is an error of one line', async (expression, message) => {
    await expectFailure(['@alice', 'calc', expression], message)
  })

  test.each([
    ['all the time', 'f(n)=n<2?n:f(n-1)+f(n-2);f(60)', /.* more than 2 s; make it smaller/],
    ['all the memory at once', 'ones(1e8)', /.* more than .*; make it smaller/],
    ['all the memory bit by bit', 'setPowerset(1:30)', /.* more than .*; make it smaller/],
    ['all the stack', 'f(n)=f(n+1);f(1)', /.* too deeply; make it smaller/],
  ])('[D41] that would take %s is ended within its limit', async (_what, expression, message) => {
    const startMs = Date.now()
    await expectFailure(['@alice', 'calc', expression], message)
    expect(Date.now() - startMs).toBeLessThan(15_000) // 2 s and what a busy machine adds.
    expect(await fromBob(['@alice', 'add'])).toEqual(success('3\n'))
  })
})

function success(stdout: string): object {
  return { code: 0, stdout, stderr: '' }
}
