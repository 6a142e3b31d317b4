/** Peers that do not read, and what waits for them: nothing of it grows without a bound. */
import { expect, test } from 'vitest'
import { RawPeer, World } from './objects.test-kit.ts'
import type { MemoryStream } from './objects.test-kit.ts'
import type { ObjectLimits } from './options.ts'

const resultBytes = 30_000

function hex(name: string): string {
  return Buffer.from([name.length, ...Buffer.from(name)]).toString('hex')
}

const call = (question: number, name: string, args: string): string =>
  `01 ${question.toString(16).padStart(2, '0')} 02 00 01 ${hex(name)} ${args}`

/** Bob exposes `t`; alice is raw, has found it as object 1, and can stop reading. */
async function start(limits: Partial<ObjectLimits>): Promise<{
  world: World
  peer: RawPeer
  taken: Uint8Array[]
  toAlice: { readonly bob: MemoryStream; readonly alice: MemoryStream }
}> {
  const world = new World({ limits, isCutting: false })
  const taken: Uint8Array[] = []
  const target = {
    text: () => 'x'.repeat(resultBytes),
    fail: () => {
      throw new RangeError('y'.repeat(resultBytes))
    },
    take: (bytes: Uint8Array) => taken.push(bytes),
  }
  const members = ['text', 'fail', 'take']
  world.service('bob').expose('t', target, { allow: ['role:anyone'], members })
  const peer = new RawPeer(world, 'alice', 'bob')
  await peer.send('04 00 01 74', '0a 00')
  const [, , bob, alice] = world.streams
  if (bob === undefined || alice === undefined) throw new RangeError('no stream of bob')
  bob.windowBytes = 1_000
  return { world, peer, taken, toAlice: { bob, alice } }
}

const textOf = (message: string | undefined): string =>
  Buffer.from(message ?? '', 'hex').toString('latin1')

test('[O32] while more than the limit waits for a peer its results fail, and come again when it reads', async () => {
  const { world, peer, toAlice } = await start({ objectUnsentBytes: 4.5 * resultBytes })
  toAlice.alice.setReading(false)
  const before = peer.messages.length
  for (let n = 1; n <= 20; n++) await peer.send(call(n, 'text', '80'))
  expect(peer.messages).toHaveLength(before)
  toAlice.alice.setReading(true)
  await world.quiet()
  const came = peer.messages.slice(before)
  expect(came).toHaveLength(20)
  // One fills the stream's window, five wait: the fifth goes above the limit.
  expect(came.map((each) => each.slice(0, 2))).toEqual([
    ...Array.from({ length: 6 }, () => '07'),
    ...Array.from({ length: 14 }, () => '09'),
  ])
  for (const failure of came.slice(6)) expect(textOf(failure)).toMatch('LIMIT_EXCEEDED')
  await peer.send(call(30, 'text', '80'))
  expect(peer.messages.at(-1)?.slice(0, 4)).toBe('071e')
  expect(peer.endings).toEqual([])
})

test('[O32] at twice the limit the session ends, and what waited is let go', async () => {
  const { world, peer, toAlice } = await start({ objectUnsentBytes: 4.5 * resultBytes })
  toAlice.alice.setReading(false)
  for (let n = 1; n <= 9; n++) await peer.send(call(n, 'fail', '80'))
  expect(world.service('bob').counts(world.idOf('alice'))).toBeDefined()
  await peer.send(call(10, 'fail', '80'))
  expect(world.service('bob').counts(world.idOf('alice'))).toBeUndefined()
  expect(peer.endings.join()).toMatch('LIMIT_EXCEEDED')
  expect(toAlice.bob.isClosed).toBe(true)
})

test('[O32] of large messages so many bytes are read at a time, in the order of their announcements', async () => {
  const { world, peer, taken } = await start({ objectIncomingBytes: 150_000 })
  const byteLength = 100_000
  const large = (question: number): Uint8Array => {
    const head = Buffer.from(call(question, 'take', '815a00000000').replaceAll(' ', ''), 'hex')
    const message = Buffer.alloc(byteLength, question)
    head.writeUInt32BE(byteLength - head.length, head.length - 4)
    message.set(head)
    return message
  }
  const streams: MemoryStream[] = []
  for (const question of [1, 2, 3]) {
    await peer.send(`12 0${question} a08d06 01 02 0${question}`) // 100 000 bytes.
    const key = Uint8Array.from([0, 0, 0, question])
    streams.push((await peer.sendBytes(key, 'object-large/1')).other)
  }
  const reading = (): readonly boolean[] => streams.map(({ isReading }) => isReading)
  expect(reading()).toEqual([true, false, false])
  for (const [index, stream] of streams.entries()) {
    stream.other.write(large(index + 1))
    await world.quiet()
  }
  expect(taken.map(([first]) => first)).toEqual([1, 2, 3])
  expect(peer.endings).toEqual([])
})
