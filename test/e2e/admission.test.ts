/** Who may connect, who may run what, and what a peer is called. */
import { chmodSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createIdentity, type Identity } from '../../src/base/identity.node.ts'
import { linesOf, Machine, type RunningNode } from './machine.ts'

let machine: Machine

const impatient = 'limits.reconnectMaxMs = 200\nlimits.reconnectMinMs = 50\n'

describe('with admit = "known"', () => {
  let alice: RunningNode
  let bob: RunningNode

  beforeEach(async () => {
    machine = new Machine()
    alice = await machine.node('alice', 'network.admit = "known"\ncommands.add = "calc 1+2"\n')
    bob = await machine.node('bob', `network.peers = ["${alice.address}"]\n${impatient}`)
  })

  afterEach(() => machine.close())

  test('a stranger is refused; both sides name the rule and what to do', async () => {
    const [atAlice] = await alice.process.printed(/^.*refused: .*$/m)
    expect(JSON.parse(atAlice)).toMatchObject({
      id: bob.id,
      rule: 'network.admit = "known"',
      msg: expect.stringContaining(`skein allow ${bob.id} bob`) as string,
    })
    const [atBob] = await bob.process.printed(/^.*"code":"DENIED".*$/m)
    expect(atBob).toContain(`skein allow ${bob.id} bob`)
    expect(atBob).toContain('network.admit')
    const { code, stderr } = await machine.skein(['-p', 'bob', '@alice', 'add'])
    expect(stderr).toMatch(/^skein: No peer found matching 'alice'.*\n$/)
    expect(code).toBe(1)
  })

  test('allow lets it in under the label given, at once and after a restart', async () => {
    const allowed = await machine.skein(['-p', 'alice', 'allow', bob.id, 'robert'])
    expect(allowed).toEqual(success('robert is known from now on\n'))
    await bob.process.printed('"msg":"connected"')
    expect((await machine.skein(['-p', 'bob', '@alice', 'add'])).stdout).toBe('3\n')
    expect((await machine.skein(['-p', 'alice', '@robert', 'echo', 'hi'])).stdout).toBe('hi\n')
    await alice.process.stop()
    await machine.node('alice', 'network.admit = "known"\n', [
      '-s',
      `network.listen.port=${alice.port}`,
    ])
    await machine.connected('alice', 1)
    expect((await machine.skein(['-p', 'alice', '@robert', 'echo', 'hi'])).stdout).toBe('hi\n')
  })

  test('allow without a label says which one it gave, and how to choose another', async () => {
    const { peerId: id } = createIdentity()
    const label = id.slice(0, 8)
    const { stdout } = await machine.skein(['-p', 'alice', 'allow', id])
    const advice = `to call it otherwise: skein allow ${label} LABEL`
    expect(stdout).toBe(`${label} is known from now on; ${advice}\n`)
    const renamed = await machine.skein(['-p', 'alice', 'allow', label, 'carol'])
    expect(renamed).toEqual(success('carol is known from now on\n'))
  })

  test('deny ends its connection, and the refusal names that rule', async () => {
    await machine.skein(['-p', 'alice', 'allow', bob.id, 'bob'])
    await bob.process.printed('"msg":"connected"')
    const denied = await machine.skein(['-p', 'alice', 'deny', 'bob'])
    expect(denied).toEqual(success('bob is shut out from now on\n'))
    await alice.process.printed(/"rule":"deny"/)
    expect((await machine.skein(['-p', 'alice', 'peers'])).stdout).toBe('No peers connected\n')
    await machine.skein(['-p', 'alice', 'allow', bob.id, 'bob'])
    await machine.connected('alice', 1)
  })

  test('allow and deny of oneself say so in one line', async () => {
    for (const command of ['allow', 'deny']) {
      const { code, stderr } = await machine.skein(['-p', 'alice', command, alice.id])
      expect(stderr).toBe(`skein: '${alice.id}' is this node itself; name another one\n`)
      expect(code).toBe(1)
    }
  })

  test.each([
    ['what is no ID', 'xyz', 'mallory', /No peer found matching 'xyz', and that is no peer ID/, 1],
    ['what is no label', 'ID', 'Not A Label', /Not A Label.*1 to 32/, 2],
    ['a label of digits', 'ID', '12', /digits/, 2],
  ])('allow of %s says so in one line', async (_what, id, label, message, exit) => {
    const words = ['allow', id === 'ID' ? bob.id : id, label]
    const { code, stderr } = await machine.skein(['-p', 'alice', ...words])
    expect(linesOf(stderr)).toEqual([expect.stringMatching(message)])
    expect(code).toBe(exit)
  })
})

