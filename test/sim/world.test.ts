/** The simulated world itself: what it does to hosts and paths, and that it does the same again. */
import { expect, test } from 'vitest'
import { Simulation, simulate } from '../../src/testing/simulation.node.ts'
import type { LatencyModel } from '../../src/testing/latency.ts'
import type { Node } from '../../src/node/node.ts'

async function pair(latency: LatencyModel = 5): Promise<[Simulation, Node, Node]> {
  const world = new Simulation({ seed: 1, latency })
  const alice = await world.start('alice')
  const bob = await world.start('bob', { peers: ['memory://alice'] })
  await world.until(() => bob.peers().length === 1)
  return [world, alice, bob]
}

/** Virtual ms that a call takes. */
async function callMs(world: Simulation, bob: Node, text = 'x'): Promise<number> {
  const startMs = world.clock.nowMs()
  await world.wait(bob.peer('alice').run(['echo', text]), 300_000)
  return world.clock.nowMs() - startMs
}

test.each<[string, LatencyModel, number, number]>([
  ['fixed', 20, 40, 40.1],
  ['between two bounds', { minMs: 10, maxMs: 30 }, 20, 60],
  ['from a matrix', { matrix: { alice: { bob: 7 } }, otherwiseMs: 500 }, 14, 14.1],
  ['from a function', (from) => (from === 'alice' ? 1 : 9), 10, 10.1],
])('latency is %s', async (_sentence, latency, minMs, maxMs) => {
  const [world, , bob] = await pair(latency)
  const tookMs = await callMs(world, bob)
  expect(tookMs).toBeGreaterThanOrEqual(minMs)
  expect(tookMs).toBeLessThanOrEqual(maxMs)
})

test('a host that stalls does nothing, and then everything', async () => {
  const [world, alice, bob] = await pair()
  const ticks: number[] = []
  for (let at = 1; at <= 3; at++) alice.clock.after(at * 100, () => ticks.push(alice.clock.nowMs()))
  const startMs = world.clock.nowMs()
  world.stall('alice', 6_000)
  const call = callMs(world, bob)
  expect(await call).toBeGreaterThan(6_000)
  expect(ticks.map((atMs) => Math.round(atMs - startMs))).toEqual([6_000, 6_000, 6_000])
})

test('a partition stops one way or both, and only those it names', async () => {
  const world = new Simulation({ seed: 1 })
  const nodes = [await world.start('a')]
  for (const name of ['b', 'c']) nodes.push(await world.start(name, { peers: ['memory://a'] }))
  const [a, b, c] = nodes
  await world.until(() => nodes.every((node) => node.peers().length === (node === a ? 2 : 1)))
  const heal = world.network.partition(['a', 'c'], ['b'], { isOneWay: true })
  await world.advance(20_000)
  expect([b, c].map((node) => node?.peers()[0]?.state)).toEqual(['suspended', 'open'])
  heal()
  await world.until(() => b?.peers()[0]?.state === 'open')
})

test('a crash resets the paths of the others; a power loss leaves them in the dark', async () => {
  for (const isPowerLoss of [false, true]) {
    const [world, , bob] = await pair()
    const lost: string[] = []
    bob.on('path:lost', ({ reason }) => lost.push(reason))
    world.crash('alice', { isPowerLoss })
    expect(world.timersOf('alice')).toBe(0)
    await world.advance(1_000)
    expect(lost).toEqual(isPowerLoss ? [] : ['reset by peer'])
    await world.start('alice')
    await world.advance(5_000)
    expect(bob.peers()[0]?.state).toBe('open')
  }
})

test('a slow link makes a transfer as slow as it is', async () => {
  const [world, , bob] = await pair(1)
  await world.advance(5_000)
  world.network.limitRate('bob', 'alice', 10_000)
  expect(await callMs(world, bob, 'x'.repeat(30_000))).toBeGreaterThan(3_000)
})

test('a wall clock can be wrong, also over a restart', async () => {
  const [world, alice] = await pair()
  const before = alice.clock.nowMs()
  world.setClockSkew('alice', -3_600_000)
  expect(alice.clock.unixMs()).toBe(world.clock.unixMs() - 3_600_000)
  expect(alice.clock.nowMs()).toBe(before)
  world.crash('alice')
  const again = await world.start('alice')
  expect(again.clock.unixMs()).toBe(world.clock.unixMs() - 3_600_000)
})

test('a run that fails says its seed and what came last', async () => {
  const run = simulate({ seed: 42 }, async (world) => {
    await world.start('alice')
    world.crash('alice')
    await world.until(() => false, 1_000)
  })
  await expect(run).rejects.toThrow(/^SEED=42 replays this: it is not so[^]*alice {2}crashes/)
})

// Five seconds alone on a core; the rest is for machines that do other things.
test('an hour of fifty nodes passes in seconds', { timeout: 60_000 }, async () => {
  const world = new Simulation({ seed: 1, latency: { minMs: 2, maxMs: 8 } })
  const count = 50
  const nodes: Node[] = []
  for (let at = 0; at < count; at++) {
    const peers = [1, 7].map((step) => `memory://n${(at + step) % count}`)
    nodes.push(await world.start(`n${at}`, { peers }))
  }
  await world.advance(3_600_000)
  expect(nodes.every((node) => node.peers().every(({ state }) => state === 'open'))).toBe(true)
  expect(nodes.map((node) => node.peers().length)).toEqual(Array.from({ length: count }, () => 4))
})
