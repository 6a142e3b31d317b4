/** Messages between machines, on good days and bad ones. */
import { expect, test } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import { seeds } from '../testing/simulation.node.ts'
import { writeEnvelope } from './envelope.ts'
import { MailWorld, sendAll, testSealer, testSigner, texts } from './mail.test-kit.ts'
import { chooseHolders } from './holders.ts'
import type { Envelope } from './envelope.ts'

const hour = 3_600_000

/** An envelope as host `from` could make it. */
function envelopeOf(
  world: MailWorld,
  [from, to]: readonly [number, number],
  changes: Partial<Envelope> & { readonly body?: string | Uint8Array; readonly type?: string } = {},
): Promise<Envelope> {
  const { body = 'made by hand', type = 'text/plain', ...head } = changes
  const timeMs = world.clock.unixMs()
  const [epoch, counter] = [1_000, 1]
  const named = { to: world.id(to), epoch, counter, floor: 1, timeMs, expiresMs: timeMs + hour }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const letter = { type, body: bytes, wantsRead: false }
  const tools = { signer: testSigner(world.id(from)), sealer: testSealer(world.id(from)) }
  return writeEnvelope({ ...named, ...head }, letter, tools)
}

test('[B1] a message to a peer that is there is delivered, and is in its inbox', async () => {
  const world = new MailWorld(1, 2)
  await world.startAll()
  const id = await world.send(0, 1, 'hello')
  expect([await world.stateOf(0, id), await world.inbox(1)]).toEqual(['delivered', ['hello']])
  expect(world.host(1).messages.map(({ body, author }) => [body, author])).toEqual([
    ['hello', world.id(0)],
  ])
})

test('[B2] messages of several authors come each in its order', async () => {
  const world = new MailWorld(2, 4)
  await world.startAll()
  const all = [0, 1, 2].flatMap((from) =>
    texts(50).map((text) => [from, `${from} ${text}`] as const),
  )
  await Promise.all(all.map(([from, text]) => world.send(from, 3, text)))
  for (const from of [0, 1, 2]) {
    const own = (await world.inbox(3)).filter((text) => text.startsWith(`${from} `))
    expect(own).toEqual(texts(50, `${from} message`))
  }
})

test('[B3] a message to a peer that is away is held by three, delivered when it is back, and then by nobody', async () => {
  const world = new MailWorld(3, 6)
  await world.startAll(5)
  const id = await world.send(0, 5, 'for later')
  expect(await world.stateOf(0, id)).toBe('held')
  const held = (): number[] => [0, 1, 2, 3, 4].map((at) => world.host(at).machine.holder.count)
  expect(held().filter((count) => count === 1)).toHaveLength(3)
  expect(held()[0]).toBe(0) // The sender keeps it anyway.
  world.crash(0)
  await world.start(5)
  await world.advance(10_000)
  expect(await world.inbox(5)).toEqual(['for later'])
  expect([1, 2, 3, 4].map((at) => world.host(at).machine.holder.count)).toEqual([0, 0, 0, 0])
  await world.start(0)
  await world.advance(20_000)
  expect(await world.stateOf(0, id)).toBe('delivered')
  expect(await world.inbox(5)).toEqual(['for later'])
})

test('[B3] holders are the three closest by XOR of those that are usually up', () => {
  const world = new MailWorld(4, 20)
  const [recipient = world.id(0), ...others] = world.ids
  const near = chooseHolders(
    recipient,
    others.map((id) => ({ id, upMs: 0 })),
    { count: 3, settledMs: 1 },
  )
  const far = others.filter((id) => !near.includes(id))
  const settled = far.slice(0, 2).map((id) => ({ id, upMs: 700_000 }))
  const rest = others.filter((id) => !far.slice(0, 2).includes(id)).map((id) => ({ id, upMs: 10 }))
  const chosen = chooseHolders(recipient, [...rest, ...settled], { count: 3, settledMs: 600_000 })
  expect(chosen.slice(0, 2).toSorted()).toEqual(far.slice(0, 2).toSorted())
  expect(chosen[2]).toBe(near[0])
  expect(chooseHolders(recipient, settled, { count: 3, settledMs: 1 })).toHaveLength(2)
})

