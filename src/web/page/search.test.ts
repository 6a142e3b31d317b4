import { expect, test } from 'vitest'
import { firstMatch } from './search.ts'
import type { PeerId } from '../../base/peer-id.ts'
import type { MemberState } from '../../membership/snapshot.ts'

const node = (name: string, id: string, state: MemberState = 'alive') => ({
  ...{ name, id: id as PeerId, state },
  addresses: [`tls://10.0.0.${id.length}:14590`],
})
const nodes = [
  node('bobby', 'aaaa'),
  node('Bob', 'bbbbb'),
  node('zoe-bob', 'cccccc'),
  node('abob', 'ddddddd', 'gone'),
]

test.each([
  ['the only one', 'zoe', 'zoe-bob'],
  ['the very name before longer ones', ' BOB ', 'Bob'],
  ['a name that begins so before one that contains it', 'bobb', 'bobby'],
  ['by name among equals', 'ob', 'Bob'],
  ['by the start of its ID', 'ccc', 'zoe-bob'],
  ['by its address', '10.0.0.7', 'abob'],
  ['by its state', 'gone', 'abob'],
  ['nobody', 'carol', undefined],
  ['nobody where nothing is searched for', '  ', undefined],
])('Enter selects %s', (_what, text, name) => {
  expect(firstMatch(nodes, text)?.name).toBe(name)
})
