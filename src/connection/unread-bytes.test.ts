import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UnreadBytes } from './unread-bytes.ts'

function drain(unread: UnreadBytes): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let part = unread.shift(); part !== undefined; part = unread.shift()) parts.push(part)
  return parts
}

test('[C9] what nobody reads costs its bytes, however small the parts that it came in', () => {
  const unread = new UnreadBytes()
  const count = 262_144
  for (let at = 0; at < count; at++) unread.push(Uint8Array.of(at & 0xff))
  expect(unread.byteLength).toBe(count)
  const parts = drain(unread)
  expect(parts.length).toBe(count / 1_024)
  const isInOrder = Buffer.concat(parts).every((byte, at) => byte === (at & 0xff))
  expect([isInOrder, unread.byteLength]).toEqual([true, 0])
})

test('[C9] bytes come out as they went in, whatever their parts', () => {
  const part = fc.uint8Array({ minLength: 1, maxLength: 2_000 })
  fc.assert(
    fc.property(fc.array(fc.tuple(part, fc.boolean())), (pushes) => {
      const unread = new UnreadBytes()
      const taken: Uint8Array[] = []
      for (const [bytes, isTaken] of pushes) {
        unread.push(bytes)
        const first = isTaken ? unread.shift() : undefined
        if (first !== undefined) taken.push(first)
      }
      taken.push(...drain(unread))
      expect(Buffer.concat(taken)).toEqual(Buffer.concat(pushes.map(([bytes]) => bytes)))
    }),
  )
})
