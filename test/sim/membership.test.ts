/** Whole nodes that know the whole network through the few peers that they are connected to. */
import { expect, test } from 'vitest'
import { Simulation, seeds } from '../../src/testing/simulation.node.ts'
import type { Node } from '../../src/node/node.ts'

/** Five nodes with the short lists of the demo: alice knows nobody, erin knows only dave. */
async function five(seed: number, mesh = false): Promise<[Simulation, Map<string, Node>]> {
  const world = new Simulation({ seed })
  const nodes = new Map<string, Node>()
  const lists = {
    alice: [],
    bob: ['alice', 'carol'],
    carol: ['erin'],
    dave: ['alice'],
    erin: ['dave'],
  }
  for (const [name, peers] of Object.entries(lists)) {
    const options = { peers: peers.map((peer) => `memory://${peer}`), mesh }
    nodes.set(name, await world.start(name, options))
  }
  const ids = Object.fromEntries([...nodes].map(([name, node]) => [name, node.id]))
  for (const node of nodes.values()) {
    for (const [name, id] of Object.entries(ids)) if (id !== node.id) await node.allow(id, name)
  }
  return [world, nodes]
}

const states = (node: Node | undefined): string =>
  (node?.nodes() ?? [])
    .map(({ name, state }) => `${name} ${state}`)
    .toSorted()
    .join(', ')

test('[M1] [M9] five nodes that are connected in a line of acquaintances all know all five', async () => {
  const [world, nodes] = await five(1)
  const all = 'alice alive, bob alive, carol alive, dave alive, erin alive'
  await world.until(() => [...nodes.values()].every((node) => states(node) === all), 10_000)
  await world.advance(20_000)
  for (const node of nodes.values()) {
    const links = node.links()
    expect(links.length).toBe(5)
    expect(links.every(({ isConfirmed, rttMicros }) => isConfirmed && rttMicros === 2_000)).toBe(
      true,
    )
  }
})

test('[M3] a crash is known to those who were never connected to it; its return, too', async () => {
  const [world, nodes] = await five(2)
  await world.advance(15_000)
  world.crash('erin')
  const others = [...nodes.values()].filter((node) => node !== nodes.get('erin'))
  await world.until(() => others.every((node) => states(node).includes('erin gone')), 15_000)
  expect(others.every((node) => !/(alice|bob|carol|dave) (gone|suspect)/.test(states(node)))).toBe(
    true,
  )
  const again = await world.start('erin', { peers: ['memory://dave'] })
  for (const node of others) await again.allow(node.id, node.label)
  await world.until(() => others.every((node) => states(node).includes('erin alive')), 40_000)
})

test('[M5] a node that is closed has left', async () => {
  const [world, nodes] = await five(3)
  await world.advance(15_000)
  await world.wait(nodes.get('dave')?.close() ?? Promise.resolve())
  await world.until(() => states(nodes.get('bob')).includes('dave left'), 5_000)
})

test('[M2] a peer without a role learns nothing of the network', async () => {
  const world = new Simulation({ seed: 4 })
  const alice = await world.start('alice')
  const stranger = await world.start('stranger', { peers: ['memory://alice'] })
  await world.until(() => stranger.peers().length === 1)
  await world.advance(30_000)
  expect([alice.nodes().length, stranger.nodes().length]).toEqual([1, 1])
})

test('[M1] a node reaches every member by name, connected or not, and @all means all', async () => {
  const [world, nodes] = await five(5)
  await world.advance(15_000)
  const erin = nodes.get('erin')
  expect(
    erin
      ?.peers()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['carol', 'dave'])
  const { text } = await world.wait(
    erin?.peer('alice').run('echo hello') ?? Promise.reject(new RangeError('erin was started')),
  )
  expect(text).toBe('hello')
  const answers = (erin?.select('all') ?? []).map((peer) => peer.run('echo here'))
  expect((await world.wait(Promise.all(answers))).map((answer) => answer.text)).toEqual(
    Array.from({ length: 4 }, () => 'here'),
  )
})

test('[M3] who falls silent is gone to all within 8 s, and nobody else is suspected', async () => {
  for (const seed of seeds(20)) {
    const [world, nodes] = await five(100 + seed, true)
    await world.advance(15_000)
    const others = [...nodes.values()].filter((node) => node !== nodes.get('erin'))
    const wrong: string[] = []
    for (const node of others) {
      node.on('member:suspect', ({ name }) => void (name === 'erin' || wrong.push(name)))
    }
    world.stall('erin', 60_000)
    await world.until(() => others.every((node) => states(node).includes('erin gone')), 8_000)
    await world.until(() => others.every((node) => states(node).includes('erin alive')), 70_000)
    expect(wrong).toEqual([])
  }
})

test('[M3] a silence of three seconds makes nobody gone', async () => {
  for (const seed of seeds(20)) {
    const [world, nodes] = await five(200 + seed, true)
    await world.advance(15_000)
    const gone: string[] = []
    for (const node of nodes.values()) node.on('member:gone', ({ name }) => void gone.push(name))
    world.stall('carol', 3_000)
    await world.advance(30_000)
    expect(gone).toEqual([])
  }
})
