/** `skein chat` between real processes: three nodes in a chain, the ends of which know only the middle. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Machine } from './machine.ts'
import type { RunningNode } from './machine.ts'
import type { Launched } from './processes.ts'

const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

let machine: Machine
let middle: string
let carolsNode: RunningNode

beforeAll(async () => {
  machine = new Machine()
  const bob = await machine.node('bob', '[network]\nmesh = false\n')
  middle = bob.address
  const ofEnds = `[network]\nmesh = false\npeers = ["${bob.address}"]\n`
  await machine.node('alice', ofEnds)
  carolsNode = await machine.node('carol', ofEnds)
  await machine.connected('bob', 2)
})

afterAll(() => machine?.close())

/** Enters the chat, and waits until everybody who is meant is seen there. */
async function enter(profile: string, ...others: readonly string[]): Promise<Launched> {
  const chat = machine.launch(['-p', profile, 'chat', '--json'])
  await chat.printed('"event":"ready"')
  for (const other of others) await chat.printed(seen('arrive', other))
  return chat
}

function seen(event: string, name: string): RegExp {
  return new RegExp(`"event":"${event}".*"name":"${name}"`)
}

/** What was said, in the order in which it came: `alice: hello`. */
function said({ stdout }: { readonly stdout: string }): readonly string[] {
  return stdout.split('\n').flatMap((line) => {
    if (!line.startsWith('{"event":"line"')) return []
    const { name, text } = JSON.parse(line) as { readonly name: string; readonly text: string }
    return [`${name}: ${text}`]
  })
}

test('lines reach everybody once, through a peer in the middle, and the same words of two are two', async () => {
  const alice = await enter('alice')
  const bob = await enter('bob')
  const carol = await enter('carol')
  await alice.printed(seen('arrive', 'carol'))
  alice.type('hello\nsame\n')
  carol.type('same\n')
  bob.type('from the middle\n//join is a word\n')
  const expected = [
    ...['alice: hello', 'alice: same', 'bob: /join is a word', 'bob: from the middle'],
    'carol: same',
  ]
  for (const chat of [alice, bob, carol]) {
    await expect.poll(() => said(chat).toSorted(), { timeout: 15_000 }).toEqual(expected)
  }
  carol.type('/who\n')
  await carol.printed(/"event":"who","people":\[.*alice.*bob.*carol.*\]/)
  alice.type('/msg carol only for you\n')
  await carol.printed(/"event":"direct".*"name":"alice","text":"only for you"/)
  await alice.printed(/"event":"sent","name":"carol"/)
  alice.type('/msg dave are you there?\n')
  await alice.printed(/"event":"problem".*dave/)
  bob.type('/quit\n')
  expect((await bob.ended).code).toBe(0)
  await alice.printed(seen('leave', 'bob'))
  expect(bob.stdout).not.toContain('only for you')
  // Who comes late hears what was said, and every line once.
  const late = await enter('bob')
  late.type('/history 10\n')
  await late.printed('"event":"history"')
  expect(said(late).toSorted()).toEqual(expected)
  carol.signal('SIGINT')
  await late.printed(seen('leave', 'carol'))
  for (const chat of [alice, late]) chat.endInput()
  expect((await alice.ended).code).toBe(0)
  expect(said(alice).toSorted()).toEqual(expected)
})

test('in a script each line that is piped in is said; one that means nothing makes it fail in the end', async () => {
  const carol = await enter('carol')
  const { code, stdout, stderr } = await machine.skein(['-p', 'alice', 'chat'], {
    stdin: `/wo\n${'x'.repeat(100_000)}\nthe build is done\n`,
  })
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toContain('skein: There is no /wo; did you mean /who? (//… says it)\n')
  expect(stderr).toMatch(/skein: .*at most/)
  await carol.printed('"text":"the build is done"')
  await carol.printed(seen('leave', 'alice'))
  carol.endInput()
  await carol.ended
})

test('who is blocked is not heard in the chat of that node, until that is taken back', async () => {
  const blocked = await machine.skein(['-p', 'carol', 'block', '@alice'])
  expect(blocked.stdout).toContain('nothing of alice is taken')
  await carolsNode.process.stop()
  await machine.up(['-p', 'carol'])
  const peers = async () => (await machine.skein(['-p', 'carol', 'peers'])).stdout
  await expect.poll(peers, { timeout: 15_000 }).toContain('bob')
  const [bob, carol] = [await enter('bob'), await enter('carol')]
  const shout = (text: string) => machine.skein(['-p', 'alice', 'chat'], { stdin: `${text}\n` })
  await shout('buy this')
  await bob.printed('"text":"buy this"')
  await machine.skein(['-p', 'bob', 'chat'], { stdin: 'well\n' })
  await carol.printed('"text":"well"')
  expect(carol.stdout).not.toContain('buy this')
  expect((await machine.skein(['-p', 'carol', 'unblock', '@alice'])).code).toBe(0)
  await shout('sorry')
  await carol.printed('"text":"sorry"')
  for (const chat of [bob, carol]) chat.endInput()
  for (const chat of [bob, carol]) expect((await chat.ended).code).toBe(0)
})

test.skipIf(!hasTerminals)(
  'on a terminal it greets, shows who comes and goes, and /quit leaves',
  async () => {
    const alice = machine.shell(`exec script -qfec '"$NODE" "$SKEIN" -p alice chat' /dev/null`)
    await alice.printed('alice is in chat now. /help lists the commands, /quit leaves.')
    const bob = await enter('bob')
    await alice.printed('bob is here')
    bob.type('evil \u001b[31mred\n')
    await alice.printed('evil \\x1b[31mred')
    alice.type(`/join ${middle.replace(':', ' ')}\r`)
    await alice.printed(/connected|already|bob/)
    alice.type('/quit\r')
    expect((await alice.ended).code).toBe(0)
    await bob.printed(seen('leave', 'alice'))
    bob.endInput()
    await bob.ended
  },
)
