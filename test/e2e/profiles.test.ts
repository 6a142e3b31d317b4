/** Nodes from layered configuration, as `config/network` ships it. */
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf, Machine, root } from './machine.ts'

const shipped = ['-c', path.join(root, 'config')]
const anyPort = ['-s', 'network.listen.port=0']
const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1')

let machine: Machine

beforeAll(() => {
  machine = new Machine()
})

afterAll(() => machine.close())

test('two shipped profiles find each other and run commands, wherever they listen', async (context) => {
  context.skip(!hasIpv6, 'the shipped profiles listen on ::1, which this machine does not have')
  const alice = await machine.up([...shipped, '-p', 'alice', ...anyPort])
  expect(alice.address).toMatch(/^\[::1\]:\d+$/)
  const peers = `network.peers=["${alice.address}"]`
  const bob = await machine.up([...shipped, '-p', 'bob', ...anyPort, '-s', peers])
  await bob.process.printed('"msg":"connected"')
  expect(await machine.skein(['-p', 'bob', '@alice', 'add'])).toEqual(success('3\n'))
  expect(await machine.skein(['-p', 'alice', '@bob', 'hello'])).toEqual(success('Hello from bob\n'))
})

test('each layer overrides the one below, and config names the layer of every value', async () => {
  const valueOf = async (words: readonly string[], env = {}): Promise<string | undefined> => {
    const { stdout } = await machine.skein([...shipped, 'config', ...words], { env })
    return linesOf(stdout)
      .find((line) => line.startsWith('network.listen.port '))
      ?.replace(/^.*= /, '')
  }
  const env = { SKEIN_NETWORK__LISTEN__PORT: '9001' }
  expect(await valueOf([])).toMatch(/^14590 +# built-in$/)
  expect(await valueOf(['-p', 'alice'])).toMatch(/^8090 +# profile .*alice\.toml:7$/)
  expect(await valueOf(['-p', 'alice'], env)).toMatch(/^9001 +# environment .*LISTEN__PORT$/)
  expect(await valueOf(['-p', 'alice', '-s', 'network.listen.port=9000'], env)).toMatch(
    /^9000 +# argument -s/,
  )
})

test.each([
  ['alice', 8090, []],
  ['bob', 8095, [8090, 8085]],
  ['carol', 8085, [8105]],
  ['dave', 8100, [8090]],
  ['erin', 8105, [8100]],
])('%s is shipped on port %i and dials %j', async (profile, port, dialled) => {
  const { stdout } = await machine.skein([...shipped, 'config', '-p', profile, '--json'])
  const settings = linesOf(stdout).map(
    (line) => JSON.parse(line) as { key: string; value: unknown },
  )
  const valueOf = (key: string): unknown => settings.find((each) => each.key === key)?.value
  expect(valueOf('network.listen.port')).toBe(port)
  expect(valueOf('network.listen.host')).toBe('::1')
  expect(valueOf('network.peers')).toEqual(dialled.map((each) => `[::1]:${each}`))
})

test('a profile that sets nothing but a port works, with what the default file says', async () => {
  machine.write(
    'config/network/default.toml',
    '[network.listen]\nhost = "127.0.0.1"\n[commands]\nadd = "calc 1+2"\n',
  )
  const frank = await machine.node('frank', '[network.listen]\nport = 0\n')
  expect(frank.address).toMatch(/^127\.0\.0\.1:\d+$/)
  machine.write('targets.json', JSON.stringify([frank.address]))
  const grace = await machine.node(
    'grace',
    '[network.listen]\nport = 0\n[network.target]\npath = "../../targets.json"\n',
  )
  await grace.process.printed('"msg":"connected"')
  expect(await machine.skein(['-p', 'grace', '@frank', 'add'])).toEqual(success('3\n'))
})

function success(stdout: string): object {
  return { code: 0, stdout, stderr: '' }
}
