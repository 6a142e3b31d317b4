import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoadOptions, loadConfig } from './load.node.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'skein-errors-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

let folders = 0

async function failure(files: Record<string, string>, options: LoadOptions): Promise<string> {
  const cwd = path.join(home, String(folders++))
  await mkdir(cwd)
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(cwd, name)), { recursive: true })
    await writeFile(path.join(cwd, name), text)
  }
  const outcome = await loadConfig({ cwd, env: { HOME: home }, ...options }).then(
    () => 'no failure',
    (thrown: { code: string; message: string }) => `${thrown.code} ${thrown.message}`,
  )
  return outcome.replaceAll(`${cwd}/`, '')
}

const toml = (text: string): Record<string, string> => ({ 'config/network/default.toml': text })
const at = (line: number): string => `config/network/default.toml:${line}:`
const json = (text: string): [Record<string, string>, LoadOptions] => [
  { 'p.json': text },
  { jsonFile: 'p.json' },
]

test.each<[string, Record<string, string>, LoadOptions, string]>([
  ['broken TOML', toml('a = 1\nb =\n'), {}, `${at(2)} this is not TOML: invalid value`],
  [
    'a key given twice',
    toml('a = 1\na = 2'),
    {},
    `${at(2)} this is not TOML: trying to redefine an already defined table or value`,
  ],
  [
    'an unknown profile',
    toml(''),
    { profile: 'defualt' },
    'no profile "defualt" in config/network: there is default; did you mean default?; a new one is a file, config/network/defualt.toml',
  ],
  [
    'a profile that is a path',
    {},
    { profile: '../x' },
    '-p "../x": a profile name is 1 to 32 of a-z, 0-9, "-", "_" and "."',
  ],
  [
    'a profile that is the folder above',
    {},
    { profile: '..' },
    '-p "..": a profile name is not "." or ".."',
  ],
  [
    'a folder that is not there',
    {},
    { configFolder: 'nowhere' },
    '-c nowhere: there is no such folder',
  ],
  [
    'a variable with a wrong value',
    {},
    { env: { SKEIN_NETWORK__LISTEN__PORT: 'x' } },
    'SKEIN_NETWORK__LISTEN__PORT must be a whole number from 0 to 65535, not "x"',
  ],
  [
    'an unknown variable',
    {},
    { env: { SKEIN_LIMITS__MAXINBOUND: '1' } },
    'SKEIN_LIMITS__MAXINBOUND: unknown key limits.maxinbound; did you mean SKEIN_LIMITS__MAX_INBOUND?',
  ],
  [
    'a wrong -s',
    {},
    { settings: ['network.listen.port=x'] },
    '-s network.listen.port must be a whole number from 0 to 65535, not "x"',
  ],
  [
    'a wrong value inside -s',
    {},
    { settings: ['network.listen={ port = "x" }'] },
    '-s network.listen: network.listen.port must be a whole number from 0 to 65535, not "x"',
  ],
  [
    '-s without =',
    {},
    { settings: ['port'] },
    '-s port: must be KEY=VALUE, for example -s network.listen.port=9000',
  ],
  [
    '-s with a broken key',
    {},
    { settings: ['a..b=1'] },
    '-s a..b=1: must be KEY=VALUE, for example -s network.listen.port=9000',
  ],
  [
    'a missing target file',
    toml('network.target.path = "t.json"'),
    {},
    `${at(1)} network.target.path: there is no config/network/t.json nor config/t.json`,
  ],
  [
    'a broken target file',
    { ...toml('network.target.path = "t.json"'), 'config/t.json': '["a:1"\n"b:2"]' },
    {},
    'config/t.json:2: "," or "]" should stand where there is "b:2"',
  ],
  [
    'a wrong target',
    { ...toml('network.target.path = "t.json"'), 'config/t.json': '["a"]' },
    {},
    'config/t.json: item 1 must be "host:port" or { host, port, id } (id may be left out), not "a"',
  ],
  ['a missing JSON file', {}, { jsonFile: 'p.json' }, 'p.json: there is no such file'],
  [
    'a JSON file that is a folder',
    { 'p.json/x': '' },
    { jsonFile: 'p.json' },
    'p.json: it is a folder; name a JSON file, or for a folder that holds network/ write -c p.json',
  ],
  [
    'broken JSON',
    ...json('{\n "listenPort": 1,\n}'),
    'p.json:3: there is a "," too many before "}"',
  ],
  ['JSON that is no object', ...json('[]'), 'p.json:1: the file must hold one object, { … }'],
  [
    'an unknown JSON key',
    ...json('{\n "listenport": 1 }'),
    'p.json:2: unknown key listenport; did you mean listenPort?',
  ],
  [
    'a JSON key like nothing',
    ...json('{ "colour": 1 }'),
    'p.json:1: unknown key colour; allowed are listenPort, autoListen, interactive, peers, commands',
  ],
  [
    'a wrong JSON value',
    ...json('{\n "listenPort": "1" }'),
    'p.json:2: listenPort must be a whole number from 0 to 65535, not "1"',
  ],
  [
    'a wrong JSON alias',
    ...json('{ "commands": {\n "add": 5 } }'),
    'p.json:2: commands.add must be a command, or { run = "command", allow = ["role:NAME", "peer:ID"] }, not 5',
  ],
  [
    'a port behind the file',
    { 'p.json': '{}' },
    { jsonFile: 'p.json', port: 'x' },
    'PORT: network.listen.port must be a whole number from 0 to 65535, not "x"',
  ],
])('%s is one clear line', async (_sentence, files, options, message) => {
  expect(await failure(files, options)).toBe(`CONFIG_INVALID ${message}`)
})

test('all problems of all layers are told at once, a line each', async () => {
  const files = toml('log.level = 1\nnetwork.admit = 2')
  const message = await failure(files, { settings: ['log.lvel=info'] })
  expect(message.split('\n').map((line) => line.split(' ', 2)[0])).toHaveLength(3)
  expect(message).toContain('-s log.lvel: unknown key log.lvel; did you mean log.level?')
})
