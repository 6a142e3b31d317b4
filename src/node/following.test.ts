import { expect, test } from 'vitest'
import { follow } from './following.ts'
import type { CommandContext } from '../command/command.ts'
import type { ListOptions } from './letters.ts'

test('what comes while the first look finds nothing is printed, once', async () => {
  const items = [{ id: 1 }]
  const printed: number[] = []
  const ending = new AbortController()
  let tell: () => void = () => undefined
  const come = (id: number): void => {
    items.push({ id })
    tell()
  }
  const list = ({
    after = 0,
    search,
  }: ListOptions): Promise<readonly { readonly id: number }[]> => {
    const found = items.filter(({ id }) => id > after && (search === undefined || id > 1))
    if (search !== undefined && items.length === 1) come(2) // Just behind this look.
    return Promise.resolve(found.slice(after === 0 ? -1 : 0))
  }
  const context = { signal: ending.signal } as CommandContext
  const following = follow(
    context,
    {
      on: (wake) => {
        tell = wake
        return () => undefined
      },
      list,
      print: (found) => {
        for (const { id } of found) printed.push(id)
        if (found.length > 0 && printed.length < 2) come(3)
        if (printed.length >= 2) ending.abort()
        return Promise.resolve()
      },
    },
    { search: 'word' },
  )
  setTimeout(() => ending.abort(), 2_000).unref() // Only where it fails.
  await following
  expect(printed).toEqual([2, 3])
})
