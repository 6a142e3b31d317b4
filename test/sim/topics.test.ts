/** Topics between whole nodes: through those that did not subscribe, and through everything that breaks. */
import { expect, test } from 'vitest'
import { randomInt, seededRandom } from '../../src/base/random.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'
import { seeds, simulate } from '../../src/testing/simulation.node.ts'
import type { Node } from '../../src/node/node.ts'
import type { Received } from '../../src/topic/delivery.ts'

/** Nodes that know each other, each with a list of whom it dials. */
async function start(
  world: Simulation,
  lists: Readonly<Record<string, readonly string[]>>,
  mesh = false,
): Promise<Record<string, Node>> {
  const nodes: Record<string, Node> = {}
  for (const [name, peers] of Object.entries(lists)) {
    nodes[name] = await startOne(world, name, { peers, mesh, among: Object.keys(lists) })
  }
  return nodes
}

function startOne(
  world: Simulation,
  name: string,
  list: {
    readonly peers: readonly string[]
    readonly mesh: boolean
    readonly among: readonly string[]
  },
): Promise<Node> {
  const others = list.among.filter((other) => other !== name)
  return world.start(name, {
    peers: list.peers.map((peer) => `memory://${peer}`),
    mesh: list.mesh,
    known: Object.fromEntries(others.map((other) => [other, world.idOf(other)])),
  })
}

const values = (messages: readonly Received[]): readonly unknown[] =>
  messages.map(({ value }) => value)

test('[TP1] a message reaches a subscriber through a node that did not subscribe', async () => {
  await simulate({ seed: 1 }, async (world) => {
    const { alice, carol } = await start(world, { bob: [], alice: ['bob'], carol: ['bob'] })
    const got: Received[] = []
    carol?.topic('news').subscribe((message) => void got.push(message))
    await world.until(() => carol?.nodes().length === 3 && alice?.nodes().length === 3)
    const published = await world.wait(
      alice?.topic('news').publish({ rain: true }) ?? Promise.reject(new RangeError('started')),
    )
    await world.until(() => got.length === 1, 5_000)
    expect(got[0]).toMatchObject({
      topic: 'news',
      value: { rain: true },
      author: alice?.id,
      isOwn: false,
    })
    expect(published).toEqual({ sequence: 0, peers: 1 })
    expect(carol?.peers().length).toBe(1)
  })
})

test('[TP6] two authors who say the same at once are both heard, in a circle, each once', async () => {
  await simulate({ seed: 2 }, async (world) => {
    const lists = { alice: ['bob'], bob: ['carol'], carol: ['dave'], dave: ['alice'] }
    const nodes = await start(world, lists)
    await world.until(() => Object.values(nodes).every((node) => node.nodes().length === 4))
    const got: Received[] = []
    nodes['carol']?.topic('chat').subscribe((message) => void got.push(message))
    for (const name of ['alice', 'bob']) void nodes[name]?.topic('chat').publish('hello')
    await world.advance(5_000)
    expect(values(got)).toEqual(['hello', 'hello'])
    expect(new Set(got.map(({ author }) => author)).size).toBe(2)
  })
})

test('[TP14] who starts late gets what was said, if it asks for it, and nothing of it otherwise', async () => {
  await simulate({ seed: 3 }, async (world) => {
    const among = ['alice', 'bob', 'carol']
    const alice = await startOne(world, 'alice', { peers: [], mesh: false, among })
    for (const number of [1, 2, 3]) await world.wait(alice.topic('chat').publish(number))
    await world.advance(5_000)
    const bob = await startOne(world, 'bob', { peers: ['alice'], mesh: false, among })
    const [all, two, none]: [Received[], Received[], Received[]] = [[], [], []]
    bob.topic('chat').subscribe((message) => void all.push(message), { history: 10 })
    bob.topic('chat').subscribe((message) => void two.push(message), { history: 2 })
    bob.topic('chat').subscribe((message) => void none.push(message))
    await world.advance(5_000)
    await world.wait(alice.topic('chat').publish(4))
    await world.advance(1_000)
    expect(values(all)).toEqual([1, 2, 3, 4])
    expect(two.length).toBe(3)
    expect(values(none)).toEqual([4])
    expect(all.map(({ isPast }) => isPast)).toEqual([true, true, true, false])
    expect(values(bob.topic('chat').history(2))).toEqual([3, 4])
  })
})

test('[TP20] a topic that is for few is neither shown nor passed on for others', async () => {
  await simulate({ seed: 4 }, async (world) => {
    const { alice, bob, carol } = await start(world, { bob: [], alice: ['bob'], carol: ['bob'] })
    if (alice === undefined || bob === undefined || carol === undefined) return
    const got: Received[] = []
    carol.topic('plans').subscribe((message) => void got.push(message))
    bob.topic('plans', { allow: [`peer:${carol.id}`] })
    await world.until(() => carol.nodes().length === 3 && alice.nodes().length === 3)
    await world.wait(alice.topic('plans').publish('secret'))
    await world.advance(90_000)
    expect(got).toEqual([])
    expect(bob.talk.status().refused).toBe(1)
    await world.wait(carol.topic('plans').publish('mine'))
    await world.advance(1_000)
    expect(values(alice.topic('plans').history())).toEqual(['secret', 'mine'])
  })
})

