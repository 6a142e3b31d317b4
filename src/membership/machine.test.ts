/** Many machines on a graph, in virtual time, without connections below: what matters is what they know. */
import { describe, expect, test } from 'vitest'
import { peerIdFromKey } from '../base/peer-id.ts'
import { randomInt, seededRandom } from '../base/random.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MembershipMachine } from './machine.ts'
import { readMessage, writeMessage } from './messages.ts'
import { defaultMembershipOptions, suspicionTimeoutMs } from './options.ts'
import { testSigner } from './membership.test-kit.ts'
import { signRecord } from './record.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { MembershipMessage } from './messages.ts'
import type { MemberState } from './snapshot.ts'

class World {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly machines = new Map<PeerId, MembershipMachine>()
  readonly events: string[] = []
  readonly #links = new Set<string>()
  readonly #silent = new Set<PeerId>()
  readonly #busyUntilMs = new Map<string, number>()
  bytes = 0

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  add(incarnation = 1, key = this.random.bytes(32)): PeerId {
    const id = peerIdFromKey(key)
    const machine = new MembershipMachine({
      signer: testSigner(id),
      incarnation,
      clock: this.clock,
      random: this.random,
      options: defaultMembershipOptions,
      self: { label: 'x', addresses: [`memory://${id}`], software: '1', protocol: 1 },
      send: (to, message) => this.#send(id, to, message),
      onChange: (who, state) => this.events.push(`${id} ${who} ${state}`),
      admits: () => true,
      withdrawals: () => [],
      onWithdrawal: () => undefined,
      onLinks: () => undefined,
    })
    this.machines.set(id, machine)
    return id
  }

  of(id: PeerId): MembershipMachine {
    const machine = this.machines.get(id)
    if (machine === undefined) throw new RangeError('was added')
    return machine
  }

