import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Network } from '../../map/graph.ts'
import { fakeLink, fakeNetwork, fakeNode } from '../../map/network.test-kit.ts'
import { formatMap } from './terminal.ts'

const plain = { columns: 80, isColoured: false }

const five: Network = {
  nodes: [
    fakeNode(0, { isSelf: false }),
    fakeNode(1, { state: 'suspect' }),
    fakeNode(2, { isSelf: true }),
    fakeNode(3, { state: 'gone' }),
    fakeNode(4),
  ],
  links: [
    fakeLink(0, 1, { rttMicros: 240 }),
    fakeLink(0, 2, { rttMicros: 124_000 }),
    fakeLink(0, 4, { rttMicros: 24_000, isConfirmed: false }),
    fakeLink(2, 4),
  ],
}

test('two nodes are a list', () => {
  const network = { nodes: [fakeNode(1), fakeNode(0)], links: [fakeLink(0, 1, { rttMicros: 240 })] }
  expect(`\n${formatMap(network, plain).join('\n')}\n`).toBe(`
2 nodes: 2 alive · 1 link

◉ alice :14590  this node, 1 link
    bob 240 µs
● bob :14591  1 link
    alice 240 µs
`)
})

test('five nodes are a table: this node first, each link once, suspects and gone marked', () => {
  expect(`\n${formatMap(five, plain).join('\n')}\n`).toBe(`
5 nodes: 3 alive, 1 suspect, 1 gone · 4 links

  RTT in ms          carol   alice  bob  dave
◉ carol      :14592
● alice      :14590    124
◐ bob        :14591      ·    0.24             suspect
○ dave       :14593      ·       ·    ·        gone
● erin       :14594      –  (24.0)    ·     ·

( ) known from one end only   – not measured yet   · no link
`)
})

test('near nodes are measured in microseconds', () => {
  const links = [fakeLink(0, 1, { rttMicros: 240 }), fakeLink(1, 2, { rttMicros: 1_240 })]
  const lines = formatMap({ nodes: [0, 1, 2].map((at) => fakeNode(at)), links }, plain)
  expect(lines.slice(2, 6)).toEqual([
    '  RTT in µs          alice   bob',
    '◉ alice      :14590',
    '● bob        :14591    240',
    '● carol      :14592      ·  1240',
  ])
})

test('in a narrow terminal numbers stand in the place of names', () => {
  expect(formatMap(five, { ...plain, columns: 38 })).toEqual([
    '5 nodes: 3 alive, 1 suspect, 1 gone ·…',
    '',
    '    RTT in ms   1      2 3 4',
    '1 ◉ carol',
    '2 ● alice     124',
    '3 ◐ bob         ·   0.24      suspect',
    '4 ○ dave        ·      · ·    gone',
    '5 ● erin        – (24.0) · ·',
    '',
    '( ) known from one end only',
    '– not measured yet',
    '· no link',
  ])
})

test('of thirty nodes each has all its neighbours, nearest first', () => {
  const network = fakeNetwork(30)
  const text = formatMap(network, plain).join('\n')
  const named = [...text.matchAll(/ {3}\(?[\w-]+ (–|[\d.]+ (µs|ms|s))/g)]
  expect(named).toHaveLength(2 * network.links.length)
})

test('of two hundred nodes each has a line, after all links of this node', () => {
  const network = fakeNetwork(200)
  const lines = formatMap(network, plain)
  const first = lines.findIndex((line, at) => at > 2 && line === '') + 1
  expect(lines[2]).toMatch(/^◉ alice :14590 {2}this node, \d+ links$/)
  expect(lines.slice(first, first + 200).every((line) => /^[◉●◐○◌] /.test(line))).toBe(true)
  expect(lines.length).toBeLessThan(215)
})

test('the colours come on top: without them the lines are the same', () => {
  for (const count of [0, 1, 2, 5, 12, 30, 60]) {
    const network = fakeNetwork(count)
    const coloured = formatMap(network, { columns: 90, isColoured: true }).map((line) => {
      // oxlint-disable-next-line no-control-regex -- these are the colours
      return line.replaceAll(/\u001b\[\d+m/g, '').trimEnd()
    })
    expect(coloured).toEqual(formatMap(network, { columns: 90, isColoured: false }))
  }
})

test('whatever peers write, each line is visible text and not wider than the terminal', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 })
  const sizes = { count: fc.constantFrom(2, 5, 13, 45), columns: fc.integer({ min: 1, max: 150 }) }
  fc.assert(
    fc.property(fc.record({ ...sizes, text }), ({ count, columns, text: hostile }) => {
      const { nodes, links } = fakeNetwork(count)
      const named = nodes.map((node, at) => (at % 2 ? { ...node, name: `${hostile}${at}` } : node))
      const lines = formatMap({ nodes: named, links }, { columns, isColoured: false })
      expect(lines.filter((line) => line.length > columns)).toEqual([])
      expect(lines.filter((line) => !/^[ -~\u00a1-\u024f◉●◐○◌·–…]*$/.test(line))).toEqual([])
    }),
    { numRuns: 60 },
  )
})
