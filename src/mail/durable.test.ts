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

test('[B18] an inbox takes what fits, makes room of what was read, and loses nothing', async () => {
  const bytes = 2_000
  const world = new MailWorld(41, 2, { keepBytes: 20 * bytes })
  await world.startAll()
  const all = texts(60)
  const ids: number[] = []
  for (const text of all) ids.push(await world.send(0, 1, text.padEnd(bytes)))
  const inbox = async (): Promise<readonly string[]> =>
    (await world.inbox(1)).map((text) => text.trimEnd())
  expect(await inbox()).toEqual(all.slice(0, 21)) // The first that does not fit is the last.
  expect(await world.stateOf(0, ids.at(-1) ?? 0)).toBe('queued')
  const sql = 'SELECT reason FROM outbox WHERE id = ?'
  const statement = { sql, values: [ids.at(-1) ?? 0] }
  const [row] = await world.wait(world.host(0).database.read(statement))
  expect(row).toEqual({ reason: 'the inbox is full' })
  const seen = new Set(await inbox())
  let most = 0
  for (let round = 0; round < 200 && seen.size < all.length; round++) {
    const read = { sql: 'UPDATE inbox SET read_ms = 1 WHERE read_ms IS NULL', values: [] }
    await world.wait(world.host(1).database.write([read]))
    await world.advance(60_000)
    const now = await inbox()
    most = Math.max(most, now.length)
    for (const text of now) seen.add(text)
  }
  expect([...seen]).toEqual(all)
  expect(most).toBeLessThan(22)
})

test('[B18] when their time is over messages are gone, from the search too, and what was not read yet with them', async () => {
  const world = new MailWorld(42, 2, { keepMs: 3 * hour })
  await world.startAll()
  const old = await world.send(0, 1, 'old one')
  await world.advance(2 * hour)
  await world.send(0, 1, 'new one')
  expect(await world.inbox(1)).toEqual(['old one', 'new one'])
  await world.advance(1.5 * hour)
  expect(await world.inbox(1)).toEqual(['new one'])
  const found = `SELECT rowid FROM inbox_search WHERE inbox_search MATCH 'one'`
  expect(await world.wait(world.host(1).database.read({ sql: found }))).toHaveLength(1)
  const sent = { sql: 'SELECT id FROM outbox WHERE id = ?', values: [old] }
  expect(await world.wait(world.host(0).database.read(sent))).toEqual([])
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
