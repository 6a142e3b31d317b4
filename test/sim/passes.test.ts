/** Networks with a key: invitations, passes, and how they end. */
import { describe, expect, test } from 'vitest'
import { Simulation, seeds } from '../../src/testing/simulation.node.ts'
import type { InviteOptions } from '../../src/node/enrolment.ts'
import type { Node } from '../../src/node/node.ts'

const closed = { admit: 'known' } as const

/** Alice founds a network; each of the others joins it with a ticket of hers. */
async function members(
  seed: number,
  names: readonly string[],
  terms: InviteOptions = {},
): Promise<[Simulation, Map<string, Node>]> {
  const world = new Simulation({ seed })
  const nodes = new Map([['alice', await world.start('alice', closed)]])
  for (const name of names) {
    const node = await world.start(name, closed)
    const { ticket } = await invite(nodes.get('alice'), { label: name, ...terms })
    await world.wait(node.join(ticket))
    nodes.set(name, node)
  }
  return [world, nodes]
}

function invite(node: Node | undefined, terms: InviteOptions = {}): ReturnType<Node['invite']> {
  return node?.invite(terms) ?? Promise.reject(new RangeError('it was started'))
}

const knows = (node: Node | undefined): string =>
  (node?.nodes() ?? [])
    .filter(({ state }) => state === 'alive')
    .map(({ name }) => name)
    .toSorted()
    .join(' ')

