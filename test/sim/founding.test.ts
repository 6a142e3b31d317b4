/** Peers without a network, of whom one founds a network, or several belong to one and leave it. */
import { describe, expect, test } from 'vitest'
import { seeds } from '../../src/testing/simulation.node.ts'
import { Club, closed } from './club.ts'

const names = ['alice', 'bob', 'carol', 'dave', 'erin']

/** Five nodes that know each other, and belong to no network. */
async function openMesh(seed: number): Promise<Club> {
  const club = new Club(seed)
  const known = Object.fromEntries(names.map((name) => [name, club.world.idOf(name)]))
  for (const name of names) {
    const peers = name === 'alice' ? [] : ['memory://alice']
    await club.start(name, { ...closed, known, peers })
  }
  await untilAllKnowAll(club)
  await club.world.until(() => names.every((name) => openCount(club, name) === names.length - 1))
  return club
}

function openCount(club: Club, name: string): number {
  const peers = club.of(name).peers()
  return peers.filter(({ state }) => state === 'open').length
}

/** Both directions, for it is asked of each. */
async function untilAllKnowAll(club: Club): Promise<void> {
  await club.world.until(() => names.every((name) => club.knows(name) === club.all), 10_000)
}

/** Each hears the others: topics begin anew, too. */
async function hearEachOther(club: Club, pairs: readonly (readonly [string, string])[]) {
  for (const [from, to] of pairs) {
    const heard: unknown[] = []
    const topic = club.of(to).topic('news')
    const unsubscribe = topic.subscribe(({ value }) => void heard.push(value))
    await club.world.wait(club.of(from).topic('news').publish(`of ${from}`))
    await club.world.until(() => heard.includes(`of ${from}`), 20_000)
    unsubscribe()
  }
}

describe('peers without a network', () => {
  test.each(seeds(20))(
    '[P4] [P6] list who founds one no more, and again within seconds of its leave, seed %i',
    async (seed) => {
      const club = await openMesh(seed)
      const { world } = club
      const bob = club.of('bob')
      expect(await bob.invite()).toMatchObject({ outsiders: 4 })
      expect(await bob.invite()).not.toHaveProperty('outsiders')
      await world.advance(seed % 2 === 0 ? 500 : 60_000)
      expect(club.knows('bob')).toBe('bob')
      for (const name of ['alice', 'carol', 'dave', 'erin']) {
        expect(club.knows(name), name).toBe('alice carol dave erin')
        expect(club.knows(name, 'left'), name).toBe('bob')
      }
      await world.wait(bob.leave())
      await untilAllKnowAll(club)
      await hearEachOther(club, [
        ['bob', 'carol'],
        ['dave', 'bob'],
      ])
      await world.advance(120_000)
      for (const name of names) expect(club.knows(name), name).toBe(club.all)
    },
  )

  test.each(seeds(20))(
    '[P5] [P6] who belonged to one and left it list each other again, seed %i',
    async (seed) => {
      const club = await openMesh(seed)
      const { world } = club
      for (const name of ['bob', 'carol', 'dave']) await club.invite(name)
      await world.until(() => club.knows('carol') === 'alice bob carol dave')
      const order = ['carol', 'alice', 'dave', 'bob']
      // At the same moment, or one after the other.
      if (seed % 2 === 0) await world.wait(Promise.all(order.map((name) => club.of(name).leave())))
      else for (const name of order) await world.wait(club.of(name).leave())
      await untilAllKnowAll(club)
      await hearEachOther(club, [
        ['bob', 'carol'],
        ['carol', 'bob'],
        ['erin', 'alice'],
      ])
      await world.advance(120_000)
      for (const name of names) expect(club.knows(name), name).toBe(club.all)
    },
  )

  test.each(seeds(10))(
    '[P4] [P6] list those who have left, not the members that stay connected, seed %i',
    async (seed) => {
      const club = await openMesh(seed)
      const { world } = club
      for (const name of ['bob', 'carol', 'dave']) await club.invite(name)
      await world.until(() => club.knows('carol') === 'alice bob carol dave')
      await world.wait(club.of('bob').leave())
      await world.advance(3_000)
      await world.wait(club.of('dave').leave())
      await world.until(() => club.knows('bob') === 'bob dave erin', 10_000)
      await world.until(() => club.knows('erin') === 'bob dave erin', 10_000)
      await world.advance(120_000)
      for (const name of ['bob', 'dave', 'erin']) expect(club.knows(name)).toBe('bob dave erin')
      for (const name of ['alice', 'carol']) expect(club.knows(name)).toBe('alice carol')
    },
  )
})
