import { describe, expect, test } from 'vitest'
import { type CommandLine, parseArguments } from './arguments.ts'
import { commandSpecs, flagSpecs } from './arguments-commands.ts'
import { valueProblem } from './arguments-values.ts'

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

const time = (flag: string, most: string, value: string): string =>
  `--${flag} must be a time up to ${most}, such as 10 (seconds), 500ms or 2h, not "${value}"`
const count = (flag: string, range: string, value: string): string =>
  `--${flag} must be a whole number ${range}, not "${value}"`
const label = 'a label is 1 to 32 of a-z, 0-9, "-", "_" and "."'

describe('a wrong value is found before any node is asked', () => {
  test.each([
    ['--timeout x id', time('timeout', '24d', 'x')],
    ['--timeout 0 id', time('timeout', '24d', '0')],
    ['--timeout -1 id', time('timeout', '24d', '-1')],
    ['--timeout NaN id', time('timeout', '24d', 'NaN')],
    ["--timeout '' id", time('timeout', '24d', '')],
    ['--timeout 99999h id', time('timeout', '24d', '99999h')],
    ['demo --for 25d', time('for', '24d', '25d')],
    ['discover --for 11m', time('for', '10m', '11m')],
    ['send --expires foo @bob hi', time('expires', '30d', 'foo')],
    ['send --expires 31d @bob hi', time('expires', '30d', '31d')],
    ['invite --expires 99999d', time('expires', '36500d', '99999d')],
    ['invite --within -1', time('within', '365d', '-1')],
    ['invite --within 366d', time('within', '365d', '366d')],
    ['invite --role Ops', '--role "Ops": a role is 1 to 32 of a-z, 0-9, ".", "_" and "-"'],
    [
      'invite --role owner',
      `--role "owner": 'owner' follows from something else and cannot be given`,
    ],
    [`invite ${'--role a '.repeat(9).trim()}`, '--role is given 9 times; a pass holds 8 roles'],
    ['invite Bob', `"Bob": ${label}`],
    ["invite ''", `"": ${label}`],
    ['send --type text @bob hi', '--type must be a content type such as text/plain, not "text"'],
    ['inbox --limit 0', count('limit', 'from 1 to 1000', '0')],
    ['inbox --limit 1001', count('limit', 'from 1 to 1000', '1001')],
    ['inbox --limit 1.5', count('limit', 'from 1 to 1000', '1.5')],
    ['inbox --limit --json', count('limit', 'from 1 to 1000', '--json')],
    ['inbox --limit 1 --limit zzz', count('limit', 'from 1 to 1000', 'zzz')],
    ['inbox --before zzz', count('before', '1 or more', 'zzz')],
    ['wall --after -1', count('after', '0 or more', '-1')],
    ['chat --history 1001', count('history', 'from 0 to 1000', '1001')],
    ['chat --history 1e3', count('history', 'from 0 to 1000', '1e3')],
    ["inbox --search ''", '--search must be 1 to 200 characters with a word among them'],
    ['-p ../x id', '-p "../x": a profile name is 1 to 32 of a-z, 0-9, "-", "_" and "."'],
    ["-c '' up", '-c needs the name of a folder'],
    ["up ''", 'up: name a JSON file'],
    ['map --open --watch', '--open and --watch exclude each other; choose one'],
    ["join ''", 'join: that is no ticket: a ticket is one line that starts skein1'],
    ['join abc', 'join: that is no ticket: a ticket is one line that starts skein1'],
    ["allow ''", 'allow: name a peer, for example skein allow ID bob'],
    ['allow ID Bob', `"Bob": ${label}`],
    ['allow ID all', '"all": "all" means every peer and cannot be a label'],
    ['deny @', 'deny: name a peer, for example skein deny bob'],
    ["block ''", 'block: name a peer, for example skein block bob'],
    ["call ''", 'call: name a peer, for example skein call @bob'],
    [
      'call @all counter.add',
      "call: 'all' can mean several peers, and one is wanted; name it, see: skein peers",
    ],
    [
      'deny role:ops',
      "deny: 'role:ops' can mean several peers, and one is wanted; name it, see: skein peers",
    ],
    ["send '' hi", 'send: name a peer, for example skein send @bob TEXT'],
    ["send @bob ''", 'there is no text; write it behind, or - for what is piped in'],
    ["post ''", 'there is no text; write it behind, or - for what is piped in'],
    ["post '' ''", 'there is no text; write it behind, or - for what is piped in'],
    ["call @bob ''", 'call: name an object, or leave it out: skein call @bob'],
    [
      'send @all hi',
      'a message goes to one peer, and @all can mean several; skein post TEXT is for all',
    ],
    [
      'send @a,b hi',
      'a message goes to one peer, and @a,b can mean several; skein post TEXT is for all',
    ],
    [
      'chat /x',
      '"/x": a topic has 1 to 64 letters, digits and _ . / -, and begins with a letter, a digit or _',
    ],
    [
      `@${'x'.repeat(4_097)} add`,
      `@${'x'.repeat(40)}… is 4097 characters long; at most 4096 are taken`,
    ],
  ])('skein %s', (line, text) => {
    expect(parse(line)).toEqual({ kind: 'wrong', text })
  })

  test.each([
    'send --expires 30d --type application/json @bob {}',
    'invite bob --role ops --expires 36500d --within 365d',
    'inbox --limit 1000 --after 0 --before 1',
    'discover --for 10m',
    'chat --history 0 team/a.b',
    'join SKEIN1ABC',
    'block',
    'deny @bob',
  ])('and a good one is left alone: skein %s', (line) => {
    expect(parse(line)).toMatchObject({ kind: 'run' })
  })

  test('every flag with a value is checked', () => {
    const open = flagSpecs.filter(({ name, value }) => {
      if (value === undefined) return false
      const command = commandSpecs.find(({ flags }) => flags.includes(name))?.name ?? 'status'
      return valueProblem(name, '', command) === undefined
    })
    expect(open).toEqual([])
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
