import { expect, test } from 'vitest'
import type { PeerId } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import type { LinkInfo } from '../membership/snapshot.ts'
import { type Network, neighboursOf, toGraph } from './graph.ts'
import { fakeLink, fakeNetwork, fakeNode } from './network.test-kit.ts'

const nodes = [fakeNode(0), fakeNode(1), fakeNode(2)]

test('nodes stand by name, then ID, whatever their order', () => {
  const twins = [fakeNode(3, { name: 'twin' }), fakeNode(4, { name: 'twin' })]
  const ids = twins.map(({ id }) => id).toSorted()
  const graph = toGraph({ nodes: [...twins, ...nodes.toReversed()], links: [] })
  expect(graph.nodes.map(({ name }) => name)).toEqual(['alice', 'bob', 'carol', 'twin', 'twin'])
  expect(graph.nodes.slice(3).map(({ id }) => id)).toEqual(ids)
})

test.each<[string, readonly LinkInfo[], object | undefined]>([
  [
    'a link',
    [fakeLink(0, 1, { rttMicros: 240 })],
    { isConfirmed: true, ageMs: 100, rttMicros: 240 },
  ],
  ['a link before its first measurement', [fakeLink(0, 1)], { isConfirmed: true, ageMs: 100 }],
  ['half microseconds', [fakeLink(0, 1, { rttMicros: 240.5 })], { rttMicros: 241 }],
  ['no amount', [fakeLink(0, 1, { rttMicros: Number.NaN })], { isConfirmed: true, ageMs: 100 }],
  ['a negative amount', [fakeLink(0, 1, { rttMicros: -5 })], { isConfirmed: true, ageMs: 100 }],
  ['an endless time', [fakeLink(0, 1, { rttMicros: Infinity })], { isConfirmed: true, ageMs: 100 }],
  ['both directions', [fakeLink(0, 1), reverse(fakeLink(0, 1))], { isConfirmed: true, ageMs: 100 }],
  [
    'the confirmed entry before the measured',
    [fakeLink(0, 1, { isConfirmed: false, rttMicros: 1 }), fakeLink(0, 1, { rttMicros: 2 })],
    { isConfirmed: true, ageMs: 100, rttMicros: 2 },
  ],
  [
    'the measured entry before the unmeasured',
    [fakeLink(0, 1), fakeLink(0, 1, { rttMicros: 3 })],
    { isConfirmed: true, ageMs: 100, rttMicros: 3 },
  ],
  ['a link to itself', [{ ...fakeLink(0, 1), b: fakeLink(0, 1).a }], undefined],
  ['a link to a stranger', [{ ...fakeLink(0, 1), b: 'nobody' as PeerId }], undefined],
])('of two nodes remains at most one edge: %s', (_sentence, links, expected) => {
  const edges = toGraph({ nodes, links }).edges
  expect(toGraph({ nodes, links: links.toReversed() }).edges).toEqual(edges)
  expect(edges).toHaveLength(expected === undefined ? 0 : 1)
  expect(edges[0] ?? {}).toMatchObject(expected ?? {})
  if (expected !== undefined && !('rttMicros' in expected)) {
    expect(edges[0]).not.toHaveProperty('rttMicros')
  }
})

test('a network in any order gives the same graph', () => {
  for (const seed of [1, 2, 3]) {
    const network = fakeNetwork(30, { seed })
    expect(toGraph(shuffled(network, seed))).toEqual(toGraph(network))
  }
})

test('neighbours stand nearest first, the unmeasured last', () => {
  const links = [
    fakeLink(0, 1),
    fakeLink(0, 2, { rttMicros: 900 }),
    fakeLink(1, 2, { rttMicros: 3 }),
  ]
  const lists = neighboursOf(toGraph({ nodes, links }))
  expect(lists.map((list) => list.map(({ node }) => node))).toEqual([
    [2, 1],
    [2, 0],
    [1, 0],
  ])
})

function reverse({ a, b, ...rest }: LinkInfo): LinkInfo {
  return { ...rest, a: b, b: a }
}

function shuffled({ nodes: members, links }: Network, seed: number): Network {
  const random = seededRandom(seed)
  const shuffle = <T>(items: readonly T[]): T[] => {
    const keyed = items.map((item) => ({ item, key: random.next() }))
    return keyed.toSorted((x, y) => x.key - y.key).map(({ item }) => item)
  }
  return { nodes: shuffle(members), links: shuffle(links) }
}
