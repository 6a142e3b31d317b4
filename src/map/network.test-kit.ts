/** Networks for the tests of the drawings: members, links and round trips from a seed. */
import { type PeerId, peerIdFromKey } from '../base/peer-id.ts'
import { type Random, randomInt, seededRandom } from '../base/random.ts'
import type { LinkInfo, MemberState, NodeInfo } from '../membership/snapshot.ts'
import type { Network } from './graph.ts'

const people = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy']
const rareStates: readonly MemberState[] = ['suspect', 'gone', 'left']

/** A node that is all right, but for `changes`. Equal indexes give equal IDs. */
export function fakeNode(index: number, changes: Partial<NodeInfo> = {}): NodeInfo {
  return {
    id: fakeId(index),
    name: people[index] ?? `node-${index}`,
    state: 'alive',
    addresses: [`tls://127.0.0.1:${14_590 + index}`],
    ageMs: 100,
    software: '0.1.0',
    protocol: 1,
    isSelf: index === 0,
    ...changes,
  }
}

/** The link of two nodes made by {@link fakeNode}; without an RTT it is unmeasured. */
export function fakeLink(a: number, b: number, changes: Partial<LinkInfo> = {}): LinkInfo {
  const [low = fakeId(a), high = fakeId(b)] = [fakeId(a), fakeId(b)].toSorted()
  return { a: low, b: high, isConfirmed: true, ageMs: 100, ...changes }
}

/**
 * Up to twelve nodes are all linked; more have `degree` links each or so, half of them to nodes
 * near. One in twenty links is unmeasured, one in twenty unconfirmed, one in fifteen nodes not
 * alive.
 */
export function fakeNetwork(count: number, { seed = 1, degree = 10 } = {}): Network {
  const random = seededRandom(seed)
  const sites = Array.from({ length: count }, () => [random.next(), random.next()] as const)
  const nodes = Array.from({ length: count }, (_, index) => {
    const rare = rareStates[randomInt(random, rareStates.length)] ?? 'gone'
    return fakeNode(index, { state: index > 0 && random.next() < 1 / 15 ? rare : 'alive' })
  })
  const links: LinkInfo[] = []
  for (const [a, site] of sites.entries()) {
    const far = sites.map((other, b) => ({ b, distance: distance(site, other) }))
    const near = far.filter(({ b }) => b !== a).toSorted((x, y) => x.distance - y.distance)
    const chosen = count <= 12 ? near : near.slice(0, Math.floor(degree / 4))
    while (count > 12 && chosen.length < degree / 2) {
      const other = near[randomInt(random, near.length)]
      if (other !== undefined) chosen.push(other)
    }
    for (const { b, distance: way } of chosen) links.push(randomLink([a, b], way, random))
  }
  return { nodes, links: uniqueLinks(links) }
}

function randomLink([a, b]: readonly [number, number], way: number, random: Random): LinkInfo {
  const rttMicros = Math.round(120 + way ** 3 * 300_000 * (0.8 + 0.4 * random.next()))
  const isMeasured = random.next() > 0.05
  const isConfirmed = random.next() > 0.05
  return fakeLink(a, b, { isConfirmed, ...(isMeasured ? { rttMicros } : {}) })
}

function uniqueLinks(links: readonly LinkInfo[]): LinkInfo[] {
  return [...new Map(links.map((link) => [`${link.a} ${link.b}`, link])).values()]
}

function distance(a: readonly [number, number], b: readonly [number, number]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1])
}

function fakeId(index: number): PeerId {
  return peerIdFromKey(seededRandom(index + 1).bytes(32))
}
