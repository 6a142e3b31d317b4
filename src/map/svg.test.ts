import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Network } from './graph.ts'
import { fakeLink, fakeNetwork, fakeNode } from './network.test-kit.ts'
import { formatSvg } from './svg.ts'

const example: Network = {
  nodes: [
    fakeNode(0),
    fakeNode(1),
    fakeNode(2, { state: 'suspect' }),
    fakeNode(3, { state: 'gone' }),
  ],
  links: [
    fakeLink(0, 1, { rttMicros: 240 }),
    fakeLink(1, 2, { rttMicros: 12_400, isConfirmed: false }),
    fakeLink(0, 2),
    fakeLink(0, 3, { rttMicros: 200_000 }),
  ],
}

test('each node has its label and port, each link its RTT in its colour', () => {
  const svg = formatSvg(example)
  for (const text of ['alice', ':14590', 'bob', ':14591', 'carol', 'dave', ':14593']) {
    expect(svg).toMatch(new RegExp(`<text class="(name|port)" [^>]*>${text}</text>`))
  }
  expect(svg).toMatch(/<text class="rtt rtt-0" [^>]*>240 µs<\/text>/)
  expect(svg).toMatch(/class="link rtt-0"[^>]*><title>alice – bob: 240 µs</)
  expect(svg).toMatch(/class="link rtt-none"[^>]*><title>alice – carol: not measured yet</)
  expect(svg).toMatch(/class="link rtt-2 unconfirmed"[^>]*><title>bob – carol: 12 400 µs, known/)
  expect(svg).toMatch(/class="link rtt-4 faded"[^>]*><title>alice – dave/)
  expect(svg).toMatch(/<g class="suspect"><title>carol/)
  expect(svg).toMatch(/<g class="gone"><title>dave/)
})

test('the legend explains what occurs, and nothing else', () => {
  const keysOf = (network: Network): string[] => {
    return [...formatSvg(network).matchAll(/<text class="key"[^>]*>([^<]*)</g)].map(
      ([, key]) => `${key}`,
    )
  }
  expect(keysOf(example)).toEqual([
    'under 1 ms',
    '10–50 ms',
    'above 150 ms',
    'not measured',
    'known from one end',
    'this node',
    'suspect',
    'gone',
  ])
  expect(keysOf({ nodes: [fakeNode(1)], links: [] })).toEqual([])
})

test('it needs nothing from elsewhere, and has colours for the dark', () => {
  const svg = formatSvg(fakeNetwork(30))
  expect(svg).toContain('@media (prefers-color-scheme: dark)')
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
    /https?:|href|url\(|@import|<script|<foreignObject| on\w+=/,
  )
})

test('equal networks give equal pictures, whatever their order and age', () => {
  const { nodes, links } = fakeNetwork(40)
  const later = nodes.map((node) => ({ ...node, ageMs: 9_000 })).toReversed()
  expect(formatSvg({ nodes: later, links: links.toReversed() })).toBe(formatSvg({ nodes, links }))
})

test('whatever peers write, it stays text in a well-formed document', () => {
  const markup = fc.constantFrom('</text><script>', '"><!--', ']]>', '&amp;', '\u0000', '\ufffe')
  const harmless = structureOf(
    formatSvg({
      nodes: [fakeNode(0, { addresses: [] }), fakeNode(1)],
      links: [fakeLink(0, 1, { rttMicros: 5 })],
    }),
  ).toSorted()
  const hostile = fc.oneof(fc.string({ unit: 'binary' }), markup)
  fc.assert(
    fc.property(hostile, hostile, hostile, (name, address, software) => {
      const nodes = [fakeNode(0, { name, addresses: [address], software }), fakeNode(1)]
      const links = [fakeLink(0, 1, { rttMicros: 5 })]
      expect(structureOf(formatSvg({ nodes, links })).toSorted()).toEqual(harmless)
    }),
  )
})

test.each([0, 1, 2, 5, 12, 50, 200])('it draws %i nodes within its frame', (count) => {
  const svg = formatSvg(fakeNetwork(count))
  const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number)
  const circles = [...svg.matchAll(/c[xy]="([^"]*)" c?y="([^"]*)"/g)]
  const [xs, ys] = [circles.map(([, x]) => Number(x)), circles.map(([, , y]) => Number(y))]
  expect(Math.min(0, ...xs, ...ys)).toBe(0)
  expect(Math.max(0, ...xs)).toBeLessThanOrEqual(width)
  expect(Math.max(0, ...ys)).toBeLessThanOrEqual(height)
  expect(structureOf(svg).length).toBeGreaterThan(0)
})

/** The tags of a well-formed document in their order, without what stands in them. */
function structureOf(svg: string): string[] {
  expect(svg).not.toMatch(/[\p{Cs}\ufffe\uffff]|[^\P{Cc}\n]/u)
  const open: string[] = []
  const tags: string[] = []
  const rest = svg.replaceAll(/<(\/?)(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g, (...groups) => {
    const [, closing, name, , empty] = groups as string[]
    if (closing === '/') expect(open.pop()).toBe(name)
    else if (empty === '') open.push(`${name}`)
    tags.push(`${closing}${name}`)
    return ''
  })
  expect(open).toEqual([])
  expect(rest).not.toMatch(/[<>]|&(?!#\d+;)/)
  return tags
}
