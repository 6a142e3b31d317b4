/** Leaving a network, running and stopped, and being put out of one. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Machine } from './machine.ts'
import type { RunningNode } from './machine.ts'

const closed = 'network.admit = "known"\n'
const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

/** Alice founds a network, and the others join it. */
async function networkOf(
  machine: Machine,
  names: readonly string[],
): Promise<ReadonlyMap<string, RunningNode>> {
  const nodes = new Map<string, RunningNode>()
  for (const name of ['alice', ...names]) {
    nodes.set(name, await machine.node(name, closed))
    if (name !== 'alice') await join(machine, name)
  }
  for (const name of nodes.keys()) await machine.connected(name, names.length)
  return nodes
}

async function join(machine: Machine, name: string): Promise<void> {
  const { stdout } = await machine.skein(['-p', 'alice', 'invite', name])
  const joined = await machine.skein(['-p', name, 'join', stdout.trim()])
  expect(joined.stdout, joined.stderr).toMatch(/^Joined network/)
}

/** What a node believes of the others, as `bob alive carol left`. */
async function states(machine: Machine, profile: string): Promise<string> {
  const { stdout } = await machine.skein(['-p', profile, 'nodes', '--json'])
  const lines = stdout.split('\n').filter((line) => line !== '')
  const nodes = lines.map((line) => JSON.parse(line) as { name: string; state: string })
  const told = nodes.map(({ name, state }) => `${name} ${state}`)
  return told.toSorted().join(' ')
}

const filesOf = (machine: Machine, profile: string): readonly string[] =>
  readdirSync(machine.dataFolder(profile)).filter((name) => /^network|^peers/.test(name))

describe('skein leave', () => {
  test('[P6] of a running node tells the members, who show it as left; it may come back', async () => {
    await using machine = new Machine()
    await networkOf(machine, ['bob', 'carol'])
    const unsure = await machine.skein(['-p', 'bob', 'leave'])
    expect(unsure).toMatchObject({ code: 2, stdout: '' })
    expect(unsure.stderr).toMatch(/^skein: leave: nobody can be asked here .* --yes\n$/)
    const left = await machine.skein(['-p', 'bob', 'leave', '--yes'])
    expect(left).toMatchObject({ code: 0, stderr: '' })
    expect(left.stdout).toMatch(/^Left network \w{8}; 2 members were told, and tell the others\n$/)
    await expect.poll(() => states(machine, 'carol')).toBe('alice alive bob left carol alive')
    expect(await states(machine, 'alice')).toBe('alice alive bob left carol alive')
    await machine.connected('bob', 0)
    const again = await machine.skein(['-p', 'bob', 'leave', '--yes', '--json'])
    expect(JSON.parse(again.stdout)).toEqual({ wasOut: false, told: 0 })
    expect(filesOf(machine, 'bob')).not.toContain('network.json')
    await join(machine, 'bob')
    await expect.poll(() => states(machine, 'carol')).toBe('alice alive bob alive carol alive')
  })

  test('of a stopped node changes its folder alone, and only when nothing runs in it', async () => {
    await using machine = new Machine()
    const nodes = await networkOf(machine, ['bob'])
    await machine.skein(['-p', 'bob', 'down'])
    await nodes.get('bob')?.process.ended
    const unnamed = await machine.skein(['-p', 'bob', 'leave', '--yes'])
    expect(unnamed).toMatchObject({ code: 0, stderr: '' })
    expect(unnamed.stdout).toMatch(/^Left network \w{8}; nobody was told\n.*skein forget bob\n$/)
    expect(filesOf(machine, 'bob')).toEqual([])
    expect(existsSync(path.join(machine.dataFolder('bob'), 'lock'))).toBe(false)
    const again = await machine.skein(['-p', 'bob', 'leave', '--yes'])
    expect(again).toMatchObject({ code: 0, stdout: 'This node belongs to no network\n' })
    const nobody = await machine.skein(['-p', 'nobody', 'leave', '--yes'])
    expect(nobody).toMatchObject({ code: 3, stdout: '' })
    expect(existsSync(machine.dataFolder('nobody'))).toBe(false)
    const bob = await machine.node('bob', closed)
    expect(bob.id).toBe(nodes.get('bob')?.id)
    await join(machine, 'bob')
  })

  test('with no node named, where none runs, asks for a name', async () => {
    await using machine = new Machine()
    const { code, stderr } = await machine.skein(['leave', '--yes'])
    expect(code).toBe(3)
    expect(stderr).toMatch(/name its profile: skein leave -p PROFILE\n$/)
  })

  test('by the keeper of the key says what is lost, and keeps the key', async (context) => {
    context.skip(!hasTerminals, 'there is no script(1) here that could play a terminal')
    await using machine = new Machine()
    await networkOf(machine, ['bob'])
    const asked = machine.shell(`exec script -qfec '"$NODE" "$SKEIN" -p alice leave' /dev/null`)
    await asked.printed(/IT HOLDS THE KEY OF THE NETWORK/)
    await asked.printed(/1 other member that run/)
    await asked.printed('Leave? [y/N] ')
    asked.type('n\r')
    expect((await asked.ended).code).toBe(1)
    expect(await states(machine, 'bob')).toBe('alice alive bob alive')
    const sure = machine.shell(`exec script -qfec '"$NODE" "$SKEIN" -p alice leave' /dev/null`)
    await sure.printed('Leave? [y/N] ')
    sure.type('y\r')
    const { code, stdout } = await sure.ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/The key of the network is in .*network-\w{8}\.pem/)
    await expect.poll(() => states(machine, 'bob')).toBe('alice left bob alive')
    // Its files back under their names, it is the keeper again.
    await machine.skein(['-p', 'alice', 'down'])
    const folder = machine.dataFolder('alice')
    for (const kind of ['json', 'pem']) {
      const kept = readdirSync(folder).find(
        (name) => name.startsWith('network-') && name.endsWith(kind),
      )
      renameSync(path.join(folder, kept ?? ''), path.join(folder, `network.${kind}`))
    }
    const bob = await machine.skein(['-p', 'bob', 'status', '--json'])
    const [address = ''] = (JSON.parse(bob.stdout) as { addresses: string[] }).addresses
    await machine.node('alice', `${closed}network.peers = ["${address}"]\n`)
    await expect.poll(() => states(machine, 'bob')).toBe('alice alive bob alive')
    expect((await machine.skein(['-p', 'alice', 'invite'])).stdout).toMatch(/^skein1/)
  })

  test('on a folder that cannot be written leaves all as it was', async (context) => {
    context.skip(
      process.platform === 'win32' || process.getuid?.() === 0,
      'root may write anywhere',
    )
    await using machine = new Machine()
    await networkOf(machine, ['bob'])
    chmodSync(machine.dataFolder('bob'), 0o500)
    const { code, stderr } = await machine.skein(['-p', 'bob', 'leave', '--yes'])
    chmodSync(machine.dataFolder('bob'), 0o700)
    expect(code).toBe(1)
    expect(stderr).toMatch(/not permitted/)
    expect(await states(machine, 'alice')).toBe('alice alive bob alive')
  })

  test('killed at any moment, the node starts again as a member or as none', async () => {
    await using machine = new Machine()
    const nodes = await networkOf(machine, ['bob'])
    let bob = nodes.get('bob')
    const ends = new Set<string>()
    for (let round = 0; round < 4; round++) {
      const leaving = machine.launch(['-p', 'bob', 'leave', '--yes'])
      const file = path.join(machine.dataFolder('bob'), 'network.json')
      const before = readFileSync(file, 'utf8')
      // Half of them as soon as the disk says something new, half a little sooner or later.
      if (round % 2 === 0)
        await expect.poll(() => safely(file) !== before, { interval: 1 }).toBe(true)
      else await new Promise((resolve) => setTimeout(resolve, 60 + 30 * round))
      bob?.process.signal('SIGKILL')
      await Promise.all([bob?.process.ended, leaving.ended])
      bob = await machine.node('bob', closed)
      const status = await machine.skein(['-p', 'bob', 'status', '--json'])
      const { network } = JSON.parse(status.stdout) as { network?: { standing: string } }
      ends.add(network?.standing ?? 'none')
      if (network === undefined) {
        expect(filesOf(machine, 'bob')).not.toContain('network.json')
        await join(machine, 'bob')
      }
    }
    expect(ends.has('none')).toBe(true)
    expect([...ends].filter((end) => end !== 'none' && end !== 'member')).toEqual([])
  })
})

