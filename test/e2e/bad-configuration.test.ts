/** A node that cannot start says why in one line a problem, and leaves nothing behind. */
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, Machine } from './machine.ts'

let machine: Machine

beforeAll(() => {
  machine = new Machine()
  machine.write('odd/network', '')
  mkdirSync(path.join(machine.folder, 'config/network/dir.toml'))
})

afterAll(() => machine.close())

/** Expects that these words fail with this code and these lines, each of which the table gives. */
async function expectRefusal(
  words: readonly string[],
  { code = 1, lines }: { readonly code?: number; readonly lines: readonly RegExp[] },
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const ended = await machine.skein(words, { env })
  expect(linesOf(ended.stderr)).toEqual(
    lines.map((line) => expect.stringMatching(new RegExp(`^skein: ${line.source}`)) as unknown),
  )
  expect([ended.code, ended.stdout]).toEqual([code, ''])
  expect(ended.stderr).not.toMatch(/^\s+at |Error:|node:internal/m)
}

const inJson: readonly [string, string, RegExp][] = [
  ['that ends too early', '{ "listenPort": ', /p\.json:1: .*file ends/],
  ['that is no JSON', 'hello', /p\.json:1: /],
  ['that is empty', '', /p\.json:1: /],
  ['that is binary', '\u0000\u0001\u0002', /p\.json:1: /],
  ['that holds a list', '[1]', /p\.json:1: the file must hold one object/],
  ['with an unknown key', '{\n "listnPort": 1 }', /p\.json:2: .*listnPort.*mean listenPort/],
  ['with a port that is text', '{ "listenPort": "x" }', /p\.json:1: listenPort must be a whole/],
  ['with a port too high', '{ "listenPort": 70000 }', /p\.json:1: listenPort .*65535, not 70000/],
  ['with a port of -1', '{ "listenPort": -1 }', /p\.json:1: listenPort must be .*, not -1/],
  ['with a peer without a port', '{ "peers": [{ "host": "x" }] }', /p\.json:1: peers item 1 must/],
  ['with an empty alias', '{ "commands": { "a": "" } }', /.*commands.*a/],
  ['with an alias of a built-in name', '{ "commands": { "calc": "echo" } }', /.*calc/],
  ['with an open quote in an alias', '{ "commands": { "a": "echo \'x" } }', /.*quote/],
]

test.each(inJson)('a JSON file %s', async (_what, text, line) => {
  machine.write('p.json', text)
  await expectRefusal(['up', 'p.json', '0'], { lines: [line] })
})

const inToml: readonly [string, string, RegExp][] = [
  ['that is no TOML', '[network\nport', /config\/network\/x\.toml:1: this is not TOML/],
  [
    'with an unknown key',
    '[network.listen]\nprot = 1',
    /.*x\.toml:2: .*prot.*network\.listen\.port/,
  ],
  ['with a wrong type', 'network.label = 7', /.*x\.toml:1: network\.label must be/],
  ['with a word for a port', 'network.listen.port = "http"', /.*x\.toml:1: .*port must.*"http"/],
  ['with a rule that is none', 'commands.a = { run = "echo", allow = ["ops"] }', /.*role:NAME/],
  ['with an ID that is none', 'known.bob = "xyz"', /.*x\.toml:1: known\.bob must be a peer ID/],
  [
    'with a target file that is missing',
    'network.target.path = "gone.json"',
    /.*x\.toml:1: .*gone/,
  ],
  [
    'with a folder for a target file',
    'network.target.path = "."',
    /.*x\.toml:1: network\.target\.path: .*: it is a folder, and a file is wanted/,
  ],
  ['with limits that contradict', 'limits.keepAliveMs = 20000', /.*keepAliveMs.*silenceMs/],
]

test.each(inToml)('a profile %s', async (_what, text, line) => {
  machine.write('config/network/x.toml', `${text}\n`)
  await expectRefusal(['up', '-p', 'x'], { lines: [line] })
})

