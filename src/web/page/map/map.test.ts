import { expect, test } from 'vitest'
import { FeedModel, linkKey } from '../../../map/feed.ts'
import { fakeNode } from '../../../map/network.test-kit.ts'
import { between, fit, pan, toMap, toScreen, zoomAt } from './camera.ts'
import { NamePlaces } from './name-places.ts'
import { Scene, linkStyleOf } from './scene.ts'
import type { LinkLine } from '../../../map/feed.ts'

const view = { width: 800, height: 600 }
const camera = { x: 3, y: -2, zoom: 7 }

test('the place under the hand stays there while the map is zoomed', () => {
  const at = { x: 123, y: 456 }
  const held = toMap(at, camera, view)
  const seen = toScreen(held, zoomAt(camera, 1.7, { at, view }), view)
  expect(seen.x).toBeCloseTo(at.x)
  expect(seen.y).toBeCloseTo(at.y)
})

test('a hand that moves 10 px moves the map 10 px', () => {
  const place = { x: 1, y: 1 }
  const [before, after] = [
    toScreen(place, camera, view),
    toScreen(place, pan(camera, 10, -4), view),
  ]
  expect([after.x - before.x, after.y - before.y].map(Math.round)).toEqual([10, -4])
})

test.each([
  [{ left: 0, right: 40, top: 0, bottom: 10 }],
  [{ left: -5, right: -5, top: 3, bottom: 3 }],
  [{ left: 0, right: 1, top: 0, bottom: 900 }],
])('all that is to be fitted is seen', (extent) => {
  for (const small of [view, { width: 300, height: 300 }]) {
    const fitted = fit(extent, small)
    for (const [x, y] of [
      [extent.left, extent.top],
      [extent.right, extent.bottom],
    ] as const) {
      const at = toScreen({ x, y }, fitted, small)
      expect(at.x).toBeGreaterThanOrEqual(0)
      expect(at.x).toBeLessThanOrEqual(small.width)
      expect(at.y).toBeGreaterThanOrEqual(0)
      expect(at.y).toBeLessThanOrEqual(small.height)
    }
  }
})

test('a flight begins and ends where it should', () => {
  const to = { x: 9, y: 9, zoom: 70 }
  expect(between(camera, to, 0)).toEqual(camera)
  expect(between(camera, to, 1).zoom).toBeCloseTo(70)
})

test('names take places once', () => {
  const places = new NamePlaces()
  expect(places.take({ left: 0, right: 100, top: 0, bottom: 20 })).toBe(true)
  expect(places.take({ left: 90, right: 190, top: 10, bottom: 30 })).toBe(false)
  expect(places.take({ left: 90, right: 190, top: 21, bottom: 41 })).toBe(true)
  expect(places.take({ left: -900, right: -800, top: -50, bottom: -30 })).toBe(true)
})

const own = { kind: 'tls', address: '', reason: '', state: 'open' } as const
test.each<[string, Partial<LinkLine>, string]>([
  ['known from both ends', {}, 'solid'],
  ['known from one end', { isConfirmed: false }, 'unconfirmed'],
  ['a TLS path of ours', { path: own }, 'solid'],
  ['a hole-punched path of ours', { path: { ...own, kind: 'udp' } }, 'udp'],
  ['a relayed path of ours', { path: { ...own, kind: 'relay' } }, 'relay'],
  ['a connection of ours without a path', { path: { ...own, state: 'suspended' } }, 'waiting'],
])('the style of a link: %s', (_what, changes, style) => {
  const line: LinkLine = {
    type: 'link',
    a: 0,
    b: 1,
    rttMicros: null,
    isConfirmed: true,
    ...changes,
  }
  expect(linkStyleOf(line)).toBe(style)
})

test('nodes appear where they are placed, move smoothly, fade, and are forgotten then', () => {
  const model = new FeedModel()
  for (const n of [0, 1]) model.apply({ type: 'node', n, ...fakeNode(n), sinceUnixMs: 0 })
  model.apply({ type: 'link', a: 0, b: 1, rttMicros: 5_000, isConfirmed: true })
  const scene = new Scene()
  expect(scene.follow(model)).toBe(true)
  expect(scene.follow(model)).toBe(false)
  const place = (x: number, nowMs: number): void => {
    scene.place(
      [
        [0, { x: 0, y: 0 }],
        [1, { x, y: 0 }],
      ],
      { nowMs, isCalm: false },
    )
  }
  place(10, 0)
  scene.advance(0, false)
  scene.advance(10_000, false)
  const bob = scene.nodes.get(1)
  expect([bob?.x, bob?.alpha, scene.isAnimated]).toEqual([10, 1, false])
  place(20, 10_000)
  scene.advance(10_100, false)
  expect(bob?.x).toBeGreaterThan(10)
  expect(bob?.x).toBeLessThan(20)
  scene.advance(20_000, false)
  expect(bob?.x).toBe(20)
  model.nodes.delete(1)
  model.links.delete(linkKey(0, 1))
  expect(scene.follow(model)).toBe(true)
  scene.advance(20_100, false)
  expect([scene.nodes.size, scene.links.size]).toEqual([2, 1])
  scene.advance(30_000, false)
  scene.advance(40_000, false)
  expect([scene.nodes.size, scene.links.size]).toEqual([1, 0])
})

test('arrows lead to the nearest node in their direction', () => {
  const model = new FeedModel()
  for (const n of [0, 1, 2, 3]) model.apply({ type: 'node', n, ...fakeNode(n), sinceUnixMs: 0 })
  const scene = new Scene()
  scene.follow(model)
  const places = [
    [0, 0],
    [10, 1],
    [4, 30],
    [-3, -1],
  ] as const
  scene.place(
    places.map(([x, y], n) => [n, { x, y }] as const),
    { nowMs: 0, isCalm: true },
  )
  const from = scene.nodes.get(0)
  if (from === undefined) throw new TypeError('it was just added')
  expect(
    [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ].map(([x = 0, y = 0]) => scene.neighbourTowards(from, x, y)?.n),
  ).toEqual([1, 2, 3, undefined])
})
