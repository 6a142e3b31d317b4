import { expect, test } from 'vitest'
import { PeerTable } from './peer-table.ts'
import type { PeerId } from '../base/peer-id.ts'

test('[C20] peers that come and go for ever make room for one another; who is held stays', () => {
  const forgotten: string[] = []
  const table = new PeerTable(({ id }) => forgotten.push(id))
  table.meet('held' as PeerId).isHeld = true
  for (let number = 0; number < 20_005; number++) table.meet(`peer ${number}` as PeerId)
  expect([...table].length).toBe(20_000)
  expect(forgotten.slice(0, 2)).toEqual(['peer 0', 'peer 1'])
  expect(table.get('held' as PeerId)).toBeDefined()
})
