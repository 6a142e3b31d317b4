/**
 * Objects between real nodes over real sockets: what the guide promises, as a program writes it; and
 * again while the only path breaks.
 */
import { afterEach, expect, expectTypeOf, test } from 'vitest'
import { Node } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import { BreakableProxy } from './breakable-proxy.ts'
import { until } from './traffic.ts'

class Counter {
  #n = 0
  readonly name = 'hits'
  readonly secret = 'not listed'
  #changed: (() => void)[] = []
  #listeners: ((n: number) => void)[] = []

  add(by: number): number {
    this.#n += by
    for (const listener of this.#listeners) listener(this.#n)
    for (const tell of this.#changed.splice(0)) tell()
    return this.#n
  }

  async *watch(signal?: AbortSignal): AsyncGenerator<number> {
    try {
      for (let seen = this.#n; ; seen = this.#n) {
        yield seen
        while (this.#n === seen && signal?.aborted !== true) {
          await new Promise<void>((resolve) => {
            this.#changed.push(resolve)
            signal?.addEventListener('abort', () => resolve(), { once: true })
          })
        }
        if (signal?.aborted === true) return
      }
    } finally {
      this.watchersThatEnded++
    }
  }

  watchersThatEnded = 0

  onChange(listener: (n: number) => void): void {
    this.#listeners.push(listener)
  }
}

class Door {
  #isLocked = false

  lock(): this {
    this.#isLocked = true
    return this
  }

  status(): string {
    return this.#isLocked ? 'locked' : 'open'
  }
}

class House {
  readonly #doors = new Map([['front', new Door()]])

  find(name: string): Door {
    const door = this.#doors.get(name)
    if (door === undefined) throw new RangeError(`no door ${name}`)
    return door
  }
}

/** Of carol: uses what it is given. */
class Board {
  readonly counters: Remote<Counter>[] = []

  async attach(counter: Remote<Counter>): Promise<number> {
    this.counters.push(counter)
    return counter.add(100)
  }

  use(): Promise<number> {
    return this.counters[0]?.add(1) ?? Promise.resolve(-1)
  }
}

const closing: (() => unknown)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

interface Scene {
  readonly other: Node
  readonly bob: Node
  readonly carol: Node
  readonly real: Counter
  readonly proxy: BreakableProxy
}

/** Other dials bob through a proxy, and carol; carol knows where bob is by the membership. */
async function start(): Promise<Scene> {
  const bob = await Node.start({ label: 'bob', listen: ['127.0.0.1:0'] })
  const proxy = await BreakableProxy.start(Number(bob.address.split(':').at(-1)))
  const carol = await Node.start({ label: 'carol', listen: ['127.0.0.1:0'] })
  const peers = [`127.0.0.1:${proxy.port}`, carol.address]
  const other = await Node.start({ label: 'other', peers })
  closing.push(() => proxy.close(), ...[other, bob, carol].map((node) => () => node.close()))
  expect(await other.ready({ timeoutMs: 10_000 })).toBe(true)
  const real = new Counter()
  bob.expose('counter', real, {
    allow: ['role:local'],
    members: ['add', 'name', 'watch', 'onChange'],
  })
  bob.expose('house', new House(), { allow: ['role:local'] })
  carol.expose('board', new Board(), { allow: ['role:local'] })
  await until(() => carol.nodes().length === 3, 'carol knows bob')
  return { other, bob, carol, real, proxy }
}

test('the example of the guide runs as it is written', async () => {
  const { other, real } = await start()

  const counter = other.peer('bob').object<Counter>('counter')
  expectTypeOf(counter).toEqualTypeOf<Remote<Counter>>()
  expect(await counter.add(5)).toBe(5)
  expect(await counter.name).toBe('hits')

  const seen: number[] = []
  for await (const n of counter.watch()) {
    expectTypeOf(n).toEqualTypeOf<number>()
    seen.push(n)
    if (n === 7) break
    await counter.add(1)
  }
  expect(seen).toEqual([5, 6, 7])
  await counter.add(1) // The far generator waits for a change, and ends at the next.
  await until(() => real.watchersThatEnded === 1, 'break ends the far generator')

  const heard: number[] = []
  await counter.onChange((n) => heard.push(n))
  await counter.add(2)
  await until(() => heard.length === 1, 'bob called us')
  expect(heard).toEqual([10])

  const house = other.peer('bob').object<House>('house')
  const door = await house.find('front').lock().status()
  expectTypeOf(door).toEqualTypeOf<string>()
  expect(door).toBe('locked')

  expect(await other.peer('carol').object<Board>('board').attach(counter)).toBe(110)
  expect(await other.peer('carol').object<Board>('board').use()).toBe(111)
})

test('what is not listed, or not allowed, is not there', async () => {
  const { other, bob } = await start()
  const counter = other.peer('bob').object<Counter>('counter')
  const codeOf = (work: PromiseLike<unknown>): Promise<unknown> =>
    Promise.resolve(work).then(
      () => 'none',
      (error: { code?: unknown }) => error.code,
    )
  expect(await codeOf(counter.secret)).toBe('UNKNOWN_MEMBER')
  expect(await codeOf(counter.watchersThatEnded)).toBe('UNKNOWN_MEMBER')
  bob.expose('vault', new Counter(), { allow: ['role:ops'] })
  bob.expose('nobody', new Counter(), {})
  expect(await codeOf(other.peer('bob').object<Counter>('vault').add(1))).toBe('DENIED')
  expect(await codeOf(other.peer('bob').object<Counter>('nobody').add(1))).toBe('DENIED')
  expect(await codeOf(other.peer('bob').object<Counter>('nothing').add(1))).toBe('UNKNOWN_OBJECT')
  const listed = await other.peer('bob').exposed()
  expect(listed.map(({ name }) => name)).toEqual(['counter', 'house'])
})

test('a cable that is cut in the middle loses, repeats and reorders nothing', async () => {
  const { other, bob, proxy, real } = await start()
  const losses: string[] = []
  other.on('peer:disconnect', ({ peer }) => losses.push(peer.name))
  let isLost = false
  other.on('path:lost', () => (isLost = true))
  const counter = other.peer('bob').object<Counter>('counter')
  const heard: number[] = []
  await counter.onChange((n) => heard.push(n))
  const seen: number[] = []
  const stop = new AbortController()
  const watching = (async () => {
    for await (const n of counter.watch(stop.signal)) seen.push(n)
  })()

  const results: Promise<number>[] = []
  for (let round = 0; round < 40; round++) {
    results.push(counter.add(1))
    if (round === 10) proxy.cut()
    if (round === 30) await proxy.heal()
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  expect(await Promise.all(results)).toEqual(results.map((_, index) => index + 1))
  await until(() => heard.length === 40, 'every callback came')
  expect(heard).toEqual(results.map((_, index) => index + 1))
  expect(isLost).toBe(true)
  expect(losses).toEqual([])

  const door = await other.peer('bob').object<House>('house').find('front').lock().status()
  expect(door).toBe('locked')
  expect(await other.peer('carol').object<Board>('board').attach(counter)).toBe(140)
  expect(bob.objects.counts(other.id)?.given).toBeGreaterThan(0)
  stop.abort()
  await watching
  expect(real.watchersThatEnded).toBe(1)
  expect(seen.at(-1)).toBe(140)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
})

test('after a restart a named object is found again, and an unnamed one is gone', async () => {
  const { MemoryStorage } = await import('../../src/index.ts')
  const storage = new MemoryStorage()
  const startBob = async (listen: string): Promise<Node> => {
    const node = await Node.start({ label: 'bob', listen: [listen], storage })
    node.expose('house', new House(), { allow: ['role:local'] })
    return node
  }
  const bob = await startBob('127.0.0.1:0')
  const place = bob.address
  const other = await Node.start({ label: 'other', peers: [place] })
  closing.push(() => other.close())
  await other.ready()
  const house = other.peer('bob').object<House>('house')
  const front = await house.find('front')
  expect(await front.lock().status()).toBe('locked')
  const text = other.objects.save(front)
  expect(await other.objects.restore<Door>(text).status()).toBe('locked')
  await bob.close()
  const again = await startBob(place)
  closing.push(() => again.close())
  const statusOfFront = (): Promise<string | undefined> =>
    house
      .find('front')
      .status()
      .then(undefined, () => undefined)
  await until(async () => (await statusOfFront()) === 'open', 'the house is found again')
  await expect(front.status()).rejects.toMatchObject({ code: 'OBJECT_GONE' })
  await expect(other.objects.restore<Door>(text).status()).rejects.toMatchObject({
    code: 'OBJECT_GONE',
  })
})
