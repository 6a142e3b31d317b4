import { expect, test } from 'vitest'
import { readKeys } from './keys.ts'

test.each<[string, string, string]>([
  ['a key is its node', 'a', 'a'],
  ['a capital too', 'B', 'b'],
  ['several come at once', 'abea', 'a b e a'],
  ['q ends', 'q', 'quit'],
  ['Ctrl-C ends', '\u0003', 'quit'],
  ['Ctrl-D ends', '\u0004', 'quit'],
  ['what means nothing is left out', 'xyz f1\r', ''],
  ['arrows are no letters', '\u001b[A\u001b[1;5B\u001bOC', ''],
  ['nor are function keys', '\u001b[15~\u001bOP', ''],
  ['nor is Alt with a letter', '\u001ba', ''],
  ['Escape alone means nothing', '\u001b', ''],
  ['what follows a sequence counts', '\u001b[Aa', 'a'],
])('%s', (_sentence, typed, expected) => {
  const actions = readKeys(typed, ['a', 'b', 'c', 'd', 'e'])
  expect(actions.map((each) => (each.kind === 'quit' ? 'quit' : each.key)).join(' ')).toBe(expected)
})
