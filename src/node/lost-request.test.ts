import { expect, test } from 'vitest'
import { SkeinError } from '../base/errors.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { absenceText, lossOf, runWhenBack } from './lost-request.ts'
import type { NodeInfo } from '../membership/snapshot.ts'

const restarted = new SkeinError('PEER_RESTARTED', 'alice restarted')

/** Input that tells what was done to it. */
class Input implements AsyncIterable<Uint8Array> {
  readonly done: string[] = [];

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => {
        this.done.push('read')
        return Promise.resolve({ done: false, value: new Uint8Array(1) })
      },
      return: () => {
        this.done.push('closed')
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }
}

test('[C15] what never left a connection that is over did not run; else it may have', () => {
  expect(lossOf(restarted, true).message).toBe('alice restarted; it may have run there')
  expect(lossOf(restarted, false)).toMatchObject({
    code: 'PEER_RESTARTED',
    message: 'alice restarted; it did not run, try again',
  })
  const refusal = new SkeinError('DENIED', 'no')
  expect(lossOf(refusal, false)).toBe(refusal)
})

test('[C15] a command that waited for a peer which is started again runs there, once, with its input', async () => {
  const clock = new VirtualClock()
  const input = new Input()
  const limits: unknown[] = []
  const result = await runWhenBack({ stdin: input, timeoutMs: 5_000 }, clock, async (attempt) => {
    limits.push(attempt.timeoutMs)
    const iterator = attempt.stdin?.[Symbol.asyncIterator]()
    if (limits.length === 1) {
      await clock.advance(2_000)
      await iterator?.return?.()
      throw lossOf(restarted, false)
    }
    await iterator?.next()
    await iterator?.return?.()
    return 'ran'
  })
  expect([result, limits, input.done]).toEqual(['ran', [5_000, 3_000], ['read', 'closed']])
})

test.each([
  ['may have run', true, 'PEER_RESTARTED', false],
  ['has read of its input', false, 'PEER_RESTARTED', true],
  ['lost the peer for good', false, 'CONNECTION_EXPIRED', false],
] as const)(
  '[C15] a command that %s is not asked for again',
  async (_what, hasLeft, code, reads) => {
    const input = new Input()
    let attempts = 0
    const running = runWhenBack({ stdin: input }, new VirtualClock(), async ({ stdin }) => {
      attempts++
      if (reads) await stdin?.[Symbol.asyncIterator]().next()
      throw lossOf(new SkeinError(code, 'over'), hasLeft)
    })
    await expect(running).rejects.toMatchObject({ code })
    expect(attempts).toBe(1)
    expect(input.done).toEqual([reads ? 'read' : 'closed'])
  },
)

test('who is gone, or has left, is not expected back', () => {
  const member = { ageMs: 65_000 } as NodeInfo
  expect(absenceText({ ...member, state: 'gone' })).toBe('is gone, last heard of 1 min 5 s ago')
  expect(absenceText({ ...member, state: 'left' })).toMatch(/^has left the network, /)
  expect(absenceText({ ...member, state: 'suspect' })).toBe(undefined)
  expect(absenceText(undefined)).toBe(undefined)
})
