/* oxlint-disable typescript/no-explicit-any, typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument, typescript/no-unsafe-return -- proxies have whatever members a test names */
/** Objects between object layers in memory, with bytes cut and streams mixed at random. */
import { expect, test } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import { World } from './objects.test-kit.ts'
import { Point, Room, Tool } from './tool.test-kit.ts'
import type { WorldSetup } from './objects.test-kit.ts'

const everyone = { allow: ['role:anyone'] } as const

type Anything = any

function start(setup: WorldSetup = {}): { world: World; tool: Tool; remote: Anything } {
  const world = new World({ names: ['alice', 'bob', 'carol'], ...setup })
  const tool = new Tool()
  world.service('bob').expose('tool', tool, everyone)
  return { world, tool, remote: world.object('alice', 'bob', 'tool') }
}

function codeOf(work: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(work).then(
    () => 'none',
    (error: { code?: unknown }) => error.code,
  )
}

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  '[O7, O8] calls run in their order and chains in one go, however bytes arrive (seed %i)',
  async (seed) => {
    const { world, tool, remote } = start({ seed })
    const results: unknown[] = []
    for (let n = 0; n < 30; n++) {
      const large = new Uint8Array(n % 7 === 3 ? 100_000 : n)
      results.push(n % 3 === 0 ? remote.size(n, large) : remote.note(n))
      if (n % 5 === 0) results.push(remote.find().self().title())
    }
    await world.wait(Promise.all(results as Promise<unknown>[]))
    expect(tool.order).toEqual(Array.from({ length: 30 }, (_, n) => n))
    expect(await world.wait(remote.find().title())).toBe('room one')
    expect(world.service('alice').counts(world.idOf('bob'))?.calls).toBe(0)
  },
)

test('[O7] a chain is sent at once, before anything came back', async () => {
  const { world, remote } = start({ isCutting: false })
  const title = remote.find().self().title()
  const sent = world.streams.reduce((sum, stream) => sum + stream.queue.length, 0)
  expect(sent).toBe(0) // Nothing leaves within the turn.
  expect(await world.wait(title)).toBe('room one')
})

test('[O7] calls on a result wait for it, and fail with its failure', async () => {
  const { world, remote } = start()
  let open: (value: unknown) => void = () => undefined
  const title = remote.late(new Promise((resolve) => (open = resolve))).title()
  await world.quiet()
  open('now')
  expect(await world.wait(title)).toBe('room one')
  const failing = remote.fail(new RangeError('first')).title().length
  await expect(world.wait(failing)).rejects.toThrow('first')
})

test('[O6] a plain result has no members', async () => {
  const { world, remote } = start()
  expect(await world.wait(codeOf(remote.echo(5).toFixed()))).toBe('UNKNOWN_MEMBER')
  expect(await world.wait(remote.echo({ a: { b: 7 } }).a.b)).toBe(7)
})

test('[O21] an object given twice is one, and comes home as itself', async () => {
  const { world, remote } = start()
  const [first, second] = [await world.wait(remote.find()), await world.wait(remote.find())]
  expect(first).toBe(second)
  expect(await world.wait((first as Anything).isSame(first))).toBe(true)
  const callback = (): number => 7
  expect(await world.wait(remote.echo(callback))).toBe(callback)
  const both = (await world.wait(remote.echo([callback, { callback }]))) as Anything
  expect([both[0], both[1].callback]).toEqual([callback, callback])
})

