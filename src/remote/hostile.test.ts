/** What a peer does that is no node: each is answered or ends the session, and harms nobody else. */
import { expect, test } from 'vitest'
import { RawPeer, World } from './objects.test-kit.ts'
import type { WorldSetup } from './objects.test-kit.ts'

interface Scene {
  readonly world: World
  readonly peer: RawPeer
  readonly calls: unknown[]
}

/** Bob exposes `t`; alice is raw, and has found it as object 1. */
async function start(setup: WorldSetup = {}): Promise<Scene> {
  const world = new World(setup)
  const calls: unknown[] = []
  const target = {
    add: (by: number) => calls.push(by),
    hang: () => new Promise(() => undefined),
    twice: (callback: unknown) => [callback, callback],
    async *many() {
      for (let n = 0; ; n++) yield n
    },
    get broken(): number {
      throw new RangeError('the getter is broken')
    },
  }
  const members = ['add', 'hang', 'twice', 'many', 'broken']
  world.service('bob').expose('t', target, { allow: ['role:anyone'], members })
  const peer = new RawPeer(world, 'alice', 'bob')
  await peer.send('04 00 01 74', '0a 00')
  return { world, peer, calls }
}

const zeros = '00'.repeat(16)
const call = (question: string, name: string, args: string): string =>
  `01 ${question} 02 00 01 ${hex(name)} ${args}`

function hex(name: string): string {
  return Buffer.from([name.length, ...Buffer.from(name)]).toString('hex')
}

test('[O1, O2] the bytes of the specification are understood', async () => {
  const { peer, calls } = await start()
  await peer.send('01 01 02 00 01 03616464 8105')
  expect(calls).toEqual([5])
  expect(peer.messages.at(-1)).toBe('070101')
})

test.each<[string, readonly string[]]>([
  ['[O1] a message that ends within a field', ['01 00']],
  ['[O1] a number above 2^53 - 1', ['0a ffffffffffffffffff01']],
  ['[O1] a name that is no UTF-8', ['01 01 02 00 01 02c328 80']],
  ['[O1] a name that is longer than its message', ['01 01 02 00 01 20616464 80']],
  ['[O2] a message of an unknown type', ['63 00']],
  ['[O3] a path of too many names', ['01 01 02 00 11']],
  ['[O4] a question that runs', [call('01', 'hang', '80'), call('01', 'add', '8101')]],
  ['[O5] an answer to a call that was never made', ['07 07 05']],
  ['[O5] a failure of a call that was never made', ['09 07 05']],
  ['[O12] an item of an iteration that was never asked for', ['0e 07 05']],
  ['[O22] a call of what was never given', ['01 01 20 00 01 03616464 80']],
  ['[O20] a reference that is no list', [call('01', 'add', '81 d9 a105 05')]],
  ['[O23] a release of what was never given', ['0c 09 01']],
  ['[O23] a release of more than was given', ['0c 01 09']],
  ['[O23] a release of nothing', ['0c 01 00']],
  ['[O25] the end of a promise that nobody awaits', ['10 09 00 05']],
  ['[O25] the end of a signal that nobody awaits', ['11 09']],
  ['[O32] a large message that is too large', ['12 01 ffffffff0f 01 02 01']],
  [
    '[O30] a large message that is announced twice',
    ['12 01 808010 01 02 01', '12 01 808010 01 02 03'],
  ],
])('%s ends the session', async (_title, messages) => {
  const { world, peer } = await start()
  await peer.send(...messages)
  expect(peer.endings.join()).toMatch(/VIOLATION: O\d/)
  expect(world.service('bob').counts(world.idOf('alice'))).toBeUndefined()
  expect(world.logs).toContain('a peer broke the rules of object/1')
})

test('[O1] a length that is claimed is not believed', async () => {
  const { peer } = await start()
  await peer.sendBytes(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 1]))
  expect(peer.endings.join()).toMatch('VIOLATION: O1')
})

test('[O1] a second stream for object/1 ends the session', async () => {
  const { peer } = await start()
  await peer.sendBytes(Uint8Array.from([0]), 'object/1')
  expect(peer.endings.join()).toMatch('VIOLATION: O1')
})

test('[O10] arguments that are no CBOR, or too deep, fail their call and nothing else', async () => {
  const { peer, calls } = await start()
  await peer.send(
    call('01', 'add', 'ff'),
    call('02', 'add', '81'.repeat(300)),
    call('03', 'add', 'a0'),
  )
  const failures = peer.messages.slice(-3)
  for (const [index, failure] of failures.entries()) {
    expect(failure.slice(0, 4)).toBe(`090${index + 1}`)
    expect(Buffer.from(failure, 'hex').toString()).toMatch('INVALID')
  }
  await peer.send(call('04', 'add', '8105'))
  expect(calls).toEqual([5])
  expect(peer.endings).toEqual([])
})