test('all that is wrong is said at once', async () => {
  machine.write('config/network/x.toml', 'network.label = 7\nnetwork.admti = "known"\n')
  const lines = [/.*x\.toml:1: network\.label/, /.*x\.toml:2: .*admti.*network\.admit/]
  await expectRefusal(['up', '-p', 'x'], { lines })
  await expectRefusal(['config', '-p', 'x'], { lines })
})

const onCommandLine: readonly [string, readonly string[], number, RegExp][] = [
  ['a file that is missing', ['up', 'gone.json'], 1, /gone\.json: there is no such file/],
  ['a folder for a file', ['up', 'config'], 1, /config: it is a folder/],
  ['a config folder that is missing', ['up', '-c', 'gone'], 1, /-c gone: there is no such folder/],
  [
    'a file for a config folder',
    ['up', '-c', 'config/network/default.toml'],
    1,
    /-c config\/network\/default\.toml: config\/network\/default\.toml is a file, and a folder/,
  ],
  [
    'a config folder with a file in it for network/',
    ['up', '-c', 'odd'],
    1,
    /-c odd: odd\/network is a file, and a folder is wanted/,
  ],
  ['a folder for a profile', ['up', '-p', 'dir'], 1, /config\/network\/dir\.toml: it is a folder/],
  ['an unknown profile', ['up', '-p', 'defautl'], 1, /no profile "defautl".*mean default/],
  ['a profile that is a path', ['up', '-p', '../x'], 2, /-p "\.\.\/x": a profile name is/],
  ['a profile without a name', ['up', '-p', ''], 2, /-p "": a profile name is/],
  ['a port that is no number', ['up', 'p.json', 'abc'], 2, /PORT must be a whole number .*"abc"/],
  ['a setting without a value', ['up', '-s', 'network'], 2, /-s network: must be KEY=VALUE/],
  ['an unknown setting', ['up', '-s', 'netwrok.label=x'], 1, /-s netwrok\.label: .*mean network\?/],
  ['a setting of a wrong type', ['up', '-s', 'network.listen.port=abc'], 1, /-s network\.listen/],
  ['too many words', ['up', 'p.json', '1', '2'], 2, /up takes no "2"; usage: /],
  ['an unknown flag', ['up', '--jsno'], 2, /unknown flag --jsno; did you mean --json\?/],
  ['an unknown command', ['stauts'], 2, /unknown command "stauts"; did you mean status\?/],
]

test.each(onCommandLine)('%s on the command line', async (_what, words, code, line) => {
  await expectRefusal(words, { code, lines: [line] })
})

test('a variable that names no setting', async () => {
  const line = /SKEIN_NETWORK__LABLE: .*SKEIN_NETWORK__LABEL\?/
  await expectRefusal(['up'], { lines: [line] }, { SKEIN_NETWORK__LABLE: 'x' })
})

describe('a place to listen', () => {
  let occupier: Server
  let takenPort: number

  beforeAll(async () => {
    occupier = createServer()
    await new Promise<void>((resolve) => occupier.listen(0, '127.0.0.1', resolve))
    takenPort = (occupier.address() as { port: number }).port
  })

  afterAll(() => new Promise((resolve) => occupier.close(resolve)))

  test.each([
    [
      'that is taken',
      '127.0.0.1',
      /.*another program listens there; choose another port or stop it/,
    ],
    ['on an address of another machine', '192.0.2.1', /.*no such address/],
    ['on a host that is not known', 'no-such-host.invalid', /.*(not known|could not be looked up)/],
  ])('%s', async (_what, host, line) => {
    const settings = ['-s', `network.listen.host=${host}`, '-s', `network.listen.port=${takenPort}`]
    await expectRefusal(['up', '--no-prompt', ...settings], { lines: [line] })
    const after = await machine.skein(['-p', 'default', 'status'])
    expect(after.code, 'nothing of the node is left').toBe(3)
  })
})

