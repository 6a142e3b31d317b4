/** Peers that are killed, frozen or mute while a command runs on them. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Node } from '../../src/index.ts'
import { linesOf, Machine, type RunningNode } from './machine.ts'
import type { Launched } from './processes.ts'

let machine: Machine
let alice: RunningNode

/** Ends with the node even when that is killed: its input breaks off. */
const lasting = `console.log('begun'); process.stdin.resume().on('end', () => process.exit())`
const count = 3000
const counting = `let n = 0; const t = setInterval(() => { console.log(n++); if (n === ${count}) clearInterval(t) }, 0)`

const programs = Object.entries({ lasting, counting })
  .map(([name, source]) => {
    return `[programs.${name}]\nfile = "${process.execPath}"\nargs = ["-e", ${JSON.stringify(source)}]\nstdin = true\n`
  })
  .join('')

/** Notices in 0.3 s what takes 10 s otherwise. */
const nervous =
  'limits = { keepAliveMs = 100, silenceMs = 300, reconnectMaxMs = 200, reconnectMinMs = 50 }\n'

beforeEach(async () => {
  machine = new Machine()
  alice = await machine.node('alice', programs)
})

afterEach(() => machine.close())

/** Starts bob, who dials alice. */
async function startBob(toml = ''): Promise<RunningNode> {
  const bob = await machine.node('bob', `network.peers = ["${alice.address}"]\n${toml}`)
  await bob.process.printed('"msg":"connected"')
  return bob
}

/** Runs a program on alice and waits until it has begun. */
async function runLasting(...flags: readonly string[]): Promise<Launched> {
  const running = machine.launch(['-p', 'bob', ...flags, '@alice', 'lasting'])
  await running.printed('begun')
  return running
}

/** The one line that a command says when it failed. */
async function failureOf(running: Launched): Promise<string> {
  const { code, stderr } = await running.ended
  expect(linesOf(stderr)).toHaveLength(1)
  expect(code).toBe(1)
  return stderr
}

test('a peer that is killed and comes back fails its command, and takes the next', async () => {
  await startBob(nervous)
  const running = await runLasting()
  alice.process.signal('SIGKILL')
  await alice.process.ended
  await machine.up(['-p', 'alice', '-s', `network.listen.port=${alice.port}`])
  expect(await failureOf(running)).toBe('skein: alice restarted\n')
  const next = await machine.skein(['-p', 'bob', '@alice', 'echo', 'back'])
  expect(next).toEqual({ code: 0, stdout: 'back\n', stderr: '' })
})

test('a peer that is killed and stays away fails its command when the connection expires', async () => {
  await startBob('limits = { resumeWindowMs = 500 }\n')
  const running = await runLasting()
  alice.process.signal('SIGKILL')
  expect(await failureOf(running)).toMatch(/^skein: .*(expired|without a path|0\.5 s|500)/)
})

test('a peer that is killed fails its command at the time-out, when there is one', async () => {
  await startBob()
  const running = await runLasting('--timeout', '1s')
  alice.process.signal('SIGKILL')
  expect(await failureOf(running)).toMatch(/^skein: .*1 s/)
})

test('a peer that stops says so to whom it works for', async () => {
  await startBob()
  const running = await runLasting()
  await alice.process.stop()
  expect(await failureOf(running)).toMatch(/^skein: the node that ran the command was closed/)
})

test("one's own node that is killed fails the command", async () => {
  const bob = await startBob()
  const running = await runLasting()
  bob.process.signal('SIGKILL')
  expect(await failureOf(running)).toMatch(/^skein: .*/)
})

test.each([
  ['is in doubt', 'log.level = "debug"\n', 'path in doubt'],
  ['is lost', nervous, 'path lost'],
])('a peer that is frozen until its path %s goes on where it was', async (_what, toml, sign) => {
  const bob = await startBob(toml)
  const running = machine.launch(['-p', 'bob', '@alice', 'counting'])
  await running.printed(/^100$/m)
  alice.process.signal('SIGSTOP')
  await bob.process.printed(sign)
  alice.process.signal('SIGCONT')
  const { code, stdout, stderr } = await running.ended
  expect(linesOf(stdout)).toEqual(Array.from({ length: count }, (_, at) => String(at)))
  expect([code, stderr]).toEqual([0, ''])
})

test("one's own node that is frozen is said not to answer", async () => {
  const bob = await startBob()
  bob.process.signal('SIGSTOP')
  const { code, stderr } = await machine.skein(['-p', 'bob', 'status'])
  bob.process.signal('SIGCONT')
  expect(stderr).toMatch(/^skein: the node of profile 'bob' does not answer.*\n$/)
  expect(code).toBe(3)
})

test('[D8] a peer that never answers is given up after 10 s, or when --timeout says', async () => {
  const bob = await startBob()
  await using mute = await Node.start({ label: 'mute', peers: [bob.address] })
  Object.defineProperty(mute.commands, 'serve', { value: () => undefined })
  await mute.ready()
  const startMs = Date.now()
  const patient = machine.launch(['-p', 'bob', '@mute', 'add'])
  const hasty = await machine.skein(['-p', 'bob', '--timeout', '300ms', '@mute', 'add'])
  expect(hasty.stderr).toMatch(/^skein: .*within 0\.3 s.*\n$/)
  expect(hasty.code).toBe(1)
  expect(await failureOf(patient)).toBe(
    'skein: no answer from mute for 10 s; it may have run there\n',
  )
  expect(Date.now() - startMs).toBeGreaterThan(9_000)
})
