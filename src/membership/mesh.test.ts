/** Whom a node connects to: single steps as tables, and towns of many meshes from a seed. */
import { describe, expect, test } from 'vitest'
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { Mesh } from './mesh.ts'
import { MeshTown } from './mesh.test-kit.ts'
import type { MeshMember, MeshWorld } from './mesh-world.ts'

const random = seededRandom(7)
const [self, bob, carol, dave] = Array.from({ length: 4 }, () => peerIdFromKey(random.bytes(32)))
if (self === undefined || bob === undefined || carol === undefined || dave === undefined) {
  throw new RangeError('four IDs were made')
}
const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, each) => sum + each, 0) / numbers.length

const member = (id: typeof bob, state: MeshMember['state'] = 'alive'): MeshMember => {
  return { id, state, news: '1' }
}

function world(nowMs: number, changes: Partial<MeshWorld> = {}): MeshWorld {
  return { members: [], links: [], neighboursOf: () => [], nowMs, ...changes }
}

describe('a town of few', () => {
  test.each(Array.from({ length: 11 }, (_, index) => index + 2))(
    '[M20] %i nodes are all connected within two seconds, with one dial a pair',
    (count) => {
      const town = new MeshTown(count, count)
      town.run(2_000)
      expect(town.degrees.every((degree) => degree === count - 1)).toBe(true)
      expect(town.counts.dials).toBe((count * (count - 1)) / 2)
    },
  )

  test('[M22] from 13 to 16 it stays as it was, whichever way it came', () => {
    const town = new MeshTown(12, 1)
    for (let count = 13; count <= 16; count++) {
      town.add()
      town.run(5_000)
      expect(town.degrees.every((degree) => degree === count - 1)).toBe(true)
    }
    town.add()
    town.run(60_000)
    expect(mean(town.degrees)).toBeLessThan(14)
    const [first, second, third, fourth, fifth] = town.alive
    for (const site of [first, second, third, fourth]) if (site !== undefined) town.kill(site)
    town.run(60_000)
    expect(town.alive.length).toBe(13)
    expect(mean(town.degrees)).toBeLessThan(12)
    if (fifth !== undefined) town.kill(fifth)
    town.run(5_000)
    expect(town.degrees.every((degree) => degree === 11)).toBe(true)
  })
})

describe('a town of many', () => {
  test.each(Array.from({ length: 10 }, (_, seed) => seed))(
    '[M21] 40 nodes have 6 to 20 links each; a third dies at once, the rest holds together (seed %i)',
    (seed) => {
      const town = new MeshTown(40, seed)
      let most = 0
      for (let second = 0; second < 120; second++) {
        town.run(1_000)
        most = Math.max(most, ...town.degrees)
      }
      expect(most).toBeLessThanOrEqual(20)
      expect(Math.min(...town.degrees)).toBeGreaterThanOrEqual(6)
      expect(mean(town.degrees)).toBeLessThan(13)
      for (const site of town.sites) if (town.random.next() < 1 / 3) town.kill(site)
      expect(town.reachable).toBe(town.alive.length)
      town.run(60_000)
      expect(Math.min(...town.degrees)).toBeGreaterThanOrEqual(6)
    },
  )

  test('[M21] 200 nodes that come one after another have 20 links at most, 13 in the mean', () => {
    const town = new MeshTown(1, 3)
    let most = 0
    while (town.sites.length < 200) {
      town.add()
      town.run(500)
      most = Math.max(most, ...town.degrees)
    }
    town.run(60_000)
    most = Math.max(most, ...town.degrees)
    expect(most).toBeLessThanOrEqual(20)
    expect(mean(town.degrees)).toBeLessThan(13)
    for (const site of town.sites) if (town.random.next() < 1 / 3) town.kill(site)
    expect(town.reachable).toBe(town.alive.length)
  })

  test('[M23] probes find near ones: links become shorter than chance would have them', () => {
    const town = new MeshTown(100, 5)
    town.run(20 * 60_000)
    const nearest = town.sites.map((site) => {
      const all = town.sites.filter((other) => other !== site)
      const ranked = all.toSorted((a, b) => town.rttMicros(site, a) - town.rttMicros(site, b))
      const linked = ranked.map((other, rank) => (site.links.has(other.id) ? rank : Infinity))
      return mean(linked.toSorted((a, b) => a - b).slice(0, 4))
    })
    // Twelve random ones of 99 would be at rank 19 in the mean; the four nearest are at 1.5.
    expect(mean(nearest)).toBeLessThan(6)
  })
})