describe('a ticket', () => {
  test.each(seeds(20))(
    '[P1] [P2] lets a node in, which then knows all members, seed %i',
    async (seed) => {
      const [world, nodes] = await members(seed, ['bob', 'carol'])
      await world.until(() =>
        [...nodes.values()].every((node) => knows(node) === 'alice bob carol'),
      )
      const [bob, carol] = [nodes.get('bob'), nodes.get('carol')]
      expect(bob?.affiliation?.network).toBe(nodes.get('alice')?.affiliation?.network)
      expect([bob?.affiliation?.canInvite, bob?.affiliation?.label]).toEqual([false, 'bob'])
      // They admit each other also when the inviter is away, and over a restart.
      world.crash('alice', { isPowerLoss: true })
      const { text } = await world.wait(
        carol?.peer('bob').run('echo hi') ?? Promise.reject(new RangeError()),
      )
      expect(text).toBe('hi')
      world.crash('bob')
      nodes.set('bob', await world.start('bob', closed))
      await world.until(() => knows(nodes.get('bob')).includes('carol'), 60_000)
    },
  )

  test('[P2] works once, and again only for who used it', async () => {
    const world = new Simulation({ seed: 1 })
    const alice = await world.start('alice', closed)
    const bob = await world.start('bob', closed)
    const mallory = await world.start('mallory', closed)
    const { ticket } = await alice.invite()
    await world.wait(bob.join(ticket))
    await expect(world.wait(mallory.join(ticket))).rejects.toThrow(/the ticket was used/)
    expect(mallory.affiliation).toBeUndefined()
    await world.wait(bob.join(ticket)) // The answer may have been lost.
  })

  test('[P2] lets nobody in again who was put out, has left, or whose pass has ended', async () => {
    const world = new Simulation({ seed: 1 })
    const alice = await world.start('alice', closed)
    const bob = await world.start('bob', closed)
    const refused = (ticket: string) =>
      expect(world.wait(bob.join(ticket))).rejects.toThrow(/the ticket was used/)
    const { ticket: first } = await alice.invite({ roles: ['ops'] })
    await world.wait(bob.join(first))
    await world.wait(alice.forget(bob.id))
    await world.advance(5_000)
    await refused(first)
    const { ticket: second } = await alice.invite()
    await world.wait(bob.join(second))
    await refused(first) // It has the roles of then.
    expect(bob.affiliation?.roles).toEqual([])
    await world.wait(bob.leave())
    await world.advance(5_000)
    await refused(second)
    const { ticket: short } = await alice.invite({ passMs: 60_000 })
    await world.wait(bob.join(short))
    await world.advance(61_000)
    await refused(short)
  })

  test('[P2] expires', async () => {
    const world = new Simulation({ seed: 2 })
    const alice = await world.start('alice', closed)
    const bob = await world.start('bob', closed)
    const { ticket } = await alice.invite({ ticketMs: 60_000 })
    await world.advance(61_000)
    await expect(world.wait(bob.join(ticket))).rejects.toThrow(/the ticket was used/)
  })

  test('[P2] is not taken where the peer may connect anyway but the ticket is spent', async () => {
    const world = new Simulation({ seed: 3 })
    const alice = await world.start('alice')
    const bob = await world.start('bob')
    const { ticket } = await alice.invite({ ticketMs: 60_000 })
    await world.advance(61_000)
    await expect(world.wait(bob.join(ticket))).rejects.toThrow(/used, has expired/)
  })

  test('that was altered, or is none, is refused before anything is dialled', async () => {
    const world = new Simulation({ seed: 4 })
    const alice = await world.start('alice', closed)
    const bob = await world.start('bob', closed)
    const { ticket } = await alice.invite()
    const at = Math.floor(ticket.length / 2)
    const altered = `${ticket.slice(0, at)}${ticket[at] === 'a' ? 'b' : 'a'}${ticket.slice(at + 1)}`
    for (const text of [
      altered,
      ticket.slice(0, -3),
      `${ticket}a`,
      'hello',
      '',
      'skein1',
      'x'.repeat(1e6),
    ]) {
      await expect(bob.join(text)).rejects.toThrow(/ticket/)
    }
    await expect(alice.join(ticket)).rejects.toThrow(/this node made the ticket/)
    // Capitals, as a QR code has them, and line breaks of a mail are the same ticket.
    await world.wait(bob.join(` ${ticket.toUpperCase().replace(/.{60}/g, '$&\n')} `))
  })

  test('[P2] gives the label and the roles that it says, and a label twice to nobody', async () => {
    const [world, nodes] = await members(5, ['bob'], { label: 'robert', roles: ['ops'] })
    const [alice, bob] = [nodes.get('alice'), nodes.get('bob')]
    expect(bob?.affiliation).toMatchObject({ label: 'robert', roles: ['ops'] })
    await world.until(() => knows(alice) === 'alice robert')
    expect(alice?.select('role:ops').length).toBe(1)
    const carol = await world.start('carol', closed)
    const { ticket } = await invite(alice, { label: 'robert' })
    await expect(world.wait(carol.join(ticket))).rejects.toThrow(/'robert' is .* in this network/)
    await expect(invite(bob)).rejects.toThrow(/does not hold the key/)
    await expect(invite(alice, { roles: ['owner'] })).rejects.toThrow(/cannot be given/)
    await expect(invite(alice, { label: 'All of us' })).rejects.toThrow(/a label is/)
    const stranger = world.idOf('mallory')
    await expect(alice?.allow(stranger, 'robert')).rejects.toThrow(/label of the member .* another/)
  })

  test('of another network is for a node of its own', async () => {
    const [world, nodes] = await members(6, ['bob'])
    const zoe = await world.start('zoe', closed)
    const { ticket } = await zoe.invite()
    await expect(nodes.get('bob')?.join(ticket)).rejects.toThrow(/belongs to network/)
  })
})

