/** Another terminal talks to the running node. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, Machine, type RunningNode } from './machine.ts'
import type { Ended } from './processes.ts'

let machine: Machine
let alice: RunningNode
let bob: RunningNode

const commands = '[commands]\nadd = "calc 1+2"\nhello = "echo Hello from alice"\n'

beforeAll(async () => {
  machine = new Machine()
  alice = await machine.node('alice', commands)
  bob = await machine.node('bob', `network.peers = ["${alice.address}"]\n`)
  await bob.process.printed('"msg":"connected"')
})

afterAll(() => machine.close())

const fromBob = (...words: readonly string[]): Promise<Ended> =>
  machine.skein(['-p', 'bob', ...words])

test('@PEER prints the bare result', async () => {
  expect(await fromBob('@alice', 'hello')).toEqual(success('Hello from alice\n'))
  expect(await fromBob('on', 'alice', 'calc', '2*(3+4)^2')).toEqual(success('98\n'))
  expect(await fromBob('@0', 'echo', '--json', '-p', "it's", '"x"')).toEqual(
    success('--json -p it\'s "x"\n'),
  )
})

test.each([
  ['its label', () => 'alice'],
  ['its index', () => '0'],
  ['its ID', () => alice.id],
  ['the start of its ID', () => alice.id.slice(0, 4)],
  ['part of its address', () => alice.address],
])('a peer is found by %s', async (_what, name) => {
  expect(await fromBob(`@${name()}`, 'add')).toEqual(success('3\n'))
})

test('status shows the node, and as JSON in one line', async () => {
  const { stdout } = await fromBob('status')
  expect(linesOf(stdout)).toEqual([
    'label    bob',
    `id       ${bob.id}`,
    expect.stringMatching(/^version {2}\d+\.\d+\.\d+/),
    `listens  ${bob.address}`,
    expect.stringMatching(/^up {7}\d+ s \(pid \d+\)$/),
    'peers    1 open, 0 suspended',
  ])
  const asJson = await fromBob('status', '--json')
  expect(linesOf(asJson.stdout)).toHaveLength(1)
  expect(JSON.parse(asJson.stdout)).toMatchObject({ label: 'bob', id: bob.id, open: 1 })
})

test('peers lists who is connected, and as JSON a line a peer', async () => {
  const { stdout } = await fromBob('peers')
  expect(linesOf(stdout)).toEqual([
    'Connected peers:',
    expect.stringMatching(
      new RegExp(`^ {2}0: ${alice.address} +alice +${alice.id.slice(0, 8)} .* open$`),
    ),
  ])
  const asJson = linesOf((await fromBob('peers', '--json')).stdout)
  expect(asJson.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ id: alice.id, index: 0, name: 'alice', state: 'open' }),
  ])
})

test('the round-trip time of a link is measured in microseconds', async () => {
  const rtt = async (): Promise<unknown> => {
    const { stdout } = await fromBob('peers', '--json')
    return (JSON.parse(stdout) as { rttMicros?: number }).rttMicros
  }
  await expect.poll(rtt, { timeout: 10_000 }).toEqual(expect.any(Number))
  expect(await rtt()).toBeGreaterThan(0)
})

test('id prints the ID alone', async () => {
  expect(await fromBob('id')).toEqual(success(`${bob.id}\n`))
})

test('logs shows what was logged, and as JSON what a program can read', async () => {
  expect((await fromBob('logs')).stdout).toMatch(/^\d\d:\d\d:\d\d connection: connected · alice /m)
  const lines = linesOf((await fromBob('logs', '--json')).stdout)
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
    expect.objectContaining({ msg: 'connected', scope: 'connection' }),
  )
})

test('config of a node that runs needs no node', async () => {
  const { code, stdout } = await fromBob('config')
  expect(stdout).toMatch(/^network\.peers +=/m)
  expect(code).toBe(0)
})

test('config of a node that was started from a JSON file is what that node runs with', async () => {
  machine.write('erika.json', '{ "listenPort": 0, "commands": { "one": "echo 1" } }')
  const node = await machine.up(['erika.json'])
  const { code, stdout } = await machine.skein(['-p', 'erika', 'config'])
  expect(stdout).toMatch(/^commands\.one += "echo 1" .*erika\.json:1$/m)
  expect(code).toBe(0)
  const [line = ''] = linesOf((await machine.skein(['-p', 'erika', 'config', '--json'])).stdout)
  expect(JSON.parse(line)).toMatchObject({ key: 'network.label', value: 'erika' })
  await node.process.stop()
  const { stderr } = await machine.skein(['-p', 'erika', 'config'])
  expect(stderr).toMatch(/no profile "erika".*\nskein: .*skein config FILE\.json\n$/s)
})

describe('with several nodes on one machine', () => {
  test.each([['status'], ['@bob'], ['down'], ['map'], ['chat']])(
    '%s without -p names them and changes nothing',
    async (command) => {
      const words = command.startsWith('@') ? [command, 'add'] : [command]
      const { code, stdout, stderr } = await machine.skein(words)
      expect(stderr).toBe('skein: several nodes run here: alice, bob; choose one with -p PROFILE\n')
      expect([code, stdout]).toEqual([2, ''])
    },
  )

  test('-p chooses, on either side of the command', async () => {
    expect((await machine.skein(['-p', 'alice', 'id'])).stdout).toBe(`${alice.id}\n`)
    expect((await machine.skein(['id', '--profile=bob'])).stdout).toBe(`${bob.id}\n`)
  })

  test.each(['', '../bob'])('-p %j names no profile', async (profile) => {
    const { code, stderr } = await machine.skein(['-p', profile, 'id'])
    expect(stderr).toMatch(/^skein: -p ".*": a profile name is .*\n$/)
    expect(code).toBe(2)
  })

  test('a profile that does not run is said not to, with exit code 3', async () => {
    const { code, stderr } = await machine.skein(['-p', 'carol', 'status'])
    expect(stderr).toBe(
      "skein: no node runs for profile 'carol'; start it with: skein up -p carol, or skein up FILE.json\n",
    )
    expect(code).toBe(3)
  })
})

describe('@all and lists', () => {
  let carol: RunningNode

  beforeAll(async () => {
    carol = await machine.node('carol', `network.peers = ["${bob.address}"]\n`)
    await machine.connected('bob', 2)
  })

  test('print a line a peer and end with 0 when all did it', async () => {
    const { code, stdout, stderr } = await fromBob('@all', 'calc', '1+2')
    expect(linesOf(stdout).toSorted()).toEqual(['alice: 3', 'carol: 3'])
    expect([code, stderr]).toEqual([0, ''])
    const list = await fromBob('@alice,carol', 'echo', 'here')
    expect(linesOf(list.stdout).toSorted()).toEqual(['alice: here', 'carol: here'])
  })

  test('end with 1 when one failed, and say which and why', async () => {
    const { code, stdout, stderr } = await fromBob('@all', 'hello')
    expect(stdout).toBe('alice: Hello from alice\n')
    expect(stderr).toBe('carol: Unknown command: hello\n')
    expect(code).toBe(1)
  })

  test('with --json print an object a line, also of a single peer', async () => {
    const { stdout } = await fromBob('--json', '@all', 'hello')
    expect(linesOf(stdout).map((line) => JSON.parse(line) as unknown)).toEqual(
      expect.arrayContaining([
        { peer: 'alice', id: alice.id, exit: 0, out: 'Hello from alice', err: '' },
        expect.objectContaining({ peer: 'carol', id: carol.id, error: 'UNKNOWN_COMMAND' }),
      ]),
    )
    const one = await fromBob('--json', '@alice', 'add')
    expect(JSON.parse(one.stdout)).toMatchObject({ peer: 'alice', exit: 0, out: '3' })
  })

  test('with one name that means nobody run nothing', async () => {
    const { code, stdout, stderr } = await fromBob('@alice,nobody', 'add')
    expect(stderr).toMatch(/^skein: No peer found matching 'nobody'.*\n$/)
    expect([code, stdout]).toEqual([1, ''])
  })

  test('meaning nobody end with 1', async () => {
    const loner = await machine.node('loner')
    const { code, stderr } = await machine.skein(['-p', 'loner', '@all', 'add'])
    expect(stderr).toMatch(/^skein: @all means nobody.*skein peers\n$/)
    expect(code).toBe(1)
    await loner.process.stop()
  })
})

test('down stops the node, says so, and leaves nothing that another command would find', async () => {
  const dave = await machine.node('dave')
  expect(await machine.skein(['-p', 'dave', 'down'])).toEqual(success('dave stops\n'))
  expect(await dave.process.ended).toMatchObject({ code: 0 })
  const files = ['lock', 'control.sock'].map((name) => path.join(machine.dataFolder('dave'), name))
  expect(files.filter((file) => existsSync(file))).toEqual([])
  expect((await machine.skein(['-p', 'dave', 'down'])).code).toBe(3)
})

test('a node keeps its ID over a restart, also after it was killed', async () => {
  const first = await machine.node('erin')
  first.process.signal('SIGKILL')
  expect(await first.process.ended).toMatchObject({ code: 137 })
  expect((await machine.skein(['-p', 'erin', 'id'])).code).toBe(3)
  const second = await machine.node('erin')
  expect(second.id).toBe(first.id)
  await second.process.stop()
})

test('a second node with the same data folder is refused, and the first goes on', async () => {
  const { code, stderr } = await machine.skein(['up', '--no-prompt', '-p', 'alice'])
  expect(stderr).toMatch(
    /^skein: process \d+ already runs with the data folder .*"skein down".*\n$/,
  )
  expect(code).toBe(1)
  expect((await fromBob('@alice', 'add')).stdout).toBe('3\n')
})

test('what is secret in the data folder is for its owner only', async () => {
  const { statSync } = await import('node:fs')
  for (const name of ['identity.pem', 'control-token', 'control.sock']) {
    expect(statSync(path.join(machine.dataFolder('alice'), name)).mode & 0o077, name).toBe(0)
  }
  const key = readFileSync(path.join(machine.dataFolder('alice'), 'identity.pem'), 'latin1')
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/)
})

test('a data folder whose path is too long for a socket works all the same', async () => {
  const home = path.join(machine.folder, 'a'.repeat(120))
  const env = { SKEIN_HOME: home }
  const node = machine.launch(['up', '--no-prompt', '-p', 'alice'], env)
  await node.printed('"the node runs"')
  expect((await machine.skein(['id'], { env })).stdout).toMatch(/^[a-z2-7]{52}\n$/)
  expect((await machine.skein(['down'], { env })).code).toBe(0)
  await node.ended
})

function success(stdout: string): object {
  return { code: 0, stdout, stderr: '' }
}
