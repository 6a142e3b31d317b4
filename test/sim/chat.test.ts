/** Who is in a chat, and who said what: seen from several nodes. */
import { beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createIdentity } from '../../src/base/identity.node.ts'
import { createSealer } from '../../src/mail/sodium.node.ts'
import { simulate } from '../../src/testing/simulation.node.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'
import type { ChatEvent } from '../../src/node/chat.ts'
import type { Node } from '../../src/node/node.ts'

// Loading it takes real time, which no virtual clock waits for.
beforeAll(async () => void (await createSealer(createIdentity(), systemClock)))

const names = ['alice', 'bob', 'carol']

function start(world: Simulation, name: string, peers: readonly string[]): Promise<Node> {
  const others = names.filter((other) => other !== name)
  return world.start(name, {
    peers: peers.map((peer) => `memory://${peer}`),
    mesh: false,
    known: Object.fromEntries(others.map((other) => [other, world.idOf(other)])),
  })
}

function enter(node: Node) {
  const events: string[] = []
  const listener = (event: ChatEvent): void => {
    const text = event.event === 'line' ? `: ${String(event.message.value)}` : ''
    events.push(`${event.event} ${event.name}${event.event === 'direct' ? ` ${event.text}` : text}`)
  }
  return { events, ...node.talk.chat.enter('chat', { history: 20, listener }) }
}

test('[TP40] arrivals, lines, whispers and departures are told; who died is not here any more', async () => {
  await simulate({ seed: 1 }, async (world) => {
    const bob = await start(world, 'bob', [])
    const alice = await start(world, 'alice', ['bob'])
    let carol = await start(world, 'carol', ['bob'])
    await world.until(() => alice.nodes().length === 3 && carol.nodes().length === 3)
    const [a, c] = [enter(alice), enter(carol)]
    await world.advance(1_000)
    const here = (): string => a.room.people.map(({ name }) => name).join(', ')
    expect(here()).toBe('alice, carol')
    expect(a.events).toEqual(['arrive carol'])
    await world.wait(c.room.topic.publish('hello'))
    await world.advance(1_000)
    expect(a.events.at(-1)).toBe('line carol: hello')
    expect(await world.wait(carol.talk.chat.whisper('alice', 'psst'))).toEqual({ name: 'alice' })
    expect(a.events.at(-1)).toBe('direct carol psst')
    const whisper = await world.wait(carol.talk.chat.whisper('bob', 'psst'))
    expect(whisper.problem).toBe(
      'bob is not in a chat, and did not see that; to leave a message: skein send @bob TEXT',
    )
    c.leave()
    await world.advance(1_000)
    expect(a.events.at(-1)).toBe('leave carol')
    enter(carol)
    await world.advance(1_000)
    expect(a.events.at(-1)).toBe('arrive carol')
    world.crash('carol')
    await world.until(() => a.events.at(-1) === 'lost carol', 30_000)
    expect(here()).toBe('alice')
    const problems = [
      ['carol', 'carol is away, and did not see that; to leave a message: skein send @carol TEXT'],
      ['nobody', "No peer found matching 'nobody'; /who lists who is here"],
      ['@all', '/msg tells one peer; what you type without it is for all in the chat'],
      ['a,b', '/msg tells one peer; what you type without it is for all in the chat'],
      ['alice', "'alice' is this node itself; name another one"],
    ] as const
    for (const [to, problem] of problems) {
      const startMs = world.clock.nowMs()
      expect(await world.wait(alice.talk.chat.whisper(to, 'psst'))).toMatchObject({ problem })
      expect(world.clock.nowMs() - startMs, 'at once').toBeLessThan(100)
    }
    carol = await start(world, 'carol', ['bob'])
    await world.until(() => alice.nodes().every(({ state }) => state === 'alive'), 30_000)
    expect(here()).toBe('alice') // It runs again, and nobody there is in the chat.
    const late = enter(carol)
    await world.advance(2_000)
    expect(late.events).toContain('line carol: hello')
    expect(late.room.people.map(({ name }) => name)).toEqual(['alice', 'carol'])
    for (const node of [alice, bob, carol]) await world.wait(node.close())
    expect(names.map((name) => world.timersOf(name))).toEqual([0, 0, 0])
  })
})