test('[O11] a flood of calls fails above the limit, and what ran goes on', async () => {
  const { peer } = await start({ limits: { objectCallsPerPeer: 8 } })
  const flood = Array.from({ length: 20 }, (_, index) =>
    call(`1${index.toString(16).padStart(2, '0')}`.slice(-2), 'hang', '80'),
  )
  await peer.send(...flood)
  const refused = peer.messages.filter((message) =>
    Buffer.from(message, 'hex').includes('LIMIT_EXCEEDED'),
  )
  expect(refused).toHaveLength(12)
  expect(peer.endings).toEqual([])
})

test('[O5] a reply twice ends the session, and the first counts', async () => {
  const { world, peer } = await start()
  const results: unknown[] = []
  const remote = world.object('bob', 'alice', 'x') as { add(by: number): Promise<number> }
  const answer = remote.add(1)
  answer.then(
    (value) => results.push(value),
    (error: unknown) => results.push(error),
  )
  await world.quiet()
  const [found, called] = peer.messages.slice(-2).map((each) => each.slice(2, 4))
  await peer.send(`08 ${found} 00 01 ${zeros}`, `07 ${called} 09`)
  expect(results).toEqual([9])
  await peer.send(`07 ${called} 0a`)
  expect(results).toEqual([9])
  expect(peer.endings.join()).toMatch('VIOLATION: O5')
})

test('[O11, O24] a callback flood holds no more than its limits, and ends with its session', async () => {
  const { world, peer } = await start({ limits: { objectReferencesPerPeer: 8 } })
  const token = (n: number): string => n.toString(16).padStart(32, '0')
  for (let n = 1; n <= 20; n++) {
    const number = (16 + n).toString(16)
    await peer.send(call('01', 'add', `81 d9 a105 83 01 18${number} 50 ${token(n)}`))
  }
  const counts = world.service('bob').counts(world.idOf('alice'))
  expect(counts?.held).toBeLessThanOrEqual(8)
  const failures = peer.messages.filter((each) => each.startsWith('09'))
  expect(failures).toHaveLength(12)
  expect(Buffer.from(failures.at(-1) ?? '', 'hex').toString()).toMatch('references')
  expect(peer.endings).toEqual([])
})

test('[O10] a getter that throws fails its call', async () => {
  const { peer } = await start()
  await peer.send(`02 01 02 00 01 ${hex('broken')}`)
  expect(Buffer.from(peer.messages.at(-1) ?? '', 'hex').toString()).toMatch('the getter is broken')
})

test('[O26] a token that is guessed finds nothing, whatever its number', async () => {
  const { peer } = await start()
  await peer.send(`05 01 01 ${zeros} 00`, `05 02 09 ${zeros} 00`)
  for (const message of peer.messages.slice(-2)) {
    expect(Buffer.from(message, 'hex').toString()).toMatch('OBJECT_GONE')
  }
  expect(peer.endings).toEqual([])
})

test('[O12, O13, O14] an iteration sends what it has credit for, and stops when it is told', async () => {
  const { peer } = await start()
  await peer.send(call('01', 'many', '80'), '03 02 03 00 00 c801')
  const items = (): number => peer.messages.filter((each) => each.startsWith('0e02')).length
  expect(items()).toBe(4) // 200 bytes of credit; an item costs 65.
  await peer.send('0f 02 9003')
  expect(items()).toBe(7)
  await peer.send('0b 02', '0f 02 ffff7f')
  expect(items()).toBe(7)
  expect(Buffer.from(peer.messages.at(-1) ?? '', 'hex').toString()).toMatch('CANCELLED')
})

test('[O30, O31] streams that nobody announced are not read, and too many are refused', async () => {
  const { world, peer } = await start()
  const bytes = Uint8Array.from([0, 0, 0, 9, 1, 2, 3])
  const streams = []
  for (let index = 0; index < 66; index++) {
    bytes[3] = index
    streams.push(await peer.sendBytes(bytes.slice(), 'object-large/1'))
  }
  expect(peer.endings.filter((each) => each.startsWith('LIMIT_EXCEEDED'))).toHaveLength(2)
  expect(world.service('bob').counts(world.idOf('alice'))).toBeDefined()
})

test('[O31] a large message that ends early ends the session', async () => {
  const { peer } = await start()
  await peer.send('12 01 808010 01 02 01')
  const stream = await peer.sendBytes(Uint8Array.from([0, 0, 0, 1, 1, 2, 3]), 'object-large/1')
  stream.end()
  await peer.send('0a 7f')
  expect(peer.endings.join()).toMatch('VIOLATION: O31')
})

test('a peer that sends noise ends its session and nothing else', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { world, peer } = await start({ seed })
    for (let round = 0; round < 4; round++) {
      const length = 1 + Math.floor(world.random.next() * 40)
      const noise = world.random.bytes(length)
      noise[0] = Math.floor(world.random.next() * 20)
      await peer.send(Buffer.from(noise).toString('hex'))
    }
    for (const ending of peer.endings) expect(ending).toMatch(/^VIOLATION: O\d/)
  }
})
