/** Machines of a laboratory that know no address of each other find each other. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Machine, root } from '../e2e/machine.ts'
import { LabNetwork, hosts, labProblem } from './network.ts'
import type { Launched } from '../e2e/processes.ts'
import type { Place } from './network.ts'

const problem = labProblem()
if (problem !== undefined) console.warn(`the laboratory is closed: ${problem}`)
const hasDnsmasq = spawnSync('dnsmasq', ['--version']).status === 0
if (!hasDnsmasq) console.warn('no server for domain names: dnsmasq is not installed')

// What is measured goes before what else this machine does.
const first = spawnSync('chrt', ['-f', '10', 'true']).status === 0 ? 'chrt -f 10 ' : ''
const runs = 30
const script = path.join(root, 'test/lab/discovery-node.mjs')
const silent = { lan: false, mdns: false }

/** Two machines and what runs on them. */
class Scene implements AsyncDisposable {
  readonly network = new LabNetwork()
  readonly machine = new Machine()

  /** Runs a line of a shell on a machine. */
  on(place: Place, line: string): Launched {
    return this.machine.shell(`exec ip netns exec ${this.network.namespace(place)} ${line}`)
  }

  up(place: Place, discovery: Partial<typeof silent>, more = ''): Launched {
    const { lan, mdns } = { ...silent, ...discovery }
    const toml = [
      'network.listen = { host = "::", port = 14590 }',
      'network.admit = "known"',
      `discovery = { lan.enabled = ${lan}, mdns.enabled = ${mdns}${more} }`,
    ]
    this.machine.write(`config/network/${place}.toml`, `${toml.join('\n')}\n`)
    return this.on(place, `"$NODE" "$SKEIN" up --no-prompt -p ${place}`)
  }

  /** Alice and bob are of one network from now on, and remember nothing else of each other. */
  async join(): Promise<void> {
    const nodes = [this.up('alice', silent), this.up('bob', silent)]
    await Promise.all(nodes.map((node) => node.printed('the node runs')))
    const { stdout: ticket } = await this.machine.skein(['-p', 'alice', 'invite', 'bob'])
    expect(await this.machine.skein(['-p', 'bob', 'join', ticket.trim()])).toMatchObject({
      code: 0,
    })
    for (const place of ['alice', 'bob']) await this.machine.skein(['-p', place, 'down'])
    for (const place of ['alice', 'bob']) this.machine.write(`home/${place}/peers.json`, '{}')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.close()
    this.network.close()
  }
}

describe.skipIf(problem !== undefined)('in the laboratory', () => {
  test.each(['lan', 'mdns'])('[F7] two members find each other by %s', async (kind) => {
    await using scene = new Scene()
    await scene.join()
    const nodes = [scene.up('alice', { [kind]: true }), scene.up('bob', { [kind]: true })]
    await Promise.all(nodes.map((node) => node.printed('the node runs')))
    await scene.machine.connected('alice', 1)
    const answer = await scene.machine.skein(['-p', 'alice', '@bob', 'calc', '6*7'])
    expect(answer).toMatchObject({ code: 0, stdout: '42\n' })
    const { stdout } = await scene.machine.skein(['-p', 'bob', 'discover', '--json', '--for', '1'])
    const seen = JSON.parse(stdout) as object
    expect(seen).toMatchObject({ relation: 'network', name: 'alice', sources: [kind] })
    expect(JSON.stringify(seen)).toContain(`"${hosts.alice}:14590"`)
  })

  test.each(['lan', 'mdns'])('[F7] by %s a start takes less than a second', async (kind) => {
    await using scene = new Scene()
    const bob = scene.on('bob', `${first}"$NODE" ${script} stay ${kind}`)
    const [ticket] = await bob.printed(/skein1\w+/)
    const alice = scene.on('alice', `${first}"$NODE" ${script} start ${kind} ${ticket} ${runs}`)
    const { code, stdout, stderr } = await alice.ended
    bob.endInput()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const times = stdout
      .trim()
      .split('\n')
      .map(Number)
      .toSorted((a, b) => a - b)
    const [p50 = Infinity, p99 = Infinity] = [times[Math.floor(times.length / 2)], times.at(-1)]
    console.info(`${kind}: start to connected, ${times.length} runs: p50 ${p50} ms, p99 ${p99} ms`)
    expect(times.length).toBe(runs)
    expect(p99).toBeLessThan(1_000)
  })

  test('[F17] a cable that comes later is noticed, and the other one found', async () => {
    await using scene = new Scene()
    await scene.join()
    scene.network.setCable(false)
    const nodes = [scene.up('alice', { lan: true }), scene.up('bob', { lan: true })]
    await Promise.all(nodes.map((node) => node.printed('the node runs')))
    scene.network.setCable(true)
    await scene.machine.connected('alice', 1)
  })

  test.skipIf(!hasDnsmasq).each([
    [
      'SRV',
      `--srv-host=_skein._tcp.lab.test,b.lab.test,14590 --address=/b.lab.test/${hosts.bob}`,
      '',
    ],
    ['TXT', `--txt-record=lab.test,skein=${hosts.bob}:14590`, ', dns.servers = ["127.0.0.1:53"]'],
  ])(
    '[F16] a node given a domain name finds its first peer by %s',
    async (_type, records, more) => {
      await using scene = new Scene()
      await scene.join()
      const flags =
        '--keep-in-foreground --no-resolv --no-hosts --log-facility=- --conf-file=/dev/null'
      scene.network.setNameServer('alice', '127.0.0.1')
      scene.on('alice', `dnsmasq ${flags} --user=root ${records}`)
      const alice = scene.up('alice', silent, `, dns.names = ["lab.test"]${more}`)
      const nodes = [scene.up('bob', silent), alice]
      await Promise.all(nodes.map((node) => node.printed('the node runs')))
      await scene.machine.connected('alice', 1)
      const { stdout } = await scene.machine.skein(['-p', 'alice', 'discover', '--for', '1'])
      expect(stdout).toMatch(/by name .* dns /)
    },
  )
})
