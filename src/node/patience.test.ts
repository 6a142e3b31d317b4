import { expect, test } from 'vitest'
import { messageOf } from '../base/errors.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { rejectionOf } from '../testing/path-witness.ts'
import { withPatience } from './patience.ts'

const forEver = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

test('[D8] who is out of reach for 10 s in all is waited for no longer; who answers, for ever', async () => {
  const clock = new VirtualClock()
  let reached = true
  const waiting = { clock, isReached: () => reached, name: 'bob' }
  const failure = rejectionOf(withPatience(waiting, new AbortController().signal, forEver))
  let isOver = false
  void failure.then(() => (isOver = true))
  await clock.advance(60_000)
  reached = false
  await clock.advance(6_000)
  reached = true
  await clock.advance(60_000)
  expect(isOver).toBe(false)
  reached = false
  await clock.advance(5_000)
  expect(await failure).toMatchObject({ code: 'TIMED_OUT' })
  expect(messageOf(await failure)).toContain('bob was out of reach for 10 s')
})

test('what was taken back ends with the reason of its signal', async () => {
  const clock = new VirtualClock()
  const taken = new AbortController()
  const waiting = { clock, isReached: () => true, name: 'bob' }
  const failure = rejectionOf(withPatience(waiting, taken.signal, forEver))
  taken.abort(new RangeError('enough'))
  expect(await failure).toMatchObject({ message: 'enough' })
})
