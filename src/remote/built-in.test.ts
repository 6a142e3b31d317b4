/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument -- proxies have whatever members a test names */
import { describe, expect, test } from 'vitest'
import type { BuiltIn, BuiltInSession } from './built-in.ts'
import { RawPeer, World } from './objects.test-kit.ts'

/** What stands under `desk` at everybody, one a session. */
class Desk {
  readonly closed: string[] = []
  readonly #session: BuiltInSession

  constructor(session: BuiltInSession) {
    this.#session = session
  }

  who(): string {
    return this.#session.subject().name
  }

  isYours(value: unknown): boolean {
    return this.#session.isTheirs(value)
  }

  *flood(): Generator<Uint8Array> {
    for (;;) yield new Uint8Array(10_000)
  }

  secret(): string {
    return 'not listed'
  }
}

class Stage {
  readonly desks: Desk[] = []
  readonly world: World

  constructor(limits = {}) {
    const desk = (session: BuiltInSession): BuiltIn => {
      const target = new Desk(session)
      this.desks.push(target)
      const close = ({ code }: { code: string }): void => void target.closed.push(code)
      return { target, members: ['who', 'isYours', 'flood'], close }
    }
    this.world = new World({ names: ['alice', 'bob', 'carol'], limits, builtIns: { desk } })
  }
}

describe('an object that every node has', () => {
  test('[O45] is one a session, and knows who asks', async () => {
    const { world, desks } = new Stage()
    const [bobs, carols] = [
      world.object('bob', 'alice', 'desk'),
      world.object('carol', 'alice', 'desk'),
    ]
    expect(await world.wait(bobs.who())).toBe('bob')
    expect(await world.wait(carols.who())).toBe('carol')
    expect(await world.wait(bobs.who())).toBe('bob')
    expect(desks).toHaveLength(2)
    await expect(world.wait(bobs.secret())).rejects.toMatchObject({ code: 'UNKNOWN_MEMBER' })
  })

  test('[O45] has a name that no program exposes, and is not listed', async () => {
    const { world } = new Stage()
    const alice = world.service('alice')
    expect(() => alice.expose('desk', {})).toThrow(
      expect.objectContaining({
        code: 'INVALID',
        message: "'desk' is the name of an object that every node has; choose another",
      }),
    )
    await world.wait(world.object('bob', 'alice', 'desk').who())
    expect(await world.wait(world.service('bob').list(world.idOf('alice')))).toEqual([])
  })

  test("[O45] is told whether a value is the asker's own", async () => {
    const { world } = new Stage()
    const desk = world.object('bob', 'alice', 'desk')
    expect(await world.wait(desk.isYours(() => 1))).toBe(true)
    const carols = world.object('bob', 'carol', 'desk')
    for (const other of [carols, desk, { next: 1 }, 'text']) {
      expect(await world.wait(desk.isYours(other))).toBe(false)
    }
  })

  test('[O45] opens nothing to another session that has its token', async () => {
    const { world } = new Stage()
    const bob = new RawPeer(world, 'bob', 'alice')
    const carol = new RawPeer(world, 'carol', 'alice')
    await bob.send('04 00 04 6465736b')
    const [, number = '', token = ''] = /^080000(..)(.{32})$/.exec(bob.messages[0] ?? '') ?? []
    expect(token).toHaveLength(32)
    await carol.send(`05 00 ${number} ${token} 00`)
    expect(carol.messages[0]).toMatch(/^0900.*4f424a4543545f474f4e45/) // OBJECT_GONE
    await carol.send(`05 01 ${number} ${token} 04 6465736b`, '01 02 03 00 01 0377686f 80')
    const [found, answer] = carol.messages.slice(1)
    expect(found?.slice(6, 8)).not.toBe(number) // Her own.
    expect(answer).toBe('0702656361726f6c') // "carol"
  })

  test('[O45] keeps no connection, and ends with its session', async () => {
    const { world, desks } = new Stage()
    const desk = world.object('bob', 'alice', 'desk')
    await world.wait(desk.who())
    await world.quiet()
    expect(world.streams.map(({ isBackground }) => isBackground)).toEqual(
      world.streams.map(() => true),
    )
    world.disconnect('CONNECTION_EXPIRED')
    expect(desks[0]?.closed).toHaveLength(1)
    expect(await world.wait(desk.who())).toBe('bob')
    expect(desks).toHaveLength(2)
  })
})

test('[O15] iterations share one queue while the path takes nothing, and go on in turns', async () => {
  const { world } = new Stage()
  const bob = new RawPeer(world, 'bob', 'alice')
  await bob.send('04 00 04 6465736b')
  const [, , out, end] = world.streams
  if (out === undefined || end === undefined) throw new RangeError('alice has opened no stream')
  out.windowBytes = 100_000
  end.isReading = false
  const questions = ['01', '02', '03', '04', '05', '06', '07', '08']
  for (const question of questions) {
    const call = Number.parseInt(question, 16) + 16
    const result = (2 * call + 1).toString(16).padStart(2, '0')
    await bob.send(`01 ${call.toString(16)} 01 00 01 05666c6f6f64 80`)
    await bob.send(`03 ${question} ${result} 00 00 e0a712`) // Credit for 300,000 bytes.
  }
  expect(end.waitingBytes).toBeGreaterThan(100_000)
  expect(end.waitingBytes).toBeLessThan(300_000)
  end.isReading = true
  await world.quiet()
  const items = bob.messages.filter((message) => message.startsWith('0e'))
  for (const question of questions) {
    expect(items.filter((item) => item.startsWith(question, 2))).toHaveLength(30)
  }
  const half = items.slice(0, items.length / 2).map((item) => item.slice(2, 4))
  expect(new Set(half).size).toBe(questions.length)
})

test('[O11] a call that was taken back before its turn keeps no place', async () => {
  const { world } = new Stage({ objectCallsPerPeer: 8 })
  const desk = world.object('bob', 'alice', 'desk')
  await world.wait(desk.who())
  for (let round = 0; round < 20; round++) {
    const abort = new AbortController()
    const options = { signal: abort.signal }
    const impatient = world.service('bob').object(world.idOf('alice'), { name: 'desk', options })
    // The second waits there for the result of the first, which is a long time coming.
    const first = (impatient as typeof desk).isYours(new Uint8Array(200_000))
    const second = first.toFixed()
    await new Promise((resolve) => setImmediate(resolve))
    abort.abort()
    await expect(world.wait(first)).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(world.wait(second)).rejects.toMatchObject({ code: 'CANCELLED' })
  }
  expect(await world.wait(desk.who())).toBe('bob')
})
