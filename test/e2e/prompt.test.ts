/** The prompt of `skein up`, fed through a pipe. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort, linesOf, Machine, type RunningNode } from './machine.ts'
import type { Ended } from './processes.ts'

let machine: Machine
let alice: RunningNode
/** Waits 5 s for a peer that is not there, while the other tests run. */
let patient: Promise<Ended>
let patientMs = 0

beforeAll(async () => {
  machine = new Machine()
  alice = await machine.node('alice', '[commands]\nadd = "calc 1+2"\nsum = "calc $1+$2"\n')
  machine.write('config/network/bob.toml', `network.peers = ["${alice.address}"]\n`)
  machine.write(
    'config/network/patient.toml',
    `network.peers = ["127.0.0.1:${await freePort()}"]\n`,
  )
  const startMs = Date.now()
  patient = machine.skein(['up', '-p', 'patient'], { stdin: 'peers\npeers\n@all echo a\n' })
  void patient.then(() => (patientMs = Date.now() - startMs))
})

afterAll(() => machine.close())

/** Runs bob with these lines at its prompt. */
function bob(lines: readonly string[], ending = '\n'): Promise<Ended> {
  return machine.skein(['up', '-p', 'bob'], { stdin: lines.join('\n') + ending })
}

test('lines are answered in their order, and its end ends the node with 0', async () => {
  const lines = ['@alice calc 40+2', 'calc 1+1', '@0 sum 2 3', "echo 'two  words'", 'echo']
  const at = alice.address
  expect(await bob(lines)).toEqual({
    code: 0,
    stdout: [
      `Result from ${at} for command 'calc 40+2': 42`,
      'Result: 2',
      `Result from ${at} for command 'sum 2 3': 5`,
      'Result: two  words',
      'Result: ',
      '',
    ].join('\n'),
    stderr: '',
  })
})

test('the last line counts without its line break, and CRLF is a line break', async () => {
  expect((await bob(['echo one', 'echo two'], '')).stdout).toBe('Result: one\nResult: two\n')
  expect((await bob(['echo one\r', 'echo two\r'])).stdout).toBe('Result: one\nResult: two\n')
})

test('nothing at all, and blank lines, end the node with 0; who forgot --no-prompt is told', async () => {
  const { code, stdout, stderr } = await bob([], '')
  expect([code, stdout]).toEqual([0, ''])
  expect(stderr).toMatch(/^skein: the input had no line.*--no-prompt.*\n$/)
  expect(await bob(['', '   ', '\t'])).toEqual(success(''))
})

test.each(['exit', 'quit'])('%s ends the node; what follows is not read', async (word) => {
  expect(await bob(['echo before', word, 'echo after'])).toEqual(success('Result: before\n'))
})

