/** Programs of one peer, run from another one's terminal. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, Machine, type RunningNode } from './machine.ts'
import { isAlive } from './processes.ts'
import type { Ended, Launched } from './processes.ts'

let machine: Machine
let bob: RunningNode

/** What bob offers: a name, and the JavaScript that it runs. */
const programs = {
  count: `console.log('first'); process.stdin.once('data', () => { console.error('second'); process.exit(7) })`,
  load: `const h = require('crypto').createHash('sha256'); process.stdin.on('data', (c) => h.update(c)).on('end', () => console.log(h.digest('hex')))`,
  back: `process.stdin.pipe(process.stdout)`,
  flood: `process.stdout.write(Buffer.alloc(5 * 2 ** 20, 'x'))`,
  wait: `console.log('pid', process.pid); setInterval(() => {}, 1000)`,
  stubborn: `process.on('SIGTERM', () => console.log('no')); console.log('pid', process.pid); setInterval(() => {}, 1000)`,
  crash: `process.kill(process.pid, 'SIGKILL')`,
  binary: `process.stdout.write(Buffer.from([0xff, 0x00, 0x1b, 0x0a]))`,
  words: `console.log(JSON.stringify([process.argv.slice(1), Object.keys(process.env).sort()]))`,
}

beforeAll(async () => {
  machine = new Machine()
  bob = await machine.node('bob', Object.entries(programs).map(writeProgram).join('\n'))
  const alice = await machine.node('alice', `network.peers = ["${bob.address}"]\n`)
  await alice.process.printed('"msg":"connected"')
})

afterAll(() => machine.close())

function writeProgram([name, source]: readonly [string, string]): string {
  const args = name === 'words' ? '"-e", SOURCE, "--", "fixed"' : '"-e", SOURCE'
  return [
    `[programs.${name}]`,
    `file = ${JSON.stringify(process.execPath)}`,
    `args = [${args.replace('SOURCE', () => JSON.stringify(source))}]`,
    `stdin = ${name === 'count' || /stdin/.test(source)}`,
    ...(name === 'words' ? ['arguments = "append"'] : []),
  ].join('\n')
}

const fromAlice = (words: readonly string[], stdin: string | Uint8Array = ''): Promise<Ended> =>
  machine.skein(['-p', 'alice', ...words], { stdin })

const launched = (...words: readonly string[]): Launched =>
  machine.launch(['-p', 'alice', ...words])

test('[D52] output comes while the program runs, input reaches it, its exit code is ours', async () => {
  const running = launched('@bob', 'count')
  await running.printed('first')
  running.type('go on\n')
  expect(await running.ended).toEqual({ code: 7, stdout: 'first\n', stderr: 'second\n' })
})

test('a program that a signal ended leaves 128 and the number of the signal', async () => {
  expect(await fromAlice(['@bob', 'crash'])).toMatchObject({ code: 137, stderr: '' })
})

test('bytes in a pipe stay what they are', async () => {
  const { stdout } = await fromAlice(['@bob', 'back'], Buffer.from('\u001b[31mred\u001b[0m\u0000'))
  expect(stdout).toBe('\u001b[31mred\u001b[0m\u0000')
})

test.each([
  ['nothing', 0],
  ['a little', 1000],
  ['5 MB', 5_000_000],
])('input travels whole: %s', async (_what, size) => {
  const input = randomBytes(size)
  const hash = createHash('sha256').update(input).digest('hex')
  expect(await fromAlice(['@bob', 'load'], input)).toEqual(success(`${hash}\n`))
})

test('[D52] whoever sends input to a program that takes none is told so once', async () => {
  const running = launched('@bob', 'wait')
  await running.printed('pid')
  running.type('one\n')
  await running.printed('no input')
  running.type('two\n')
  running.signal('SIGINT')
  const { stderr } = await running.ended
  const remedy = '"stdin = true" in [programs.wait] lets it in'
  const note = `program 'wait' takes no input, what came is dropped; ${remedy}`
  expect(linesOf(stderr)).toEqual([note, 'skein: interrupted'])
})