describe('a data folder', () => {
  const home = (): string => path.join(machine.folder, 'other')

  test('with a file in its place', async () => {
    const file = machine.write('a-file', 'x')
    const line = /cannot use the data folder .*a-file.*: .*is a file; set SKEIN_HOME/
    await expectRefusal(['up'], { lines: [line] }, { SKEIN_HOME: file })
    await expectRefusal(['up'], { lines: [line] }, { SKEIN_HOME: path.join(file, 'below') })
  })

  test('that cannot be made', async (context) => {
    context.skip(process.platform !== 'linux', 'only Linux has a /proc where nothing can be made')
    const line = /cannot use the data folder \/proc\/skein\/default: .*set SKEIN_HOME/
    await expectRefusal(['up'], { lines: [line] }, { SKEIN_HOME: '/proc/skein' })
  })

  test.each<[string, string, (file: string) => void, RegExp]>([
    ['a key that others may read', 'identity.pem', (file) => chmodSync(file, 0o644), /.*chmod 600/],
    [
      'a key that is none',
      'identity.pem',
      (file) => replace(file, 'hello'),
      /.*\/other\/default\/identity\.pem.*backup/,
    ],
    ['a folder for a key', 'identity.pem', replaceByFolder, /.*identity\.pem/],
    [
      'a damaged known list',
      'known.json',
      (file) => replace(file, '{'),
      /.*\/other\/default\/known\.json.*damaged/,
    ],
    ...['known.json', 'labels.json', 'network.json', 'network.pem'].flatMap((file) =>
      ['', '["x"]', '{"bob":"x"}', 'null'].map((content) =>
        refused(file, content, /.* is damaged; mend it, restore it .* start without it: /),
      ),
    ),
    ...['known.json', 'labels.json', 'network.json', 'incarnation', 'control-token'].map(
      (file): [string, string, (file: string) => void, RegExp] => [
        `a folder for ${file}`,
        file,
        replaceByFolder,
        /cannot (read|write) .*: there is a folder in place of the file; move it away/,
      ],
    ),
  ])('with %s', async (_what, name, damage, line) => {
    const env = { SKEIN_HOME: home() }
    expect(await machine.skein(['up'], { env })).toMatchObject({ code: 0 })
    damage(path.join(home(), 'default', name))
    const before = contentOf(path.join(home(), 'default', name))
    await expectRefusal(['up'], { lines: [line] }, env)
    expect(contentOf(path.join(home(), 'default', name)), 'it stays as it was').toBe(before)
    rmSync(home(), { recursive: true })
  })

  test('with a folder for mail.db runs without mail, and says why', async () => {
    const env = { SKEIN_HOME: home() }
    mkdirSync(path.join(home(), 'default', 'mail.db'), { recursive: true, mode: 0o700 })
    const { stdout } = await machine.skein(['up'], { env, stdin: 'post hello\n' })
    expect(stdout).toMatch(
      /^cannot open .*mail\.db: there is a folder in place of the file; move it/,
    )
    rmSync(home(), { recursive: true })
  })

  test('is made for its owner only', async () => {
    await machine.skein(['up'], { env: { SKEIN_HOME: home() } })
    for (const folder of [home(), path.join(home(), 'default')]) {
      expect(statSync(folder).mode & 0o077).toBe(0)
    }
  })
})

/** A row: with this content in a file, a start is refused in such a line. */
function refused(
  file: string,
  content: string,
  line: RegExp,
): [string, string, (file: string) => void, RegExp] {
  return [`${JSON.stringify(content)} in ${file}`, file, (it) => replace(it, content), line]
}

function contentOf(file: string): string | undefined {
  return statSync(file).isFile() ? readFileSync(file, 'utf8') : undefined
}

function replace(file: string, content: string): void {
  rmSync(file, { force: true })
  machine.write(path.relative(machine.folder, file), content)
  chmodSync(file, 0o600)
}

function replaceByFolder(file: string): void {
  rmSync(file, { force: true })
  mkdirSync(file, { mode: 0o700 })
}
