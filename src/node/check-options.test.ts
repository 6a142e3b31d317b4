import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { systemClock } from '../base/clock.ts'
import { createIdentity } from '../base/identity.node.ts'
import { silentLog } from '../base/log.ts'
import { MemoryStorage } from '../base/storage.ts'
import { checkShape } from './check-options.ts'
import { Node } from './node.ts'
import { defaultNodeLimits } from './options.ts'

const { peerId } = createIdentity()
const circle: Record<string, unknown> = {}
circle.itself = circle

/** What a program gives, and what the error says of it: the option, what was given, what is wanted. */
const wrong: readonly (readonly [options: unknown, ...words: readonly string[]])[] = [
  ['alice', "the options must be an object, not 'alice'"],
  [null, 'the options must be an object, not null'],
  [5, 'the options must be an object, not 5'],
  [[], 'the options must be an object, not an empty list'],
  [new Map([['label', 'a']]), 'the options must be an object, not a Map'],
  [() => ({}), 'the options must be an object, not a function'],
  [{ lable: 'alice' }, 'lable is no option; did you mean label?'],
  [{ Listen: [] }, 'Listen is no option; did you mean listen?'],
  [{ PEERS: [] }, 'PEERS is no option; did you mean peers?'],
  [{ zzzzzzzz: 1 }, 'zzzzzzzz is no option; there are label, storage,'],
  [{ '\u001b[2J': 1 }, String.raw`'\u001b[2J' is no option`],
  [{ label: 5 }, 'label must be a text, not 5'],
  [{ label: null }, 'label must be a text, not null'],
  [{ label: ['a'] }, 'label must be a text, not a list'],
  [{ listen: '127.0.0.1:0' }, "listen must be a list, not '127.0.0.1:0'; write ['127.0.0.1:0']"],
  [{ listen: 14_590 }, "listen must be a list, not 14590; write ['127.0.0.1:0']"],
  [{ listen: [14_590] }, 'listen[0] must be a text, not 14590'],
  [{ listen: ['127.0.0.1:0', 'here'] }, "listen[1]: 'here' is no address"],
  [{ listen: Array.from({ length: 1 }) }, 'listen[0] must be a text, not undefined'],
  [{ peers: '127.0.0.1:1' }, "peers must be a list, not '127.0.0.1:1'; write ['127.0.0.1:1']"],
  [{ peers: { address: '127.0.0.1:1' } }, 'peers must be a list, not an object with address'],
  [{ peers: [undefined] }, 'peers[0] must be a text such as', 'not undefined'],
  [{ peers: [{ id: peerId }] }, 'peers[0].address must be a text, not undefined'],
  [{ peers: [{ address: '127.0.0.1:1', id: 'bob' }] }, "peers[0].id must be a peer's ID", "'bob'"],
  [{ peers: [{ adress: '127.0.0.1:1' }] }, 'peers[0].adress is no option; did you mean address?'],
  [{ peers: ['nowhere'] }, "peers[0]: 'nowhere' is no address"],
  [{ admit: 'everyone' }, "admit must be one of 'local', 'known', 'anyone', not 'everyone'"],
  [{ admit: true }, 'admit must be one of', 'not true'],
  [{ mesh: 'yes' }, "mesh must be true or false, not 'yes'"],
  [{ known: [peerId] }, "known must be an object such as { bob: 'ID' }, not a list"],
  [{ known: new Map([['bob', peerId]]) }, 'known must be an object', 'not a Map'],
  [{ known: { bob: 5 } }, 'known.bob must be a text, not 5'],
  [{ roles: { ops: peerId } }, 'roles.ops must be a list', `write ['${peerId}']`],
  [{ roles: { ops: ['bob'] } }, "roles.ops[0] must be a peer's ID", "not 'bob'"],
  [{ commands: ['calc'] }, 'commands must be an object such as', 'not a list'],
  [{ commands: { add: () => 3 } }, 'commands.add must be', 'node.command()', 'not a function'],
  [{ commands: { add: { allow: [] } } }, 'commands.add.run must be a text', 'not undefined'],
  [{ commands: { add: { run: 'calc', allow: 'role:ops' } } }, 'commands.add.allow', "['role:ops']"],
  [
    { commands: { add: { run: 'calc', allow: ['ops'] } } },
    'commands.add.allow[0] must be role:NAME',
  ],
  [{ programs: { backup: '/bin/backup' } }, "programs.backup must be an object, not '/bin/backup'"],
  [{ programs: { backup: { args: [] } } }, 'programs.backup.file must be a text', 'undefined'],
  [{ programs: { ls: { file: 'ls', args: '-l' } } }, 'programs.ls.args must be a list', "['-l']"],
  [{ programs: { ls: { file: 'ls', timeoutMs: 0 } } }, 'programs.ls.timeoutMs must be a whole'],
  [{ programs: { ls: { file: 'ls', arguments: 'yes' } } }, "arguments must be one of 'refuse'"],
  [{ builtin: 'calc' }, "builtin must be a list, not 'calc'; write ['calc']"],
  [{ builtin: ['clac'] }, "builtin[0] must be one of 'calc'", "not 'clac'"],
  [{ mail: true }, 'mail must be an object, not true'],
  [{ mail: { allow: 'role:known' } }, 'mail.allow must be a list', "write ['role:known']"],
  [{ mail: { options: { holders: -1 } } }, 'mail.options.holders must be a whole number', 'not -1'],
  [{ mail: { options: { keepMS: 1 } } }, 'mail.options.keepMS is no option; did you mean keepMs?'],
  [{ topics: { writers: { a: 'role:known' } } }, 'topics.writers.a must be a list'],
  [
    { topics: { options: { takePerSecond: NaN } } },
    'topics.options.takePerSecond must be a finite',
  ],
  [{ discovery: { lan: 1 } }, 'discovery.lan must be true or false, not 1'],
  [{ discovery: { lanPort: 70_000 } }, 'discovery.lanPort must be a whole number', 'not 70000'],
  [
    { discovery: { dnsNames: 'example.org' } },
    'discovery.dnsNames must be a list',
    "['example.org']",
  ],
  [
    { discovery: { others: [{ source: 'x', start() {} }] } },
    'discovery.others[0] is an object',
    'that lacks stop()',
  ],
  [{ limits: 5 }, 'limits must be an object, not 5'],
  [{ limits: { maxInbund: 5 } }, 'limits.maxInbund is no option; did you mean maxInbound?'],
  [{ limits: { maxInbound: '5' } }, 'limits.maxInbound must be a whole number', "not '5'"],
  [{ limits: { maxInbound: undefined } }, 'limits.maxInbound must be a number, not undefined'],
  [{ limits: { maxStreams: 1.5 } }, 'limits.maxStreams must be a whole number from 1 to 1000000'],
  [{ limits: { silenceMs: Infinity } }, 'limits.silenceMs must be a whole number', 'not Infinity'],
  [{ limits: { dialTimeoutMs: -1 } }, 'limits.dialTimeoutMs must be a whole number from 10 to'],
  [{ storage: '/tmp/alice' }, 'storage must be an object with read()', "not '/tmp/alice'"],
  [
    { storage: { read() {} } },
    'storage is an object with read that lacks write(), create(), remove(), readSecret()',
  ],
  [{ storage: Promise.resolve() }, 'storage is a Promise that lacks read()', 'await it'],
  [{ log: 'debug' }, 'log must be an object with debug()', "not 'debug'"],
  [{ log: { ...silentLog, child: undefined } }, 'that lacks child()'],
  [{ clock: Date.now }, 'clock must be an object with nowMs()', 'not a function'],
  [{ random: Math }, 'random is a Math that lacks next(), bytes()'],
  [
    { identity: { peerId } },
    'identity is an object with peerId that lacks sign()',
    'identity.publicKey must be a Uint8Array',
  ],
  [{ transports: [{ dial() {}, listen() {} }] }, 'transports[0].scheme must be a text'],
  [{ transports: {} }, 'transports must be a list, not an empty object; write [transport]'],
  [{ calcWorkerUrl: 5 }, 'calcWorkerUrl must be a URL or a text, not 5'],
  [{ known: { bob: circle } }, 'known.bob must be a text, not an object with itself'],
  [{ label: 7n, admit: Symbol('x') }, 'label must be a text, not 7n', 'not Symbol(x)'],
]