test('[TP21] a stranger takes no part; who was shut out is not heard', async () => {
  await simulate({ seed: 5 }, async (world) => {
    const { alice, bob } = await start(world, { bob: [], alice: ['bob'] })
    const stranger = await world.start('stranger', { peers: ['memory://bob'], mesh: false })
    const got: Received[] = []
    bob?.topic('chat').subscribe((message) => void got.push(message))
    await world.until(() => stranger.peers().length === 1 && alice?.peers().length === 1)
    await world.wait(stranger.topic('chat').publish('hello'))
    await world.advance(60_000)
    expect(got).toEqual([])
    expect(stranger.talk.status().neighbours).toBe(0)
  })
})

test('[TP30] typed messages: to all, to one, and of a type that nobody handles', async () => {
  await simulate({ seed: 6 }, async (world) => {
    const { alice, bob, carol } = await start(world, { bob: [], alice: ['bob'], carol: ['bob'] })
    if (alice === undefined || bob === undefined || carol === undefined) return
    await world.until(() => carol.nodes().length === 3 && alice.nodes().length === 3)
    const got: unknown[] = []
    carol.handle(
      'TEST',
      ({ type, body, author, isDirect }) => void got.push([type, body, author, isDirect]),
    )
    await world.wait(alice.broadcast('TEST', [1, 2]))
    await world.wait(alice.broadcast('OTHER', 3))
    await world.advance(1_000)
    expect(got).toEqual([['TEST', [1, 2], alice.id, false]])
    expect(carol.talk.status().ignored).toBe(1)
    expect(await world.wait(bob.peer('carol').tell('TEST', 'you'))).toBe(true)
    expect(await world.wait(bob.peer('carol').tell('NOBODY', 'you'))).toBe(false)
    expect(got[1]).toEqual(['TEST', 'you', bob.id, true])
    expect(carol.talk.status().ignored).toBe(2)
    expect(() => carol.handle('TEST', () => undefined)).toThrow('handled already')
  })
})

test('[TP12] each message once at every subscriber, through crashes, restarts, stalls and cuts', async () => {
  for (const seed of seeds(6)) await churn(seed)
}, 240_000)

async function churn(seed: number): Promise<void> {
  await simulate({ seed, latency: { minMs: 1, maxMs: 60 } }, async (world) => {
    const random = seededRandom(seed + 77)
    const among = ['a', 'b', 'c', 'd', 'e', 'f']
    const lists = { a: [], b: ['a'], c: ['a', 'b'], d: ['b'], e: ['c', 'd'], f: ['d'] }
    const nodes = await start(world, lists, random.next() < 0.5)
    await world.until(() => Object.values(nodes).every((node) => node.nodes().length === 6))
    const got = new Map<string, unknown[]>(among.map((name) => [name, []]))
    const listen = (name: string): void => {
      nodes[name]?.topic('t').subscribe(({ value }) => void got.get(name)?.push(value))
    }
    for (const name of among) listen(name)
    const said: string[] = []
    // f comes and goes; the others talk, and must miss nothing of each other.
    const stayers = among.filter((name) => name !== 'f')
    for (let round = 0; round < 12; round++) {
      await disturb(world, { random, names: stayers })
      if (round % 4 === 1) world.crash('f')
      if (round % 4 === 3)
        nodes['f'] = await startOne(world, 'f', { peers: ['d', 'a'], mesh: false, among })
      for (const name of stayers) {
        if (random.next() < 0.5) continue
        const value = `${name} ${round}`
        said.push(value)
        void nodes[name]?.topic('t').publish(value)
      }
      await world.advance(random.next() * 3_000)
    }
    const isDone = (name: string): boolean => (got.get(name)?.length ?? 0) >= said.length
    await world.until(() => stayers.every(isDone), 180_000)
    await world.advance(60_000)
    for (const name of stayers) expect(got.get(name)?.toSorted()).toEqual(said.toSorted())
    for (const node of Object.values(nodes)) await world.wait(node.close())
  })
}

/** Cuts two apart for a while, or lets one stall. */
async function disturb(
  world: Simulation,
  { random, names }: { readonly random: { next(): number }; readonly names: readonly string[] },
): Promise<void> {
  const pick = (): string =>
    names[randomInt({ ...random, bytes: () => new Uint8Array() }, names.length)] ?? 'a'
  const [one, other] = [pick(), pick()]
  if (random.next() < 0.4) world.stall(one, random.next() * 8_000)
  else if (one !== other) {
    const silence = (isSilent: boolean): void => {
      world.network.setSilent(one, other, isSilent)
      world.network.setSilent(other, one, isSilent)
    }
    silence(true)
    world.clock.after(random.next() * 20_000, () => silence(false))
  }
  await world.advance(10)
}
