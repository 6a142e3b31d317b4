import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from './config.ts'
import { describeConfig, describeConfigAsJson } from './describe.ts'
import { type LoadOptions, loadConfig } from './load.node.ts'

const id = 'a'.repeat(52)
let home: string

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'skein-config-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

let folders = 0

/** Writes files into a fresh folder and loads from there. */
async function load(files: Record<string, string>, options: LoadOptions = {}): Promise<Config> {
  const cwd = path.join(home, String(folders++))
  await mkdir(cwd)
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(cwd, name)), { recursive: true })
    await writeFile(path.join(cwd, name), text)
  }
  return await loadConfig({ cwd, env: { HOME: '/home/ann' }, hostName: 'Some.Host', ...options })
}

const base = 'config/network/default.toml'
const bob = 'config/network/bob.toml'

describe('layers', () => {
  const layers = { [base]: '[network.listen]\nport = 1', [bob]: '[network.listen]\nport = 2' }
  const env = { SKEIN_NETWORK__LISTEN__PORT: '3' }

  test.each<[string, Record<string, string>, LoadOptions, number, string]>([
    ['the built-in default is lowest', {}, {}, 14_590, 'built-in'],
    ['default.toml is over it', layers, {}, 1, 'default'],
    ['the profile is over that', layers, { profile: 'bob' }, 2, 'profile'],
    ['the environment is over that', layers, { profile: 'bob', env }, 3, 'environment'],
    ['-s is highest', layers, { env, settings: ['network.listen.port=4'] }, 4, 'argument'],
    [
      'the last -s wins',
      {},
      { settings: ['network.listen.port=4', 'network.listen.port=5'] },
      5,
      'argument',
    ],
    [
      'a JSON file replaces the TOML files',
      { ...layers, 'p.json': '{"listenPort": 6}' },
      { jsonFile: 'p.json' },
      6,
      'file',
    ],
    [
      'its port is over the environment',
      { 'p.json': '{}' },
      { jsonFile: 'p.json', port: '7', env },
      7,
      'argument',
    ],
    [
      'and under -s',
      { 'p.json': '{}' },
      { jsonFile: 'p.json', port: '7', settings: ['network.listen.port=8'] },
      8,
      'argument',
    ],
  ])('%s', async (_sentence, files, options, port, layer) => {
    const config = await load(files, options)
    expect(config.network.listen.port).toBe(port)
    expect(config.origins.find(({ key }) => key === 'network.listen.port')?.origin.layer).toBe(
      layer,
    )
  })

  test('a JSON file without a port keeps the built-in one, whatever default.toml says', async () => {
    const config = await load({ ...layers, 'p.json': '{}' }, { jsonFile: 'p.json' })
    expect(config.network.listen.port).toBe(14_590)
  })

  test('lists are replaced whole, names are added to tables', async () => {
    const files = {
      [base]: '[network]\npeers = ["a:1"]\n[commands]\nadd = "calc 1+2"\nhello = "echo 1"',
      [bob]: '[network]\npeers = ["b:2"]\n[commands]\nhello = "echo 2"',
    }
    const { network, commands } = await load(files, { profile: 'bob' })
    expect(network.peers).toEqual([{ host: 'b', port: 2 }])
    expect([...commands.aliases]).toEqual([
      ['add', { run: 'calc 1+2' }],
      ['hello', { run: 'echo 2' }],
    ])
  })

  test.each<[string, LoadOptions, (config: Config) => unknown, unknown]>([
    ['_ is a capital', { env: { SKEIN_LIMITS__MAX_INBOUND: '9' } }, (c) => c.limits.maxInbound, 9],
    [
      'an empty variable is not set',
      { env: { SKEIN_NETWORK__LABEL: '' } },
      (c) => c.network.label,
      'some.host',
    ],
    [
      'SKEIN_HOME is no setting',
      { env: { SKEIN_HOME: '/s' } },
      (c) => c.folders.data,
      '/s/default',
    ],
    [
      'others are left alone',
      { env: { PATH: 'x', SKEINS: 'y' } },
      (c) => c.network.listen.port,
      14_590,
    ],
    [
      'text need not be quoted',
      { settings: ['commands.add=calc 1+2'] },
      (c) => c.commands.aliases.get('add')?.run,
      'calc 1+2',
    ],
    [
      'text that looks like a number stays text',
      { settings: ['commands.five=5'] },
      (c) => c.commands.aliases.get('five')?.run,
      '5',
    ],
    [
      'text may have a =',
      { settings: ['commands.x=calc a=1'] },
      (c) => c.commands.aliases.get('x')?.run,
      'calc a=1',
    ],
    [
      'text with a line break sets one key',
      { settings: ['commands.x=5\ny = 6'] },
      (c) => c.commands.aliases.get('x')?.run,
      '5\ny = 6',
    ],
    ['a key may be quoted', { settings: [`known."a.b"=${id}`] }, (c) => c.known.get('a.b'), id],
    [
      'a table sets many',
      { settings: ['network.listen={ port = 1, host = "::1" }'] },
      (c) => c.network.listen,
      { port: 1, host: '::1', enabled: true },
    ],
    [
      'a list may have commas',
      { settings: ['network.peers=a:1,[::1]:2'] },
      (c) => c.network.peers,
      [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
      ],
    ],
    [
      'a list may be TOML',
      { settings: ['commands.builtin=["calc"]'] },
      (c) => c.commands.builtin,
      ['calc'],
    ],
    [
      'an empty list takes all away',
      { settings: ['commands.builtin=[]'] },
      (c) => c.commands.builtin,
      [],
    ],
  ])('environment and -s: %s', async (_sentence, options, pick, expected) => {
    expect(pick(await load({}, options))).toEqual(expected)
  })
})

