/** Every command in the README does what the README says. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf, Machine } from './machine.ts'
import { answersFrom, typed } from './transcript.ts'

const root = path.resolve(import.meta.dirname, '../..')
const command = path.join(root, 'dist/bin/skein.cjs')
const home = mkdtempSync(path.join(tmpdir(), 'skein-readme-'))
const env = { ...process.env, SKEIN_HOME: home, NO_COLOR: '1' }
const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
const background: ChildProcess[] = []

interface Step {
  readonly words: readonly string[]
  readonly inBackground: boolean
  readonly expected: readonly string[]
}

afterAll(() => {
  for (const child of background) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

let arePortsFree = true
beforeAll(async () => {
  arePortsFree = (await isFree(14_595)) && (await isFree(14_596))
})

test('the two peers of the README print what it shows', async ({ skip }) => {
  if (!arePortsFree) skip('ports 14595 and 14596, which the examples name, are taken here')
  const steps = readSteps(/## Two peers\n(.*?)\n## /s)
  expect(steps.length).toBeGreaterThan(8)
  for (const step of steps) {
    if (step.inBackground) start(step)
    else await expectOutput(step)
  }
}, 60_000)

test('the shipped examples answer what is piped into them', async ({ skip }) => {
  if (!arePortsFree) skip('ports 14595 and 14596, which the examples name, are taken here')
  await using machine = new Machine()
  const peer1 = machine.launch(['up', path.join(root, 'examples/peer1.json')])
  peer1.type('echo ready\n')
  await peer1.printed('Result: ready')
  const words = ['up', path.join(root, 'examples/peer2.json')]
  const { code, stdout, stderr } = await machine.skein(words, { stdin: typed })
  expect(linesOf(stdout)).toEqual(answersFrom(14_595))
  expect([code, stderr]).toEqual([0, ''])
})

test('the library of the README runs', () => {
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const file = path.join(home, 'readme.mjs')
  const entry = JSON.stringify(path.join(root, 'dist/index.js'))
  // Node 20 has no `await using`: the compiler's answer to it is a close at the end.
  const runnable = code.replace("'skein'", entry).replaceAll('await using', 'const')
  writeFileSync(file, `${runnable}\nawait bob.close()\nawait alice.close()\n`)
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^3\n\d{4}-\d\d-\d\dT/)
})

test('what the README says of keys and networks does that', async () => {
  await using machine = new Machine()
  const section = /## What others may do here\n(.*?)\n## /s.exec(readme)?.[1] ?? ''
  const [, rules = ''] = /```toml\n(.*?)```/s.exec(section) ?? []
  const there = await machine.node('bob', '[network]\nadmit = "known"\n')
  await machine.node(
    'here',
    `[network]\nadmit = "known"\npeers = ["${there.address}"]\n${rules.replace('"ID"', `"${there.id}"`)}`,
  )
  const given = { ID: there.id, TICKET: '' }
  const blocks = [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
  const lines = blocks.join('').trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(5)
  const said = new Map<string, string>()
  for (const line of lines) {
    const [, words = '', where = ''] = /^skein (.*?) +# (here|there): /.exec(line) ?? []
    const argv = words.split(' ').map((word) => given[word as keyof typeof given] ?? word)
    const isAsked = words === 'leave'
    const profile = where === 'here' ? 'here' : 'bob'
    const ended = await machine.skein(['-p', profile, ...argv, ...(isAsked ? ['--yes'] : [])])
    expect(ended, line).toMatchObject({ code: 0, stderr: '' })
    said.set(words, ended.stdout)
    if (words.startsWith('invite')) given.TICKET = ended.stdout.trim()
    if (words.startsWith('join')) {
      await machine.connected('here', 1)
      const uptime = await machine.skein(['-p', 'bob', '@here', 'uptime'])
      const hasProgram = existsSync('/usr/bin/uptime')
      expect(uptime.stdout + uptime.stderr).toMatch(hasProgram ? /load average/ : /uptime/)
    }
  }
  expect(said.get('id')?.trim()).toBe(there.id)
  expect(said.get('join TICKET')).toMatch(/^Joined network/)
  expect(said.get('leave')).toMatch(/^Forgot|^Left/)
}, 60_000)

function readSteps(section: RegExp): readonly Step[] {
  const text = section.exec(readme)?.[1] ?? ''
  const blocks = [...text.matchAll(/```console\n(.*?)```/gs)].map(([, block = '']) => block)
  return blocks.join('').split(/^\$ /m).slice(1).map(readStep)
}

function readStep(text: string): Step {
  const [line = '', ...expected] = text.trimEnd().split('\n')
  const [name, ...words] = line.replace(/ &$/, '').split(' ')
  expect(name).toBe('skein')
  return { words, inBackground: line.endsWith('&'), expected }
}

function start({ words }: Step): void {
  background.push(spawn(process.execPath, [command, ...words], { cwd: root, env, stdio: 'ignore' }))
}

/** Runs until the output is as shown: a node that was just started needs a moment. `…` is anything. */
async function expectOutput({ words, expected }: Step): Promise<void> {
  const pattern = new RegExp(`^${expected.map(toPattern).join('\n')}\n$`)
  await expect
    .poll(() => run(words), { timeout: 15_000, interval: 100, message: words.join(' ') })
    .toMatch(pattern)
}

function toPattern(line: string): string {
  const escaped = line.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  return escaped.replaceAll('…', '.*').replaceAll(/ {2,}/g, ' +')
}

function run(words: readonly string[]): string {
  const options = { cwd: root, env, encoding: 'utf8', input: '' } as const
  const { stdout, stderr } = spawnSync(process.execPath, [command, ...words], options)
  return stdout + stderr
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}
