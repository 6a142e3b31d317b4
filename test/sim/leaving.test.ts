import { beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createIdentity } from '../../src/base/identity.node.ts'
import { verifySignature } from '../../src/base/verify.node.ts'
import { writeRefusal } from '../../src/connection/messages.ts'
import { createSealer } from '../../src/mail/sodium.node.ts'
import { signWithdrawal } from '../../src/membership/pass.ts'
import { readRecord, signRecord } from '../../src/membership/record.ts'
import { Simulation, seeds } from '../../src/testing/simulation.node.ts'
import type { PeerId } from '../../src/base/peer-id.ts'
import type { InviteOptions } from '../../src/node/enrolment.ts'
import type { Node } from '../../src/node/node.ts'
import type { NodeOptions } from '../../src/node/options.ts'

// Loading it takes real time, which no virtual clock waits for.
beforeAll(async () => void (await createSealer(createIdentity(), systemClock)))

const closed = { admit: 'known' } as const
const mallorysKey = createIdentity()
const forger = { network: mallorysKey.peerId, sign: (bytes: Uint8Array) => mallorysKey.sign(bytes) }

/** Nodes of one network in virtual time. */
class Club {
  readonly world: Simulation
  readonly #nodes = new Map<string, Node>()

  constructor(seed: number) {
    this.world = new Simulation({ seed })
  }

  /** Alice founds a network; each of the others joins it with a ticket of hers. */
  static async of(seed: number, names: readonly string[], terms?: InviteOptions): Promise<Club> {
    const club = new Club(seed)
    await club.start('alice')
    for (const name of names) {
      await club.start(name)
      await club.invite(name, terms)
    }
    await club.world.until(() => ['alice', ...names].every((name) => club.knows(name) === club.all))
    return club
  }

