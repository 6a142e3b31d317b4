import { expect, test } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { PublishLine } from './publish-line.ts'
import { Subscription } from './subscription.ts'
import { memberId } from './topic.test-kit.ts'
import type { Received } from './delivery.ts'

function message(sequence: number, isPast = false): Received {
  const author = memberId(1)
  const shared = { topic: 't', author, time: 0, incarnation: 1, isOwn: false, missed: 0 }
  return { ...shared, sequence, isPast, value: sequence }
}

function subscription(options = {}): {
  readonly subject: Subscription
  readonly misses: number[]
  readonly errors: unknown[]
} {
  const misses: number[] = []
  const errors: unknown[] = []
  const onMiss = (): void => void misses.push(1)
  const subject = new Subscription({ options, onMiss, onError: (thrown) => errors.push(thrown) })
  return { subject, misses, errors }
}

test('[TP23] a slow subscriber misses the oldest, and is told how many', async () => {
  const { subject, misses } = subscription({ maxWaiting: 3 })
  const got: (readonly [unknown, number])[] = []
  let go: () => void = () => undefined
  const handler = ({ value, missed }: Received): Promise<void> => {
    got.push([value, missed])
    return new Promise((resolve) => (go = resolve))
  }
  for (let each = 0; each < 10; each++) {
    subject.offer(message(each), 100)
    subject.handTo(handler)
  }
  expect(got).toEqual([[0, 0]])
  for (let each = 0; each < 3; each++) {
    go()
    await Promise.resolve()
    await Promise.resolve()
  }
  expect(got).toEqual([
    [0, 0],
    [7, 6],
    [8, 0],
    [9, 0],
  ])
  expect(misses.length).toBe(6)
})

test('[TP23] what waits is bounded in bytes; one that is longer than that is handed out alone', () => {
  const { subject } = subscription()
  subject.offer(message(0), 3 * 2 ** 20)
  subject.offer(message(1), 3 * 2 ** 20)
  expect(subject.delivery.take()).toMatchObject({ value: 1, missed: 1 })
  expect(subject.delivery.take()).toBeUndefined()
})

test('[TP23] a subscriber that fails is logged and gets the next message', async () => {
  const { subject, errors } = subscription()
  const got: unknown[] = []
  const handler = ({ value }: Received): Promise<void> => {
    got.push(value)
    if (value === 0) throw new TypeError('at once')
    return value === 1 ? Promise.reject(new TypeError('later')) : Promise.resolve()
  }
  for (let each = 0; each < 3; each++) subject.offer(message(each), 1)
  subject.handTo(handler)
  for (let turn = 0; turn < 6; turn++) await Promise.resolve()
  expect(got).toEqual([0, 1, 2])
  expect(errors.length).toBe(2)
})

test('[TP14] of what was before, a subscriber gets as many as it asked for', () => {
  const { subject } = subscription({ history: 2 })
  for (let each = 0; each < 5; each++) subject.offer(message(each, true), 1)
  subject.offer(message(9), 1)
  const got = [0, 1, 2, 3].map(() => subject.delivery.take()?.value)
  expect(got).toEqual([0, 1, 9, undefined])
})

test('[TP11] what is published too fast waits its turn, in order, and is refused at the end', async () => {
  const clock = new VirtualClock()
  const published: string[] = []
  let freeMs = 0
  const line = new PublishLine({
    clock,
    waitMs: () => Math.max(0, freeMs - clock.nowMs()),
    publish: (topic) => {
      published.push(topic)
      freeMs = clock.nowMs() + 100
      return { sequence: published.length, peers: 0 }
    },
  })
  const all = ['a', 'b', 'c'].map((topic) => line.add(topic, new Uint8Array()))
  expect(published).toEqual(['a'])
  await clock.advance(150)
  expect(published).toEqual(['a', 'b'])
  line.close()
  await expect(all[2]).rejects.toMatchObject({ code: 'NODE_CLOSED' })
  await expect(line.add('d', new Uint8Array())).rejects.toMatchObject({ code: 'NODE_CLOSED' })
})
