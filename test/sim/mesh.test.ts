/** Whole nodes that are given a peer or two and connect to the rest by themselves. */
import { describe, expect, test } from 'vitest'
import { randomInt } from '../../src/base/random.ts'
import { type Simulation, seeds, simulate } from '../../src/testing/simulation.node.ts'
import type { Node } from '../../src/node/node.ts'
import type { NodeOptions } from '../../src/node/options.ts'

/** Whom each node of the demo is told to dial. */
const lists: Readonly<Record<string, readonly string[]>> = {
  alice: [],
  bob: ['alice', 'carol'],
  carol: ['erin'],
  dave: ['alice'],
  erin: ['dave'],
}

class Village {
  readonly world: Simulation
  readonly nodes = new Map<string, Node>()
  /** Of every node that is started. */
  limits: NodeOptions['limits'] = {}
  readonly #names: readonly string[]

  constructor(world: Simulation, names: readonly string[]) {
    this.world = world
    this.#names = names
  }

  async start(name: string, peers: readonly string[]): Promise<Node> {
    const node = await this.world.start(name, {
      peers: peers.map((peer) => `memory://${peer}`),
      limits: { ...this.limits },
      known: Object.fromEntries(this.#names.map((each) => [each, this.world.idOf(each)])),
    })
    this.nodes.set(name, node)
    return node
  }

  crash(name: string): void {
    this.world.crash(name)
    this.nodes.delete(name)
  }

  /** Open connections of each node to others that live. */
  get degrees(): readonly number[] {
    return [...this.nodes.values()].map((node) => this.#open(node).length)
  }

  /** Nodes that the first can reach over open connections. */
  get reachable(): number {
    const [first] = this.nodes.values()
    const seen = new Set(first === undefined ? [] : [first])
    for (const node of seen) for (const other of this.#open(node)) seen.add(other)
    return seen.size
  }

  knowGone(names: readonly string[]): boolean {
    const gone = new Set(names)
    return [...this.nodes.values()].every((node) =>
      node.nodes().every(({ name, state }) => !gone.has(name) || state === 'gone'),
    )
  }

  #open(node: Node): readonly Node[] {
    const open = node.peers().filter(({ state }) => state === 'open')
    return open.flatMap(({ name }) => this.nodes.get(name) ?? [])
  }
}

function shuffled(names: readonly string[], world: Simulation): readonly string[] {
  const rest = [...names]
  return names.map(() => rest.splice(randomInt(world.random, rest.length), 1)[0] ?? '')
}

describe('the five of the demo', () => {
  test.each(seeds(24))(
    '[M20] they are all connected within four seconds of the last start (seed %i)',
    (seed) =>
      simulate({ seed }, async (world) => {
        const village = new Village(world, Object.keys(lists))
        village.limits = { reconnectMaxMs: 1_000 } // As in the demo.
        for (const name of shuffled(Object.keys(lists), world)) {
          await village.start(name, lists[name] ?? [])
          await world.advance(world.random.next() * 3_000)
        }
        await world.until(() => village.degrees.every((degree) => degree === 4), 4_000)
        await world.advance(60_000)
        expect(village.degrees).toEqual([4, 4, 4, 4, 4])
      }),
  )

  test('[M20] one that dies is gone to all within twelve seconds, and back within three', () =>
    simulate({ seed: 1 }, async (world) => {
      const village = new Village(world, Object.keys(lists))
      for (const [name, peers] of Object.entries(lists)) await village.start(name, peers)
      await world.until(() => village.degrees.every((degree) => degree === 4))
      await world.advance(10_000)
      village.crash('erin')
      await world.until(() => village.knowGone(['erin']), 12_000)
      await world.advance(30_000)
      await village.start('erin', ['dave'])
      await world.until(() => village.degrees.every((degree) => degree === 4), 3_000)
    }))
})

test('[M20] a node that knows one peer connects to all', () =>
  simulate({ seed: 2 }, async (world) => {
    const names = Array.from({ length: 12 }, (_, index) => `n${index}`)
    const village = new Village(world, names)
    for (const name of names) await village.start(name, name === 'n0' ? [] : ['n0'])
    await world.until(() => village.degrees.every((degree) => degree === 11), 10_000)
  }))

test('[M24] without a mesh a node connects to those whom it was told, and nobody else', () =>
  simulate({ seed: 3 }, async (world) => {
    const known = { a: world.idOf('a'), b: world.idOf('b'), c: world.idOf('c') }
    const options = { known, mesh: false }
    const a = await world.start('a', options)
    await world.start('b', { ...options, peers: ['memory://a'] })
    const c = await world.start('c', { ...options, peers: ['memory://b'] })
    await world.until(() => a.nodes().length === 3 && c.nodes().length === 3)
    await world.advance(60_000)
    expect([a.peers().length, c.peers().length]).toEqual([1, 1])
  }))

test('[M24] whom a node would not let in it does not connect to, wherever it hears of it', () =>
  simulate({ seed: 8 }, async (world) => {
    const [a, b] = [world.idOf('a'), world.idOf('b')]
    const careful = await world.start('a', { admit: 'known', known: { b } })
    const known = { a, c: world.idOf('c') }
    await world.start('b', { known, peers: ['memory://a', 'memory://c'] })
    const open = await world.start('c', { known: { a, b } })
    const met: string[] = []
    careful.on('peer:connect', ({ peer }) => met.push(peer.name))
    await world.until(() => careful.nodes().length === 3)
    await world.advance(60_000)
    expect([met, open.peers().map(({ name }) => name)]).toEqual([['b'], ['b']])
  }))

test('[M26] two halves that were parted for an hour find each other', () =>
  simulate({ seed: 4 }, async (world) => {
    const names = ['a', 'b', 'c', 'd']
    const village = new Village(world, names)
    for (const [index, name] of names.entries()) await village.start(name, names.slice(0, index))
    await world.until(() => village.degrees.every((degree) => degree === 3))
    world.crash('a') // The one whom the others were told of; b's list has nobody else.
    village.nodes.delete('a')
    world.network.partition(['b'], ['c', 'd'])
    await world.advance(3_600_000)
    expect(village.degrees).toEqual([0, 1, 1])
    world.network.heal()
    await world.until(() => village.degrees.every((degree) => degree === 2), 240_000)
  }))

describe('forty', () => {
  test.each(seeds(1))(
    '[M21] have 24 connections at most and 13 in the mean; a third crashes at once, the rest holds together (seed %i)',
    (seed) =>
      simulate({ seed }, async (world) => {
        const names = Array.from({ length: 40 }, (_, index) => `n${index}`)
        const village = new Village(world, names)
        for (const [index, name] of names.entries()) {
          await village.start(name, index === 0 ? [] : [`n${randomInt(world.random, index)}`])
          await world.advance(250)
        }
        let most = 0
        for (let second = 0; second < 30; second++) {
          await world.advance(1_000)
          most = Math.max(most, ...village.degrees)
        }
        expect(village.degrees.reduce((sum, degree) => sum + degree) / 40).toBeLessThan(14)
        expect(most).toBeLessThanOrEqual(24)
        const victims = shuffled(names, world).slice(0, 13)
        for (const name of victims) village.crash(name)
        expect(village.reachable).toBe(27)
      }),
    120_000,
  )
})

test(
  '[F6] a node that was away for a week finds its network, though its only peer is gone for ever',
  () =>
    simulate({ seed: 5 }, async (world) => {
      const names = ['a', 'b', 'c', 'd']
      const village = new Village(world, names)
      for (const name of names) await village.start(name, name === 'a' ? [] : ['a'])
      await world.until(() => village.degrees.every((degree) => degree === 3))
      await world.advance(5_000)
      village.crash('d')
      await world.advance(30_000)
      village.crash('a')
      await world.advance(2 * 3_600_000)
      // The rest of the week passes at once, on every clock: its pings say nothing that two hours do not.
      for (const name of names) world.setClockSkew(name, 7 * 24 * 3_600_000)
      await world.advance(60_000)
      await village.start('d', ['a'])
      await world.until(() => village.degrees.every((degree) => degree === 2), 3_000)
    }),
  60_000,
)

test('[F5] an address where another key answers is no way to a peer', () =>
  simulate({ seed: 6 }, async (world) => {
    await world.start('mallory')
    const bob = await world.start('bob', {
      peers: [{ address: 'memory://mallory', id: world.idOf('alice') }],
    })
    const codes = new Set<string>()
    bob.on('dial:fail', ({ error }) => codes.add(error.code))
    await world.advance(10_000)
    expect([bob.peers().length, ...codes]).toEqual([0, 'PEER_MISMATCH'])
  }))
