/** Whole nodes over paths that break, in virtual time. */
import { describe, expect, test } from 'vitest'
import { randomInt } from '../../src/base/random.ts'
import { Simulation } from '../../src/testing/simulation.node.ts'
import type { Node } from '../../src/node/node.ts'

/** A command that counts how often it ran with each argument. */
function countRuns(node: Node): Map<string, number> {
  const runs = new Map<string, number>()
  node.command('count', {
    summary: 'Count',
    allow: ['role:anyone'],
    run: ({ args: [word = ''] }) => {
      runs.set(word, (runs.get(word) ?? 0) + 1)
      return `${word} ${runs.get(word)}`
    },
  })
  return runs
}

async function pair(seed: number, latencyMs = 1): Promise<[Simulation, Node, Node]> {
  const world = new Simulation({ seed, latency: () => latencyMs })
  const alice = await world.start('alice')
  const bob = await world.start('bob', { peers: ['memory://alice'] })
  await world.until(() => bob.peers().length === 1)
  return [world, alice, bob]
}

describe('two nodes', () => {
  test('[C15] that dial each other at once end with one connection, whatever the timing', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const world = new Simulation({ seed, latency: (from) => (from === 'alice' ? 3 : seed % 9) })
      const alice = await world.start('alice', { peers: ['memory://bob'] })
      await world.advance(seed % 13)
      const bob = await world.start('bob', { peers: ['memory://alice'] })
      const connects: string[] = []
      alice.on('peer:connect', () => connects.push('alice'))
      bob.on('peer:connect', () => connects.push('bob'))
      const ends: string[] = []
      alice.on('peer:disconnect', ({ error }) => ends.push(error.message))
      bob.on('peer:disconnect', ({ error }) => ends.push(error.message))
      await world.advance(3_000)
      expect([connects.toSorted(), ends], `seed ${seed}`).toEqual([['alice', 'bob'], []])
      countRuns(alice)
      countRuns(bob)
      const [one, other] = [bob.peer('alice').run('count a'), alice.peer('bob').run('count b')]
      expect((await world.wait(one)).text).toBe('a 1')
      expect((await world.wait(other)).text).toBe('b 1')
    }
  })

  test('[C5] commands run exactly once, wherever the path is cut, the handshake included', async () => {
    for (let bytes = 0; bytes < 1_200; bytes += 7) {
      for (const end of ['near', 'far'] as const) {
        const [world, alice, bob] = await pair(bytes)
        const runs = countRuns(alice)
        const [path] = world.network.pathsBetween('alice', 'bob')
        const side = end === 'near' ? path : path?.far
        side?.cutAfter(bytes)
        const calls = Array.from({ length: 12 }, (_, at) => bob.peer('alice').run(`count ${at}`))
        const texts = (await world.wait(Promise.all(calls))).map(({ text }) => text)
        expect(texts, `${end} after ${bytes}`).toEqual(calls.map((_, at) => `${at} 1`))
        expect([...runs.values()].every((count) => count === 1)).toBe(true)
      }
    }
  })

  test.each(Array.from({ length: 150 }, (_, seed) => seed))(
    '[C5] commands both ways run exactly once through random cuts and silences, seed %i',
    async (seed) => {
      const [world, alice, bob] = await pair(seed, 4)
      const [aliceRuns, bobRuns] = [countRuns(alice), countRuns(bob)]
      const calls: Promise<{ text: string }>[] = []
      for (let round = 0; round < 12; round++) {
        for (let at = 0; at < 4; at++) {
          calls.push(bob.peer('alice').run(`count ${round}.${at}`))
          calls.push(alice.peer('bob').run(`count ${round}.${at}`))
        }
        const [path] = world.network.pathsBetween('alice', 'bob')
        const dice = world.random.next()
        if (dice < 0.4) path?.cutAfter(randomInt(world.random, 900))
        else if (dice < 0.6) path?.far.cutAfter(randomInt(world.random, 900))
        else if (dice < 0.7) world.network.setSilent('alice', 'bob', true)
        else if (dice < 0.8) world.network.setSilent('bob', 'alice', true)
        await world.advance(randomInt(world.random, 6_000))
        world.network.setSilent('alice', 'bob', false)
        world.network.setSilent('bob', 'alice', false)
      }
      const texts = (await world.wait(Promise.all(calls), 90_000)).map(({ text }) => text)
      expect(texts.every((text) => text.endsWith(' 1'))).toBe(true)
      expect([aliceRuns.size, bobRuns.size]).toEqual([48, 48])
    },
  )

  test('[D8] a command begun in an outage waits for its end, unless its caller is impatient', async () => {
    const [world, alice, bob] = await pair(1)
    const runs = countRuns(alice)
    const heal = world.network.partition(['alice'], ['bob'])
    await world.until(() => bob.peers()[0]?.state === 'suspended')
    const patient = bob.peer('alice').run('count patient')
    const startMs = world.clock.nowMs()
    const hasty = bob.peer('alice').run('count hasty', { patienceMs: 10_000 })
    await expect(world.wait(hasty)).rejects.toMatchObject({ code: 'TIMED_OUT' })
    expect(world.clock.nowMs() - startMs).toBeCloseTo(10_000, -2)
    await world.advance(60_000)
    heal()
    expect((await world.wait(patient)).text).toBe('patient 1')
    expect(runs.get('patient')).toBe(1)
  })

  test('[C15] a restarted peer is a new conversation: what was in flight fails with PEER_RESTARTED', async () => {
    const [world, alice, bob] = await pair(1)
    alice.command('wait', {
      summary: 'Never ends',
      allow: ['role:anyone'],
      run: ({ signal }) =>
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
    })
    const call = bob.peer('alice').run('wait')
    const failure = expect(call).rejects.toMatchObject({ code: 'PEER_RESTARTED' })
    await world.advance(100)
    world.crash('alice')
    await world.advance(500)
    const again = await world.start('alice')
    countRuns(again)
    await world.advance(3_000)
    await failure
    expect((await world.wait(bob.peer('alice').run('count x'))).text).toBe('x 1')
  })

  test('[C15] a command asked for while its peer is away runs once when that was started again', async () => {
    const [world, alice, bob] = await pair(1)
    countRuns(alice)
    world.crash('alice')
    await world.until(() => bob.peers()[0]?.state === 'suspended')
    const call = bob.peer('alice').run('count x')
    await world.advance(100)
    countRuns(await world.start('alice'))
    expect((await world.wait(call)).text).toBe('x 1')
  })

  test('[C15] that start again within a moment begin one conversation, whatever crosses', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const world = new Simulation({ seed, latency: { minMs: 1, maxMs: 40 } })
      const ends: string[] = []
      const start = async (name: string, peer: string): Promise<Node> => {
        const node = await world.start(name, { peers: [`memory://${peer}`] })
        node.on('peer:disconnect', ({ error }) => ends.push(`${name}: ${error.code}`))
        return node
      }
      await start('bob', 'alice')
      await world.advance(seed)
      await start('alice', 'bob')
      await world.advance(seed % 120)
      world.crash('bob')
      const bob = await start('bob', 'alice')
      await world.advance(5_000)
      expect(
        ends.filter((end) => end !== 'alice: PEER_RESTARTED'),
        `seed ${seed}`,
      ).toEqual([])
      expect(bob.peers().map(({ state }) => state)).toEqual(['open'])
    }
  })

  test('[C14] a peer that stays away too long ends the connection; it comes back as a new one', async () => {
    const [world, alice, bob] = await pair(1)
    const ends: string[] = []
    bob.on('peer:disconnect', ({ error }) => ends.push(error.code))
    world.network.setSilent('alice', 'bob', true)
    world.network.setSilent('bob', 'alice', true)
    await world.advance(140_000)
    expect(ends).toEqual(['CONNECTION_EXPIRED'])
    world.network.setSilent('alice', 'bob', false)
    world.network.setSilent('bob', 'alice', false)
    await world.until(() => bob.peers().length === 1)
    countRuns(alice)
    expect((await world.wait(bob.peer('alice').run('count y'))).text).toBe('y 1')
  })

  test.each([5_000, 7_000, 30_000, 90_000])(
    '[C24] a call on an idle connection is answered within a second of the end of %i ms of silence',
    async (outageMs) => {
      for (let seed = 0; seed < 40; seed++) {
        const [world, , bob] = await pair(seed)
        await world.advance(5_000)
        const setSilent = (isSilent: boolean): void => {
          world.network.setSilent('alice', 'bob', isSilent)
          world.network.setSilent('bob', 'alice', isSilent)
        }
        setSilent(true)
        const waitingMs = (seed % 4) * 400
        await world.advance(outageMs - waitingMs)
        const call = bob.peer('alice').run('echo here')
        await world.advance(waitingMs)
        setSilent(false)
        const healMs = world.clock.nowMs()
        expect((await world.wait(call)).text).toBe('here')
        expect(world.clock.nowMs() - healMs, `seed ${seed}`).toBeLessThan(1_020)
      }
    },
  )

  test.each([5_000, 30_000, 90_000])(
    '[C24] a call to who alone can dial is answered within five seconds of the end of %i ms of silence',
    async (outageMs) => {
      for (let seed = 0; seed < 40; seed++) {
        const world = new Simulation({ seed })
        const alice = await world.start('alice')
        const bob = await world.start('bob', { peers: ['memory://alice'], listen: [] })
        await world.until(() => bob.peers().length === 1)
        await world.advance(5_000)
        const heal = world.network.partition(['alice'], ['bob'])
        await world.advance(outageMs)
        const call = alice.peer('bob').run('echo here')
        heal()
        const healMs = world.clock.nowMs()
        expect((await world.wait(call)).text).toBe('here')
        expect(world.clock.nowMs() - healMs, `seed ${seed}`).toBeLessThan(5_020)
      }
    },
  )

  test.each<[string, boolean, boolean]>([
    ['both ways', true, true],
    ['from the one who dialled', true, false],
    ['to the one who dialled', false, true],
  ])(
    '[C22] a path that went dead %s is left for the next one in 5 s',
    async (_way, there, back) => {
      for (let seed = 0; seed < 30; seed++) {
        const [world, alice, bob] = await pair(seed)
        const runs = countRuns(alice)
        await world.advance(5_000 + seed * 90)
        const [path] = world.network.pathsBetween('alice', 'bob')
        path?.setSilent(there)
        path?.far.setSilent(back)
        const deadMs = world.clock.nowMs()
        const calls = [bob.peer('alice').run('count a'), alice.peer('bob').run('echo b')]
        const texts = (await world.wait(Promise.all(calls))).map(({ text }) => text)
        expect(texts).toEqual(['a 1', 'b'])
        expect(runs.get('a')).toBe(1)
        expect(world.clock.nowMs() - deadMs, `seed ${seed}`).toBeLessThan(5_000)
      }
    },
  )

  test('[C15] that were connected by hand have one path, which was dialled once', async () => {
    const world = new Simulation({ seed: 1, latency: () => 1 })
    const alice = await world.start('alice')
    const bob = await world.start('bob')
    const connecting = bob.connect('memory://alice')
    await world.until(() => bob.peers().length === 1)
    await connecting
    await world.advance(5_000)
    expect(alice.peers().map(({ paths }) => paths.length)).toEqual([1])
  })

  test('[C19] a node does not connect to itself, whatever the list says', async () => {
    const world = new Simulation({ seed: 1 })
    const alice = await world.start('alice', { peers: ['memory://alice'] })
    await world.advance(120_000)
    expect(alice.peers()).toEqual([])
  })

  test('[C15] of two processes with one key the newer stays; the older says so and dials no more', async () => {
    const world = new Simulation({ seed: 1 })
    await world.start('hub')
    const older = await world.start('twin', { peers: ['memory://hub'] })
    await world.until(() => older.peers().length === 1)
    let superseded = 0
    older.on('node:superseded', () => superseded++)
    world.network.forget('twin')
    const newer = await world.start('twin', { peers: ['memory://hub'] })
    await world.until(() => newer.peers().length === 1)
    await world.advance(60_000)
    expect(superseded).toBe(1)
    expect([newer.peers().length, older.peers().length]).toEqual([1, 0])
  })

  test('[C20] who is not admitted is refused with the rule, and dials on with long pauses', async () => {
    const world = new Simulation({ seed: 1 })
    const alice = await world.start('alice', { admit: 'known' })
    const refusals: string[] = []
    alice.on('peer:refuse', ({ rule }) => refusals.push(rule))
    const bob = await world.start('bob', { peers: ['memory://alice'] })
    await world.advance(600_000)
    expect(new Set(refusals)).toEqual(new Set(['network.admit = "known"']))
    expect(refusals.length).toBeLessThan(100)
    await alice.allow(bob.id, 'robert')
    await world.until(() => bob.peers().length === 1)
    expect(alice.peers().map(({ name }) => name)).toEqual(['robert'])
  })

  test('[C13] nothing is left behind when nodes close', async () => {
    const [world, alice, bob] = await pair(1)
    await world.wait(alice.close())
    await world.wait(bob.close())
    await world.advance(1_000)
    expect(world.clock.pending).toBe(0)
    expect(world.network.paths).toEqual([])
  })
})