test('input and output of 5 MB travel at the same time', async () => {
  const input = randomBytes(2_500_000).toString('hex')
  const { code, stdout } = await fromAlice(['@bob', 'back'], input)
  expect(stdout === input).toBe(true)
  expect(code).toBe(0)
})

test('output of 5 MB arrives whole', async () => {
  const { code, stdout } = await fromAlice(['@bob', 'flood'])
  expect([code, stdout.length]).toEqual([0, 5 * 2 ** 20])
})

test('a reader that has enough ends the command quietly', async () => {
  const sh = machine.shell('"$NODE" "$SKEIN" -p alice @bob flood | head -c 10')
  expect(await sh.ended).toEqual(success('xxxxxxxxxx'))
})

test('[D51] words behind a program are arguments of its own, or refused', async () => {
  const { stdout } = await fromAlice(['@bob', 'words', '$HOME', '; true', '--flag', "'"])
  const [words, environment] = JSON.parse(stdout) as [string[], string[]]
  expect(words).toEqual(['fixed', '$HOME', '; true', '--flag', "'"])
  expect(environment).toContain('SKEIN_PEER_ID')
  expect(environment).not.toContain('SKEIN_HOME')
  const refused = await fromAlice(['@bob', 'load', 'more'])
  expect(refused.stderr).toBe("skein: program 'load' takes no arguments; 1 was given\n")
  expect(refused.code).toBe(1)
})

describe('what ends a command ends the program at the other end', () => {
  test.each<[string, readonly string[], NodeJS.Signals, number]>([
    ['Ctrl-C', [], 'SIGINT', 130],
    ['a terminal that is closed', [], 'SIGKILL', 137],
  ])('%s', async (_what, flags, signal, code) => {
    const running = launched(...flags, '@bob', 'wait')
    const pid = await pidOf(running)
    running.signal(signal)
    const ended = await running.ended
    expect(ended.code).toBe(code)
    expect(linesOf(ended.stderr).filter((line) => line !== '').length).toBeLessThanOrEqual(1)
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false)
  })

  test('[D53] also one that does not listen to SIGTERM', async () => {
    const running = launched('@bob', 'stubborn')
    const pid = await pidOf(running)
    running.signal('SIGINT')
    await running.ended
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false)
  })

  test('[D9] --timeout is a hard limit, also for what runs well', async () => {
    const running = launched('--timeout', '700ms', '@bob', 'wait')
    const pid = await pidOf(running)
    const { code, stderr } = await running.ended
    expect(stderr).toMatch(/^skein: .*0\.7 s.*\n$/)
    expect(code).toBe(1)
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false)
  })
})

test.each(['wait', 'stubborn'] as const)(
  '[D53] a node that is killed takes its program with it: %s',
  async (name) => {
    const dave = await machine.node(
      `dave-${name}`,
      `network.peers = ["${bob.address}"]\n${writeProgram([name, programs[name]])}`,
    )
    await dave.process.printed('"msg":"connected"')
    const running = machine.launch(['-p', 'bob', `@dave-${name}`, name])
    const pid = await pidOf(running)
    await machine.skein(['-p', `dave-${name}`, 'id']) // It takes more than the 10 ms that it has to run.
    dave.process.signal('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
    running.signal('SIGINT')
    await running.ended
  },
)

test('what cannot be started says so in one line, and names the entry', async () => {
  const carol = await machine.node(
    'carol',
    `network.peers = ["${bob.address}"]\n[programs.gone]\nfile = "/no/such/file"\n`,
  )
  await carol.process.printed('"msg":"connected"')
  const { code, stderr } = await machine.skein(['-p', 'bob', '@carol', 'gone'])
  expect(stderr).toMatch(/^skein: 'gone' cannot be started: .*\[programs\.gone\].*\n$/)
  expect(code).toBe(1)
})

async function pidOf(running: Launched): Promise<number> {
  return Number((await running.printed(/pid (\d+)\n/))[1])
}

function success(stdout: string): object {
  return { code: 0, stdout, stderr: '' }
}