test('[O21] a proxy can be awaited, printed and looked at by mistake', async () => {
  const { world, remote } = start()
  expect(await remote).toBe(remote)
  expect(`${remote}`).toMatch(/^\[remote tool of /)
  expect(JSON.stringify({ remote })).toBe('{}')
  expect('add' in remote).toBe(false)
  expect(() => (remote.x = 1)).toThrow(TypeError)
  await world.quiet()
})

test('[O23] a reference that is disposed or collected is given back, and counted', async () => {
  const { world, remote } = start()
  const alice = world.service('alice')
  const bob = world.service('bob')
  const before = bob.tableSize
  const room = (await world.wait(remote.make())) as Anything
  expect(bob.tableSize).toBe(before + 1)
  expect(bob.counts(world.idOf('alice'))?.given).toBe(2)
  alice.release(room)
  alice.release(room)
  await world.quiet()
  expect(bob.tableSize).toBe(before)
  expect(await codeOf(room.title())).toBe('OBJECT_GONE')
  const again = (await world.wait(remote.find())) as Anything
  again[Symbol.dispose]()
  await world.quiet()
  expect(bob.tableSize).toBe(before)
})

test('[O23] thousands of references that are dropped leave both tables as they were', async () => {
  const { world, remote } = start({ isCutting: false })
  const [alice, bob] = [world.service('alice'), world.service('bob')]
  const collect = (globalThis as { readonly gc?: () => void }).gc ?? (await exposedGc())
  for (let round = 0; round < 5; round++) {
    await world.wait(Promise.all(Array.from({ length: 1_000 }, () => remote.make())))
  }
  for (let round = 0; round < 10 && bob.tableSize > 1; round++) {
    collect()
    await world.quiet()
  }
  expect(bob.tableSize).toBe(1)
  expect(alice.counts(world.idOf('bob'))).toEqual({ calls: 0, answers: 0, given: 0, held: 0 })
  expect(bob.counts(world.idOf('alice'))).toMatchObject({ calls: 0, given: 1, held: 0 })
})

async function exposedGc(): Promise<() => void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
    import('node:v8'),
    import('node:vm'),
  ])
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

test('[O24] a peer is given so many references and no more', async () => {
  const { world, remote } = start({ limits: { objectReferencesPerPeer: 5 } })
  const made = await world.wait(Promise.all(Array.from({ length: 4 }, () => remote.make())))
  expect(made).toHaveLength(4)
  expect(await world.wait(codeOf(remote.make()))).toBe('LIMIT_EXCEEDED')
  expect(await world.wait(remote.echo(5))).toBe(5)
})

test('[O9] an aborted call fails here, is cancelled there, and its signals are aborted', async () => {
  const { world, tool } = start()
  const stop = new AbortController()
  const remote = world
    .service('alice')
    .object(world.idOf('bob'), { name: 'tool', options: { signal: stop.signal } }) as Anything
  const passed = new AbortController()
  const hanging = codeOf(remote.hang(passed.signal))
  await world.quiet()
  stop.abort()
  expect(await world.wait(hanging)).toBe('CANCELLED')
  await world.quiet()
  expect((tool.held[0] as AbortSignal).aborted).toBe(true)
  expect(await codeOf(remote.echo(1))).toBe('CANCELLED')
})

test('[O9] a deadline ends a call at both sides', async () => {
  const { world, tool } = start()
  const remote = world
    .service('alice')
    .object(world.idOf('bob'), { name: 'tool', options: { timeoutMs: 1_000 } }) as Anything
  const hanging = codeOf(remote.hang(new AbortController().signal))
  await world.quiet()
  await world.clock.advance(1_300)
  expect(await world.wait(hanging)).toBe('TIMED_OUT')
  expect((tool.held[0] as AbortSignal).aborted).toBe(true)
  expect(await world.wait(remote.echo(1))).toBe(1)
  await world.clock.advance(300)
  expect(world.clock.pending).toBe(0)
})

test('[O25] promises and signals in values end there as they end here', async () => {
  const { world, tool, remote } = start()
  const stop = new AbortController()
  let resolve: (value: unknown) => void = () => undefined
  const promises = [
    new Promise((settle) => (resolve = settle)),
    Promise.reject(new TypeError('no')),
  ]
  await world.wait(remote.keep([stop.signal, ...promises]))
  const [signal, later, failed] = tool.held[0] as [AbortSignal, Promise<unknown>, Promise<unknown>]
  expect(signal.aborted).toBe(false)
  stop.abort(new RangeError('enough'))
  resolve({ deep: 1 })
  await world.quiet()
  expect(signal.reason).toEqual(new RangeError('enough'))
  expect(await later).toEqual({ deep: 1 })
  await expect(failed).rejects.toBeInstanceOf(TypeError)
  expect(world.service('bob').counts(world.idOf('alice'))?.held).toBe(0)
})

