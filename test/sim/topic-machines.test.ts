/** Machines of topics alone, in hundreds of worlds that fall apart and come together again. */
import { expect, test } from 'vitest'
import { randomInt } from '../../src/base/random.ts'
import { seeds } from '../../src/testing/simulation.node.ts'
import { regionWorld } from './awareness/latency-worlds.ts'
import { measureTopics } from './topics/scenarios.ts'
import { TopicWorld } from './topics/world.ts'
import type { TopicNode } from './topics/world.ts'

test.each(seeds(40))(
  '[TP12] [TP13] each message once at every node that stays, seed %i',
  (seed) => {
    const world = new TopicWorld({ seed, latencies: regionWorld })
    const { random, clock } = world
    world.startMesh(4 + randomInt(random, 16))
    world.loss = random.next() < 0.5 ? random.next() * 0.2 : 0
    const said: string[] = []
    const mortal = new Set(world.nodes.filter(() => random.next() < 0.2))
    for (let step = 0; step < 60; step++) {
      if (random.next() < 0.5) disturb(world, mortal)
      const author = world.running[randomInt(random, world.running.length)]
      if (author !== undefined && !mortal.has(author)) {
        const topic = random.next() < 0.5 ? 'a' : 'b'
        said.push(author.machine.publish(topic, random.bytes(randomInt(random, 2_000))).key)
      }
      clock.advance(random.next() ** 2 * 10_000)
    }
    world.loss = 0
    for (const link of world.links) world.heal(link)
    for (const node of world.running) world.mesh(node, world.running)
    const stayers = world.running.filter((node) => !mortal.has(node))
    clock.until(() => stayers.every(({ delivered }) => delivered.size >= said.length), 300_000)
    clock.advance(60_000)
    for (const { delivered, machine } of stayers) {
      const missed = said.filter((key) => !delivered.has(key))
      const repeated = [...delivered].filter(([, count]) => count > 1)
      expect({ missed, repeated }).toEqual({ missed: [], repeated: [] })
      expect(machine.counts).toMatchObject({ forged: 0, refused: 0, untimely: 0, excess: 0 })
    }
    for (const { machine } of world.nodes) machine.stop()
  },
)

/** A path breaks or heals, a connection ends, a process dies or starts again. */
function disturb(world: TopicWorld, mortal: Set<TopicNode>): void {
  const { random, links, clock } = world
  const link = links[randomInt(random, links.length)]
  const chance = random.next()
  if (link === undefined) return
  if (chance < 0.5) {
    world.hold(link)
    clock.after(random.next() ** 2 * 200_000, () => world.heal(link))
  } else if (chance < 0.7) {
    world.disconnect(link)
    clock.after(random.next() * 5_000, () => world.connect(link.a, link.b))
  } else if (chance < 0.8) partition(world)
  else {
    const [victim] = [...mortal].filter(({ isRunning }) => isRunning)
    if (victim === undefined || world.running.length < 4) return
    world.crash(victim)
    mortal.delete(victim)
    clock.after(random.next() * 20_000, () => {
      const again = world.start(victim)
      mortal.add(again)
      world.mesh(again, world.running)
    })
  }
}

/** All connections between two halves are held up for a while, or for so long that they end. */
function partition(world: TopicWorld): void {
  const cut = world.links.filter(({ a, b }) => (a.number % 2 === 0) !== (b.number % 2 === 0))
  for (const link of cut) world.hold(link)
  world.clock.after(world.random.next() * 200_000, () => {
    for (const link of cut) world.heal(link)
  })
}

test.each([
  [20, 1],
  [20, 20],
  [60, 6],
])(
  '[TP6] %i nodes, %i authors: after a while nearly one copy a node, along short ways',
  (count, senders) => {
    const run = { seed: 3, count, senders, loss: 0, messages: 30, everyMs: 100 }
    const figures = measureTopics(run)
    expect(figures).toMatchObject({ delivered: 1, repeated: 0 })
    expect(figures.copies).toBeLessThan(1.05)
    expect(figures.p99Ms).toBeLessThan(350) // The farthest two regions are 220 ms apart.
  },
)

test('[TP7] at 20 % loss all arrive, and no later than two seconds', () => {
  const figures = measureTopics({
    seed: 4,
    count: 20,
    senders: 5,
    loss: 0.2,
    messages: 40,
    everyMs: 100,
  })
  expect(figures).toMatchObject({ delivered: 1, repeated: 0 })
  expect(figures.p99Ms).toBeLessThan(2_000)
})
