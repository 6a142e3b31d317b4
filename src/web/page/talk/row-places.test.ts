import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RowPlaces } from './row-places.ts'

test('rows keep their heights when others come before, behind, or go', () => {
  const places = new RowPlaces<string>(10)
  places.sync(['b', 'c'])
  expect(places.measured(0, 30)).toBe(true)
  expect(places.measured(0, 30)).toBe(false)
  places.sync(['b', 'c', 'd'])
  expect(places.height).toBe(50)
  places.sync(['a', 'b', 'c'])
  expect([0, 1, 2, 3].map((at) => places.top(at))).toEqual([0, 10, 40, 50])
  expect([0, 9, 10, 39, 40, 999].map((place) => places.at(place))).toEqual([0, 0, 1, 1, 2, 2])
  places.forgetHeights()
  expect(places.height).toBe(30)
  places.sync([])
  expect([places.height, places.at(5)]).toEqual([0, 0])
})

test('a place is found as a walk from the top finds it', () => {
  const heights = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(heights, fc.nat(4_000), (rows, place) => {
      const places = new RowPlaces<number>(20)
      places.sync(rows.map((_, at) => at))
      for (const [at, height] of rows.entries()) places.measured(at, height)
      let [walked, top] = [0, 0]
      for (const height of rows.slice(0, -1)) {
        top += height
        if (top <= place) walked++
      }
      expect(places.at(place)).toBe(walked)
      expect(places.height).toBe(rows.reduce((sum, height) => sum + height, 0))
    }),
  )
})
