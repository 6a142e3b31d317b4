/** Two machines' worth of nodes that become one network by a ticket. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Machine } from './machine.ts'

const closed = 'network.admit = "known"\n'

async function pair(): Promise<Machine> {
  const machine = new Machine()
  await Promise.all([machine.node('alice', closed), machine.node('bob', closed)])
  return machine
}

describe('skein invite and skein join', () => {
  test('[P2] let a node in; forget puts it out', async () => {
    await using machine = await pair()
    await machine.node('carol', closed)
    const invited = await machine.skein(['-p', 'alice', 'invite', 'robert', '--role', 'ops'])
    expect(invited).toMatchObject({ code: 0, stderr: '' })
    expect(invited.stdout).toMatch(/^skein1[a-z2-7]+\n$/)
    const ticket = invited.stdout.trim()
    const joined = await machine.skein(['-p', 'bob', 'join', ticket])
    expect(joined.stdout).toMatch(
      /^Joined network \w{8} as robert, for good, with the roles ops\n$/,
    )
    await machine.connected('alice', 1)
    const answer = await machine.skein(['-p', 'alice', '@robert', 'calc', '1+2'])
    expect(answer).toMatchObject({ code: 0, stdout: '3\n' })
    const byRole = await machine.skein(['-p', 'alice', '@role:ops', 'echo', 'hi'])
    expect(byRole.stdout).toBe('robert: hi\n')
    const status = await machine.skein(['-p', 'bob', 'status'])
    expect(status.stdout).toMatch(/^network {2}\w{8} as robert; roles ops$/m)
    const again = await machine.skein(['-p', 'carol', 'join', ticket])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toMatch(/refused by ticket: the ticket was used, has expired/)
    const forgotten = await machine.skein(['-p', 'alice', 'forget', 'robert'])
    expect(forgotten.stdout).toMatch(/robert is no member of the network any more/)
    await machine.connected('alice', 0)
    const nodes = await machine.skein(['-p', 'alice', 'nodes', '--json'])
    expect(nodes.stdout.trim().split('\n').length).toBe(1)
    const refused = await machine.skein(['-p', 'bob', 'invite'])
    expect(refused.stderr).toMatch(/does not hold the key of its network/)
  })

  test('[P4] [P5] says whom the network that it makes leaves outside; leave brings them back', async () => {
    await using machine = new Machine()
    const { address } = await machine.node('alice')
    await machine.node('bob', `network.peers = ["${address}"]\n`)
    const names = async (profile: string): Promise<string> => {
      const { stdout } = await machine.skein(['-p', profile, 'nodes', '--json'])
      const lines = stdout.trim().split('\n')
      const nodes = lines.map((line) => JSON.parse(line) as { name: string; state: string })
      const alive = nodes.filter(({ state }) => state === 'alive')
      return alive
        .map(({ name }) => name)
        .toSorted()
        .join(' ')
    }
    const both = async (): Promise<string> => `${await names('alice')}, ${await names('bob')}`
    await expect.poll(both, { timeout: 20_000 }).toBe('alice bob, alice bob')
    const invited = await machine.skein(['-p', 'bob', 'invite', 'x'])
    expect(invited.code).toBe(0)
    expect(invited.stdout).toMatch(/^skein1[a-z2-7]+\n$/)
    expect(invited.stderr).toMatch(
      /1 connected peer is no member:\n[^]*skein invite LABEL; .*leave/,
    )
    await expect.poll(both, { timeout: 20_000 }).toBe('alice, bob')
    const second = await machine.skein(['-p', 'bob', 'invite', 'y'])
    expect(second).toMatchObject({ code: 0, stderr: '' })
    await machine.skein(['-p', 'bob', 'leave', '--yes'])
    await expect.poll(both, { timeout: 20_000 }).toBe('alice bob, alice bob')
    const again = await machine.skein(['-p', 'alice', 'invite', '--json'])
    expect(again.stderr).toBe('')
    expect(JSON.parse(again.stdout)).toMatchObject({ outsiders: 1 })
  })

  test('keep the key and the tickets from other users of the machine', async () => {
    await using machine = await pair()
    await machine.skein(['-p', 'alice', 'invite'])
    for (const name of ['network.pem', 'network.json']) {
      const file = path.join(machine.dataFolder('alice'), name)
      expect(statSync(file).mode & 0o077, name).toBe(0)
    }
    const { invitations } = JSON.parse(
      readFileSync(path.join(machine.dataFolder('alice'), 'network.json'), 'utf8'),
    ) as { readonly invitations: readonly unknown[] }
    expect(invitations.length).toBe(1)
  })

  test.each([
    [['join', 'hello'], /that is no ticket/, 2],
    [['join', 'skein1aaaa'], /incomplete or was altered/, 1],
    [['invite', 'Not A Label'], /a label is/, 2],
    [['invite', '--role', 'owner'], /cannot be given/, 2],
    [['invite', '--expires', 'soon'], /--expires must be a time/, 2],
    [['invite', '--within', '0s'], /--within must be a time/, 2],
    [['forget', 'nobody'], /No peer found matching 'nobody'/, 1],
  ])('%j is refused in one line', async (words, message, expected) => {
    await using machine = new Machine()
    await machine.node('alice', closed)
    const { code, stdout, stderr } = await machine.skein(['-p', 'alice', ...words])
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^skein: [^\n]*\n$/)
    expect(stderr).toMatch(message)
    expect(code).toBe(expected)
  })

  test('a damaged network.json ends the start with its name', async () => {
    await using machine = new Machine()
    machine.write('home/alice/network.json', '{"network":1}')
    machine.write('config/network/alice.toml', closed)
    const { code, stderr } = await machine.skein(['up', '-p', 'alice', '--no-prompt'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/network\.json/)
  })
})
