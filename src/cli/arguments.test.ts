import { describe, expect, test } from 'vitest'
import { type CommandLine, parseArguments } from './arguments.ts'
import { commandSpecs } from './arguments-commands.ts'

const noFlags = {
  settings: [],
  isJson: false,
  isWatching: false,
  isOpening: false,
  hasPrompt: true,
  isConfirmed: false,
  forgetsKey: false,
  terms: [],
}
const run = (command: string, words: readonly string[], more: object = {}): object => ({
  kind: 'run',
  command,
  words,
  flags: noFlags,
  ...more,
})
const flagged = (flags: object): object => ({ flags: { ...noFlags, ...flags } })

/** Splits at spaces; `''` stands for an empty word. */
const parse = (line: string): CommandLine =>
  parseArguments(line === '' ? [] : line.split(' ').map((word) => (word === "''" ? '' : word)))

describe('what a command line means', () => {
  test.each<[string, string, object]>([
    ['a command', 'status', run('status', [])],
    ['flags behind it', 'peers --json', run('peers', [], flagged({ isJson: true }))],
    [
      'flags before it',
      '-p bob --json peers',
      run('peers', [], flagged({ profile: 'bob', isJson: true })),
    ],
    [
      'values joined to flags',
      '-pbob --timeout=2s id',
      run('id', [], flagged({ profile: 'bob', timeoutMs: 2_000 })),
    ],
    ['the last one wins', '-p a -p b id', run('id', [], flagged({ profile: 'b' }))],
    ['-s again and again', 'up -s a=1 -s b=', run('up', [], flagged({ settings: ['a=1', 'b='] }))],
    ['a folder', 'up -c etc', run('up', [], flagged({ configFolder: 'etc' }))],
    ['a JSON file and a port', 'up p.json 9000', run('up', ['p.json', '9000'])],
    ['no prompt', 'up --no-prompt', run('up', [], flagged({ hasPrompt: false }))],
    ['-- ends our flags', 'up -- -odd.json', run('up', ['-odd.json'])],
    [
      'a value may look like a flag',
      'up -s -- -p x',
      { kind: 'wrong', text: '-s --: must be KEY=VALUE, for example -s network.listen.port=9000' },
    ],
    ['a peer', '@bob add', run('on', ['add'], { to: 'bob' })],
    ['on is the same', 'on bob add', run('on', ['add'], { to: 'bob' })],
    ['on with an @', 'on @bob add', run('on', ['add'], { to: 'bob' })],
    [
      'what follows the peer is its own',
      '--json @bob add --json -p x -- y',
      run('on', ['add', '--json', '-p', 'x', '--', 'y'], {
        to: 'bob',
        ...flagged({ isJson: true }),
      }),
    ],
    ['--help too', '@bob add --help', run('on', ['add', '--help'], { to: 'bob' })],
    [
      'flags between on and the peer',
      'on --timeout 500ms bob add',
      run('on', ['add'], { to: 'bob', ...flagged({ timeoutMs: 500 }) }),
    ],
    ['-- before the peer', '-- @bob add', run('on', ['add'], { to: 'bob' })],
    ['a list', '@a,@b,role:x add', run('on', ['add'], { to: 'a,b,role:x' })],
    ['an empty argument', "@bob echo ''", run('on', ['echo', ''], { to: 'bob' })],
    ['allow with a label', 'allow ID bob', run('allow', ['ID', 'bob'])],
    ['seconds', 'demo --for 1.5', run('demo', [], flagged({ forMs: 1_500 }))],
    ['minutes', 'demo --for 2m', run('demo', [], flagged({ forMs: 120_000 }))],
    ['leaving', 'leave --yes', run('leave', [], flagged({ isConfirmed: true }))],
    ['and the key', 'leave --forget-key', run('leave', [], flagged({ forgetsKey: true }))],
    ['a peer among the words', 'why @bob --json', run('why', ['@bob'], flagged({ isJson: true }))],
    ['the version', '--version', { kind: 'version' }],
  ])('%s: skein %s', (_sentence, line, expected) => {
    expect(parse(line)).toEqual(expected)
  })
})

