import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Redial } from './redial.ts'
import type { Urgency } from './redial.ts'

function make(urgency: () => Urgency, dialMs: number) {
  const clock = new VirtualClock()
  const attempts: number[] = []
  const redial = new Redial({
    clock,
    random: seededRandom(1),
    minDelayMs: 250,
    maxDelayMs: 30_000,
    urgency,
    attempt: () => {
      attempts.push(clock.nowMs())
      return new Promise((resolve) => clock.after(dialMs, resolve))
    },
  })
  return { clock, attempts, redial }
}

const longestPause = (times: readonly number[]): number =>
  Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? 0)))

test('[C17] a calm goal is dialled for ever, with pauses up to the cap', async () => {
  const { clock, attempts, redial } = make(() => 'calm', 10)
  redial.kick()
  await clock.advance(3_600_000)
  expect(attempts.length).toBeGreaterThan(200)
  expect(attempts.length).toBeLessThan(400)
  expect(longestPause(attempts)).toBeLessThanOrEqual(30_010)
  redial.stop()
  expect(clock.pending).toBeLessThanOrEqual(1)
})

test('[C17] an urgent goal is dialled at least every second, beside dials that hang', async () => {
  const { clock, attempts, redial } = make(() => 'urgent', 5_000)
  redial.kick()
  await clock.advance(60_000)
  expect(longestPause(attempts)).toBeLessThanOrEqual(1_000)
  redial.stop()
})

test('[C17] a goal that is reached is left alone until the next kick', async () => {
  let urgency: Urgency = 'reached'
  const { clock, attempts, redial } = make(() => urgency, 10)
  redial.kick()
  await clock.advance(100_000)
  expect(attempts).toEqual([])
  urgency = 'calm'
  redial.kick()
  expect(attempts.length).toBe(1)
})

test('[C17] a thousand nodes that lose one peer spread their dials', async () => {
  const clock = new VirtualClock()
  const random = seededRandom(7)
  const dials: number[] = []
  for (let node = 0; node < 1_000; node++) {
    new Redial({
      clock,
      random,
      minDelayMs: 250,
      maxDelayMs: 30_000,
      urgency: () => 'calm',
      attempt: () => {
        dials.push(clock.nowMs())
        return Promise.resolve()
      },
    }).kick()
  }
  await clock.advance(120_000)
  const late = dials.filter((time) => time > 60_000)
  const perSecond = new Map<number, number>()
  for (const time of late) {
    const second = Math.floor(time / 1_000)
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
  }
  // A thousand nodes with pauses of 15 s in the mean are 67 dials a second.
  expect(Math.max(...perSecond.values())).toBeLessThan(110)
})
