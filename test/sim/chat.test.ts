/** Who is in a chat, and who said what: seen from several nodes. */
import { expect, test } from 'vitest'
import { simulate } from '../../src/testing/simulation.node.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'
import type { ChatEvent } from '../../src/node/chat.ts'
import type { Node } from '../../src/node/node.ts'

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
    expect(whisper.problem).toContain('bob is not in a chat')
    c.leave()
    await world.advance(1_000)
    expect(a.events.at(-1)).toBe('leave carol')
    enter(carol)
    await world.advance(1_000)
    expect(a.events.at(-1)).toBe('arrive carol')
    world.crash('carol')
    await world.until(() => a.events.at(-1) === 'lost carol', 30_000)
    expect(here()).toBe('alice')
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