test('[TP24] who is blocked is silent here alone, in rooms, whispers and topics, until that is taken back', async () => {
  await simulate({ seed: 2 }, async (world) => {
    let bob = await start(world, 'bob', [])
    const alice = await start(world, 'alice', ['bob'])
    const carol = await start(world, 'carol', ['bob'])
    await world.until(() => alice.nodes().length === 3 && carol.nodes().length === 3)
    const [a, c] = [enter(alice), enter(carol)]
    let b = enter(bob)
    await world.advance(1_000)
    await world.wait(bob.inbox.block(alice.id))
    const here = (): string => b.room.people.map(({ name }) => name).join(', ')
    expect(here()).toBe('bob, carol')
    const heard: unknown[] = []
    bob.topic('prices').subscribe(({ value }) => void heard.push(value))
    bob.handle('TEST', ({ body }) => void heard.push(body))
    const before = [...b.events]
    await world.wait(a.room.topic.publish('buy this'))
    await world.wait(alice.topic('prices').publish(1))
    await world.wait(alice.broadcast('TEST', 2))
    const whisper = await world.wait(alice.talk.chat.whisper('bob', 'hey'))
    expect(whisper.problem).toBe(
      'bob is not in a chat, and did not see that; to leave a message: skein send @bob TEXT',
    )
    await world.advance(1_000)
    expect(b.events).toEqual(before)
    expect(heard).toEqual([])
    expect(bob.topic('chat').history()).toEqual([])
    expect(c.events.at(-1)).toBe('line alice: buy this') // Through bob.
    world.crash('bob')
    bob = await start(world, 'bob', [])
    b = enter(bob)
    await world.until(() => bob.peers().filter(({ state }) => state === 'open').length === 2)
    await world.advance(100) // A simulated disk is read beside the start; a real one before it.
    await world.wait(a.room.topic.publish('and this'))
    await world.advance(20_000)
    expect(b.events.filter((event) => event.includes('alice'))).toEqual([])
    expect(await world.wait(bob.inbox.unblock(alice.id))).toBe(true)
    expect(here()).toBe('alice, bob, carol')
    await world.wait(a.room.topic.publish('sorry'))
    await world.advance(1_000)
    expect(b.events.at(-1)).toBe('line alice: sorry')
    expect(
      bob
        .topic('chat')
        .history()
        .map(({ value }) => value),
    ).toContain('and this')
    for (const node of [alice, bob, carol]) await world.wait(node.close())
  })
})

test('[TP20] a room is for those whom its topic lets: the others are neither heard nor seen there', async () => {
  await simulate({ seed: 3 }, async (world) => {
    const settings = { allow: ['role:known'], writers: { ops: ['role:ops'] } } as const
    const bob = await world.start('bob', {
      known: { alice: world.idOf('alice'), carol: world.idOf('carol') },
      roles: { ops: [world.idOf('alice')] },
      topics: { ...settings, options: { keepMs: 3_600_000 } },
    })
    const alice = await start(world, 'alice', ['bob'])
    const carol = await start(world, 'carol', ['bob'])
    await world.until(() => alice.nodes().length === 3 && carol.nodes().length === 3)
    const room = bob.talk.chat.enter('ops', { history: 20, listener: () => undefined }).room
    for (const node of [alice, carol]) {
      node.talk.chat.enter('ops', { history: 0, listener: () => undefined })
      await world.wait(node.topic('ops').publish(`from ${node.label}`))
      await world.wait(node.topic('other').publish(node.label))
    }
    await world.advance(2_000)
    expect(room.people.map(({ name }) => name)).toEqual(['alice', 'bob'])
    const said = (name: string): readonly unknown[] =>
      bob
        .topic(name)
        .history()
        .map(({ value }) => value)
    expect(said('ops')).toEqual(['from alice'])
    expect(said('other')).toEqual(['alice', 'carol'])
    // What is kept for an hour is gone then, and does not come back from those who keep it for a day.
    await world.advance(2 * 3_600_000)
    expect(said('other')).toEqual([])
    expect(alice.topic('other').history()).toHaveLength(2)
    expect(bob.talk.status().forged).toBe(0)
    for (const node of [alice, bob, carol]) await world.wait(node.close())
  })
})
