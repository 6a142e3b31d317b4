/** Messages in a network with a key, whose author has left by the time they arrive. */
import { beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createIdentity } from '../../src/base/identity.node.ts'
import { createSealer } from '../../src/mail/sodium.node.ts'
import { Simulation } from '../../src/testing/simulation.node.ts'
import type { Node } from '../../src/node/node.ts'

beforeAll(async () => void (await createSealer(createIdentity(), systemClock)))

const closed = { admit: 'known' } as const

async function join(world: Simulation, founder: Node, label: string): Promise<Node> {
  const node = await world.start(label, closed)
  const { ticket } = await founder.invite({ label })
  await world.wait(node.join(ticket))
  return node
}

test.each([
  ['a minute', 60_000],
  ['thirty hours', 30 * 3_600_000],
])(
  '[B8] a member whose author left %s ago still gets its message',
  async (_, awayMs) => {
    const world = new Simulation({ seed: 5 })
    const founder = await world.start('n0', closed)
    const bob = await join(world, founder, 'bob')
    await join(world, founder, 'n2')
    await world.advance(5_000)
    await world.wait(bob.close())
    const late = await join(world, founder, 'late')
    await world.advance(20_000)
    const sent = await world.wait(late.send('bob', 'while you were away'))
    expect(sent.state).toBe('held')
    await world.wait(late.close())
    await world.advance(awayMs)
    const back = await world.start('bob', closed)
    await world.until(() => back.nodes().filter(({ state }) => state === 'alive').length >= 3)
    await world.advance(30_000)
    const got = await world.wait(back.inbox.list())
    expect(got.map(({ body }) => body)).toEqual(['while you were away'])
  },
  120_000,
)
