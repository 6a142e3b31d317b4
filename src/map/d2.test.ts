import { D2 } from '@terrastruct/d2'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { captionLine } from './caption.ts'
import { formatD2 } from './d2.ts'
import type { Network } from './graph.ts'
import { fakeLink, fakeNetwork, fakeNode } from './network.test-kit.ts'

const example: Network = {
  nodes: [
    fakeNode(0),
    fakeNode(1, { addresses: [] }),
    fakeNode(2, { state: 'suspect' }),
    fakeNode(3, { state: 'gone' }),
    fakeNode(4, { state: 'left', isSelf: true }),
  ],
  links: [
    fakeLink(0, 1, { rttMicros: 240 }),
    fakeLink(2, 1, { rttMicros: 12_400, isConfirmed: false }),
    fakeLink(1, 0, { rttMicros: 999 }),
    fakeLink(0, 3),
    fakeLink(0, 4, { isConfirmed: false }),
  ],
}

/** Labels that mean something to D2, where they are not quoted. */
const hostileNames = [
  "it's ''quoted''",
  '"double" ${vars} \\n \\',
  'x -> y; z: { shape: circle } # comment',
  '*.style.fill: red',
  '|md # markdown |',
  '\u001b[31m\n\r\u202e\u2028 名 😀',
  '...@import',
  '',
  ' ',
  'x'.repeat(100_000),
]
/** Labels that are words of D2. */
const reservedNames = ['label', 'style', 'classes', '_', 'null', 'near', 'a.b', 'vars', 'layers']

test('a node is a line with label and port, a link a line with its RTT in µs', () => {
  const text = formatD2(example)
  expect(text.slice(text.indexOf("'@alice'"))).toBe(`'@alice': 'alice :14590' { class: [self] }
'@bob': 'bob'
'@carol': 'carol :14592' { class: [suspect] }
'@dave': 'dave :14593' { class: [gone] }
'@erin': 'erin :14594' { class: [self; left] }
'@alice' -- '@bob': '240 µs'
'@alice' -- '@dave'
'@alice' -- '@erin' { class: [unconfirmed] }
'@bob' -- '@carol': '12 400 µs' { class: [unconfirmed] }
`)
})

test('nodes of one name, or of a name that is no label, go by their IDs', () => {
  const nodes = ['twin', 'twin', 'Not A Label'].map((name, at) => fakeNode(at, { name }))
  const text = formatD2({ nodes, links: [fakeLink(0, 1)] })
  for (const { id } of nodes) expect(text).toContain(`\n'@${id}': `)
  expect(text).toContain(` -- '@`)
})

test('the age of the news does not change the text, nor the order of the network', () => {
  const { nodes, links } = fakeNetwork(40)
  const aged = nodes.map((node) => ({ ...node, ageMs: node.ageMs + 5_000 }))
  expect(formatD2({ nodes: aged.toReversed(), links: links.toReversed() })).toBe(
    formatD2({ nodes, links }),
  )
})

test('whatever a node is called, it takes one line and leaves its quotes closed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, address) => {
      const text = formatD2({ nodes: [fakeNode(0, { name, addresses: [address] })], links: [] })
      const line = text.slice(text.indexOf("'@")).trimEnd()
      expect(line).toMatch(/^'@[a-z0-9._-]+': '([^'\n]|'')*' \{ class: \[self\] \}$/)
    }),
  )
})

test('the D2 compiler takes it, and shows each label as it was', async () => {
  const names = [...hostileNames, ...reservedNames]
  const strange = names.map((name, at) => fakeNode(10 + at, { name, isSelf: false }))
  const nodes = [...example.nodes, ...strange]
  const links = [
    ...example.links,
    ...strange.map((_, at) => fakeLink(0, 10 + at, { rttMicros: at })),
  ]
  const { diagram } = await new D2().compile(formatD2({ nodes, links }))
  const labels = diagram.shapes.map((shape) => ('label' in shape ? String(shape.label) : ''))
  expect(labels.toSorted()).toEqual(nodes.map((node) => captionLine(node)).toSorted())
  expect(diagram.connections).toHaveLength(links.length - 1) // One stood there twice.
  expect(diagram.connections.filter(({ strokeDash }) => strokeDash > 0)).toHaveLength(2)
}, 60_000)