describe('a pass', () => {
  test.each(seeds(20))(
    '[P3] that is taken back puts its holder out everywhere, seed %i',
    async (seed) => {
      const [world, nodes] = await members(seed, ['bob', 'carol', 'dave'])
      const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((name) =>
        nodes.get(name),
      )
      const reach = (from: Node | undefined, to: string): Promise<unknown> =>
        from?.peer(to).run('echo hi') ?? Promise.reject(new RangeError('it was started'))
      await world.until(() => knows(dave) === 'alice bob carol dave')
      await world.wait(Promise.all([reach(carol, 'bob'), reach(dave, 'bob'), reach(dave, 'carol')]))
      // Carol is away meanwhile, and learns it when she is back.
      world.crash('carol', { isPowerLoss: true })
      expect(
        await world.wait(alice?.forget(bob?.id as never) ?? Promise.reject(new RangeError())),
      ).toEqual({ wasMember: true })
      await world.until(() => bob?.peers().every(({ state }) => state === 'suspended') === true)
      nodes.set('carol', await world.start('carol', closed))
      await world.until(() => knows(nodes.get('carol')) === 'alice carol dave', 60_000)
      await world.advance(60_000)
      expect(knows(alice)).toBe('alice carol dave')
      expect(knows(dave)).toBe('alice carol dave')
      expect(bob?.peers().filter(({ state }) => state === 'open')).toEqual([])
      await expect(world.wait(reach(nodes.get('carol'), bob?.id ?? ''))).rejects.toThrow(
        /shut out|No peer|no address/,
      )
      // A new ticket undoes it.
      const { ticket } = await invite(alice, { label: 'bob' })
      await world.wait(bob?.join(ticket) ?? Promise.reject(new RangeError()))
      await world.until(() => knows(dave) === 'alice bob carol dave')
    },
  )

  test('[P3] is taken back by deny, too, and only where the key of the network is', async () => {
    const [world, nodes] = await members(31, ['bob', 'carol'])
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => nodes.get(name))
    await world.until(() => knows(carol) === 'alice bob carol')
    const id = bob?.id as never
    await expect(carol?.forget(id)).rejects.toThrow(/only the node that holds the key/)
    await world.wait(alice?.deny(id) ?? Promise.reject(new RangeError()))
    await world.until(() => knows(carol) === 'alice carol')
    const { ticket } = await invite(alice, { label: 'bob' })
    await expect(world.wait(bob?.join(ticket) ?? Promise.reject(new RangeError()))).rejects.toThrow(
      /shut out/,
    )
  })

  test('[P1] that has expired puts its holder out', async () => {
    const [world, nodes] = await members(32, ['bob'], { passMs: 3_600_000 })
    const [alice, bob] = [nodes.get('alice'), nodes.get('bob')]
    await world.until(() => knows(alice) === 'alice bob')
    await world.advance(3_590_000)
    expect(alice?.peers().length).toBe(1)
    await world.advance(60_000)
    expect(knows(alice)).toBe('alice')
    expect(alice?.peers()).toEqual([])
    const carol = await world.start('carol', closed)
    const { ticket } = await invite(alice)
    await world.wait(carol.join(ticket))
    await world.wait(carol.connect('memory://bob')) // Its pass shows only then.
    await world.advance(60_000)
    expect(carol.peers().map(({ name }) => name)).toEqual(['alice'])
    expect(bob?.affiliation?.expiresMs).toBeGreaterThan(0)
  })
})

describe('two networks', () => {
  test('[P4] that can reach each other do not merge, nor does a node without one', async () => {
    const world = new Simulation({ seed: 40 })
    const [alice, bob] = [await world.start('alice'), await world.start('bob')]
    await world.wait(bob.join((await alice.invite()).ticket))
    const zoe = await world.start('zoe', { peers: ['memory://alice'] })
    const yann = await world.start('yann', { peers: ['memory://bob'] })
    await world.wait(yann.join((await zoe.invite()).ticket))
    const stray = await world.start('stray', { peers: ['memory://alice', 'memory://yann'] })
    await world.advance(120_000)
    expect([alice, bob].map(knows)).toEqual(['alice bob', 'alice bob'])
    expect([zoe, yann].map(knows)).toEqual(['yann zoe', 'yann zoe'])
    expect(knows(stray)).toBe('stray')
    expect(stray.peers().length).toBe(2) // To be connected is not to be a member.
  })

  test('[P5] a node that was connected before it joined is a member to all whom it is connected to', async () => {
    const world = new Simulation({ seed: 41 })
    const [alice, bob] = [await world.start('alice'), await world.start('bob')]
    await world.wait(bob.join((await alice.invite()).ticket))
    const carol = await world.start('carol', { peers: ['memory://alice', 'memory://bob'] })
    await world.until(() => carol.peers().length === 2)
    world.crash('alice', { isPowerLoss: true })
    const again = await world.start('alice')
    await world.wait(carol.join((await again.invite()).ticket))
    await world.until(() => [again, bob, carol].every((node) => knows(node) === 'alice bob carol'))
  })
})