describe('names and folders', () => {
  test.each<[string, Record<string, string>, LoadOptions, string, string]>([
    ['without anything the label is the host', {}, {}, 'default', 'some.host'],
    ['a host of foreign letters is a node', {}, { hostName: '計算機' }, 'default', 'node'],
    ['a profile is a label', { [bob]: '' }, { profile: 'bob' }, 'bob', 'bob'],
    [
      'network.label is before the profile',
      { [bob]: 'network.label = "rob"' },
      { profile: 'bob' },
      'bob',
      'rob',
    ],
    [
      'a JSON file is a profile and a label',
      { 'x/My Peer.json': '{}' },
      { jsonFile: 'x/My Peer.json' },
      'my-peer',
      'my-peer',
    ],
    ['-p is before the file', { 'p.json': '{}' }, { jsonFile: 'p.json', profile: 'q' }, 'q', 'q'],
    ['the profile default needs no file', {}, { profile: 'default' }, 'default', 'some.host'],
  ])('%s', async (_sentence, files, options, profile, label) => {
    const config = await load(files, options)
    expect([config.profile, config.network.label]).toEqual([profile, label])
    expect(config.folders.data).toBe(`/home/ann/.local/share/skein/${profile}`)
  })

  test('./config counts only with a folder network, else the platform has its folder', async () => {
    expect((await load({ 'config/x': '' })).folders.config).toBe('/home/ann/.config/skein')
    expect((await load({ [base]: '' })).folders.config).toMatch(/\/config$/)
    expect((await load({ 'etc/x': '' }, { configFolder: 'etc' })).folders.config).toMatch(/\/etc$/)
  })
})

