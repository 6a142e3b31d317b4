/**
 * Real nodes whose only path breaks for some seconds: what was under way pauses, and nothing else.
 *
 * Each test has a machine of its own with two nodes, and they run beside each other.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { setTimeout as delay } from 'node:timers/promises'
import { BreakableProxy } from './breakable-proxy.ts'
import { linesOf, Machine } from './machine.ts'
import { Traffic, trafficPrograms, until } from './traffic.ts'
import type { RunningNode } from './machine.ts'

/**
 * Bob tells where he really listens, and alice would dial him there, past the proxy. Loaded before
 * her program, this shuts that port to her.
 */
const shutPort = `
  const { Socket } = require('node:net')
  const { connect } = Socket.prototype
  Socket.prototype.connect = function (options, ...rest) {
    const target = Array.isArray(options) ? options[0] : options
    if (target.port === Number(process.env.SHUT_PORT)) target.port = 1
    return connect.call(this, options, ...rest)
  }`

const worlds: World[] = []

afterAll(async () => {
  await Promise.all(worlds.map((world) => world.close()))
})

/** Alice, who dials, and bob, who answers, with a proxy between them. */
class World {
  readonly machine: Machine
  readonly proxy: BreakableProxy
  readonly alice: RunningNode
  bob: RunningNode

  private constructor(parts: Pick<World, 'machine' | 'proxy' | 'alice' | 'bob'>) {
    this.machine = parts.machine
    this.proxy = parts.proxy
    this.alice = parts.alice
    this.bob = parts.bob
  }

  static async start(limits: readonly string[] = []): Promise<World> {
    const machine = new Machine()
    const settings = ['log.level=debug', ...limits].flatMap((each) => ['-s', each])
    const bob = await machine.node('bob', trafficPrograms, settings)
    const proxy = await BreakableProxy.start(bob.port)
    machine.write('config/network/alice.toml', `network.peers = ["127.0.0.1:${proxy.port}"]\n`)
    const NODE_OPTIONS = `--require ${machine.write('shut-port.cjs', shutPort)}`
    const words = ['-p', 'alice', '-s', 'network.listen.enabled=false', ...settings]
    const alice = await machine.up(words, { NODE_OPTIONS, SHUT_PORT: `${bob.port}` })
    await alice.process.printed('"msg":"connected"')
    const world = new World({ machine, proxy, alice, bob })
    worlds.push(world)
    return world
  }

  /** Lets alice have everything under way with bob, the bulk stream in the midst of it. */
  async traffic(): Promise<Traffic> {
    const traffic = new Traffic({
      ...{ machine: this.machine, from: 'alice', to: 'bob' },
      ...{ lines: 50, periodMs: 100, callsMs: [1_000, 2_500, 5_000] },
    })
    await traffic.isUnderWay(5)
    await traffic.bulk(20_000_000)
    return traffic
  }

  /** Waits until `skein peers` of alice says so. */
  async peersSay(pattern: RegExp): Promise<void> {
    const ask = async (): Promise<boolean> => {
      return pattern.test((await this.machine.skein(['-p', 'alice', 'peers'])).stdout)
    }
    await until(ask, `peers say ${pattern}`)
  }

  async close(): Promise<void> {
    this.proxy.close()
    await this.machine.close()
  }
}

/** Records of a node's log with this text. */
function recordsOf({ process }: RunningNode, text: string): readonly LogRecord[] {
  return linesOf(process.stderr)
    .filter((line) => line.includes(text))
    .map((line) => JSON.parse(line) as LogRecord)
}

interface LogRecord {
  readonly time: number
  readonly msg: string
  readonly code?: string
}

