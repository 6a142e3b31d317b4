/** Whole nodes that write to each other, also to one who is away, in virtual time. */
import { beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createIdentity } from '../../src/base/identity.node.ts'
import { createSealer } from '../../src/mail/sodium.node.ts'
import { Simulation, seeds } from '../../src/testing/simulation.node.ts'
import type { Node } from '../../src/node/node.ts'

// Loading it takes real time, which no virtual clock waits for.
beforeAll(async () => void (await createSealer(createIdentity(), systemClock)))

/** A world of so many nodes that know each other, connected by the mesh. */
async function worldOf(seed: number, count: number): Promise<[Simulation, Map<string, Node>]> {
  const world = new Simulation({ seed })
  const nodes = new Map<string, Node>()
  for (let at = 0; at < count; at++) {
    const name = `n${at}`
    nodes.set(name, await startOne(world, name, count))
  }
  await world.until(
    () => [...nodes.values()].every((node) => node.nodes().length === count),
    60_000,
  )
  return [world, nodes]
}

async function startOne(world: Simulation, name: string, count: number): Promise<Node> {
  const names = Array.from({ length: count }, (_, at) => `n${at}`)
  const known = Object.fromEntries(
    names.filter((each) => each !== name).map((each) => [each, world.idOf(each)]),
  )
  const peers = name === 'n0' ? [] : ['memory://n0']
  return world.start(name, { known, peers, admit: 'known' })
}

function get(nodes: ReadonlyMap<string, Node>, name: string): Node {
  const node = nodes.get(name)
  if (node === undefined) throw new RangeError(`there is no ${name}`)
  return node
}

const bodies = async (world: Simulation, node: Node): Promise<readonly (string | Uint8Array)[]> =>
  (await world.wait(node.inbox.list({ limit: 1_000 }))).map(({ body }) => body)

test('[B1] a message reaches a peer that is there, and says so', async () => {
  const [world, nodes] = await worldOf(1, 3)
  const sent = await world.wait(get(nodes, 'n1').send('n2', 'hello'))
  expect(sent).toMatchObject({ state: 'delivered', body: 'hello', reason: '' })
  const [message] = await world.wait(get(nodes, 'n2').inbox.list())
  expect(message).toMatchObject({ author: world.idOf('n1'), body: 'hello', type: 'text/plain' })
})

test('[B13] who never had a wall is asked by a neighbour that has one, whichever comes later', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const world = new Simulation({ seed })
    const writer = await startOne(world, 'n0', 3)
    await world.wait(writer.wall.post('before you came'))
    for (const name of ['n1', 'n2']) {
      const late = await startOne(world, name, 3)
      await world.advance(5_000)
      const posts = await world.wait(late.wall.list())
      expect(posts.map(({ text }) => text)).toEqual(['before you came'])
    }
  }
})

const seedCount = Number(process.env['MAIL_SEEDS'] ?? 3)

test(
  '[B4] a thousand messages to a peer that is away all arrive, once and in order, though the sender and a third of the holders are gone',
  async () => {
    for (const seed of seeds(seedCount)) {
      const [world, nodes] = await worldOf(100 + seed, 8)
      const random = world.random
      await world.wait(get(nodes, 'n7').close())
      await world.until(() =>
        get(nodes, 'n1')
          .nodes()
          .some(({ name, state }) => name === 'n7' && state === 'left'),
      )
      const texts = Array.from({ length: 1_000 }, (_, at) => `message ${at}`)
      const states = new Set<string>()
      for (let at = 0; at < texts.length; at += 100) {
        const some = texts.slice(at, at + 100).map((text) => get(nodes, 'n1').send('n7', text))
        for (const { state, heldBy } of await world.wait(Promise.all(some)))
          states.add(`${state} ${heldBy}`)
      }
      expect([...states]).toEqual(['held 3'])
      world.crash('n1', { isPowerLoss: true })
      const others = ['n2', 'n3', 'n4', 'n5', 'n6']
      const dead = others.toSorted(() => random.next() - 0.5).slice(0, 2)
      for (const name of dead) {
        world.crash(name, { isPowerLoss: random.next() < 0.5 })
        await world.advance(60_000)
      }
      const back = await startOne(world, 'n7', 8)
      await world.until(() => back.nodes().filter(({ state }) => state === 'alive').length >= 4)
      let arrived: readonly unknown[] = []
      for (let round = 0; round < 120 && arrived.length < texts.length; round++) {
        await world.advance(1_000)
        arrived = await bodies(world, back)
      }
      expect(arrived).toEqual(texts)
      await world.advance(60_000)
      expect(await bodies(world, back)).toEqual(texts)
    }
  },
  40_000 * seedCount,
)
