import { expect, test } from 'vitest'
import { FeedModel, LineReader } from './feed.ts'
import { fakeLink, fakeNode } from './network.test-kit.ts'
import type { FeedLine, NodeLine } from './feed.ts'

function nodeLine(n: number, index = n): NodeLine {
  const { ageMs: _age, ...node } = fakeNode(index)
  return { type: 'node', n, ...node, sinceUnixMs: 1 }
}

const start: FeedLine = { type: 'start', self: fakeNode(0).id, unixMs: 1_000 }

function linkLine(a: number, b: number): FeedLine {
  return { type: 'link', a, b, rttMicros: 500, isConfirmed: true }
}

test('lines arrive whole, however the bytes are cut', () => {
  const seen: FeedLine[] = []
  const reader = new LineReader((line) => seen.push(line))
  const bytes = new TextEncoder().encode(
    `${JSON.stringify(start)}\n${JSON.stringify({ ...nodeLine(1), name: 'zoë' })}\n`,
  )
  for (const byte of bytes) reader.add(Uint8Array.of(byte))
  expect(seen.map(({ type }) => type)).toEqual(['start', 'node'])
  expect(seen[1]).toMatchObject({ name: 'zoë' })
})

test('a kind of line that only later versions know is passed over', () => {
  const seen: FeedLine[] = []
  new LineReader((line) => seen.push(line)).add(
    new TextEncoder().encode('{"type":"weather"}\n{"type":"tick","unixMs":5}\n'),
  )
  expect(seen).toEqual([{ type: 'tick', unixMs: 5 }])
})

test.each([
  ['no JSON', 'hello\n'],
  ['no object', '7\n'],
  ['no type', '{}\n'],
  ['no end', 'x'.repeat(70_000)],
])('what is no feed is refused: %s', (_what, text) => {
  const reader = new LineReader(() => undefined)
  expect(() => reader.add(new TextEncoder().encode(text))).toThrow(TypeError)
})

test('a model follows nodes, links, and their end', () => {
  const model = new FeedModel()
  for (const line of [start, nodeLine(0), nodeLine(1), linkLine(0, 1), linkLine(1, 7)])
    model.apply(line)
  expect([model.nodes.size, model.links.size]).toEqual([2, 1])
  model.apply({ type: 'unlink', a: 0, b: 1 })
  model.apply({ type: 'forget', n: 1 })
  expect([model.nodes.size, model.links.size]).toEqual([1, 0])
})

test('when a feed begins anew with other numbers, a node keeps its own', () => {
  const model = new FeedModel()
  for (const line of [start, nodeLine(0), nodeLine(1), linkLine(0, 1)]) model.apply(line)
  const bob = model.numberOf(fakeNode(1).id)
  for (const line of [start, nodeLine(8, 1), nodeLine(9, 0), linkLine(8, 9)]) model.apply(line)
  expect(model.numberOf(fakeNode(1).id)).toBe(bob)
  expect([...model.nodes.keys()].toSorted((a, b) => a - b)).toEqual([0, 1])
  expect([...model.links.values()]).toMatchObject([{ a: 1, b: 0 }])
})

test('the drawings take what a model holds', () => {
  const model = new FeedModel()
  for (const line of [start, nodeLine(0), nodeLine(1), linkLine(0, 1)]) model.apply(line)
  const { nodes, links } = model.toNetwork()
  expect(nodes).toEqual([fakeNode(0, { ageMs: 0 }), fakeNode(1, { ageMs: 0 })])
  expect(links).toEqual([fakeLink(0, 1, { rttMicros: 500, ageMs: 0 })])
})
