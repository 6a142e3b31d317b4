import { expect, test } from 'vitest'
import { entryProblems } from './complete.ts'
import { tomlSource } from './layers.ts'
import { mergeSources } from './merge.ts'

const label = 'a label (1 to 32 of a-z, 0-9, "-", "_" and "."; never only digits, never "all")'

test.each<[string, string, number, string]>([
  [
    'an unknown key',
    '[network.listen]\nprot = 1',
    2,
    'unknown key network.listen.prot; did you mean network.listen.port?',
  ],
  [
    'an unknown table',
    '\n[netwrok.listen]\nport = 1',
    2,
    'unknown key netwrok; did you mean network?',
  ],
  [
    'a key of another table',
    '[network]\nport = 1',
    2,
    'unknown key network.port; did you mean network.listen.port?',
  ],
  ['a key like nothing', '[log]\nxyzzy = 1', 2, 'unknown key log.xyzzy; allowed are level'],
  [
    'a key of a later milestone',
    '[replica]\nenabled = true',
    1,
    'unknown key replica; allowed are network, known, roles, discovery, commands, programs, prompt, log, web, mail, wall, topics, limits',
  ],
  [
    'an origin with a path',
    'web.origins = ["https://skein.example.org/page"]',
    1,
    'web.origins item 1 must be an origin, such as "https://skein.example.org" (scheme, host and perhaps a port; no path), not "https://skein.example.org/page"',
  ],
  [
    'a port that is text',
    'network.listen.port = "x"',
    1,
    'network.listen.port must be a whole number from 0 to 65535, not "x"',
  ],
  [
    'a port out of range',
    'network.listen.port = 70000',
    1,
    'network.listen.port must be a whole number from 0 to 65535, not 70000',
  ],
  [
    'a value for a table',
    'network.listen = 5',
    1,
    'network.listen must be a table with host, port, enabled',
  ],
  [
    'a wrong peer',
    '[network]\npeers = ["a:1", "b"]',
    2,
    'network.peers item 2 must be "host:port" or { host, port, id } (id may be left out), not "b"',
  ],
  [
    'a peer that is no list',
    'network.peers = "a:1"',
    1,
    'network.peers must be a list, each item "host:port" or { host, port, id } (id may be left out), not "a:1"',
  ],
  [
    'a peer without a port',
    'network.peers = [{ host = "a" }]',
    1,
    'network.peers item 1 must be "host:port" or { host, port, id } (id may be left out), not {"host":"a"}',
  ],
  [
    'a wrong word',
    'network.admit = "all"',
    1,
    'network.admit must be one of "local", "known", "anyone", not "all"',
  ],
  ['a wrong label', 'network.label = "Bob"', 1, `network.label must be ${label}, not "Bob"`],
  [
    'a host in brackets',
    'network.listen.host = "[::1]"',
    1,
    'network.listen.host must be a host name or an IP address without brackets, not "[::1]"',
  ],
  [
    'a known peer that is no ID',
    '[known]\nbob = "xyz"',
    2,
    'known.bob must be a peer ID (52 characters, see skein id), not "xyz"',
  ],
  [
    'a known peer with a wrong name',
    `[known]\nBob = "${'a'.repeat(52)}"`,
    2,
    `known.Bob has a wrong name: it must be ${label}, not "Bob"`,
  ],
  [
    'a role that is built in',
    '[roles]\nowner = []',
    2,
    'roles.owner has a wrong name: it must be a role name (1 to 32 of a-z, 0-9, "-", "_" and "."; none of owner, known, member, local, anyone), not "owner"',
  ],
  [
    'an empty alias',
    '[commands]\nadd = " "',
    2,
    'commands.add must be a command, or { run = "command", allow = ["role:NAME", "peer:ID"] }, not " "',
  ],
  [
    'an alias of two words',
    '[commands]\n"a b" = "x"',
    2,
    'commands."a b" has a wrong name: it must be a name (1 to 64 characters, no spaces, quotes or backslashes; "@" or "-" not first), not "a b"',
  ],
  [
    'an unknown built-in',
    '[commands]\nbuiltin = ["clac"]',
    2,
    'commands.builtin item 1 must be one of "calc", "echo", "help", "status", "peers", not "clac"',
  ],
  [
    'a rule that is none',
    '[programs.x]\nfile = "x"\nallow = ["ops"]',
    3,
    'programs.x.allow item 1 must be "role:NAME" or "peer:ID", not "ops"',
  ],
  [
    'a program without a file',
    '[programs.x]\nstdin = true',
    2,
    'programs.x.file is missing: it names what to run',
  ],
  [
    'a program that is an alias',
    'commands.x = "y"\n[programs.x]\nfile = "x"',
    3,
    'programs.x is also an alias: commands.x; rename one',
  ],
  [
    'a date',
    'log.level = 2020-01-01',
    1,
    'log.level must be one of "trace", "debug", "info", "warn", "error", "fatal", "silent", not 2020-01-01',
  ],
  [
    'limits that contradict each other',
    'limits.keepAliveMs = 20000',
    1,
    'limits.keepAliveMs must not exceed limits.silenceMs: 20000 is more than 10000',
  ],
])('%s is one line that says what is allowed', (_sentence, text, line, problem) => {
  const file = { layer: 'profile', name: 'bob.toml', folder: '/etc', text } as const
  const { entries, problems } = mergeSources(tomlSource(file).sources)
  expect([...problems, ...entryProblems(entries)]).toEqual([`bob.toml:${line}: ${problem}`])
})
