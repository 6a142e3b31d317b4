import { expect, test } from 'vitest'
import { FeedModel } from '../../../map/feed.ts'
import { fakeNode } from '../../../map/network.test-kit.ts'
import { NewsDesk } from './network-news.ts'
import type { MemberState } from '../../../membership/snapshot.ts'

function modelOf(states: readonly MemberState[]): FeedModel {
  const model = new FeedModel()
  for (const [n, state] of states.entries()) {
    model.apply({ type: 'node', n, ...fakeNode(n, { state }), sinceUnixMs: 0 })
  }
  return model
}

test('what is there at first is no news; what changes is, the newest first', () => {
  const desk = new NewsDesk()
  desk.look(modelOf(['alive', 'alive']), 1)
  expect(desk.news).toEqual([])
  desk.look(modelOf(['alive', 'gone']), 2)
  desk.look(modelOf(['alive', 'alive', 'alive']), 3)
  desk.look(modelOf(['alive']), 4)
  expect(desk.news.map(({ name, kind, atMs }) => `${atMs} ${name} ${kind}`)).toEqual([
    '4 carol forgotten',
    '4 bob forgotten',
    '3 carol joined',
    '3 bob back',
    '2 bob gone',
  ])
})

test('a network that is told anew is no news, and old news ends', () => {
  const desk = new NewsDesk()
  desk.look(modelOf(['alive']), 1)
  desk.reset()
  desk.look(modelOf(['alive', 'gone']), 2)
  expect(desk.news).toEqual([])
  for (let at = 0; at < 100; at++) desk.look(modelOf([at % 2 === 0 ? 'gone' : 'alive']), at)
  expect(desk.news).toHaveLength(50)
})
