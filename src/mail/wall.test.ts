/** Posts between machines, on good days and bad ones. */
import { expect, test } from 'vitest'
import { numberIn, textIn } from '../base/database.ts'
import { seeds } from '../testing/simulation.node.ts'
import { MailWorld, testSigner, texts } from './mail.test-kit.ts'
import { defaultMailOptions } from './options.ts'
import { signPost } from './post.ts'
import type { PeerId } from '../base/peer-id.ts'

const hour = 3_600_000

test('[B13] the post of a stranger is taken when it is known who that is', async () => {
  const world = new MailWorld(32, 2)
  await world.startAll()
  world.estrange(1, 0)
  await world.wait(world.host(0).machine.wall.post('who am I?'))
  await world.advance(60_000)
  expect(await world.wall(1)).toEqual([])
  world.estrange(1, 0, false)
  await world.advance(180_000)
  expect(await world.wall(1)).toEqual(['who am I?'])
})

test('[B13] a post reaches everybody, and those who were away when they are back', async () => {
  for (const seed of seeds(20)) {
    const world = new MailWorld(800 + seed, 6)
    await world.startAll(5)
    await world.wait(world.host(0).machine.wall.post('first'))
    await world.advance(1_000)
    world.crash(1)
    await world.wait(world.host(2).machine.wall.post('second'))
    world.crash(0)
    await world.advance(5_000)
    await world.start(1)
    await world.start(5)
    await world.advance(5_000)
    for (const at of [1, 2, 3, 4, 5]) expect(await world.wall(at)).toEqual(['first', 'second'])
    expect(
      world
        .host(5)
        .posts.map(({ text }) => text)
        .toSorted(),
    ).toEqual(['first', 'second'])
    world.asked.clear()
    await world.advance(600_000)
    expect([world.asked.get('posts') ?? 0, world.asked.get('fetch') ?? 0]).toEqual([0, 0])
  }
})

test('[B13] a forged post, one that is too old or too new, and those of who is blocked stay away', async () => {
  const world = new MailWorld(19, 3)
  await world.startAll()
  const unixMs = world.clock.unixMs()
  const make = (timeMs: number, counter: number, text = 'post'): Uint8Array =>
    signPost({ epoch: 5, counter, timeMs, text }, testSigner(world.id(0))).bytes
  const forged = make(unixMs, 1).map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte))
  const { wallKeepMs } = defaultMailOptions
  const wrong = [
    forged,
    make(unixMs + 2 * hour, 2),
    make(unixMs - wallKeepMs - 1, 3),
    make(unixMs, 4, ''),
  ]
  await world.ask(0, 1, { kind: 'posts', items: wrong })
  expect([await world.wall(1), world.host(1).machine.wall.violations]).toEqual([[], 4])
  await world.wait(world.host(1).machine.inbox.block(world.id(0)))
  await world.wait(world.host(0).machine.wall.post('not for all'))
  await world.advance(600_000)
  expect([await world.wall(1), await world.wall(2)]).toEqual([[], ['not for all']])
})

test('[B13] who leaves a network keeps its wall, and shows it to nobody in the next', async () => {
  for (const seed of seeds(20)) {
    const world = new MailWorld(850 + seed, 4)
    const [leaver, member] = [world.id(0), world.id(1)]
    world.tags.set(leaver, 5).set(member, 5)
    await world.startAll(2)
    await world.wait(world.host(0).machine.wall.post('mine of then'))
    await world.wait(world.host(1).machine.wall.post('theirs of then'))
    await world.advance(5_000)
    world.crash(1)
    world.tags.set(leaver, 6)
    if (seed % 2 === 0) {
      world.crash(0) // It left while it did not run.
      await world.start(0)
    } else await world.wait(world.host(0).machine.wall.moved())
    await world.start(2)
    await world.advance(300_000)
    expect(await world.wall(2)).toEqual([])
    await world.wait(world.host(0).machine.wall.post('of now'))
    const sql = 'SELECT DISTINCT author, epoch FROM wall WHERE text LIKE ?'
    const rows = await world.wait(world.host(0).database.read({ sql, values: ['%of then'] }))
    const groups = rows.map((row) => {
      const author = textIn(row, 'author') as PeerId
      return { author, epoch: numberIn(row, 'epoch'), counters: [1, 1] }
    })
    expect(groups.length).toBe(2)
    expect((await world.ask(2, 0, { kind: 'fetch', groups })).items ?? []).toEqual([])
    world.crash(0)
    await world.start(0)
    await world.advance(300_000)
    expect(await world.wall(2)).toEqual(['of now'])
    expect(await world.wall(0)).toEqual(['mine of then', 'theirs of then', 'of now'])
    // Back in the first network it has all of it, once.
    world.crash(2)
    world.tags.set(leaver, 5)
    await world.wait(world.host(0).machine.wall.moved())
    await world.start(1)
    await world.start(3)
    await world.advance(300_000)
    expect((await world.wall(0)).length).toBe(3)
    expect(await world.wall(3)).toEqual(['mine of then', 'theirs of then'])
  }
})

test('[B13] a flood of posts of one author is cut, and the wall keeps so many of each', async () => {
  const world = new MailWorld(20, 2, { wallPerAuthor: 10, postBurst: 30, postRate: 0.01 })
  await world.startAll()
  for (const text of texts(50, 'post')) await world.wait(world.host(0).machine.wall.post(text))
  await world.advance(5_000)
  expect((await world.wall(1)).length).toBeLessThanOrEqual(31)
  await world.advance(700_000)
  expect((await world.wall(1)).length).toBeLessThanOrEqual(12) // Some came since it was swept.
  expect((await world.wall(0)).at(-1)).toBe('post 49')
})