  join(a: PeerId, b: PeerId): void {
    if (a === b || this.#links.has(linkOf(a, b))) return
    this.#links.add(linkOf(a, b))
    this.of(a).addNeighbour(b)
    this.of(b).addNeighbour(a)
  }

  part(a: PeerId, b: PeerId): void {
    if (!this.#links.delete(linkOf(a, b))) return
    this.of(a).removeNeighbour(b)
    this.of(b).removeNeighbour(a)
  }

  /** Ends a process; its neighbours notice. */
  kill(id: PeerId): void {
    this.of(id).stop()
    this.#silent.add(id)
    for (const link of [...this.#links]) {
      if (!link.includes(id)) continue
      this.#links.delete(link)
      const other = link.replace(id, '').trim() as PeerId
      this.of(other).removeNeighbour(id)
      this.clock.after(1_000, () => this.of(other).suspect(id))
    }
  }

  /** A connected random graph: a ring, and so many further links a node. */
  grow(count: number, extra = 3): readonly PeerId[] {
    const ids = Array.from({ length: count }, () => this.add())
    for (const [at, id] of ids.entries()) {
      this.join(id, ids[(at + 1) % count] ?? id)
      for (let each = 0; each < extra; each++) {
        this.join(id, ids[randomInt(this.random, count)] ?? id)
      }
    }
    return ids
  }

  /** How many of the living believe that of somebody. */
  count(who: PeerId, state: MemberState | undefined): number {
    return [...this.machines.values()].filter(
      (machine) => !this.#silent.has(machine.self) && machine.view.get(who)?.state === state,
    ).length
  }

  #send(from: PeerId, to: PeerId, message: MembershipMessage): void {
    if (message.type === 'records' || message.type === 'links' || message.type === 'suspicions') {
      for (const item of message.items) this.bytes += item.length
    }
    const value = writeMessage(message)
    const way = `${from} ${to}`
    const atMs = Math.max(
      this.clock.nowMs() + 5 + this.random.next() * 20,
      this.#busyUntilMs.get(way) ?? 0,
    )
    this.#busyUntilMs.set(way, atMs) // A stream keeps its order.
    this.clock.after(atMs - this.clock.nowMs(), () => {
      if (!this.#links.has(linkOf(from, to)) || this.#silent.has(to)) return
      const read = readMessage(value)
      if (typeof read === 'string') throw new RangeError(read)
      this.of(to).receive(from, read)
    })
  }
}

function linkOf(a: PeerId, b: PeerId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

describe('many members', () => {
  test('[M1] all know all within seconds of a start at once', async () => {
    const world = new World(1)
    const ids = world.grow(120)
    const isKnown = (): boolean => ids.every((id) => world.of(id).view.size === 120)
    expect(await world.clock.until(isKnown, 5_000)).toBe(true)
  })

  test('[M1] all know of one that joins, within a second', async () => {
    const world = new World(2)
    const ids = world.grow(100)
    await world.clock.advance(10_000)
    const newcomer = world.add()
    world.join(newcomer, ids[0] ?? newcomer)
    expect(await world.clock.until(() => world.count(newcomer, 'alive') === 101, 1_000)).toBe(true)
    expect(await world.clock.until(() => world.of(newcomer).view.size === 101, 1_000)).toBe(true)
  })

  test('[M3] all know of a crash within ten seconds, and nobody else is blamed', async () => {
    const world = new World(3)
    const ids = world.grow(100)
    await world.clock.advance(10_000)
    world.events.length = 0
    const victim = ids[17] ?? world.add()
    world.kill(victim)
    expect(await world.clock.until(() => world.count(victim, 'gone') === 99, 10_000)).toBe(true)
    expect(world.events.every((event) => event.includes(victim))).toBe(true)
  })

  test('[M4] a suspect that lives refutes, and nobody calls it gone', async () => {
    const world = new World(4)
    const ids = world.grow(100)
    await world.clock.advance(10_000)
    world.events.length = 0
    const [accuser, accused] = [ids[3], ids[90]] as [PeerId, PeerId]
    world.of(accuser).suspect(accused)
    await world.clock.advance(60_000)
    expect(world.count(accused, 'alive')).toBe(100)
    expect(world.events.some((event) => event.endsWith('gone'))).toBe(false)
  })

  test('[M4] a member that was gone comes back with its next word', async () => {
    const world = new World(5)
    const ids = world.grow(30)
    const key = world.random.bytes(32)
    const id = world.add(1, key)
    world.join(id, ids[0] ?? id)
    await world.clock.advance(10_000)
    world.kill(id)
    await world.clock.advance(20_000)
    expect(world.count(id, 'gone')).toBe(30)
    const again = new World(99)
    const machine = again.of(again.add(2, key))
    const record = [...machine.view][0]?.record.bytes ?? new Uint8Array()
    world.of(ids[4] ?? id).receive(id, { type: 'records', items: [record] })
    await world.clock.advance(2_000)
    expect(world.count(id, 'alive')).toBe(30)
  })

  test('[M5] one that leaves says so, and is no suspect', async () => {
    const world = new World(6)
    const ids = world.grow(50)
    await world.clock.advance(10_000)
    const leaver = ids[7] ?? world.add()
    world.of(leaver).leave()
    await world.clock.advance(1_000)
    expect(world.count(leaver, 'left')).toBe(50)
  })

  test('[M6] halves that were apart for an hour know everything again within seconds', async () => {
    const world = new World(7)
    const ids = world.grow(60)
    await world.clock.advance(10_000)
    const half = (id: PeerId): boolean => ids.indexOf(id) < 30
    const cut: [PeerId, PeerId][] = []
    for (const a of ids) {
      for (const b of ids) {
        if (a >= b || half(a) === half(b)) continue
        world.part(a, b)
        cut.push([a, b])
      }
    }
    await world.clock.advance(1_800_000)
    const newcomer = world.add()
    world.join(newcomer, ids[2] ?? newcomer)
    const dead = ids[5] ?? newcomer
    world.kill(dead)
    await world.clock.advance(1_800_000)
    expect(world.of(ids[40] ?? dead).view.get(newcomer)).toBeUndefined()
    for (const [a, b] of cut.slice(0, 40)) if (a !== dead && b !== dead) world.join(a, b)
    const isHealed = (): boolean =>
      world.count(newcomer, 'alive') === 60 && world.count(dead, 'gone') === 59
    expect(await world.clock.until(isHealed, 30_000)).toBe(true)
  })

  test('[M7] a late joiner learns that the dead are dead', async () => {
    const world = new World(8)
    const ids = world.grow(20)
    await world.clock.advance(5_000)
    const dead = ids[3] ?? world.add()
    world.kill(dead)
    await world.clock.advance(60_000)
    const late = world.add()
    world.join(late, ids[0] ?? late)
    await world.clock.advance(15_000)
    expect(world.of(late).view.get(dead)?.state).toBe('gone')
  })
})

describe('hostile words', () => {
  test('[M2] a record that another one signed is refused and counted', async () => {
    const world = new World(1)
    const ids = world.grow(5)
    const victim = ids[0] ?? world.add()
    await world.clock.advance(5_000)
    const forged = signRecord(
      {
        id: victim,
        incarnation: 9,
        revision: 9,
        label: 'x',
        addresses: ['memory://evil'],
        software: '1',
        protocol: 1,
        isLeaving: false,
      },
      { ...testSigner(victim), sign: () => new Uint8Array(64) },
    )
    const target = world.of(ids[1] ?? victim)
    target.receive(ids[2] ?? victim, { type: 'records', items: [forged.bytes] })
    expect(target.violations).toBe(1)
    expect(target.view.get(victim)?.record.value.incarnation).toBe(1)
  })

  test('[M2] an old word changes nothing', async () => {
    const world = new World(2)
    const ids = world.grow(5)
    await world.clock.advance(5_000)
    const [a, b] = ids as [PeerId, PeerId]
    const old = world.of(b).view.get(a)?.record.bytes ?? new Uint8Array()
    world.of(a).describe({ label: 'new', addresses: [], software: '2', protocol: 1 })
    await world.clock.advance(1_000)
    world.of(b).receive(a, { type: 'records', items: [old] })
    expect(world.of(b).view.get(a)?.record.value.label).toBe('new')
  })

  test('[M2] nobody makes us take more members than we want', () => {
    const world = new World(3)
    const id = world.add()
    const machine = world.of(id)
    for (let number = 0; number < 500; number++) {
      const other = peerIdFromKey(world.random.bytes(32))
      const record = signRecord(
        {
          id: other,
          incarnation: 1,
          revision: 0,
          label: 'x',
          addresses: [],
          software: '1',
          protocol: 1,
          isLeaving: false,
        },
        testSigner(other),
      )
      machine.receive(id, { type: 'records', items: [record.bytes] })
    }
    expect(machine.view.size).toBe(501)
    expect(defaultMembershipOptions.maxMembers).toBeLessThan(100_000)
  })

  test.each<[string, unknown]>([
    ['a list', []],
    ['nothing', {}],
    ['two keys', { want: [], have: [] }],
    ['an unknown key', { gossip: [] }],
    ['records that are text', { records: ['x'] }],
    ['ten thousand records', { records: Array.from({ length: 10_000 }, () => new Uint8Array()) }],
    ['hashes of text', { hashes: Array.from({ length: 64 }, () => 'x') }],
    ['a part that is none', { have: [[4_096], []] }],
    ['a part named twice', { have: [[7, 7], []] }],
    ['hashes of too few buckets', { hashes: [0, new Uint8Array(255)] }],
    ['hashes of an unknown aspect', { hashes: [2, new Uint8Array(256)] }],
    ['parts without their hashes', { parts: [0, [1, 2], new Uint8Array(256)] }],
    ['half a name', { news: [0, new Uint8Array(13)] }],
    ['names of nothing known', { ask: [3, new Uint8Array(12)] }],
    ['ten thousand names', { news: [0, new Uint8Array(120_000)] }],
    ['rows that are none', { have: [[1], [[1, 2]]] }],
    ['IDs that are none', { want: ['bob'] }],
  ])('[M8] %s is no message', (_what, value) => {
    expect(readMessage(value)).toBeTypeOf('string')
  })
})

test('[M3] the more suspect it too, the sooner it is called gone', () => {
  const times = [0, 1, 2, 3, 4].map((count) => suspicionTimeoutMs(count, defaultMembershipOptions))
  expect(times).toEqual([10_000, 6_000, expect.closeTo(3_660, -2), 2_000, 2_000])
})
