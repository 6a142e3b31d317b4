/** Nodes that join a network, leave it and are put out by chance, while they crash and are cut off. */
import { expect, test } from 'vitest'
import { seeds, simulate } from '../../src/testing/simulation.node.ts'
import { Club, closed } from './club.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'

test.each(seeds(30))(
  '[P6] [P7] come and go, crashes and cuts leave a network that knows its members, seed %i',
  (seed) => simulate({ seed }, (world) => comeAndGo(world)),
)

const names = ['alice', 'bob', 'carol', 'dave', 'erin']

/** Everybody but the keeper joins, leaves, is put out, crashes and is cut off by chance; then all is well. */
async function comeAndGo(world: Simulation): Promise<void> {
  const club = new Club(world)
  const { random } = world
  const down = new Set<string>()
  const pick = (count: number): number => Math.floor(random.next() * count)
  const start = async (name: string): Promise<void> => {
    await club.start(name, name === 'alice' ? closed : { ...closed, peers: ['memory://alice'] })
    down.delete(name)
  }
  for (const name of names) await start(name)
  // Without waiting: time passes in one place only.
  const invite = async (name: string): Promise<unknown> => {
    const { ticket } = await club.of('alice').invite({ label: name })
    return club.of(name).join(ticket)
  }
  const acts: readonly ((name: string) => unknown)[] = [
    invite,
    invite,
    (name) => club.of(name).leave(),
    (name) => club.of('alice').forget(club.of(name).id),
    (name) => {
      // In the middle of it, or right behind it.
      const leaving = club.of(name).leave()
      world.clock.after(pick(30), () => world.crash(name, { isPowerLoss: pick(2) === 0 }))
      down.add(name)
      return leaving
    },
    (name) => {
      world.crash(name, { isPowerLoss: pick(2) === 0 })
      down.add(name)
    },
    (name) => cutOff(world, name),
  ]
  for (let step = 0; step < 25; step++) {
    const name = names[1 + pick(names.length - 1)] ?? 'bob'
    if (down.has(name)) await start(name)
    const act = acts[pick(acts.length)]
    world.note(`act ${acts.indexOf(act ?? (() => 0))}`, name)
    // What cannot be done is refused; what hangs on a cut or on a crash is left behind.
    void Promise.resolve(act?.(name)).catch(() => undefined)
    await world.advance(30 + pick(5_000))
    if (pick(3) === 0) world.network.heal()
  }
  world.network.heal()
  for (const name of down) await start(name)
  const isIn = (name: string): boolean => club.of(name).affiliation?.standing === 'member'
  const expected = (name: string): string =>
    isIn(name) ? names.filter(isIn).toSorted().join(' ') : name
  const isWell = (): boolean => names.every((name) => club.knows(name) === expected(name))
  await world.until(isWell, 300_000)
  await world.advance(80_000) // Who came with a ticket and did not use it is gone by then.
  for (const name of names) {
    expect(club.knows(name), name).toBe(expected(name))
    const open = club
      .of(name)
      .peers()
      .filter(({ state }) => state === 'open')
    const strangers = open.filter((peer) => !(isIn(name) && isIn(peer.name)))
    expect(
      strangers.map((peer) => peer.name),
      name,
    ).toEqual([])
  }
  // Whoever is still in gets another pass, and whoever is out comes back.
  for (const name of names.slice(1)) await club.invite(name)
  await world.until(() => names.every((name) => club.knows(name) === names.join(' ')), 120_000)
}

function cutOff(world: Simulation, name: string): void {
  for (const other of names) {
    if (other === name) continue
    world.network.setSilent(name, other, true)
    world.network.setSilent(other, name, true)
  }
}
