/** Calls, iterations, callbacks and references between whole nodes, over paths that break. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { randomInt } from '../../src/base/random.ts'
import { seeds, Simulation } from '../../src/testing/simulation.node.ts'
import type { Remote } from '../../src/remote/remote-type.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

class Ticket {
  readonly #id: number

  constructor(id: number) {
    this.#id = id
  }

  id(): number {
    return this.#id
  }
}

/** Notes what it was asked, in order. */
class Desk {
  readonly notes: number[] = []
  readonly #tickets = new Map<number, Ticket>()

  note(n: number): number {
    this.notes.push(n)
    return n
  }

  size(n: number, bytes: Uint8Array): number {
    this.notes.push(n)
    return bytes.length
  }

  make(id: number): Ticket {
    const ticket = new Ticket(id)
    this.#tickets.set(id, ticket)
    return ticket
  }

  isOurs(id: number, ticket: unknown): boolean {
    return this.#tickets.get(id) === ticket
  }

  async *count(to: number): AsyncGenerator<number> {
    for (let n = 0; n < to; n++) yield n
  }

  async tell(listener: (n: number) => number | Promise<number>): Promise<readonly number[]> {
    return Promise.all([1, 2, 3].map(async (n) => listener(n)))
  }
}

async function collect(items: AsyncIterable<number>): Promise<readonly number[]> {
  const seen: number[] = []
  for await (const item of items) seen.push(item)
  return seen
}

test.each(seeds(24, 0))(
  '[O8, O12, O21] calls run once and in order, iterations are whole and references hold through cuts, seed %i',
  async (seed) => {
    const world = new Simulation({ seed, latency: () => 1 + (seed % 20) })
    const alice = await world.start('alice')
    const bob = await world.start('bob', { peers: ['memory://alice'] })
    await world.until(() => bob.peers().length === 1)
    const desk = new Desk()
    alice.expose('desk', desk, { allow: ['role:anyone'] })
    const remote = bob.peer('alice').object<Desk>('desk')
    const tickets: Promise<Remote<Ticket>>[] = []
    const work: Promise<unknown>[] = []
    const heard: number[] = []
    const listener = (n: number): number => {
      heard.push(n)
      return 10 * n
    }
    let asked = 0
    const rounds = 10
    for (let round = 0; round < rounds; round++) {
      for (let each = 0; each < 5; each++) {
        const n = asked++
        const bytes = new Uint8Array(n % 4 === 1 ? 100_000 : n)
        const call = n % 2 === 0 ? remote.note(n) : remote.size(n, bytes)
        work.push(call.then((result) => expect(result).toBe(n % 2 === 0 ? n : bytes.length)))
      }
      const ticket = remote.make(round)
      tickets.push(ticket)
      work.push(ticket.id().then((id) => expect(id).toBe(round)))
      const counted = collect(remote.count(30 * round))
      work.push(counted.then((seen) => expect(seen).toEqual([...seen.keys()])))
      work.push(counted.then((seen) => expect(seen).toHaveLength(30 * round)))
      work.push(remote.tell(listener).then((told) => expect(told).toEqual([10, 20, 30])))
      const [path] = world.network.pathsBetween('alice', 'bob')
      const dice = world.random.next()
      if (dice < 0.4) path?.cutAfter(randomInt(world.random, 4_000))
      else if (dice < 0.6) path?.far.cutAfter(randomInt(world.random, 4_000))
      else if (dice < 0.7) world.network.setSilent('alice', 'bob', true)
      else if (dice < 0.8) world.network.setSilent('bob', 'alice', true)
      await world.advance(randomInt(world.random, 6_000))
      world.network.setSilent('alice', 'bob', false)
      world.network.setSilent('bob', 'alice', false)
    }
    await world.wait(Promise.all(work), 90_000)
    expect(desk.notes).toEqual(Array.from({ length: asked }, (_, n) => n))
    expect(heard).toEqual(Array.from({ length: rounds }, () => [1, 2, 3]).flat())
    const held = await world.wait(Promise.all(tickets))
    for (const [id, ticket] of held.entries()) {
      expect(await world.wait(ticket.id())).toBe(id)
      expect(await world.wait(remote.isOurs(id, ticket))).toBe(true)
    }
    for (const ticket of held) ticket[Symbol.dispose]()
    const given = (): number | undefined => alice.objects.counts(bob.id)?.given
    for (let round = 0; round < 50 && given() !== 1; round++) {
      collectGarbage() // The results of `count` were iterated over, and are nobody's now.
      await new Promise((resolve) => setImmediate(resolve))
      await world.advance(100)
    }
    expect(alice.objects.counts(bob.id)).toMatchObject({ answers: 0, given: 1 })
    expect(await world.wait(remote.note(-1))).toBe(-1) // And the desk is still held.
  },
)