describe('values', () => {
  test('a JSON file maps to settings', async () => {
    const text =
      '{"listenPort": 1, "autoListen": false, "interactive": false, "peers": [{"host": "127.0.0.1", "port": 2}], "commands": {"add": "calc 1+2"}}'
    const config = await load({ 'p.json': text }, { jsonFile: 'p.json' })
    expect(config.network.listen).toEqual({ host: '::', port: 1, enabled: false })
    expect(config.prompt.enabled).toBe(false)
    expect(config.network.peers).toEqual([{ host: '127.0.0.1', port: 2 }])
    expect(config.commands.aliases.get('add')).toEqual({ run: 'calc 1+2' })
  })

  test('a target file adds peers behind the listed ones, each address once', async () => {
    const files = {
      [base]: '[network]\npeers = ["a:1"]\ntarget.path = "t.json"',
      'config/network/t.json': '["a:1", "[::1]:2"]',
    }
    expect((await load(files)).network.peers).toEqual([
      { host: 'a', port: 1 },
      { host: '::1', port: 2 },
    ])
  })

  test.each([
    [
      'in the CONFIG folder',
      { [base]: 'network.target.path = "t.json"', 'config/t.json': '["a:1"]' },
      [],
    ],
    ['in the current folder for -s', { 't.json': '["a:1"]' }, ['network.target.path=t.json']],
  ])('a target file may lie %s', async (_sentence, files: Record<string, string>, settings) => {
    expect((await load(files, { settings })).network.peers).toEqual([{ host: 'a', port: 1 }])
  })

  test('a program has its defaults, and a path is relative to the file that names it', async () => {
    const text = `[programs.x]\nfile = "bin/x"\n[programs.y]\nfile = "y"\nallow = ["peer:${id}"]\nstdin = true`
    const { programs, folders: where } = await load({ [base]: text })
    expect(programs.get('x')).toEqual({
      file: path.join(where.config, 'network/bin/x'),
      args: [],
      arguments: 'refuse',
      stdin: false,
      timeoutMs: 3_600_000,
      maxOutputBytes: 1_073_741_824,
    })
    expect(programs.get('y')).toMatchObject({ file: 'y', allow: [`peer:${id}`], stdin: true })
  })

  test('topics have bounds and writers, by names with a slash too', async () => {
    const toml = `[topics]
keepMb = 16
keepHours = 2
authorPerSecond = 4
[topics.writers]
"ops/alerts" = ["role:ops"]
chat = []`
    const { topics } = await load({ [base]: toml })
    expect(topics.allow).toEqual(['role:known', 'role:member', 'role:local'])
    expect(topics.writers).toEqual({ 'ops/alerts': ['role:ops'], chat: [] })
    expect(topics.options).toEqual({
      ...{ keepMs: 7_200_000, storeBytes: 16 * 2 ** 20, storeCount: 32_768 },
      ...{ takePerSecond: 4, takeAtOnce: 40 },
    })
    for (const wrong of ['"$chat/x" = []', '"a b" = []', 'plans = ["ops"]', 'plans = "role:ops"']) {
      const loading = load({ [base]: `[topics.writers]\n${wrong}` })
      await expect(loading).rejects.toThrow(/topics\.writers/)
    }
    await expect(load({ [base]: 'topics.keepHours = 25' })).rejects.toThrow('from 1 to 24')
  })

  test('the configuration is frozen', async () => {
    const config = await load({ [base]: '[commands]\nadd = { run = "x", allow = ["role:known"] }' })
    for (const value of [config, config.network.listen, config.commands.aliases.get('add')?.allow])
      expect(Object.isFrozen(value)).toBe(true)
  })

  test('names such as constructor are names', async () => {
    const config = await load({ [base]: '[commands]\nconstructor = "echo 1"' })
    expect([...config.commands.aliases.keys()]).toEqual(['constructor'])
  })

  test('skein config shows key, value and origin, for people and for programs', async () => {
    const config = await load(
      { [base]: '[network.listen]\nport = 1' },
      { settings: ['log.level=warn'] },
    )
    const lines = describeConfig(config).map((line) => line.replaceAll(/ +/g, ' '))
    expect(lines).toContain('network.listen.port = 1 # default config/network/default.toml:2')
    expect(lines).toContain('network.label = "some.host" # built-in from the host name')
    expect(lines).toContain('log.level = "warn" # argument -s log.level')
    expect(describeConfigAsJson(config)).toContain(
      '{"key":"network.listen.port","value":1,"layer":"default","file":"config/network/default.toml","line":2,"detail":null}',
    )
  })
})