describe('what a peer may run', () => {
  let alice: RunningNode
  let bob: RunningNode

  beforeAll(async () => {
    machine = new Machine()
    bob = await machine.node('bob')
    alice = await machine.node(
      'alice',
      `network.peers = ["${bob.address}"]
roles.ops = ["${bob.id}"]
commands.open = "echo for all"
commands.forOps = { run = "echo for ops", allow = ["role:ops"] }
commands.forBob = { run = "echo for bob", allow = ["peer:${bob.id}"] }
commands.forNobody = { run = "echo for nobody", allow = [] }
`,
    )
    const carol = await machine.node('carol', `network.peers = ["${alice.address}"]\n`)
    await carol.process.printed('"msg":"connected"')
    await alice.process.printed('"msg":"connected"')
  })

  afterAll(() => machine.close())

  test.each([
    ['open', 'for all\n', 'for all\n'],
    ['forOps', 'for ops\n', /carol may not run 'forOps': it is for role:ops/],
    ['forBob', 'for bob\n', /carol may not run 'forBob': it is for peer:/],
    ['forNobody', /bob may not run 'forNobody': it is for its owner/, /carol may not run/],
  ])('[D30] [D32] %s is for whom its rules name', async (command, forBob, forCarol) => {
    for (const [profile, expected] of [['bob', forBob] as const, ['carol', forCarol] as const]) {
      const { code, stdout, stderr } = await machine.skein(['-p', profile, '@alice', command])
      if (typeof expected === 'string') expect([code, stdout]).toEqual([0, expected])
      else {
        expect(linesOf(stderr)).toEqual([expect.stringMatching(expected)])
        expect([code, stdout]).toEqual([1, ''])
      }
    }
  })

  test('[D30] what runs a node is for its owner alone', async () => {
    for (const command of ['down', 'allow', 'deny', 'logs', 'config', 'connect', 'resolve', 'id']) {
      const { code, stderr } = await machine.skein(['-p', 'bob', '@alice', command])
      expect(stderr).toMatch(/^skein: bob may not run .* its owner only.*\n$/)
      expect(code).toBe(1)
    }
    expect((await machine.skein(['-p', 'alice', 'id'])).stdout).toBe(`${alice.id}\n`)
  })
})

describe('names', () => {
  let alice: RunningNode
  let twins: readonly [Identity, Identity]

  beforeAll(async () => {
    machine = new Machine()
    twins = findTwins()
    alice = await machine.node('alice')
    for (const [at, twin] of twins.entries()) {
      const profile = `twin${at}`
      const file = machine.write(`home/${profile}/identity.pem`, twin.privateKeyPem)
      chmodSync(file, 0o600)
      chmodSync(path.dirname(file), 0o700)
      const node = await machine.node(
        profile,
        `network = { label = "bob", peers = ["${alice.address}"] }\n`,
      )
      await node.process.printed('"msg":"connected"')
    }
  })

  afterAll(() => machine.close())

  const fromAlice = (...words: readonly string[]) => machine.skein(['-p', 'alice', ...words])

  test('the first with a label keeps it; the next is shown with the start of its ID', async () => {
    const { stdout } = await fromAlice('peers', '--json')
    const peers = linesOf(stdout).map((line) => JSON.parse(line) as { id: string; name: string })
    const [first, second] = twins.map(({ peerId }) => peerId)
    expect(peers.map(({ id, name }) => [id, name])).toEqual([
      [first, 'bob'],
      [second, `bob~${second?.slice(0, 4)}`],
    ])
  })

  test('the label answers only for the first, and the longer name for the second', async () => {
    const [first, second] = twins.map(({ peerId }) => peerId)
    const idOf = async (name: string): Promise<unknown> => {
      const { stdout } = await fromAlice('--json', `@${name}`, 'echo')
      return (JSON.parse(stdout) as { id: string }).id
    }
    expect(await idOf('bob')).toBe(first)
    expect(await idOf(`bob~${second?.slice(0, 4)}`)).toBe(second)
  })

  test('the start of an ID that two share is an error that lists both', async () => {
    const [first, second] = twins.map(({ peerId }) => peerId)
    const { code, stdout, stderr } = await fromAlice(`@${first?.slice(0, 4)}`, 'add')
    expect(linesOf(stderr)).toEqual([expect.stringMatching(/^skein: '\w{4}' matches .*write more/)])
    expect(stderr).toContain(first?.slice(0, 8))
    expect(stderr).toContain(second?.slice(0, 8))
    expect([code, stdout]).toEqual([1, ''])
  })

  test('so is part of an address that two share', async () => {
    const { code, stderr } = await fromAlice('@127.0.0.1', 'add')
    expect(linesOf(stderr)).toEqual([expect.stringMatching(/matches bob .*bob~.*write more/)])
    expect(code).toBe(1)
  })

  test('a label that was given by hand stays with its peer', async () => {
    const [, second] = twins.map(({ peerId }) => peerId)
    expect(await fromAlice('allow', second ?? '', 'bob')).toMatchObject({ code: 0 })
    const { stdout } = await fromAlice('--json', '@bob', 'echo')
    expect(JSON.parse(stdout)).toMatchObject({ id: second })
    const taken = await fromAlice('allow', twins[0].peerId, 'bob')
    expect(taken.stderr).toMatch(/^skein: 'bob' is .* on the known list; choose another label\n$/)
    expect(taken.code).toBe(1)
  })
})

/** Two identities whose IDs begin with the same four characters: about 1 500 have to be made. */
function findTwins(): readonly [Identity, Identity] {
  const seen = new Map<string, Identity>()
  for (;;) {
    const identity = createIdentity()
    const start = identity.peerId.slice(0, 4)
    const twin = seen.get(start)
    // All digits would be an index. (A prefix of digits alone is asked for as one.)
    if (twin !== undefined && !/^\d+$/.test(start)) return [twin, identity]
    seen.set(start, identity)
  }
}

function success(stdout: string): object {
  return { code: 0, stdout, stderr: '' }
}
