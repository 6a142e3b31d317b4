import { expect, test } from 'vitest'
import { FeedModel } from '../../../map/feed.ts'
import { fakeNode } from '../../../map/network.test-kit.ts'
import { linkRows, nodeRows, sortRows } from './table-rows.ts'

function makeModel(): FeedModel {
  const model = new FeedModel()
  for (const n of [0, 1, 2]) model.apply({ type: 'node', n, ...fakeNode(n), sinceUnixMs: 0 })
  model.apply({ type: 'link', a: 0, b: 1, rttMicros: 9_000, isConfirmed: true })
  model.apply({ type: 'link', a: 0, b: 2, rttMicros: null, isConfirmed: false })
  return model
}

test('a row a node, with its links and the round trip from here', () => {
  const { rows, caption } = nodeRows(makeModel(), undefined)
  expect(caption).toBe('3 of 3 nodes')
  expect(rows.map(({ cells }) => cells)).toEqual([
    ['alice (this node)', 'alive', '127.0.0.1:14590', '2', '–', '0.1.0'],
    ['bob', 'alive', '127.0.0.1:14591', '1', '9.00 ms', '0.1.0'],
    ['carol', 'alive', '127.0.0.1:14592', '1', '–', '0.1.0'],
  ])
})

test('a row a link, and those of what is searched for only', () => {
  const { rows } = linkRows(makeModel(), undefined)
  expect(rows.map(({ cells }) => cells)).toEqual([
    ['alice', 'bob', '9.00 ms', '–'],
    ['alice', 'carol', 'not measured', 'one end tells'],
  ])
  expect(linkRows(makeModel(), new Set([1])).rows).toHaveLength(1)
  expect(nodeRows(makeModel(), new Set([1])).rows).toHaveLength(1)
})

test('numbers are sorted as numbers, what is not measured comes last', () => {
  const { rows } = linkRows(makeModel(), undefined)
  expect(sortRows(rows, 2, true).map(({ cells }) => cells[1])).toEqual(['carol', 'bob'])
  expect(sortRows(rows, 2, false).map(({ cells }) => cells[1])).toEqual(['bob', 'carol'])
})

test('text from peers is made visible in a table too', () => {
  const model = makeModel()
  model.apply({ type: 'node', n: 1, ...fakeNode(1, { name: '\u202ebob\u0007' }), sinceUnixMs: 0 })
  expect(nodeRows(model, undefined).rows[1]?.cells[0]).toBe('\\u{202e}bob\\x07')
})
