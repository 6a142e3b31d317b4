/** The prompt on a terminal, which `script` (util-linux) plays. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Machine } from './machine.ts'
import type { Launched } from './processes.ts'

const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0
const controlC = '\u0003'

let machine: Machine

beforeAll(async () => {
  machine = new Machine()
  const wait = `[programs.wait]\nfile = "${process.execPath}"\nargs = ["-e", "console.log('begun'); setInterval(() => {}, 1000)"]\n`
  const alice = await machine.node(
    'alice',
    `${wait}[commands]\nadd = "calc 1+2"\nevil = "echo \\u001b[31mred\\u0007"\n`,
  )
  machine.write('config/network/bob.toml', `network.peers = ["${alice.address}"]\n`)
})

afterAll(() => machine?.close())

beforeEach((context) => {
  context.skip(!hasTerminals, 'there is no script(1) here that could play a terminal')
})

/** Starts bob on a terminal and waits for his prompt. */
async function startOnTerminal(): Promise<Launched> {
  const bob = machine.shell(`exec script -qfec '"$NODE" "$SKEIN" up -p bob' /dev/null`)
  await bob.printed('Type help, @PEER COMMAND, or exit.')
  return bob
}

test('it greets, shows the log in readable lines, and answers', async () => {
  const bob = await startOnTerminal()
  await bob.printed(/^bob \w{8} listens on 127\.0\.0\.1:\d+\r$/m)
  await bob.printed(/\d\d:\d\d:\d\d connection: connected · alice \w{8}/)
  bob.type('@alice add\r')
  await bob.printed(/Result from 127\.0\.0\.1:\d+ for command 'add': 3\r\n/)
  bob.type('exit\r')
  expect((await bob.ended).code).toBe(0)
})

test('long messages are cut here and in a shell, and whole in a pipe', async () => {
  const bob = await startOnTerminal()
  await machine.connected('alice', 1)
  const sent = await machine.skein(['-p', 'alice', 'send', '@bob', 'x'.repeat(50_000)])
  expect(sent.stdout).toBe('delivered\n')
  bob.type('inbox --keep\r')
  await bob.printed(/x{2000}\r?\n {2}… 48000 more bytes; whole: skein inbox --id 1\r/)
  const shell = machine.shell(`exec script -qfec '"$NODE" "$SKEIN" -p bob inbox --keep' /dev/null`)
  expect((await shell.ended).stdout).toMatch(
    /: x{2000}\r\n {2}… 48000 more bytes; whole: skein inbox/,
  )
  const whole = machine.shell(`exec script -qfec '"$NODE" "$SKEIN" -p bob inbox --id 1' /dev/null`)
  expect((await whole.ended).stdout).toMatch(/: x{50000}\r\n$/)
  expect((await machine.skein(['-p', 'bob', 'inbox'])).stdout).toMatch(/: x{50000}\n$/)
  bob.type('exit\r')
  await bob.ended
})

test('Ctrl-C takes back what runs, and ends the node when nothing does', async () => {
  const bob = await startOnTerminal()
  bob.type('@alice wait\r')
  await expect
    .poll(async () => (await machine.skein(['-p', 'alice', 'status', '--json'])).stdout)
    .toContain('"running":2') // And that very status.
  bob.type(controlC)
  await bob.printed("for command 'wait': interrupted")
  bob.type('echo still here\r')
  await bob.printed('Result: still here')
  bob.type(controlC)
  expect((await bob.ended).code).toBe(0)
})

test('what a peer prints reaches it without escape sequences', async () => {
  const bob = await startOnTerminal()
  bob.type('@alice evil\r')
  await bob.printed(/: \\x1b\[31mred\\x07/)
  const command = machine.shell(`exec script -qfec '"$NODE" "$SKEIN" -p bob @alice evil' /dev/null`)
  const { stdout } = await command.ended
  expect(stdout).toBe('\\x1b[31mred\\x07\r\n')
  bob.type('exit\r')
  await bob.ended
})

test('map --watch on a small terminal stays within its lines and columns', async () => {
  const bob = await startOnTerminal()
  const map = '"$NODE" "$SKEIN" -p bob map --watch --timeout 2s'
  const watching = machine.shell(`exec script -qfec 'stty rows 5 cols 20; ${map}' /dev/null`)
  const { stdout } = await watching.ended
  const screens = stdout.split('\u001b[H').slice(1)
  expect(screens.length).toBeGreaterThan(0)
  for (const screen of screens) {
    // oxlint-disable-next-line no-control-regex -- colours and erasing are control sequences
    const lines = screen.replaceAll(/\u001b\[[\d;]*[mKJ]/g, '').split('\r\n')
    expect(lines).toHaveLength(5)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(20)
    expect(lines.slice(3)).toEqual([expect.stringMatching(/^… \d more lines$/), ''])
  }
  bob.type('exit\r')
  await bob.ended
})

test('a command whose peer is out of reach says so, and when it is back', async () => {
  const nervous =
    'limits = { keepAliveMs = 100, silenceMs = 300, reconnectMinMs = 50, reconnectMaxMs = 200 }\n'
  const dave = await machine.node(
    'dave',
    `[programs.wait]\nfile = "${process.execPath}"\nargs = ["-e", "setInterval(() => {}, 1000)"]\n`,
  )
  await machine.node('carol', `network.peers = ["${dave.address}"]\n${nervous}`)
  await machine.connected('carol', 1)
  const line = '"$NODE" "$SKEIN" -p carol @dave wait'
  const waiting = machine.shell(`exec script -qfec '${line}' /dev/null`)
  await expect
    .poll(async () => (await machine.skein(['-p', 'dave', 'status', '--json'])).stdout)
    .toContain('"running":2')
  dave.process.signal('SIGSTOP')
  await waiting.printed('skein: dave cannot be reached at the moment; waiting')
  dave.process.signal('SIGCONT')
  await waiting.printed('skein: dave is back')
  waiting.type(controlC)
  expect((await waiting.ended).stdout).toContain('skein: interrupted')
})

test('Tab completes names of peers and commands', async () => {
  const bob = await startOnTerminal()
  await bob.printed('connected · alice')
  bob.type('@ali')
  await bob.printed(/> .*@ali$/)
  bob.type('\t')
  await bob.printed(/@alice $/)
  bob.type('add\r')
  await bob.printed(/Result from .* for command 'add': 3/)
  bob.type('ec')
  await bob.printed(/> .*ec$/)
  bob.type('\t')
  await bob.printed(/echo$/)
  bob.type(' one\r')
  await bob.printed('Result: one')
  bob.type('exit\r')
  await bob.ended
})