describe('a step', () => {
  test('[M24] it dials after a random pause, keeps a suspect, and dials neither it nor who is gone', () => {
    const mesh = new Mesh(self, seededRandom(1))
    const members = [member(bob), member(carol, 'suspect'), member(dave, 'gone')]
    const first = mesh.step(world(0, { members }))
    expect(first.dial).toEqual([])
    expect([...first.keep]).toEqual([bob, carol])
    expect(mesh.step(world(1_100, { members })).dial).toEqual([bob])
    expect(mesh.step(world(1_200, { members })).dial).toEqual([])
  })

  test('[M24] only a link of its own is let go, after a moment', () => {
    const town = new MeshTown(40, 2)
    town.run(60_000)
    const [site] = town.sites
    const stranger = town.sites.find(
      (other) => other !== site && site?.links.has(other.id) === false,
    )
    if (site === undefined || stranger === undefined) throw new RangeError('there are 40')
    const members = town.sites.filter((other) => other !== site).map(({ id }) => member(id))
    const own = [...site.links].map(([id]) => ({ id, isOurs: false, rttMicros: 1 }))
    const step = (nowMs: number, isOurs: boolean) => {
      const links = [...own, { id: stranger.id, isOurs }]
      return site.mesh.step(world(nowMs, { members, links })).release
    }
    expect(step(100_000, false)).toEqual([])
    expect(step(110_000, false)).toEqual([])
    expect(step(110_100, true)).toEqual([])
    expect(step(111_600, true)).toEqual([stranger.id])
  })

  test('[M25] a refusal is respected for minutes, unless the member has news', () => {
    const mesh = new Mesh(self, seededRandom(1))
    const members = [member(bob)]
    mesh.step(world(0, { members }))
    expect(mesh.step(world(2_000, { members })).dial).toEqual([bob])
    mesh.failed(bob, true, 2_000)
    const { dial, nextMs } = mesh.step(world(2_000, { members }))
    expect(dial).toEqual([])
    expect(nextMs).toBeGreaterThan(150_000)
    const news = [{ ...member(bob), news: '2' }]
    mesh.step(world(3_000, { members: news }))
    expect(mesh.step(world(6_000, { members: news })).dial).toEqual([bob])
  })

  test('[M25] who does not answer is tried again after a second, then ever more seldom', () => {
    const mesh = new Mesh(self, seededRandom(1))
    const members = [member(bob)]
    const dials: number[] = []
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += 250) {
      if (mesh.step(world(nowMs, { members })).dial.length === 0) continue
      dials.push(nowMs)
      mesh.failed(bob, false, nowMs)
    }
    expect(dials[1]).toBeLessThan(5_000)
    expect(dials.length).toBeLessThan(30)
    expect(3_600_000 - (dials.at(-1) ?? 0)).toBeLessThan(460_000)
  })

  test('[M26] of those who are gone one at random is tried each minute or so', () => {
    const mesh = new Mesh(self, seededRandom(1))
    const members = [member(bob, 'gone'), member(carol, 'gone')]
    const dials = new Set<string>()
    let count = 0
    for (let nowMs = 0; nowMs < 600_000; nowMs += 1_000) {
      for (const id of mesh.step(world(nowMs, { members })).dial) {
        count++
        dials.add(id)
        mesh.failed(id, false, nowMs)
      }
    }
    expect([...dials].toSorted()).toEqual([bob, carol].toSorted())
    expect(count).toBeGreaterThan(5)
    expect(count).toBeLessThan(20)
  })

  test('[M20] when all is well it asks for nothing and sleeps', () => {
    const mesh = new Mesh(self, seededRandom(1))
    const links = [{ id: bob, isOurs: true, rttMicros: 100 }]
    const orders = mesh.step(world(0, { members: [member(bob)], links }))
    expect(orders).toEqual({ dial: [], keep: new Set([bob]), release: [], nextMs: Infinity })
  })
})