describe('a wrong command line says why', () => {
  test.each([
    ['stauts', 'unknown command "stauts"; did you mean status?'],
    ['xyzzy', 'unknown command "xyzzy"; see skein --help'],
    ["''", 'unknown command ""; see skein --help'],
    ['help stauts', 'unknown command "stauts"; did you mean status?'],
    ['id --jsn', 'unknown flag --jsn; did you mean --json?'],
    ['id -x', 'unknown flag -x; see skein --help'],
    ['id --xyzzy=1', 'unknown flag --xyzzy; see skein --help'],
    ['id -p', '-p needs a value: PROFILE'],
    ['id --json=1', '--json=1: --json takes no value'],
    ['id --for 2', 'id takes no --for; see skein id --help'],
    ['-p bob', 'there is no command; see skein --help'],
    ['id bob', 'id takes no "bob"; usage: skein id [--json]'],
    ['allow', 'allow needs more words; usage: skein allow ID [LABEL]'],
    ['up p.json x', 'PORT must be a whole number from 0 to 65535, not "x"'],
    ['up p.json 65536', 'PORT must be a whole number from 0 to 65535, not "65536"'],
    ['up -s port', '-s port: must be KEY=VALUE, for example -s network.listen.port=9000'],
    ['--timeout x id', '--timeout must be a time such as 10 (seconds), 2s or 500ms, not "x"'],
    ['--timeout 0 id', '--timeout must be a time such as 10 (seconds), 2s or 500ms, not "0"'],
    [
      '--timeout 99999h id',
      '--timeout must be a time such as 10 (seconds), 2s or 500ms, not "99999h"',
    ],
    ['map --svg --d2', '--d2 and --svg exclude each other; choose one'],
    ['map --svg --json', '--json and --svg exclude each other; choose one'],
    ['@', '@: name a peer, for example skein @bob help'],
    ['@ add', '@: name a peer, for example skein @bob help'],
    ['@a,,b add', '@a,,b: name a peer, for example skein @bob help'],
    ['on', 'on: name a peer, for example skein @bob help'],
    ['@bob', '@bob: there is no command, for example skein @bob help'],
    ["@bob ''", '@bob: there is no command, for example skein @bob help'],
    ['@bob --json add', '--json has to stand before the peer: skein --json … @bob …'],
  ])('skein %s', (line, text) => {
    expect(parse(line)).toEqual({ kind: 'wrong', text })
  })
})

describe('help', () => {
  const textOf = (line: string): string => {
    const parsed = parse(line)
    return parsed.kind === 'help' ? parsed.text : `not help: ${parsed.kind}`
  }

  test('skein alone, skein --help and skein help are the same and name every command', () => {
    expect(textOf('')).toBe(textOf('--help'))
    expect(textOf('help')).toBe(textOf('-h'))
    for (const { summary } of commandSpecs) expect(textOf('')).toContain(summary)
  })

  test.each(commandSpecs.map((spec) => [spec.name, spec.usage.split(' | ')[0] ?? '']))(
    'skein help %s shows its usage, as its --help does',
    (name, usage) => {
      expect(textOf(`help ${name}`)).toContain(`skein ${usage}`)
      expect(textOf(`--help ${name}`)).toBe(textOf(`help ${name}`))
    },
  )

  test('every way to write a command begins with its name, and its words are written as one', () => {
    const wrong = commandSpecs.flatMap(({ name, usage }) => {
      const ways = usage.split(' | ')
      return ways.filter((way) => !way.startsWith(name === 'on' ? '@PEER' : name))
    })
    expect(wrong).toEqual([])
    expect(textOf('')).toMatch(/^ {2}post TEXT\|- {2,}Write/m)
    expect(textOf('')).toMatch(/^ {2}join TICKET {2,}Join/m)
  })

  test('a flag that only few commands take is listed with their names', () => {
    expect(textOf('')).toMatch(/--for TIME .*\(demo, discover\)$/m)
    expect(textOf('')).toMatch(/--set KEY=VALUE .*\(up, config\)$/m)
    expect(textOf('')).toMatch(/--json .*line$/m)
  })

  test('no line is wider than a terminal', () => {
    const texts = ['', ...commandSpecs.map(({ name }) => `help ${name}`)].map(textOf)
    const widest = Math.max(...texts.flatMap((text) => text.split('\n')).map((line) => line.length))
    expect(widest).toBeLessThanOrEqual(100)
  })
})
