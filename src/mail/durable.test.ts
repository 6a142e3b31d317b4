/** What outlives the end of a process and a full disk, and what goes fast all the same. */
import { expect, test } from 'vitest'
import { seeds } from '../testing/simulation.node.ts'
import { MailWorld, sendAll, texts } from './mail.test-kit.ts'

const hour = 3_600_000
const defaults = { wantsRead: false, expiryMs: hour }

test('[B1] what is new goes in batches: nobody is asked first, and no query is made for each', async () => {
  const world = new MailWorld(22, 2)
  await world.startAll()
  await world.advance(10_000)
  world.asked.clear()
  world.queries = 0
  await sendAll(world, 1, texts(500))
  expect(await world.inbox(1)).toEqual(texts(500))
  expect([...world.asked.keys()]).toEqual(['put'])
  expect(world.asked.get('put')).toBeLessThan(6)
  expect(world.queries).toBeLessThan(20)
})

test('[B2] what is on the disk of an author is always its first messages, whenever it dies, in whatever order they were signed', async () => {
  for (const seed of seeds(40, 4_000)) {
    const world = new MailWorld(seed, 3)
    world.signingMs = 50
    await world.startAll()
    for (const text of texts(60)) {
      const outgoing = { to: world.id(1), body: new TextEncoder().encode(text), type: 'text/plain' }
      const sending = world.host(0).machine.outbox.send({ ...outgoing, ...defaults })
      sending.catch(() => undefined) // Its process dies.
      await world.advance(world.random.next() * 2)
    }
    world.crash(0)
    await world.start(0)
    const sql = 'SELECT counter FROM outbox ORDER BY counter'
    const rows = await world.wait(world.host(0).database.read({ sql }))
    expect([seed, rows.map((row) => row['counter'])]).toEqual([seed, rows.map((_, at) => at + 1)])
    await world.advance(60_000)
    expect([seed, await world.inbox(1)]).toEqual([seed, texts(rows.length)])
  }
})

test('[B15] while the disk of the recipient is full its messages wait elsewhere, and then come once and in order', async () => {
  const world = new MailWorld(21, 4)
  await world.startAll()
  await sendAll(world, 1, texts(5, 'before'))
  const limit = (pages: number): Promise<unknown> =>
    world.wait(world.host(1).database.read({ sql: `PRAGMA max_page_count = ${pages}` }))
  await limit(1) // SQLite takes the size that it has.
  const big = texts(40, 'meanwhile').map((text) => text + ' '.repeat(2_000))
  const states: string[] = []
  for (const text of big) states.push(await world.stateOf(0, await world.send(0, 1, text)))
  expect(states).toContain('held')
  const accepted = states.filter((state) => state === 'delivered').length
  expect((await world.inbox(1)).length).toBe(5 + accepted) // What it has it still has.
  expect(await world.stateOf(2, await world.send(2, 3, 'others go on'))).toBe('delivered')
  await limit(1_000_000)
  await world.advance(30 * 60_000)
  expect(await world.inbox(1)).toEqual([...texts(5, 'before'), ...big])
  expect(await world.stateOf(0, 5 + big.length)).toBe('delivered')
})

test('[B14] a crash at any moment loses nothing that was acknowledged and repeats nothing', async () => {
  for (const seed of seeds(60, 2_000)) {
    const world = new MailWorld(seed, 4)
    await world.startAll()
    const delivered: string[] = []
    const seen: string[] = []
    for (const text of texts(30)) {
      const sending = world.host(0).machine.outbox.send({
        ...{ to: world.id(1), body: new TextEncoder().encode(text), type: 'text/plain' },
        ...defaults,
      })
      sending.then(
        () => void delivered.push(text),
        () => undefined,
      )
      await world.advance(world.random.next() * 30)
      if (world.random.next() < 0.3) {
        seen.push(...world.host(1).messages.map(({ body }) => String(body)))
        world.crash(1)
        await world.advance(world.random.next() * 100)
        await world.start(1)
      }
    }
    await world.advance(60_000)
    const inbox = await world.inbox(1)
    expect([seed, inbox]).toEqual([seed, texts(30)])
    expect(new Set(seen).size).toBe(seen.length) // No listener was told twice.
    expect(delivered.length).toBe(30)
  }
}, 120_000)