test('[B3] alone, a message waits here, and is held as soon as somebody is up', async () => {
  const world = new MailWorld(5, 3)
  await world.start(0)
  const id = await world.send(0, 2, 'patience')
  expect(await world.stateOf(0, id)).toBe('queued')
  await world.start(1)
  await world.advance(20_000)
  expect(await world.stateOf(0, id)).toBe('held')
})

test('[B3] others hold what the recipient, whose own disk is full, cannot store', async () => {
  const world = new MailWorld(6, 5)
  await world.startAll()
  const problem = 'mail.db: the disk is full; make room'
  world.tamper(4, () => Promise.reject(new SkeinError('STORAGE_FAILED', problem)))
  const id = await world.send(0, 4, 'later then')
  expect(await world.stateOf(0, id)).toBe('held')
})

const seedCount = Number(process.env['MAIL_SEEDS'] ?? 40)

test(`[B4] a hundred messages arrive once and in order though the sender and a third of the members die, for ${seedCount} seeds`, async () => {
  for (const seed of seeds(seedCount)) {
    const world = new MailWorld(seed, 11)
    await world.startAll(10)
    await sendAll(world, 10, texts(100))
    world.crash(0)
    const dead = [1, 2, 3, 4, 5, 6, 7, 8, 9].toSorted(() => world.random.next() - 0.5).slice(0, 3)
    for (const at of dead) {
      world.crash(at)
      // Sometimes two die at once, sometimes there is time to make new copies.
      await world.advance(world.random.next() < 0.3 ? 0 : 60_000)
    }
    const back = await world.start(10)
    await world.advance(120_000)
    const isLost = (await world.inbox(10)).length < 100
    if (isLost) await world.start(0) // All three holders died at once: the sender still has them.
    await world.advance(120_000)
    expect([seed, await world.inbox(10)]).toEqual([seed, texts(100)])
    expect(back.messages.map(({ body }) => body)).toEqual(texts(100))
  }
}, 600_000)

test('[B5] copies move when a holder dies: three have them again', async () => {
  const world = new MailWorld(6, 8)
  await world.startAll(7)
  await sendAll(world, 7, texts(20))
  const holders = [1, 2, 3, 4, 5, 6].filter((at) => world.host(at).machine.holder.count === 20)
  expect(holders).toHaveLength(3)
  world.crash(0)
  for (const at of holders.slice(0, 2)) {
    world.crash(at)
    await world.advance(30_000)
  }
  const now = [1, 2, 3, 4, 5, 6].filter((at) => world.isUp(world.id(at)))
  expect(now.filter((at) => world.host(at).machine.holder.count === 20)).toHaveLength(3)
})

test('[B5] a holder that lies about what it holds, or drops it, loses nothing: the others have it', async () => {
  for (const seed of seeds(10)) {
    const world = new MailWorld(700 + seed, 6)
    await world.startAll(5)
    world.tamper(1, async (request, goOn) => {
      if (request.kind === 'put') return { results: request.items.map(() => 'stored' as const) }
      return request.kind === 'offer' ? {} : goOn() // It has all, so it says.
    })
    await sendAll(world, 5, texts(20))
    world.crash(0)
    await world.start(5)
    await world.advance(60_000)
    expect(await world.inbox(5)).toEqual(texts(20))
  }
})

test('[B6] what came is not taken again: not twice, not late, not from another', async () => {
  const world = new MailWorld(8, 3)
  await world.startAll()
  const { bytes } = await envelopeOf(world, [0, 1])
  for (const from of [0, 2, 0]) {
    const { results } = await world.ask(from, 1, { kind: 'put', items: [bytes, bytes] })
    expect(results).toEqual(['stored', 'stored'])
  }
  world.crash(1)
  await world.start(1)
  await world.ask(2, 1, { kind: 'put', items: [bytes] })
  expect(await world.inbox(1)).toEqual(['made by hand'])
  await world.advance(2 * hour)
  const { results, reason } = await world.ask(2, 1, { kind: 'put', items: [bytes] })
  expect([results, reason]).toEqual([['invalid'], 'a message that has expired'])
})

