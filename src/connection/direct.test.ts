import { expect, test } from 'vitest'
import { MemoryNetwork } from '../transport/memory.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Collector, echo } from './connection.test-kit.ts'
import { acceptDirect, joinDirect, tokenGate } from './direct.ts'
import type { Path } from '../transport/contract.ts'
import type { Connection } from './connection.ts'

const token = Uint8Array.from({ length: 32 }, (_, at) => at)

async function meet(given: Uint8Array): Promise<{
  readonly clock: VirtualClock
  readonly near: Promise<Connection>
  readonly far: Promise<Connection>
  readonly path: Path
}> {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  let far: Promise<Connection> | undefined
  await network.transport('node', undefined).listen({
    address: 'memory://node',
    maxHalfOpen: 1,
    handshakeTimeoutMs: 1_000,
    onPath: (path) => {
      far = acceptDirect(path, { clock, timeoutMs: 1_000, gate: tokenGate(token, 'not you'), onStream: echo })
      far.catch(() => undefined)
    },
    onRejected: () => undefined,
  })
  const dialled = network
    .transport('program', undefined)
    .dial('memory://node', { timeoutMs: 1_000 })
  await clock.advance(1)
  const path = await dialled
  const near = joinDirect(path, { clock, timeoutMs: 1_000, token: given })
  near.catch(() => undefined)
  await clock.advance(10)
  if (far === undefined) throw new RangeError('the listener was told')
  return { clock, near, far, path }
}

test('[C18] a program that has the token talks to the node in streams', async () => {
  const { clock, near } = await meet(token)
  const replies = new Collector()
  const stream = (await near).open('echo/1')
  stream.bind(replies)
  stream.write(Uint8Array.of(1, 2))
  await clock.advance(10)
  expect(replies.bytes).toEqual(Uint8Array.of(1, 2))
})

test.each([
  ['another', new Uint8Array(32)],
  ['a shorter', token.subarray(1)],
  ['an empty', new Uint8Array()],
])('[C18] %s token is refused', async (_which, given) => {
  const { near, far } = await meet(given)
  await expect(near).rejects.toMatchObject({ code: 'DENIED' })
  await expect(far).rejects.toMatchObject({ code: 'DENIED' })
})

test('[C18] the connection ends with its path', async () => {
  const { clock, near, far, path } = await meet(token)
  path.destroy('gone')
  await clock.advance(10)
  expect([(await near).state, (await far).state]).toEqual(['closed', 'closed'])
  expect(clock.pending).toBe(0)
})