describe('addresses', () => {
  test('[C23] a listener that moves tells its peers, who find it there when the path breaks', async () => {
    const [world, alice, bob] = await pair(1)
    countRuns(alice)
    await world.wait(alice.listen(['memory://alice-moved']))
    await world.advance(100)
    const closed: string[] = []
    bob.on('peer:disconnect', ({ error }) => closed.push(error.code))
    const call = bob.peer('alice').run('count a')
    world.network.reset('alice', 'bob')
    expect((await world.wait(call)).text).toBe('a 1')
    expect(closed).toEqual([])
    expect(bob.peers()[0]?.paths.map(({ address }) => address)).toContain('memory://alice-moved')
  })

  test('[C24] a restarted node dials the peers that it remembers', async () => {
    const world = new Simulation({ seed: 1 })
    const alice = await world.start('alice')
    const bob = await world.start('bob', { peers: ['memory://alice'], listen: [] })
    await world.until(() => bob.peers().length === 1)
    await world.advance(1_100) // What is remembered is written once a second.
    world.crash('bob')
    await world.advance(30_000)
    await world.start('bob', { listen: [] })
    await world.until(() => alice.peers().some(({ state }) => state === 'open'), 1_000)
  })

  test('[C24] a peer that was shut out is not dialled again', async () => {
    const world = new Simulation({ seed: 1 })
    const alice = await world.start('alice')
    const bob = await world.start('bob', { peers: ['memory://alice'] })
    await world.until(() => bob.peers().length === 1)
    await world.advance(1_100)
    await bob.deny(alice.id)
    await world.advance(1_100)
    world.crash('bob')
    const again = await world.start('bob')
    await world.advance(60_000)
    expect(again.peers()).toEqual([])
  })

  test('[C25] a connection that was made on demand closes when nobody needs it', async () => {
    const world = new Simulation({ seed: 1 })
    const known = { alice: world.idOf('alice'), bob: world.idOf('bob'), carol: world.idOf('carol') }
    const options = { known, mesh: false, limits: { idleMs: 10_000 } }
    const alice = await world.start('alice', options)
    countRuns(alice)
    await world.start('bob', { ...options, peers: ['memory://alice'] })
    const carol = await world.start('carol', { ...options, peers: ['memory://bob'] })
    await world.until(() => carol.nodes().length === 3)
    await world.wait(carol.peer('alice').run('count x'))
    await world.advance(9_000)
    expect(carol.peers().map(({ name }) => name)).toContain('alice')
    await world.advance(10_000)
    expect(carol.peers().map(({ name }) => name)).toEqual(['bob'])
  })
})

test('[C20] who was shut out is neither let in nor dialled', async () => {
  const [world, alice, bob] = await pair(3)
  await bob.deny(alice.id)
  await world.advance(120_000)
  expect([alice.peers(), bob.peers()]).toEqual([[], []])
})
