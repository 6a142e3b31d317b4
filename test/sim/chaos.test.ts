/** Worlds in which everything breaks; `npm run soak` plays more of them. `SEED=n` replays one. */
import { expect, test } from 'vitest'
import { seeds } from '../../src/testing/simulation.node.ts'
import { chaos } from './chaos.ts'

/** Worlds that fail without the mending of a bug that chaos found: the seed, and what it showed. */
const found: readonly (readonly [number, string])[] = [
  [26, 'new paths put off the doubt about the one in use, for ever, and gathered without bound'],
  [34, 'a dial made before the last one was answered ended the connection that the last one began'],
  [230, 'the same, with a bulk stream on it'],
  [201, 'a dial that overtook the answer to one from the other side ended what that answer began'],
  [545, 'the same, with a stream both ways on it'],
  [11_492, 'what came behind a SWITCH from a path that was not known yet was dropped, for ever'],
]

test.each(found)('[C5] a world that failed once is whole again: seed %i, %s', async (seed) => {
  expect((await chaos(seed)).operations).toBeGreaterThan(0)
})

test.each(seeds(200, 100_000))(
  '[C5] nothing is lost, repeated or reordered, and all is whole a minute after the last fault, seed %i',
  async (seed) => {
    expect((await chaos(seed)).operations).toBeGreaterThan(0)
  },
)

test.each(seeds(30, 500_000))(
  '[C15] nor where processes start again all the time, whatever crosses, seed %i',
  async (seed) => {
    expect((await chaos(seed, { isCrashy: true })).faults).toBeGreaterThan(0)
  },
)

test('[C5] a world is a function of its seed', async () => {
  expect(await chaos(7)).toEqual(await chaos(7))
})
