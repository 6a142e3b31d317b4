import { describe, expect, test } from 'vitest'
import { toGraph } from './graph.ts'
import { LiveLayout } from './live-layout.ts'
import { fakeNetwork } from './network.test-kit.ts'
import { idealLength } from './stress.ts'
import type { LiveNetwork } from './live-layout.ts'
import type { Point } from './spread.ts'
import type { LayoutLink } from './stress.ts'

/** A network of `count` nodes from a seed; node `n` is named `100 + n`. */
function makeNetwork(count: number, seed = 1): LiveNetwork {
  const { edges } = toGraph(fakeNetwork(count, { seed }))
  const links = edges.map((edge) => ({ ...edge, from: 100 + edge.from, to: 100 + edge.to }))
  return { nodes: Array.from({ length: count }, (_, at) => 100 + at), links }
}

function without({ nodes, links }: LiveNetwork, name: number): LiveNetwork {
  return {
    nodes: nodes.filter((each) => each !== name),
    links: links.filter(({ from, to }) => from !== name && to !== name),
  }
}

/** How far links are from the length that they should have, as a part of it. */
function errorOf(links: readonly LayoutLink[], places: ReadonlyMap<number, Point>): number {
  const errors = links.map(({ from, to, rttMicros }) => {
    const [a, b] = [places.get(from), places.get(to)]
    const ideal = idealLength(rttMicros)
    return a === undefined || b === undefined
      ? 1
      : Math.abs(Math.hypot(a.x - b.x, a.y - b.y) - ideal) / ideal
  })
  return errors.reduce((sum, each) => sum + each, 0) / errors.length
}

function nearest(name: number, places: ReadonlyMap<number, Point>): number {
  const { x = 0, y = 0 } = places.get(name) ?? {}
  const others = [...places].filter(([other]) => other !== name)
  return Math.min(...others.map(([, place]) => Math.hypot(place.x - x, place.y - y)))
}

describe('a network that changes', () => {
  test.each([20, 100, 400])(
    'of %i nodes: one that joins moves nobody, and finds its place',
    (count) => {
      const whole = makeNetwork(count)
      const newcomer = 100 + Math.floor(count / 2)
      const layout = new LiveLayout()
      expect(layout.update(without(whole, newcomer))).toBe(true)
      const before = new Map(layout.places)
      expect(layout.update(whole)).toBe(false)
      for (const [name, place] of before) expect(layout.places.get(name)).toEqual(place)
      const own = whole.links.filter(({ from, to }) => from === newcomer || to === newcomer)
      const others = whole.links.filter((link) => !own.includes(link))
      expect(errorOf(own, layout.places)).toBeLessThan(2 * errorOf(others, layout.places) + 0.2)
      expect(nearest(newcomer, layout.places)).toBeGreaterThan(0.3)
    },
  )

  test('who dies and comes back moves nobody, itself included', () => {
    const whole = makeNetwork(5)
    const layout = new LiveLayout()
    layout.update(whole)
    const before = new Map(layout.places)
    const links = whole.links.filter(({ from, to }) => from !== 101 && to !== 101)
    expect(layout.update({ nodes: whole.nodes, links })).toBe(false)
    expect(layout.update(whole)).toBe(false)
    expect(layout.places).toEqual(before)
  })

  test('other round trips move nobody', () => {
    const whole = makeNetwork(40)
    const layout = new LiveLayout()
    layout.update(whole)
    const before = new Map(layout.places)
    const links = whole.links.map((link) => ({ ...link, rttMicros: 777 }))
    expect(layout.update({ nodes: whole.nodes, links })).toBe(false)
    expect(layout.places).toEqual(before)
  })

  test('when many join all is arranged, near where it was', () => {
    const whole = makeNetwork(60)
    const half = { ...whole, nodes: whole.nodes.slice(0, 40) }
    const layout = new LiveLayout()
    layout.update(half)
    const before = new Map(layout.places)
    expect(layout.update(whole)).toBe(true)
    const moves = [...before].map(([name, { x, y }]) => {
      const place = layout.places.get(name) ?? { x: Infinity, y: 0 }
      return Math.hypot(place.x - x, place.y - y)
    })
    const fresh = new LiveLayout()
    fresh.update(whole)
    const median = moves.toSorted((a, b) => a - b)[20] ?? Infinity
    expect(median).toBeLessThan(idealLength(1_000))
    expect(errorOf(whole.links, layout.places)).toBeLessThan(
      1.35 * errorOf(whole.links, fresh.places),
    )
  })

  test('nodes without links stand in a row below, and go to the others with their first link', () => {
    const { nodes, links } = makeNetwork(12)
    const layout = new LiveLayout()
    const strangers = [900, 901, 902]
    layout.update({ nodes: [...nodes, ...strangers], links })
    const lowest = Math.max(...nodes.map((name) => layout.places.get(name)?.y ?? 0))
    for (const name of strangers) expect(layout.places.get(name)?.y).toBeGreaterThan(lowest)
    const before = new Map(layout.places)
    layout.update({
      nodes: [...nodes, ...strangers],
      links: [...links, { from: 900, to: 100, rttMicros: 100 }],
    })
    const { x = 0, y = 0 } = layout.places.get(100) ?? {}
    const moved = layout.places.get(900) ?? { x: Infinity, y: 0 }
    expect(Math.hypot(moved.x - x, moved.y - y)).toBeLessThan(2 * idealLength(100))
    expect(layout.places.get(101)).toEqual(before.get(101))
  })

  test('equal calls give equal places', () => {
    const [one, other] = [new LiveLayout(), new LiveLayout()]
    for (const layout of [one, other]) {
      layout.update(without(makeNetwork(30), 110))
      layout.update(makeNetwork(30))
    }
    expect(one.places).toEqual(other.places)
  })

  test('nobody, one alone, and links to strangers do no harm', () => {
    const layout = new LiveLayout()
    layout.update({ nodes: [], links: [] })
    expect(layout.places.size).toBe(0)
    layout.update({ nodes: [1], links: [{ from: 1, to: 2 }] })
    expect(layout.places.size).toBe(1)
    layout.update({ nodes: [1, 2, 3], links: [] })
    const places = [...layout.places.values()]
    expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(3)
    for (const { x, y } of places) expect([x, y].every(Number.isFinite)).toBe(true)
  })
})