  get all(): string {
    return [...this.#nodes.keys()].toSorted().join(' ')
  }

  of(name: string): Node {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new RangeError(`${name} was started`)
    return node
  }

  async start(name: string, options: NodeOptions = closed): Promise<Node> {
    const node = await this.world.start(name, options)
    this.#nodes.set(name, node)
    return node
  }

  async invite(name: string, terms: InviteOptions = {}, by = 'alice'): Promise<void> {
    const { ticket } = await this.of(by).invite({ label: name, ...terms })
    await this.world.wait(this.of(name).join(ticket))
  }

  /** Names of those whom a node believes to be in a state. */
  knows(name: string, state = 'alive'): string {
    const nodes = this.of(name).nodes()
    const found = nodes.filter((each) => each.state === state).map((each) => each.name)
    return found.toSorted().join(' ')
  }
}

describe('who leaves a network', () => {
  test.each(seeds(20))(
    '[P6] [M5] has left for everybody at once, and is nobody to them, seed %i',
    async (seed) => {
      const club = await Club.of(seed, ['bob', 'carol', 'dave'])
      const { world } = club
      const [alice, bob] = [club.of('alice'), club.of('bob')]
      const before = bob.affiliation?.network
      const departure = await world.wait(bob.leave())
      expect(departure).toMatchObject({ network: before })
      expect(departure.told).toBeGreaterThan(0)
      await world.advance(200) // A link, and the 30 ms for which news is collected, twice.
      for (const name of ['alice', 'carol', 'dave']) {
        expect(club.knows(name), name).toBe('alice carol dave')
        expect(club.knows(name, 'left'), name).toBe('bob')
        expect(
          club
            .of(name)
            .peers()
            .map((peer) => peer.name),
        ).not.toContain('bob')
      }
      expect(bob.affiliation).toBeUndefined()
      expect(club.knows('bob')).toBe('bob')
      await world.until(() => bob.peers().length === 0)
      await world.advance(120_000)
      expect(club.knows('alice', 'left')).toBe('bob') // Nobody suspects it, nobody brings it back.
      expect(bob.peers()).toEqual([])
      // Its name is free, and its old pass worth nothing.
      await club.start('erin')
      const { ticket } = await alice.invite({ label: 'bob' })
      await world.wait(club.of('erin').join(ticket))
      await world.until(() =>
        club
          .of('carol')
          .nodes()
          .some(({ id, name }) => name === 'bob' && id === club.of('erin').id),
      )
    },
  )

  test.each(seeds(20))(
    '[P6] [M4] is alive again for everybody with a new ticket, in the same process or the next, seed %i',
    async (seed) => {
      const club = await Club.of(seed, ['bob', 'carol', 'dave'])
      const { world } = club
      await world.wait(club.of('bob').leave())
      if (seed % 2 === 0) {
        await world.advance(1_000)
        world.crash('bob')
        await club.start('bob')
        expect(club.of('bob').affiliation).toBeUndefined()
      } else await world.advance(1_000)
      await club.invite('bob')
      await world.until(() =>
        ['alice', 'bob', 'carol', 'dave'].every((name) => club.knows(name) === club.all),
      )
      expect(await world.wait(club.of('dave').peer('bob').run('echo hi'))).toMatchObject({
        text: 'hi',
      })
      await world.advance(60_000)
      expect(club.knows('carol')).toBe(club.all)
    },
  )

  test('[P6] belongs to another network next, or makes one, and brings nobody along', async () => {
    const club = await Club.of(3, ['bob', 'carol'])
    const { world } = club
    const [bob, carol] = [club.of('bob'), club.of('carol')]
    const old = bob.affiliation?.network
    const zoe = await world.start('zoe', closed)
    const { ticket } = await zoe.invite({ label: 'bob' })
    await expect(bob.join(ticket)).rejects.toThrow(/skein leave/)
    await world.wait(bob.leave())
    await world.wait(bob.join(ticket))
    expect(bob.affiliation?.network).toBe(zoe.affiliation?.network)
    await world.wait(carol.leave())
    await carol.invite()
    expect(carol.affiliation).toMatchObject({ canInvite: true })
    expect([old, zoe.affiliation?.network]).not.toContain(carol.affiliation?.network)
    await world.advance(120_000)
    expect(club.knows('alice')).toBe('alice')
    expect(club.knows('bob')).toBe('bob zoe')
    expect(club.knows('carol')).toBe('carol')
  })

  test('[P6] [TP15] brings nothing along that was said there', async () => {
    const club = await Club.of(16, ['bob', 'carol'])
    const { world } = club
    const bob = club.of('bob')
    await world.wait(bob.topic('news').publish('of bob'))
    await world.wait(club.of('carol').topic('news').publish('of carol'))
    await world.wait(bob.wall.post('on the wall'))
    await world.until(() => bob.talk.topics.history('news', 9).length === 2)
    const zoe = await world.start('zoe', closed)
    const { ticket } = await zoe.invite()
    await world.wait(bob.leave())
    await world.wait(bob.join(ticket))
    await world.wait(bob.topic('news').publish('from now on'))
    await world.until(() => zoe.talk.topics.history('news', 9).length === 1)
    await world.advance(180_000)
    expect(zoe.talk.topics.history('news', 9).map(({ value }) => value)).toEqual(['from now on'])
    expect(await world.wait(zoe.wall.list())).toEqual([])
    expect((await world.wait(bob.wall.list())).map(({ text }) => text)).toEqual(['on the wall'])
  })

  test('[P6] does nothing where there is no network, nor a second time', async () => {
    const club = await Club.of(4, ['bob'])
    const { world } = club
    const stray = await club.start('stray')
    expect(await world.wait(stray.leave())).toEqual({ wasOut: false, told: 0 })
    const [one, other] = await world.wait(
      Promise.all([club.of('bob').leave(), club.of('bob').leave()]),
    )
    expect(one).toEqual(other)
    expect(await world.wait(club.of('bob').leave())).toEqual({ wasOut: false, told: 0 })
  })

  test('[P6] alone, or while everybody is out of reach, is out all the same', async () => {
    const club = await Club.of(5, ['bob', 'carol'])
    const { world } = club
    for (const name of ['alice', 'carol']) world.crash(name, { isPowerLoss: true })
    const departure = await world.wait(club.of('bob').leave())
    expect(club.of('bob').affiliation).toBeUndefined()
    expect(departure.network).toBeDefined()
    await club.start('alice')
    await world.advance(60_000)
    expect(club.of('bob').peers()).toEqual([])
    expect(club.of('alice').peers()).toEqual([])
  })

  test('[P6] while it dials is connected to nobody by it', async () => {
    const club = await Club.of(6, ['bob', 'carol'])
    const { world } = club
    world.crash('bob')
    // It starts again and dials whom it remembers; it leaves before anybody answered.
    const bob = await club.start('bob')
    expect(bob.affiliation).toBeDefined()
    await world.advance(1)
    await world.wait(bob.leave())
    await world.advance(30_000)
    expect(bob.affiliation).toBeUndefined()
    expect(bob.peers()).toEqual([])
    const open = club
      .of('alice')
      .peers()
      .filter(({ state }) => state === 'open')
    expect(open.map(({ name }) => name)).toEqual(['carol'])
  })

  test('[P6] without a connection tells a member that it can reach', async () => {
    const club = new Club(7)
    await club.start('alice')
    await club.start('bob', { ...closed, mesh: false })
    await club.invite('bob')
    const { world } = club
    await world.until(() => club.knows('alice') === 'alice bob')
    await world.advance(400_000) // The connection of the ticket was on demand.
    await world.wait(club.of('bob').leave())
    await world.advance(1_000)
    expect(club.knows('alice', 'left')).toBe('bob')
  })

  test('[P6] stays connected to whom it knows, who has no role by the pass any more', async () => {
    const club = new Club(8)
    const { world } = club
    const [a, b] = [world.idOf('alice'), world.idOf('bob')]
    const alice = await club.start('alice', { ...closed, known: { bob: b } })
    await club.start('bob', { ...closed, known: { alice: a } })
    await club.invite('bob', { roles: ['ops'] })
    await world.until(() => club.knows('alice') === 'alice bob')
    expect(alice.peers()[0]?.roles).toEqual(expect.arrayContaining(['known', 'member', 'ops']))
    await world.wait(club.of('bob').leave())
    await world.advance(10_000)
    expect(alice.peers().map(({ roles }) => roles)).toEqual([['known']])
    expect(club.knows('alice')).toBe('alice')
    expect(club.knows('bob')).toBe('bob')
  })

  test.each([false, true])(
    '[P6] and holds its key leaves the others a network that goes on; forgetsKey %s',
    async (forgetsKey) => {
      const club = await Club.of(9, ['bob', 'carol'])
      const { world } = club
      const alice = club.of('alice')
      const old = alice.affiliation?.network
      await alice.invite()
      expect(alice.previewLeave()).toMatchObject({ holdsKey: true, openTickets: 1, memberCount: 2 })
      const departure = await world.wait(alice.leave({ forgetsKey }))
      expect(departure.keyFile).toEqual(
        forgetsKey ? undefined : expect.stringMatching(/^network-\w{8}\.pem$/),
      )
      await world.advance(60_000)
      expect(club.knows('bob')).toBe('bob carol')
      expect(club.knows('bob', 'left')).toBe('alice')
      await alice.invite() // A network of its own, with another key.
      expect(alice.affiliation?.network).not.toBe(old)
    },
  )
})

describe('a word that somebody has left', () => {
  test("[P6] [M1] of another member is nobody's", () => {
    const [bob, mallory] = [createIdentity(), createIdentity()]
    const word = {
      incarnation: 9,
      revision: 9,
      label: 'bob',
      addresses: [],
      software: '1',
      protocol: 1,
    }
    const asIf = {
      id: bob.peerId,
      sign: (bytes: Uint8Array) => mallory.sign(bytes),
      verify: verifySignature,
    }
    const forged = signRecord({ ...word, id: bob.peerId, isLeaving: true, isResigning: true }, asIf)
    expect(readRecord(forged.bytes, asIf)).toMatch(/wrong signature/)
    const own = { ...asIf, sign: (bytes: Uint8Array) => bob.sign(bytes) }
    const stays = signRecord({ ...word, id: bob.peerId, isLeaving: false, isResigning: true }, own)
    expect(readRecord(stays.bytes, own)).toMatch(/resigns and stays/)
  })
})

describe('who was put out', () => {
  const isOut = (node: Node): boolean => node.affiliation?.standing === 'out'

  test.each(seeds(20))('[P7] while it is connected learns it at once, seed %i', async (seed) => {
    const club = await Club.of(seed, ['bob', 'carol', 'dave'])
    const { world } = club
    const bob = club.of('bob')
    const told: string[] = []
    bob.on('network:change', ({ notice }) => told.push(notice?.fact ?? 'none'))
    await world.wait(club.of('alice').forget(bob.id))
    await world.until(() => isOut(bob), 1_000)
    expect(bob.affiliation?.notice).toMatch(
      /put out of network \w{8}: its pass was taken back at .*; .*skein join TICKET; .*skein leave/,
    )
    expect(club.knows('bob')).toBe('bob')
    await world.advance(120_000)
    expect(told.length).toBe(1)
    expect(bob.peers().filter(({ state }) => state === 'open')).toEqual([])
    expect(bob.affiliation?.network).toBe(club.of('alice').affiliation?.network) // It keeps its pass.
    world.crash('bob')
    expect(isOut(await club.start('bob'))).toBe(true)
    await club.invite('bob')
    expect(club.of('bob').affiliation).toMatchObject({ standing: 'member' })
    await world.until(() =>
      ['alice', 'bob', 'carol', 'dave'].every((name) => club.knows(name) === club.all),
    )
  })

  test.each(['forget', 'deny'] as const)(
    '[P7] while it was away learns it from the first member that refuses it, after %s',
    async (how) => {
      const club = await Club.of(11, ['bob', 'carol'])
      const { world } = club
      const { id } = club.of('bob')
      await world.advance(5_000) // By then it has written down whom it knows.
      world.crash('bob', { isPowerLoss: true })
      const act: Promise<unknown> = club.of('alice')[how](id)
      await world.wait(act)
      await world.until(() => club.knows('carol') === 'alice carol')
      if (how === 'forget') world.crash('alice', { isPowerLoss: true })
      const bob = await club.start('bob')
      expect(isOut(bob)).toBe(false)
      await world.until(() => isOut(bob), 30_000)
      const why = bob.explain(club.of('carol').id)
      expect(why.notice).toMatch(/put out/)
    },
  )

  test('[P7] by a member that it is known to learns it, and is told nothing of the network any more', async () => {
    const club = new Club(12)
    const { world } = club
    const bobId = world.idOf('bob')
    await club.start('alice')
    await club.start('carol', { ...closed, known: { bob: bobId } })
    await club.start('bob', { ...closed, known: { carol: world.idOf('carol') } })
    await club.invite('carol')
    await club.invite('bob')
    await world.until(() =>
      ['alice', 'bob', 'carol'].every((name) => club.knows(name) === 'alice bob carol'),
    )
    world.crash('bob', { isPowerLoss: true })
    await world.wait(club.of('alice').forget(bobId))
    await world.until(() => club.knows('carol') === 'alice carol')
    const bob = await club.start('bob', {
      ...closed,
      known: { carol: world.idOf('carol') },
      peers: ['memory://carol'],
    })
    await world.until(() => isOut(bob), 30_000)
    await world.advance(60_000)
    expect(bob.peers().map(({ name, state }) => `${name} ${state}`)).toEqual(['carol open'])
    expect(club.knows('bob')).toBe('bob')
    expect(club.knows('carol')).toBe('alice carol')
  })

  test('[P7] is who the network says, not who a member shuts out', async () => {
    const club = await Club.of(14, ['bob', 'mallory'])
    const { world } = club
    const [bob, mallory] = [club.of('bob'), club.of('mallory')]
    await mallory.deny(bob.id)
    await world.advance(120_000)
    expect(bob.affiliation).toMatchObject({ standing: 'member' })
    expect(club.knows('bob')).toContain('alice')
    await expect(world.wait(bob.peer(mallory.id).run('echo hi'))).rejects.toThrow(/shut out/)
    const { failures, notice } = bob.explain(mallory.id)
    expect(failures[0]?.message).toMatch(/refused by deny: you were shut out/)
    expect(notice).toBeUndefined()
  })

  test.each([
    [
      'of another key',
      (holder: PeerId): Uint8Array => signWithdrawal({ holder, untilMs: 1e15 }, forger),
    ],
    ['that is noise', (): Uint8Array => new Uint8Array(2_000).fill(7)],
    ['that is none', (): Uint8Array => new Uint8Array()],
  ])('[P7] is not who is shown a withdrawal %s', async (_what, make) => {
    const club = await Club.of(15, ['bob'])
    const { world } = club
    const bob = club.of('bob')
    const refusal = {
      code: 'DENIED',
      rule: 'withdrawn pass',
      message: 'your pass was taken back',
      withdrawal: make(bob.id),
    } as const
    const transport = world.network.transport('mallory', world.idOf('mallory'))
    const listener = await transport.listen({
      ...{ address: 'memory://mallory', maxHalfOpen: 8, handshakeTimeoutMs: 5_000 },
      onPath: (path) => {
        path.bind({ onData: () => path.write(writeRefusal(refusal)), onDrain() {}, onClose() {} })
      },
      onRejected: () => undefined,
    })
    for (let round = 0; round < 20; round++) {
      await expect(world.wait(bob.connect('memory://mallory'))).rejects.toThrow(/withdrawn pass/)
    }
    expect(bob.affiliation).toMatchObject({ standing: 'member' })
    expect(club.knows('bob')).toBe('alice bob')
    await listener.close()
  })

  test('[P7] leaves without a word, and is free', async () => {
    const club = await Club.of(13, ['bob', 'carol'])
    const { world } = club
    const bob = club.of('bob')
    await world.wait(club.of('alice').forget(bob.id))
    await world.until(() => isOut(bob))
    expect(await world.wait(bob.leave())).toMatchObject({ told: 0 })
    expect(bob.affiliation).toBeUndefined()
    await bob.invite()
    expect(bob.affiliation).toMatchObject({ canInvite: true, standing: 'member' })
  })
})

describe('a pass', () => {
  test('[P7] that ends soon, or has ended, is told of once each', async () => {
    const club = await Club.of(21, ['bob'], { passMs: 10 * 3_600_000 })
    const { world } = club
    const bob = club.of('bob')
    const told: string[] = []
    bob.on('network:change', ({ notice }) => told.push(notice?.standing ?? 'member'))
    await world.advance(8 * 3_600_000)
    expect(bob.affiliation?.standing).toBe('member')
    await world.advance(1.5 * 3_600_000)
    expect(bob.affiliation).toMatchObject({ standing: 'expiring' })
    expect(bob.affiliation?.notice).toMatch(/expires in \d+ min .*, at .* UTC; to stay, ask/)
    await world.advance(3_600_000)
    expect(bob.affiliation).toMatchObject({ standing: 'expired' })
    expect(club.knows('bob')).toBe('bob')
    await club.invite('bob')
    expect(told).toEqual(['expiring', 'expired', 'member'])
    await world.until(() => club.knows('alice') === 'alice bob')
  })
})
