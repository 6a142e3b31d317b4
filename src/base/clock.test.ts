import { expect, test } from 'vitest'
import { afterAwake, systemClock } from './clock.ts'
import type { Clock, Timer } from './clock.ts'

/** A clock whose process falls behind when told so: all timers that were due meanwhile come late. */
class SlowClock implements Clock {
  #nowMs = 0
  #lateMs = 0
  #timers: { readonly dueMs: number; readonly run: () => void }[] = []

  nowMs = (): number => this.#nowMs
  nowMicros = (): number => this.#nowMs * 1_000
  unixMs = (): number => this.#nowMs
  lateMs = (): number => this.#lateMs

  after(delayMs: number, run: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter((one) => one !== timer)) }
  }

  advance(ms: number, { isLate = false } = {}): void {
    const endMs = this.#nowMs + ms
    if (isLate) this.#lateMs += ms
    if (isLate) this.#nowMs = endMs
    for (;;) {
      const due = this.#timers.filter(({ dueMs }) => dueMs <= endMs)
      const next = due.toSorted((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.run()
    }
    this.#nowMs = endMs
  }
}

test('[C17] a deadline of a process that keeps up is its delay', () => {
  const clock = new SlowClock()
  let firedMs: number | undefined
  afterAwake(clock, 1_000, () => (firedMs = clock.nowMs()))
  clock.advance(5_000)
  expect(firedMs).toBe(1_000)
})

test('[C17] time in which the process fell behind is waited for again', () => {
  const clock = new SlowClock()
  let firedMs: number | undefined
  afterAwake(clock, 1_000, () => (firedMs = clock.nowMs()))
  clock.advance(400)
  clock.advance(3_000, { isLate: true })
  expect(firedMs).toBeUndefined()
  clock.advance(2_999)
  expect(firedMs).toBeUndefined()
  clock.advance(1)
  expect(firedMs).toBe(6_400)
})

test('[C17] a process that never gets to run gives up all the same, after six times the delay', () => {
  const clock = new SlowClock()
  let firedMs: number | undefined
  afterAwake(clock, 1_000, () => (firedMs = clock.nowMs()))
  for (let turn = 0; turn < 100; turn++) clock.advance(100, { isLate: true })
  expect(firedMs).toBeGreaterThanOrEqual(6_000)
  expect(firedMs).toBeLessThan(6_400)
})

test('[C17] a cancelled deadline does not come, before or after it was put off', () => {
  const clock = new SlowClock()
  let fired = 0
  const early = afterAwake(clock, 1_000, () => fired++)
  const late = afterAwake(clock, 1_000, () => fired++)
  early.cancel()
  clock.advance(1_500, { isLate: true })
  late.cancel()
  clock.advance(10_000)
  expect(fired).toBe(0)
})

test('the clock of this machine counts a long turn once, however many timers waited', async () => {
  const beforeMs = systemClock.lateMs()
  const fired = Promise.all(
    [10, 20, 30].map((ms) => new Promise<void>((resolve) => systemClock.after(ms, resolve))),
  )
  const startMs = performance.now()
  while (performance.now() - startMs < 200);
  await fired
  const takenMs = performance.now() - startMs
  const lateMs = systemClock.lateMs() - beforeMs
  expect(lateMs).toBeGreaterThan(150)
  expect(lateMs).toBeLessThanOrEqual(takenMs)
})