test('[B7] a message waits for the one before it, and a minute later no more; that one then comes late', async () => {
  const world = new MailWorld(9, 2)
  await world.startAll()
  const [one, two, three] = await Promise.all(
    [1, 2, 3].map((counter) => envelopeOf(world, [0, 1], { counter, body: `number ${counter}` })),
  )
  const put = (each: Envelope | undefined): Promise<unknown> =>
    world.ask(0, 1, { kind: 'put', items: each === undefined ? [] : [each.bytes] })
  await put(three)
  await put(one)
  expect(await world.inbox(1)).toEqual(['number 1'])
  world.crash(1)
  await world.start(1)
  await world.advance(59_000)
  expect(await world.inbox(1)).toEqual(['number 1'])
  await world.advance(2_000)
  expect(await world.inbox(1)).toEqual(['number 1', 'number 3'])
  await put(two)
  expect(await world.inbox(1)).toEqual(['number 1', 'number 3', 'number 2'])
})

test('[B7] what the author gave up is not waited for', async () => {
  const world = new MailWorld(10, 2)
  await world.startAll()
  const { bytes } = await envelopeOf(world, [0, 1], { counter: 7, floor: 7 })
  await world.ask(0, 1, { kind: 'put', items: [bytes] })
  expect(await world.inbox(1)).toEqual(['made by hand'])
})

test('[B8] an author who may not write here is told so, and what is held of it goes', async () => {
  const world = new MailWorld(11, 5)
  await world.startAll(4)
  world.refuse(4, 0)
  const id = await world.send(0, 4, 'let me in')
  expect(await world.stateOf(0, id)).toBe('held')
  await world.start(4)
  await world.advance(20_000)
  expect([await world.stateOf(0, id), await world.inbox(4)]).toEqual(['refused', []])
  expect([1, 2, 3].map((at) => world.host(at).machine.holder.count)).toEqual([0, 0, 0])
})

test('[B8] who is blocked writes to nobody here, until it is unblocked', async () => {
  const world = new MailWorld(12, 2)
  await world.startAll()
  await world.wait(world.host(1).machine.inbox.block(world.id(0)))
  const body = new TextEncoder().encode('hello?')
  const outgoing = { to: world.id(1), body, type: 'text/plain', wantsRead: false, expiryMs: hour }
  const refused = await world.wait(world.host(0).machine.outbox.send(outgoing))
  expect([refused.state, refused.reason]).toEqual(['refused', 'it takes nothing of you'])
  expect(await world.stateOf(0, refused.id)).toBe('refused')
  await world.wait(world.host(1).machine.inbox.unblock(world.id(0)))
  await world.send(0, 1, 'thanks')
  expect(await world.inbox(1)).toEqual(['thanks'])
})

test('[B8] a refusal is of what it refused: what is written when it is over is held, and arrives', async () => {
  const world = new MailWorld(29, 5)
  await world.startAll(4)
  world.refuse(4, 0)
  const early = await world.send(0, 4, 'let me in')
  await world.start(4)
  await world.advance(20_000)
  world.refuse(4, 0, false)
  world.crash(4)
  const late = await world.send(0, 4, 'thanks')
  expect([await world.stateOf(0, early), await world.stateOf(0, late)]).toEqual(['refused', 'held'])
  await world.start(4)
  await world.advance(20_000)
  expect([await world.stateOf(0, late), await world.inbox(4)]).toEqual(['delivered', ['thanks']])
})