test('[O10] errors arrive as the same kind, with code and cause, without their stack', async () => {
  const { world, remote } = start()
  const cause = new SkeinError('DENIED', 'not you')
  const error = Object.assign(new RangeError('too far', { cause: new TypeError('why') }), {
    code: 'E1',
  })
  const arrived = (await world.wait(remote.fail(error).then(null, (e: unknown) => e))) as Anything
  expect(arrived).toBeInstanceOf(RangeError)
  expect([arrived.message, arrived.code]).toEqual(['too far', 'E1'])
  expect(arrived.cause).toBeInstanceOf(TypeError)
  expect(arrived.stack).not.toMatch('objects.test.ts')
  expect(await world.wait(codeOf(remote.fail(cause)))).toBe('DENIED')
  expect(await world.wait(remote.fail('text').then(null, (e: unknown) => e))).toBe('text')
  expect(await world.wait(codeOf(remote.echo(Symbol('no'))))).toBe('INVALID')
})

test('[O12, O14] generators, iterables and streams are read item by item, and break ends them', async () => {
  const { world, tool, remote } = start()
  const seen: unknown[] = []
  const read = async (items: AsyncIterable<unknown>, most: number): Promise<void> => {
    for await (const item of items) if (seen.push(item) === most) break
  }
  await world.wait(read(remote.steps(), 99))
  expect(seen.splice(0)).toEqual([1, 2, 3])
  let isEnded = false
  async function* endless(): AsyncGenerator<number> {
    try {
      for (let n = 0; ; n++) yield n
    } finally {
      isEnded = true
    }
  }
  await world.wait(remote.keep(endless()))
  await world.wait(read(tool.held[0] as AsyncIterable<unknown>, 5_000))
  await world.quiet()
  expect(seen.splice(0)).toEqual(Array.from({ length: 5_000 }, (_, n) => n))
  expect(isEnded).toBe(true)
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue('a')
      controller.enqueue('b')
      controller.close()
    },
  })
  await world.wait(remote.keep(stream))
  expect(tool.held[1]).toBeInstanceOf(ReadableStream)
  const reader = (tool.held[1] as ReadableStream<unknown>).getReader()
  expect(await world.wait(reader.read())).toEqual({ done: false, value: 'a' })
})

test('[O13] an iteration that is not read holds back itself and nothing else', async () => {
  const { world, remote } = start({ limits: { objectWindowBytes: 4_096 } })
  let made = 0
  const iterable = {
    async *[Symbol.asyncIterator]() {
      for (;;) yield made++
    },
  }
  world.service('bob').expose('slow', { all: () => iterable }, everyone)
  const iterator = world
    .object('alice', 'bob', 'slow')
    .all()
    [Symbol.asyncIterator]() as AsyncIterator<unknown>
  await world.wait(iterator.next())
  await world.quiet()
  expect(made).toBeLessThan(200)
  expect(await world.wait(remote.echo('still here'))).toBe('still here')
})

test('[O40] members that are not listed or never reachable are not there', async () => {
  const { world, remote } = start()
  const room = (await world.wait(remote.find())) as Anything
  expect(await world.wait(room.title())).toBe('room one')
  for (const name of ['_private', '_hidden', 'name', 'constructor', '__proto__', '#n', 'nope']) {
    const read = Reflect.get(room, name) as unknown
    if (typeof read !== 'function' || read === Object) continue
    expect(await world.wait(codeOf((read as () => Promise<unknown>)()))).toBe('UNKNOWN_MEMBER')
  }
  const bob = world.service('bob')
  for (const name of ['constructor', '_private', 'nope', 'toString', '__proto__', '']) {
    expect(() => bob.expose('x', new Room('x'), { members: [name] })).toThrow(SkeinError)
  }
  bob.expose('some', new Room('x'), {
    ...everyone,
    members: { title: ['role:anyone'], name: ['role:ops'] },
  })
  const some = world.object('alice', 'bob', 'some')
  expect(await world.wait(some.title())).toBe('room x')
  expect(await world.wait(codeOf(some.name))).toBe('UNKNOWN_MEMBER')
  world.roles.set('alice', ['ops'])
  expect(await world.wait(some.name)).toBe('x')
  expect(await world.wait(codeOf(some.self()))).toBe('UNKNOWN_MEMBER')
})

