import { expect, test } from 'vitest'
import { followLinks, formatSeconds } from './links.ts'
import type { Links } from './links.ts'
import type { LinkView, NodeView } from './state.ts'

/** How alice sees bob, and bob alice: `o`pen, `s`uspended, `-` not at all; and how often each started; `x` is dead. */
type Picture = readonly [alice: string, bob: string, lives?: readonly [number, number]]

function nodesOf([alice, bob, lives = [1, 1]]: Picture): readonly NodeView[] {
  const link = (letter: string): LinkView | undefined => {
    if (letter === '-' || letter === 'x') return undefined
    return { state: letter === 'o' ? 'open' : 'suspended', suspendedMs: 0 }
  }
  const node = (name: string, seen: readonly [string, string], lived: number): NodeView => {
    const view = link(seen[1])
    const links = new Map(view === undefined ? [] : [[seen[0], view]])
    return {
      name,
      key: name.slice(0, 1),
      status: seen[1] === 'x' ? 'killed' : 'running',
      port: 1,
      lives: lived,
      links,
      gone: new Set(),
    }
  }
  return [node('alice', ['bob', alice], lives[0]), node('bob', ['alice', bob], lives[1])]
}

test.each<[string, readonly Picture[], readonly string[]]>([
  [
    'nothing is no news',
    [
      ['-', '-'],
      ['-', '-'],
    ],
    [],
  ],
  [
    'one end is enough',
    [
      ['-', 'o'],
      ['o', 'o'],
    ],
    ['connected'],
  ],
  [
    'a doubt of one end counts',
    [
      ['o', 'o'],
      ['s', 'o'],
      ['s', 's'],
    ],
    ['connected', 'suspended: its path is lost, what is in flight is kept'],
  ],
  [
    'the same two processes resume',
    [
      ['o', 'o'],
      ['s', 's'],
      ['o', 's'],
      ['o', 'o'],
    ],
    ['connected', 'suspended: its path is lost, what is in flight is kept', 'resumed after 2.0 s'],
  ],
  [
    'another process connects again',
    [
      ['o', 'o'],
      ['-', 's'],
      ['-', 's', [2, 1]],
      ['o', 'o', [2, 1]],
    ],
    [
      'connected',
      'suspended: its path is lost, what is in flight is kept',
      'connected again after 2.0 s',
    ],
  ],
  [
    'another process connects again, also when it was there before we looked',
    [
      ['o', 'o'],
      ['-', 's', [2, 1]],
      ['o', 'o', [2, 1]],
    ],
    [
      'connected',
      'suspended: its path is lost, what is in flight is kept',
      'connected again after 1.0 s',
    ],
  ],
  [
    'a goodbye',
    [
      ['o', 'o'],
      ['-', '-'],
    ],
    ['connected', 'disconnected'],
  ],
  [
    'nobody is left to tell',
    [
      ['o', 'o'],
      ['x', 's'],
      ['x', 'x'],
    ],
    [
      'connected',
      'suspended: its path is lost, what is in flight is kept',
      'gone with both its nodes',
    ],
  ],
  [
    'no return in time',
    [
      ['o', 'o'],
      ['s', '-'],
      ['-', '-'],
    ],
    ['connected', 'suspended: its path is lost, what is in flight is kept', 'given up after 1.0 s'],
  ],
])('%s', (_sentence, pictures, expected) => {
  let links: Links = new Map()
  const said = pictures.flatMap((picture, second) => {
    const followed = followLinks(links, nodesOf(picture), second * 1_000)
    links = followed.links
    return followed.texts
  })
  expect(said).toEqual(expected.map((text) => `alice–bob ${text}`))
})

test.each([
  [0, '0.0 s'],
  [9_940, '9.9 s'],
  [12_400, '12 s'],
])('%i ms is %s', (durationMs, text) => {
  expect(formatSeconds(durationMs)).toBe(text)
})