test('[B8] what a stranger wrote stays with the holders until it is known who that is', async () => {
  const world = new MailWorld(30, 5)
  await world.startAll(4)
  for (const text of texts(3)) await world.send(0, 4, text)
  world.crash(0)
  world.estrange(4, 0)
  await world.start(4)
  await world.advance(hour)
  expect([1, 2, 3].map((at) => world.host(at).machine.holder.count)).toEqual([3, 3, 3])
  expect(world.asked.get('put')).toBeLessThan(3 * 70) // One message a minute of each holder.
  world.estrange(4, 0, false)
  await world.advance(130_000)
  expect(await world.inbox(4)).toEqual(texts(3))
  expect([1, 2, 3].map((at) => world.host(at).machine.holder.count)).toEqual([0, 0, 0])
})

test('[B8] a stranger is known by the pass in its message, also when it has left', async () => {
  const world = new MailWorld(31, 5)
  world.givePass(0)
  await world.startAll(4)
  for (const text of texts(3)) await world.send(0, 4, text)
  await world.wait(world.host(0).machine.wall.post('and to all'))
  await world.advance(1_000)
  world.crash(0)
  world.estrange(4, 0)
  await world.start(4)
  await world.advance(20_000)
  expect([await world.inbox(4), await world.wall(4)]).toEqual([texts(3), ['and to all']])
})

test('[B9] a read receipt comes to an author that was away from before it was delivered until it was read', async () => {
  const world = new MailWorld(33, 4)
  world.wantsRead = true
  await world.startAll(3)
  const id = await world.send(0, 3, 'read me')
  expect(await world.stateOf(0, id)).toBe('held')
  world.crash(0)
  const reader = await world.start(3)
  await world.advance(10_000)
  const sql = 'UPDATE inbox SET read_ms = 1 RETURNING author, epoch, counter, wants_read'
  const [rows = []] = await world.wait(reader.database.write([{ sql, values: [] }]))
  await world.wait(reader.machine.tellRead(rows))
  await world.start(0)
  await world.advance(10_000)
  expect(await world.stateOf(0, id)).toBe('read')
})

test('[B9] a read receipt comes when it was asked for, also to an author who was away', async () => {
  const world = new MailWorld(13, 2)
  await world.startAll()
  world.wantsRead = true
  const id = await world.send(0, 1, 'please confirm')
  world.wantsRead = false
  const plain = await world.send(0, 1, 'no matter')
  world.crash(0)
  const sql = 'SELECT author, epoch, counter, wants_read FROM inbox'
  const rows = await world.wait(world.host(1).database.read({ sql }))
  await world.wait(world.host(1).machine.tellRead(rows))
  await world.start(0)
  await world.advance(30_000)
  expect([await world.stateOf(0, id), await world.stateOf(0, plain)]).toEqual(['read', 'delivered'])
})

test.each<[string, (world: MailWorld) => Promise<Uint8Array> | Uint8Array, string]>([
  [
    'a forged author',
    async (world) =>
      (await envelopeOf(world, [0, 1], {})).bytes.map((byte, at, all) =>
        at > all.length - 9 ? byte ^ 1 : byte,
      ),
    'a wrong signature',
  ],
  [
    'an altered body',
    async (world) => {
      const { bytes, sealed } = await envelopeOf(world, [0, 1])
      const at = Buffer.from(bytes).indexOf(Buffer.from(sealed))
      return bytes.with(at + 60, (bytes[at + 60] ?? 0) ^ 1)
    },
    'a wrong signature',
  ],
  [
    'a message from the year 2100',
    async (world) =>
      (await envelopeOf(world, [0, 1], { timeMs: 4_102_444_800_000, expiresMs: 4_102_444_900_000 }))
        .bytes,
    'a message from the future',
  ],
  [
    'a message that is to be kept for ever',
    async (world) =>
      (await envelopeOf(world, [0, 1], { expiresMs: world.clock.unixMs() + 400 * 24 * hour }))
        .bytes,
    'a message that is to be kept for too long',
  ],
  [
    'a message of 10 MB',
    async (world) =>
      (await envelopeOf(world, [0, 1], { body: new Uint8Array(10_000_000), type: 'a/b' })).bytes,
    'a mail of 10000',
  ],
  [
    'a message to its author',
    async (world) => (await envelopeOf(world, [0, 0])).bytes,
    'a message to nobody',
  ],
  ['noise', () => new Uint8Array(300).fill(7), 'nothing signed'],
])('[B10] %s is refused, and nobody is disturbed', async (_what, make, reason) => {
  const world = new MailWorld(14, 3)
  await world.startAll()
  const { bytes: good } = await envelopeOf(world, [2, 1], { body: 'good' })
  const answer = await world.ask(0, 1, { kind: 'put', items: [await make(world), good] })
  expect(answer.results).toEqual(['invalid', 'stored'])
  expect(answer.reason).toContain(reason)
  expect(await world.inbox(1)).toEqual(['good'])
})