test('[O41, O44] an object is for whom its rules name, and nobody by default', async () => {
  const { world } = start()
  const bob = world.service('bob')
  bob.expose('none', new Room('x'), {})
  bob.expose('ops', new Room('x'), { allow: ['role:ops'] })
  const listed = (): Promise<readonly string[]> =>
    world
      .wait(world.service('alice').list(world.idOf('bob')))
      .then((all) => all.map(({ name }) => name))
  expect(await listed()).toEqual(['tool'])
  expect(await world.wait(codeOf(world.object('alice', 'bob', 'none').title()))).toBe('DENIED')
  expect(await world.wait(codeOf(world.object('alice', 'bob', 'ops').title()))).toBe('DENIED')
  expect(await world.wait(codeOf(world.object('alice', 'bob', 'nil').title()))).toBe(
    'UNKNOWN_OBJECT',
  )
  world.roles.set('alice', ['ops'])
  expect(await listed()).toEqual(['ops', 'tool'])
  expect(await world.wait(world.object('alice', 'bob', 'ops').title())).toBe('room x')
  expect(() => bob.expose('bad', {}, { allow: ['ops' as 'role:ops'] })).toThrow('role:NAME')
})

test('[O41] an object that is taken away is gone for those who have it', async () => {
  const { world } = start()
  const takeAway = world.service('bob').expose('brief', new Room('x'), everyone)
  const brief = world.object('alice', 'bob', 'brief')
  expect(await world.wait(brief.title())).toBe('room x')
  takeAway()
  expect(await world.wait(codeOf(brief.title()))).toBe('OBJECT_GONE')
})

test('[O42] arguments are checked by any standard schema, and changed by it', async () => {
  const { world } = start()
  const schema = (isLate: boolean) => ({
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate(value: unknown) {
        const [n] = value as unknown[]
        const issues = [{ message: 'a number, please', path: [0] }]
        const result = typeof n === 'number' ? { value: [n * 2] } : { issues }
        return isLate ? Promise.resolve(result) : result
      },
    },
  })
  const validate = { now: schema(false), late: schema(true) }
  const target = { now: (n: number) => n, late: (n: number) => n }
  world.service('bob').expose('checked', target, { ...everyone, validate })
  const checked = world.object('alice', 'bob', 'checked')
  expect(await world.wait(Promise.all([checked.now(2), checked.late(3)]))).toEqual([4, 6])
  await expect(world.wait(checked.now('x'))).rejects.toThrow("'now': 0: a number, please")
  expect(await world.wait(codeOf(checked.late('x')))).toBe('INVALID')
})

test('[O43] what is returned is a reference with the methods of its class, or data', async () => {
  const { world, remote } = start()
  const narrow = (await world.wait(remote.narrow())) as Anything
  expect(await world.wait(narrow.open())).toBe('open')
  expect(await world.wait(codeOf(narrow.shut()))).toBe('UNKNOWN_MEMBER')
  await expect(world.wait(remote.point())).rejects.toThrow('Point')
  world.service('bob').register(Point)
  world.service('alice').register(Point)
  expect(await world.wait(remote.point())).toBeInstanceOf(Point)
})