test('what is wrong with a line is said, and the next one runs', async () => {
  const { code, stdout } = await bob([
    '@',
    '@alice',
    '@nobody add',
    '@alice nope',
    '@alice calc 1+',
    '@alice sum 1',
    "@alice echo 'open",
    'nope',
    'calc (',
    "echo 'open",
    'connect',
    'connect nowhere',
    'connect 127.0.0.1 99999',
    `connect 127.0.0.1 ${await freePort()}`,
    `connect ${alice.address}`,
    'echo still here',
  ])
  const at = `Error from ${alice.address} for command`
  expect(linesOf(stdout)).toEqual([
    'Write @PEER COMMAND, such as @bob help',
    'Write @PEER COMMAND, such as @bob help',
    "No peer found matching 'nobody'",
    `${at} 'nope': Unknown command: nope`,
    expect.stringMatching(/^Error from \S+ for command 'calc 1\+': .*(expected|end)/i),
    `${at} 'sum 1': alias 'sum' takes 2 arguments; 1 was given`,
    expect.stringMatching(/^Error from \S+ for command 'echo 'open': the quote .* not closed/),
    'Unknown command: nope',
    expect.stringMatching(/\w/),
    expect.stringMatching(/^the quote ' at column 6 is not closed; /),
    expect.stringMatching(/host:port|HOST/),
    "'nowhere' is no address; write host:port, such as 127.0.0.1:14590",
    expect.stringMatching(/99999/),
    expect.stringMatching(/nobody listens there/),
    `Connected to alice at ${alice.address}`,
    'Result: still here',
  ])
  expect(code).toBe(0)
})

test('what belongs into a shell is sent there, unless this node has a command of that name', async () => {
  const { stdout } = await bob([
    'chat',
    'chat team',
    'demo',
    'skein peers',
    'skein chat',
    'skein',
    'up',
  ])
  const elsewhere = (line: string): string => `In a shell, not at this prompt: skein ${line}`
  expect(linesOf(stdout)).toEqual([
    elsewhere('chat'),
    elsewhere('chat team'),
    elsewhere('demo'),
    "This prompt is skein's own: leave the word out, write peers",
    elsewhere('chat'),
    "This prompt is skein's own: type help to see what it takes",
    elsewhere('up'),
  ])
  machine.write('config/network/named.toml', '[commands]\ndemo = "echo mine"\n')
  const named = await machine.skein(['up', '-p', 'named'], { stdin: 'demo\n' })
  expect(named.stdout).toBe('Result: mine\n')
})

test('a command that prints too much is ended, there and here, and says what to do', async () => {
  const yes = `[programs.yes]\nfile = "${process.execPath}"\nargs = ["-e", "for (;;) require('fs').writeSync(1, 'y'.repeat(65536))"]\n`
  const talker = await machine.node('talker', yes)
  machine.write('config/network/listener.toml', `network.peers = ["${talker.address}"]\n${yes}`)
  const { stdout } = await machine.skein(['up', '-p', 'listener'], {
    stdin: '@talker yes\nyes\necho still here\n',
  })
  expect(linesOf(stdout)).toEqual([
    `Error from ${talker.address} for command 'yes': it printed more than 16 MiB; it was ended. ` +
      'Of any length it is printed in a shell: skein @talker yes',
    'it printed more than 16 MiB; it was ended: a prompt shows no more',
    'Result: still here',
  ])
  await talker.process.stop()
})

test('help names what the prompt and what the node can do', async () => {
  const { stdout } = await bob(['help'])
  for (const word of [
    'peers',
    'connect HOST PORT',
    '@PEER COMMAND',
    'exit, quit',
    'calc',
    'down',
  ]) {
    expect(linesOf(stdout).filter((line) => line.startsWith(`  ${word}`))).toHaveLength(1)
  }
  expect(stdout).not.toMatch(/^ {2}(links|resolve)\b/m)
})

test('map draws the network that this node knows', async () => {
  const own = /^2 nodes: 2 alive · 1 link\n\n◉ bob :\d+ {2}this node, 1 link\n {4}\(?alice .*\n/
  // What alice says of herself may come a moment after she is connected.
  await vi.waitFor(async () => {
    const { code, stdout } = await bob(['map'])
    expect(stdout).toMatch(own)
    expect(stdout.replace(own, '')).toMatch(/^● alice :\d+ {2}1 link\n {4}\(?bob /)
    expect(code).toBe(0)
  }, 15_000)
})

test('connect adds a peer that the configuration does not name', async () => {
  const [host = '', port = ''] = alice.address.split(':')
  machine.write('config/network/loner.toml', '')
  const { stdout } = await machine.skein(['up', '-p', 'loner'], {
    stdin: `peers\nconnect ${host} ${port}\npeers\n@alice add\n`,
  })
  expect(linesOf(stdout)).toEqual([
    'No peers connected',
    `Connected to alice at ${alice.address}`,
    'Connected peers:',
    expect.stringMatching(/^ {2}0: .* alice /),
    `Result from ${alice.address} for command 'add': 3`,
  ])
})

test('a line that says down stops the node once it has answered', async () => {
  expect(await bob(['down'])).toEqual(success('Result: bob stops\n'))
})

test.each([
  ['--no-prompt', ['up', '-p', 'silent', '--no-prompt']],
  ['prompt.enabled = false', ['up', '-p', 'silent', '-s', 'prompt.enabled=false']],
  ['interactive: false', ['up', 'silent.json']],
])('with %s the input is not read, and the node runs until a signal', async (_how, words) => {
  machine.write('config/network/silent.toml', '')
  machine.write('silent.json', '{ "listenPort": 0, "interactive": false }')
  const node = machine.launch(words)
  node.endInput('echo not read\nexit\n')
  await node.printed('"the node runs"')
  expect((await machine.skein(['-p', 'silent', 'status'])).code).toBe(0)
  node.signal('SIGTERM')
  const { code, stdout } = await node.ended
  expect([code, stdout]).toEqual([0, ''])
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends a node with a prompt, with 0',
  async (signal) => {
    const node = machine.launch(['up', '-p', 'bob'])
    node.type('echo ready\n')
    await node.printed('ready')
    node.signal(signal)
    expect(await node.ended).toMatchObject({ code: 0, stderr: '' })
  },
)

test('what a peer prints reaches the prompt without escape sequences', async () => {
  const { stdout } = await bob(['@alice echo \u001b[31mred\u0007'])
  expect(stdout).toContain('\\x1b[31mred\\x07')
  expect(stdout).not.toContain('\u001b')
})

test('what needs peers waits for the configured dials, 5 s in all', async () => {
  const { code, stdout } = await patient
  const none = 'No peers connected\n'
  expect([code, stdout]).toEqual([0, `${none}${none}No peer found matching 'all'\n`])
  expect(patientMs).toBeGreaterThan(5_000)
  expect(patientMs).toBeLessThan(9_000)
})

function success(stdout: string): object {
  return { code: 0, stdout, stderr: '' }
}