test.each(wrong)('Node.start says what is wrong, case %#', async (options, ...words) => {
  const thrown: unknown = await Node.start(options as object).catch((error: unknown) => error)
  expect(thrown).toMatchObject({ name: 'SkeinError', code: 'INVALID' })
  const { message } = thrown as Error
  for (const word of words) expect(message).toContain(word)
  expect(message).toMatch(/^Node\.start: /)
})

test('all that is wrong is said at once, and no secret', async () => {
  const { privateKeyPem } = createIdentity()
  const options = { label: 1, listen: 2, identity: { privateKeyPem } } as object
  const { message } = await Node.start(options).then(
    () => expect.unreachable(),
    (error: unknown) => error as Error,
  )
  expect(message.split('\n').map((line) => line.split(' ').at(0))).toEqual([
    'Node.start:',
    'listen',
    'identity',
    'identity.peerId',
    'identity.publicKey',
  ])
  expect(message).not.toContain('PRIVATE KEY')
})

test('what is right passes, and so does what is undefined', async () => {
  const options = {
    label: 'alice',
    storage: new MemoryStorage(),
    identity: createIdentity(),
    listen: ['127.0.0.1:0', 'tls://[::1]:0'],
    peers: ['127.0.0.1:1', { address: 'tls://127.0.0.1:2', id: peerId }, { address: 'host:3' }],
    mesh: undefined,
    discovery: { lan: false, dnsNames: ['example.org'], others: [] },
    admit: 'known',
    known: { bob: peerId },
    roles: { ops: [peerId] },
    commands: { add: 'calc $1+$2', sub: { run: 'calc $1-$2', allow: ['role:ops'] } },
    programs: { list: { file: 'ls', args: ['-l'], allow: [`peer:${peerId}`], stdin: true } },
    builtin: [],
    mail: { allow: [], options: { postRate: 0.5 } },
    topics: { writers: { prices: ['role:ops'] }, options: {} },
    limits: defaultNodeLimits,
    log: silentLog,
    clock: systemClock,
    random: seededRandom(1),
    calcWorkerUrl: new URL('file:///calc.js'),
    databaseWorkerUrl: '/database.js',
    transports: [],
  }
  expect(() => checkShape(options)).not.toThrow()
  expect(() => checkShape(Object.assign(Object.create(null), { label: 'a' }))).not.toThrow()
  await using node = await Node.start(undefined)
  expect(node.label).toBe('node')
})