test('[O26, O27] a reference is handed on, saved as text and restored; its owner decides', async () => {
  const { world, remote } = start()
  const [alice, carol] = [world.service('alice'), world.service('carol')]
  const room = (await world.wait(remote.make())) as Anything
  const board = { items: [] as Anything[], put: (item: unknown) => void board.items.push(item) }
  carol.expose('board', board, everyone)
  await world.wait(world.object('alice', 'carol', 'board').put(room))
  expect(await world.wait(board.items[0].title())).toBe('room new')
  expect(world.service('bob').counts(world.idOf('carol'))?.given).toBe(1)
  alice.release(room)
  await world.quiet()
  expect(await world.wait(board.items[0].title())).toBe('room new')
  const text = carol.save(board.items[0])
  expect(text).toMatch(/^skein:[a-z2-7]{52}\/object\/\d+\/[a-z2-7]{26}$/)
  expect(await world.wait((alice.restore(text) as Anything).title())).toBe('room new')
  expect(carol.save(world.object('carol', 'bob', 'tool'))).toBe(`skein:${world.idOf('bob')}/tool`)
  for (const bad of ['', 'skein:', 'skein:x/y', `${text}x`, text.replace('/object/', '/other/')]) {
    expect(() => alice.restore(bad)).toThrow(SkeinError)
  }
  const guessed = alice.restore(text.replace(/.{4}$/, 'aaaa')) as Anything
  expect(await world.wait(codeOf(guessed.title()))).toBe('OBJECT_GONE')
})

test('[O26] references outlive a connection that expired, for as long as their lease', async () => {
  const { world, remote } = start()
  const room = (await world.wait(remote.make())) as Anything
  world.disconnect()
  expect(await world.wait(room.title())).toBe('room new')
  expect(await world.wait(remote.find().title())).toBe('room one')
  world.disconnect()
  await world.clock.advance(200_000)
  expect(await world.wait(codeOf(room.title()))).toBe('OBJECT_GONE')
  expect(await world.wait(remote.find().title())).toBe('room one')
})

test('[O26] after its owner restarted, a named object is found again and an unnamed one is not', async () => {
  const { world, remote } = start()
  const room = (await world.wait(remote.make())) as Anything
  const inFlight = codeOf(remote.hang())
  await world.quiet()
  world.disconnect('PEER_RESTARTED')
  world.start('bob').expose('tool', new Tool(), everyone)
  expect(await world.wait(inFlight)).toBe('PEER_RESTARTED')
  expect(await world.wait(codeOf(room.title()))).toBe('OBJECT_GONE')
  expect(await world.wait(remote.find().title())).toBe('room one')
})

test('[O30, O31, O32] large values travel beside small ones, and too large ones not at all', async () => {
  const { world, remote } = start({ limits: { objectValueBytes: 300_000 } })
  const large = Uint8Array.from({ length: 200_000 }, (_, index) => index & 0xff)
  const [back, small] = await world.wait(Promise.all([remote.echo(large), remote.echo('small')]))
  expect(Buffer.compare(back as Uint8Array, large)).toBe(0)
  expect(small).toBe('small')
  const both = (await world.wait(remote.echo([large, () => 1, remote]))) as Anything
  expect(both[2]).toBe(remote)
  expect(await codeOf(remote.echo(new Uint8Array(400_000)))).toBe('INVALID')
})

test('a getter that calls while its object is sent does no harm', async () => {
  const { world, remote } = start()
  const inner: Promise<unknown>[] = []
  const value = {
    get now() {
      inner.push(remote.echo('inner'))
      return 1
    },
  }
  expect(await world.wait(remote.echo(value))).toEqual({ now: 1 })
  expect(await world.wait(Promise.all(inner))).toEqual(inner.map(() => 'inner'))
})

test('a call after close fails with a code, and what is closed holds no timer', async () => {
  const { world, remote } = start()
  await world.wait(remote.find())
  const alice = world.service('alice')
  const hanging = codeOf(remote.hang())
  await world.quiet()
  alice.close()
  world.service('bob').close()
  expect(await world.wait(hanging)).toBe('NODE_CLOSED')
  expect(await codeOf(remote.find())).toBe('NODE_CLOSED')
  expect(world.clock.pending).toBe(0)
})