test('[B10] a letter that is no UTF-8, or of another envelope, is dropped and does not hold up what follows', async () => {
  const world = new MailWorld(15, 3)
  await world.startAll()
  const broken = await envelopeOf(world, [0, 1], { body: new Uint8Array([0xff, 0xfe, 0x41]) })
  const stolen = await envelopeOf(world, [2, 1], { counter: 9, floor: 9 })
  const tools = {
    signer: testSigner(world.id(0)),
    sealer: { ...testSealer(world.id(0)), seal: () => stolen.sealed },
  }
  const letter = { type: 'text/plain', body: new Uint8Array(), wantsRead: false }
  const foreign = await writeEnvelope({ ...broken, counter: 2 }, letter, tools)
  const fine = await envelopeOf(world, [0, 1], { counter: 3, body: 'fine' })
  const items = [broken, foreign, fine].map(({ bytes }) => bytes)
  await world.ask(0, 1, { kind: 'put', items })
  expect([await world.inbox(1), world.host(1).machine.inbox.violations]).toEqual([['fine'], 2])
})

test('[B11] a flood of one author is slowed down, loses nothing, and keeps nobody else waiting', async () => {
  const options = { authorBurst: 20, authorRate: 10, retryMinMs: 500 }
  const world = new MailWorld(16, 3, options)
  await world.startAll()
  await sendAll(world, 1, texts(200))
  expect((await world.inbox(1)).length).toBeLessThan(60)
  await world.send(2, 1, 'me too')
  expect((await world.inbox(1)).at(-1)).toBe('me too')
  await world.advance(20 * 60_000)
  expect((await world.inbox(1)).filter((text) => text !== 'me too')).toEqual(texts(200))
})

test('[B11] what is held for one recipient, of one author and from one carrier is bounded', async () => {
  for (const name of [
    'heldPerAuthorBytes',
    'heldPerRecipientBytes',
    'heldPerCarrierBytes',
    'heldBytes',
  ]) {
    const world = new MailWorld(17, 3, { [name]: 2_000 })
    await world.startAll(2)
    const envelopes = texts(20).map((body, at) =>
      envelopeOf(world, [0, 2], { counter: at + 1, body }),
    )
    const items = (await Promise.all(envelopes)).map(({ bytes }) => bytes)
    const { results, reason } = await world.ask(0, 1, { kind: 'put', items })
    expect([results[0], results.at(-1)]).toEqual(['stored', 'later'])
    expect(reason).toMatch(/too much|no room/)
    expect(world.host(1).machine.holder.count).toBe(
      results.filter((each) => each === 'stored').length,
    )
  }
})

test('[B12] a message that nobody could deliver in time has expired, everywhere', async () => {
  const world = new MailWorld(18, 5, { expiryMs: hour })
  await world.startAll(4)
  const id = await world.send(0, 4, 'too late')
  await world.advance(2 * hour)
  expect(await world.stateOf(0, id)).toBe('expired')
  expect([1, 2, 3].map((at) => world.host(at).machine.holder.count)).toEqual([0, 0, 0])
})