describe.concurrent('an outage is a pause', { timeout: 40_000 }, () => {
  test('[C5] sockets that are reset and refused, twice; meanwhile `skein peers` says so', async () => {
    const world = await World.start()
    const traffic = await world.traffic()
    world.proxy.cut()
    const call = traffic.call(0)
    await world.peersSay(/suspended [1-9] s/)
    await world.proxy.heal()
    await Promise.all([world.peersSay(/ open$/m), call])
    world.proxy.cut()
    await world.peersSay(/suspended [2-9] s/)
    await world.proxy.heal()
    await traffic.isComplete()
    for (const node of [world.alice, world.bob]) {
      expect(recordsOf(node, '"path lost').length).toBeGreaterThanOrEqual(2)
      expect(recordsOf(node, '"path attached"').length).toBeGreaterThanOrEqual(3)
      expect(recordsOf(node, '"disconnected')).toEqual([])
    }
  })

  test.each<[string, readonly ('there' | 'back')[], number]>([
    ['both ways', ['there', 'back'], 5_000],
    ['from the one who dials', ['there'], 4_000],
    ['to the one who dials', ['back'], 4_000],
  ])('[C17] silence %s', async (_sentence, directions, outageMs) => {
    const world = await World.start()
    const traffic = await world.traffic()
    world.proxy.stall(directions)
    const call = traffic.call(0)
    await delay(outageMs)
    await world.proxy.heal()
    await call
    await traffic.isComplete()
    for (const node of [world.alice, world.bob]) {
      expect(recordsOf(node, '"disconnected')).toEqual([])
    }
  })

  test('[C22] a path that is dead for good, as behind a router that forgot it, is left for the next', async () => {
    const world = await World.start()
    const traffic = await world.traffic()
    world.proxy.forget()
    await traffic.call(0)
    await traffic.isComplete()
    expect(recordsOf(world.alice, '"disconnected')).toEqual([])
  })

  test.each(['alice', 'bob'] as const)('[C17] a process that sleeps: %s', async (name) => {
    const world = await World.start()
    const traffic = await world.traffic()
    world[name].process.signal('SIGSTOP')
    const call = traffic.call(0)
    await delay(4_000)
    world[name].process.signal('SIGCONT')
    await call
    await traffic.isComplete()
  })
})

describe.concurrent(
  'past its bounds a connection fails, and a new one follows',
  { timeout: 40_000 },
  () => {
    test('[C14] a path that stays away for too long', async () => {
      const world = await World.start(['limits.resumeWindowMs=2000'])
      const { machine, alice, bob, proxy } = world
      const ask = (...flags: readonly string[]) =>
        machine.launch(['-p', 'alice', ...flags, '@bob', 'lines', '600', '100'])
      const [plain, json] = [ask(), ask('--json')]
      await plain.printed('line 1\n')
      proxy.cut()
      const message = 'no path to the peer for 2 s (resumeWindowMs); it may have run there'
      expect((await plain.ended).stderr).toBe(`skein: ${message}\n`)
      expect((await plain.ended).code).toBe(1)
      expect(JSON.parse((await json.ended).stdout)).toMatchObject({
        ...{ peer: 'bob', error: 'CONNECTION_EXPIRED', message },
      })
      await bob.process.printed('"code":"CONNECTION_EXPIRED"')
      await proxy.heal()
      await machine.connected('alice', 1)
      expect((await machine.skein(['-p', 'alice', '@bob', 'lines', '1', '1'])).stdout).toBe(
        'line 0\n',
      )
      expect(recordsOf(alice, '"connected"').length).toBe(2)
    })

    test('[C15] a process that starts again', async () => {
      const world = await World.start()
      const { machine, alice, bob } = world
      const asking = machine.launch(['-p', 'alice', '@bob', 'lines', '600', '100'])
      const json = machine.launch(['-p', 'alice', '--json', '@bob', 'lines', '600', '100'])
      await asking.printed('line 1\n')
      bob.process.signal('SIGKILL')
      await bob.process.ended
      world.bob = await machine.up(['-p', 'bob', '-s', `network.listen.port=${bob.port}`])
      expect((await asking.ended).stderr).toBe('skein: bob restarted; it may have run there\n')
      expect(JSON.parse((await json.ended).stdout)).toMatchObject({ error: 'PEER_RESTARTED' })
      const [runs] = recordsOf(world.bob, '"the node runs"')
      const [ended] = recordsOf(alice, '"disconnected')
      const connects = recordsOf(alice, '"connected"')
      expect(ended?.code).toBe('PEER_RESTARTED')
      expect(connects.length).toBe(2)
      // The next dial begins within 0.8 s; a machine with other work needs a while for it.
      expect((connects[1]?.time ?? 0) - (runs?.time ?? 0)).toBeLessThan(2_000)
      expect((await machine.skein(['-p', 'alice', '@bob', 'lines', '1', '1'])).stdout).toBe(
        'line 0\n',
      )
    })
  },
)