function safely(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

describe('who was put out', () => {
  test('[P7] is told in status, nodes, why and once in the log; also after a new start', async () => {
    await using machine = new Machine()
    const nodes = await networkOf(machine, ['bob', 'carol'])
    await machine.skein(['-p', 'alice', 'deny', 'bob'])
    const told =
      /this node was put out of network \w{8}: its pass was taken back at [\d-]+ [\d:]+ UTC/
    const status = async (): Promise<string> =>
      (await machine.skein(['-p', 'bob', 'status'])).stdout
    await expect.poll(status).toMatch(told)
    expect(await status()).toMatch(/skein join TICKET\n.*skein leave\n/)
    const asJson = await machine.skein(['-p', 'bob', 'status', '--json'])
    expect(JSON.parse(asJson.stdout)).toMatchObject({ network: { standing: 'out' } })
    expect((await machine.skein(['-p', 'bob', 'nodes'])).stdout).toMatch(told)
    expect(await states(machine, 'bob')).toBe('bob alive')
    const why = await machine.skein(['-p', 'bob', 'why', '@carol'])
    expect(why.stdout).toMatch(/^carol \(\w{8}\) is not connected\n/)
    expect(why.stdout).toMatch(told)
    const { stderr = '' } = nodes.get('bob')?.process ?? {}
    expect(stderr.split('was put out of').length).toBe(2)
    await machine.skein(['-p', 'bob', 'down'])
    const again = await machine.node('bob', closed)
    await again.process.printed(told)
    expect(await status()).toMatch(told)
    const left = await machine.skein(['-p', 'bob', 'leave', '--yes'])
    expect(left.stdout).toMatch(/^Left network \w{8}\n$/)
    expect((await machine.skein(['-p', 'bob', 'invite'])).stdout).toMatch(/^skein1/)
  })

  test('[P7] is told at its prompt', async (context) => {
    context.skip(!hasTerminals, 'there is no script(1) here that could play a terminal')
    await using machine = new Machine()
    await networkOf(machine, ['bob'])
    await machine.skein(['-p', 'bob', 'down'])
    for (const level of ['info', 'error']) {
      const line = `"$NODE" "$SKEIN" up -p bob -s log.level=${level}`
      const bob = machine.shell(`exec script -qfec '${line}' /dev/null`)
      await bob.printed('Type help, @PEER COMMAND, or exit.')
      await expect
        .poll(async () => (await machine.skein(['-p', 'bob', 'nodes'])).stdout)
        .toMatch(/alice .*alive/)
      await machine.skein(['-p', 'alice', 'forget', 'bob'])
      await bob.printed(/this node was put out of network/)
      await join(machine, 'bob')
      bob.type('exit\r')
      const { stdout } = await bob.ended
      expect(stdout.split('was put out of').length).toBe(2)
    }
  })
})
