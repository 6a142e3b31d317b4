/**
 * Layouts on the same graphs: how long each takes, how well links have the length of their RTT, and how
 * far the others move when one node joins.
 */
import cytoscape from 'cytoscape'
import { forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force'
import { toGraph } from '../../src/map/graph.ts'
import { LiveLayout } from '../../src/map/live-layout.ts'
import { fakeNetwork } from '../../src/map/network.test-kit.ts'
import { distancesFrom, toRows } from '../../src/map/distances.ts'
import { idealLength, toSpans } from '../../src/map/stress.ts'
import type { LayoutLink } from '../../src/map/stress.ts'

interface Place {
  readonly x: number
  readonly y: number
}

interface Outcome {
  readonly places: readonly Place[]
  readonly ms: number
  /** After one more node, and how long that took. */
  readonly after: readonly Place[]
  readonly joinMs: number
}

type Layout = (
  count: number,
  links: readonly LayoutLink[],
  withoutLast: readonly LayoutLink[],
) => Outcome

function ours(
  count: number,
  links: readonly LayoutLink[],
  withoutLast: readonly LayoutLink[],
): Outcome {
  const layout = new LiveLayout()
  const names = Array.from({ length: count }, (_, at) => at)
  const read = (): Place[] => names.map((at) => layout.places.get(at) ?? { x: 0, y: 0 })
  const [ms] = time(() => layout.update({ nodes: names.slice(0, -1), links: withoutLast }))
  const places = read()
  const [joinMs] = time(() => layout.update({ nodes: names, links }))
  return { places, ms, after: read(), joinMs }
}

function d3(
  count: number,
  links: readonly LayoutLink[],
  withoutLast: readonly LayoutLink[],
): Outcome {
  interface Body extends Place {
    x: number
    y: number
  }
  const bodies = Array.from({ length: count }, (_, at): Body => {
    return { x: Math.cos(at * 2.4) * Math.sqrt(at), y: Math.sin(at * 2.4) * Math.sqrt(at) }
  })
  const run = (
    present: Body[],
    wanted: readonly LayoutLink[],
    ticks: number,
    alpha: number,
  ): void => {
    const force = forceLink(
      wanted.map(({ from, to, rttMicros }) => ({ source: from, target: to, rttMicros })),
    )
    const simulation = forceSimulation(present)
      .force(
        'links',
        force.distance(({ rttMicros }: { rttMicros?: number }) => idealLength(rttMicros)),
      )
      .force('apart', forceManyBody().strength(-4))
      .force('x', forceX(0).strength(0.01))
      .force('y', forceY(0).strength(0.01))
      .alpha(alpha)
      .stop()
    simulation.tick(ticks)
  }
  const [ms] = time(() => run(bodies.slice(0, -1), withoutLast, 300, 1))
  const places = bodies.map(({ x, y }) => ({ x, y }))
  const [joinMs] = time(() => run(bodies, links, 100, 0.3)) // As its documentation advises: reheat.
  return { places, ms, after: bodies, joinMs }
}

function cose(
  count: number,
  links: readonly LayoutLink[],
  withoutLast: readonly LayoutLink[],
): Outcome {
  const run = (
    nodes: number,
    wanted: readonly LayoutLink[],
    start: readonly Place[] | undefined,
  ): readonly [number, Place[]] => {
    const cy = cytoscape({
      headless: true,
      styleEnabled: true,
      elements: [
        ...Array.from({ length: nodes }, (_, at) => ({
          data: { id: `${at}` },
          position: { ...(start?.[at] ?? { x: 0, y: 0 }) },
        })),
        ...wanted.map(({ from, to, rttMicros }) => {
          return {
            data: { source: `${from}`, target: `${to}`, ideal: 10 * idealLength(rttMicros) },
          }
        }),
      ],
    })
    const [ms] = time(() => {
      cy.layout({
        name: 'cose',
        animate: false,
        randomize: start === undefined,
        idealEdgeLength: (edge: { data(name: string): unknown }) => Number(edge.data('ideal')),
      }).run()
    })
    const places = cy
      .nodes()
      .map((node) => ({ x: node.position('x') / 10, y: node.position('y') / 10 }))
    return [ms, places]
  }
  const [ms, places] = run(count - 1, withoutLast, undefined)
  const [joinMs, after] = run(count, links, places)
  return { places: [...places, { x: 0, y: 0 }], ms, after, joinMs }
}

const head = [
  'nodes',
  'layout',
  'whole, ms',
  'stress a pair',
  'error of links',
  'one joins, ms',
  'others move',
]

/** Measures one after the other and prints the rows of a table; what takes minutes comes last. */
export function measureLayouts(): void {
  console.log(`| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}`)
  for (const count of [100, 1_000, 10_000]) {
    measureOne(count, 'Skein', ours)
    measureOne(count, 'd3-force 3.0.1', d3)
  }
  for (const count of [100, 1_000]) measureOne(count, 'cytoscape cose 3.34.4', cose)
}

function measureOne(count: number, name: string, layout: Layout): void {
  const { edges } = toGraph(fakeNetwork(count, { seed: 1 }))
  const before = edges.filter(({ from, to }) => from !== count - 1 && to !== count - 1)
  const { places, ms, after, joinMs } = layout(count, edges, before)
  const scale = bestScale(before, places)
  const moves = places.slice(0, -1).map((place, at) => scale * distance(place, after[at]))
  const cells = [
    count,
    name,
    ms.toFixed(0),
    stressOf(count - 1, before, places).toFixed(3),
    errorOf(before, places, scale).toFixed(2),
    joinMs.toFixed(0),
    (median(moves) / idealLength(1_000)).toFixed(2),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

/** The scale at which links come nearest to their lengths: a layout need not know the unit. */
function bestScale(links: readonly LayoutLink[], places: readonly Place[]): number {
  let [dot, square] = [0, 0]
  for (const { from, to, rttMicros } of links) {
    const [ideal, actual] = [idealLength(rttMicros), distance(places[from], places[to])]
    dot += actual / ideal
    square += (actual / ideal) ** 2
  }
  return dot / square
}

function errorOf(links: readonly LayoutLink[], places: readonly Place[], scale: number): number {
  const errors = links.map(({ from, to, rttMicros }) => {
    const ideal = idealLength(rttMicros)
    return Math.abs(scale * distance(places[from], places[to]) - ideal) / ideal
  })
  return errors.reduce((sum, each) => sum + each, 0) / errors.length
}

/** Mean stress of pairs, from 50 nodes to all others, at the scale that is best for it. */
function stressOf(count: number, links: readonly LayoutLink[], places: readonly Place[]): number {
  const rows = toRows(count, toSpans(links))
  const pairs: (readonly [ideal: number, actual: number])[] = []
  for (let at = 0; at < count; at += Math.max(1, Math.floor(count / 50))) {
    for (const [other, ideal] of distancesFrom(at, rows).entries()) {
      if (other !== at && ideal < 10_000) pairs.push([ideal, distance(places[at], places[other])])
    }
  }
  let [dot, square] = [0, 0]
  for (const [ideal, actual] of pairs) {
    dot += actual / ideal
    square += (actual / ideal) ** 2
  }
  const scale = dot / square
  return (
    pairs.reduce((sum, [ideal, actual]) => sum + ((scale * actual - ideal) / ideal) ** 2, 0) /
    pairs.length
  )
}

function distance(a: Place | undefined, b: Place | undefined): number {
  return a === undefined || b === undefined ? 0 : Math.hypot(a.x - b.x, a.y - b.y)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function time<Result>(run: () => Result): readonly [ms: number, result: Result] {
  const startMs = performance.now()
  const result = run()
  return [performance.now() - startMs, result]
}
