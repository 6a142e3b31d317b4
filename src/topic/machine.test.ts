import { expect, test } from 'vitest'
import { hashRows } from './authors.ts'
import { Bench, memberId, nameOf } from './topic.test-kit.ts'
import { prefixOf } from './message-name.ts'

const [left, right, author] = [memberId(1), memberId(2), memberId(9)]
const dayMs = 24 * 3_600_000

function meet(bench: Bench, ...ids: readonly (typeof left)[]): Bench {
  for (const id of ids) bench.machine.addNeighbour(id)
  return bench
}

test('[TP6] a copy goes to all but its sender; one that comes again is answered with prune', () => {
  const bench = meet(new Bench(), left, right)
  const bytes = bench.write()
  bench.push(left, bytes)
  expect(bench.delivered.length).toBe(1)
  expect(bench.sentTo(right, 'push')).toEqual([{ type: 'push', bytes, ageMs: 0 }])
  expect(bench.sentTo(left, 'push')).toEqual([])
  bench.push(right, bytes)
  expect(bench.delivered.length).toBe(1)
  expect(bench.sentTo(right, 'prune')).toEqual([{ type: 'prune', authors: [prefixOf(author)] }])
  expect(bench.checks).toBe(1)
})

test('[TP6] who pruned an author gets its names and no copies', async () => {
  const bench = meet(new Bench(), left, right)
  bench.push(left, bench.write())
  bench.machine.receive(right, { type: 'prune', authors: [prefixOf(author)] })
  bench.push(left, bench.write({ sequence: 1 }))
  expect(bench.sentTo(right, 'push').length).toBe(1)
  await bench.clock.advance(150)
  expect(bench.sentTo(right, 'have')[0]?.names).toEqual([nameOf(author, 1, 100)])
})

test('[TP7] a name without a copy is asked for, of one neighbour after the other', async () => {
  const bench = meet(new Bench(), left, right)
  bench.machine.receive(left, { type: 'have', names: [nameOf(author, 0)] })
  bench.machine.receive(right, { type: 'have', names: [nameOf(author, 0)] })
  await bench.clock.advance(200)
  expect(bench.sentTo(left, 'graft')).toEqual([])
  await bench.clock.advance(200)
  expect(bench.sentTo(left, 'graft')[0]?.names).toMatchObject([{ sequence: 0 }])
  expect(bench.sentTo(right, 'graft')).toEqual([])
  await bench.clock.advance(1_000)
  expect(bench.sentTo(right, 'graft').length).toBe(1)
  await bench.clock.advance(5_000)
  expect(bench.sentTo(left, 'graft').length).toBe(1)
  expect(bench.machine.lost).toBe(1)
})

test('[TP7] what was asked for is sent, and its author is followed again', () => {
  const bench = meet(new Bench(), left, right)
  bench.machine.receive(right, { type: 'prune', authors: [prefixOf(author)] })
  bench.push(left, bench.write())
  bench.machine.receive(right, { type: 'prune', authors: [prefixOf(author)] })
  bench.push(left, bench.write({ sequence: 1 }))
  bench.machine.receive(right, { type: 'graft', names: [nameOf(author, 1)] })
  expect(bench.sentTo(right, 'push').length).toBe(2)
  bench.push(left, bench.write({ sequence: 2 }))
  expect(bench.sentTo(right, 'push').length).toBe(3)
})

test('[TP8] a neighbour that had a message clearly sooner is followed', async () => {
  const bench = meet(new Bench(), left, right)
  bench.push(left, bench.write())
  await bench.clock.advance(60)
  bench.machine.receive(right, { type: 'have', names: [nameOf(author, 0, 100)] })
  expect(bench.sentTo(right, 'follow')).toEqual([{ type: 'follow', authors: [prefixOf(author)] }])
})

test('[TP9] when a neighbour goes, the others are asked for the authors that came from it', () => {
  const bench = meet(new Bench(), left, right)
  bench.push(left, bench.write())
  bench.machine.removeNeighbour(left)
  expect(bench.sentTo(right, 'follow')).toEqual([{ type: 'follow', authors: [prefixOf(author)] }])
})

test.each<[string, (bench: Bench) => Uint8Array, keyof Bench['machine']['counts']]>([
  ['a forged author', (bench) => bench.write({}, left), 'forged'],
  [
    'an altered body',
    (bench) => bench.write().map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
    'forged',
  ],
  ['noise', () => new Uint8Array([1, 2, 3]), 'forged'],
  ['one that is too long', (bench) => bench.write({ body: new Uint8Array(70_000) }), 'forged'],
  ['one of the year 2100', (bench) => bench.write({ time: 4_102_444_800_000 }), 'untimely'],
  ['one of 1970', (bench) => bench.write({ time: 0 }), 'untimely'],
  ['a topic with control characters', (bench) => bench.write({ topic: 'a\u001b[31m' }), 'forged'],
  ['one in our own name', (bench) => bench.write({ author: memberId(0), sequence: 5 }), 'forged'],
])('[TP3] [TP10] %s is not delivered, not passed on, and counted', (_what, write, counter) => {
  const bench = meet(new Bench(), left, right)
  bench.push(left, write(bench))
  expect(bench.delivered).toEqual([])
  expect(bench.past).toEqual([])
  expect(bench.sentTo(right, 'push')).toEqual([])
  expect(bench.machine.counts[counter]).toBe(1)
})

test('[TP3] who sends many that are none is not listened to for a while; the others are', async () => {
  const bench = meet(new Bench(), left, right)
  for (let each = 0; each < 100; each++) bench.push(left, bench.write({ sequence: each }, left))
  expect(bench.machine.counts).toMatchObject({ forged: 64, excess: 36 })
  expect(bench.checks).toBe(64)
  bench.push(right, bench.write())
  expect(bench.delivered.length).toBe(1)
  await bench.clock.advance(2_000)
  bench.push(left, bench.write({ sequence: 1 }))
  expect(bench.delivered.length).toBe(2)
})

test('[TP5] an old message again is none, also when its author was forgotten', async () => {
  const bench = meet(new Bench({ maxAuthors: 2 }), left, right)
  const old = bench.write()
  bench.push(left, old)
  bench.push(right, old)
  await bench.clock.advance(1_000)
  for (const number of [10, 11, 12]) bench.push(left, bench.write({ author: memberId(number) }))
  bench.push(left, old)
  expect(bench.delivered.length).toBe(4)
  expect(bench.machine.counts.untimely).toBe(1)
  await bench.clock.advance(dayMs + 120_000)
  expect(bench.machine.authorCount).toBe(0)
  bench.push(left, old)
  expect(bench.delivered.length).toBe(4)
})

test('[TP5] the fifth start of an author makes the first one forgotten, not its messages taken again', () => {
  const bench = meet(new Bench(), left)
  const first = bench.write()
  bench.push(left, first)
  for (const incarnation of [2, 3, 4, 5]) bench.push(left, bench.write({ incarnation }))
  bench.push(left, first)
  expect(bench.delivered.length).toBe(5)
})

test('[TP11] a flood of one author is cut, and nobody else is', async () => {
  const bench = meet(new Bench({ takeAtOnce: 10, takePerSecond: 5 }), left, right)
  for (let each = 0; each < 100; each++) bench.push(left, bench.write({ sequence: each }))
  expect(bench.delivered.length).toBe(10)
  expect(bench.machine.counts.excess).toBe(90)
  expect(bench.checks).toBe(10)
  bench.push(left, bench.write({ author: memberId(10) }))
  expect(bench.delivered.length).toBe(11)
  await bench.clock.advance(1_000)
  bench.push(left, bench.write({ sequence: 50 }))
  expect(bench.delivered.length).toBe(12)
})

test('[TP13] who has seen something else gets what it lacks, and says what it has', async () => {
  const bench = meet(new Bench(), left)
  bench.push(left, bench.write())
  bench.push(left, bench.write({ sequence: 1 }))
  bench.machine.addNeighbour(right)
  await bench.clock.advance(2_000)
  expect(bench.sentTo(right, 'sync').length).toBe(1)
  const rows = [{ author: prefixOf(author), incarnation: 1, ranges: [1, 1] }]
  bench.machine.receive(right, { type: 'seen', wantsReply: true, rows })
  expect(bench.sentTo(right, 'push').map(({ bytes }) => bytes)).toEqual([
    bench.write({ time: bench.clock.unixMs() - 2_000 }),
  ])
  const whole = [{ author: prefixOf(author), incarnation: 1, ranges: [0, 1] }]
  expect(bench.sentTo(right, 'seen')).toEqual([{ type: 'seen', wantsReply: false, rows: whole }])
  bench.machine.receive(right, { type: 'sync', hash: hashRows(whole) })
  expect(bench.sentTo(right, 'seen').length).toBe(1)
})

test('[TP14] what was published before the start is past; a late copy of something new is not', async () => {
  const bench = meet(new Bench(), left)
  await bench.clock.advance(10_000)
  bench.push(left, bench.write(), 60_000)
  bench.push(left, bench.write({ sequence: 1 }), 9_000)
  expect(bench.past.map(({ message }) => message.sequence)).toEqual([0])
  expect(bench.delivered.map(({ message }) => message.sequence)).toEqual([1])
})

test('[TP15] what is older than this node keeps things is passed on, and neither kept nor told', () => {
  const bench = meet(new Bench({ keepMs: 3_600_000 }), left, right)
  bench.push(left, bench.write(), 2 * 3_600_000)
  bench.push(left, bench.write({ sequence: 1 }), 60_000)
  expect(bench.sentTo(right, 'push')).toHaveLength(2)
  expect(bench.past.map(({ message }) => message.sequence)).toEqual([1])
  expect(bench.machine.store.count).toBe(1)
  expect(bench.machine.counts.forged).toBe(0)
})

test('[TP15] what is kept is bounded; a busy topic does not push a quiet one out', () => {
  const bench = meet(new Bench({ storeBytes: 100_000, storeCount: 50, maxTopics: 3 }), left)
  bench.push(left, bench.write({ topic: 'quiet' }))
  const body = new Uint8Array(2_000)
  for (let each = 1; each <= 100; each++)
    bench.push(left, bench.write({ sequence: each, topic: 'busy', body }))
  const { store } = bench.machine
  expect(store.bytes).toBeLessThanOrEqual(100_000)
  expect(store.last('quiet', 10).length).toBe(1)
  for (let each = 101; each <= 200; each++)
    bench.push(left, bench.write({ sequence: each, topic: `t${each}` }))
  expect(store.last('quiet', 10).length).toBe(0)
  expect(store.last('t200', 10).length).toBe(1)
  expect(store.count).toBeLessThanOrEqual(50)
})

test('[TP16] a neighbour that never reads costs a bounded queue, and is told names when it does', async () => {
  const bench = meet(new Bench({ queueBytes: 10_000 }), left, right)
  bench.full.add(right)
  const body = new Uint8Array(1_000)
  for (let each = 0; each < 200; each++) bench.push(left, bench.write({ sequence: each, body }))
  expect(bench.delivered.length).toBe(200)
  await bench.clock.advance(1_000)
  expect(bench.sentTo(right, 'push').length).toBe(1)
  bench.full.clear()
  bench.machine.drained(right)
  expect(bench.sentTo(right, 'push').length).toBeLessThan(11)
  await bench.clock.advance(1_000)
  const named = bench.sentTo(right, 'have').flatMap(({ names }) => names)
  expect(named.length + bench.sentTo(right, 'push').length).toBe(200)
})

test('[TP18] names of what never was are bounded, asked for once, and given up', async () => {
  const bench = meet(new Bench(), left)
  for (let round = 0; round < 20; round++) {
    const names = Array.from({ length: 512 }, (_, at) => nameOf(author, round * 512 + at))
    bench.machine.receive(left, { type: 'have', names })
  }
  await bench.clock.advance(10_000)
  const asked = bench.sentTo(left, 'graft').flatMap(({ names }) => names)
  expect(asked.length).toBe(1_024)
  expect(bench.machine.lost).toBe(20 * 512)
  bench.machine.receive(left, { type: 'graft', names: [nameOf(author, 7)] })
  bench.machine.receive(left, { type: 'prune', authors: ['a'.repeat(16)] })
  expect(bench.sentTo(left, 'push')).toEqual([])
})

test('[TP18] who asks for everything again and again is served no more than it may', () => {
  const bench = meet(new Bench({ serveBytesAtOnce: 5_000, serveBytesPerSecond: 1 }), left, right)
  const body = new Uint8Array(900)
  for (let each = 0; each < 20; each++) bench.push(left, bench.write({ sequence: each, body }))
  const before = bench.sentTo(right, 'push').length
  for (let each = 0; each < 50; each++)
    bench.machine.receive(right, { type: 'seen', wantsReply: true, rows: [] })
  const served = bench.sentTo(right, 'push').length - before
  expect(served).toBeGreaterThan(0)
  expect(served).toBeLessThan(6)
})

test('[TP20] what an author may not publish is not delivered, not passed on, and not asked for again', async () => {
  const bench = meet(new Bench(), left, right)
  bench.verdict = (by, topic) => (by === author && topic === 'plans' ? 'refused' : 'allowed')
  bench.push(left, bench.write({ topic: 'plans' }))
  bench.machine.receive(right, { type: 'have', names: [nameOf(author, 0)] })
  await bench.clock.advance(5_000)
  expect(bench.delivered).toEqual([])
  expect(bench.sentTo(right, 'push')).toEqual([])
  expect(bench.sentTo(right, 'graft')).toEqual([])
  expect(bench.machine.counts.refused).toBe(1)
})

test('[TP22] a message of an author who is not known yet waits for word of it', async () => {
  const bench = meet(new Bench(), left, right)
  bench.verdict = () => 'unknown'
  const bytes = bench.write()
  bench.push(left, bytes)
  bench.push(right, bytes)
  bench.push(left, bench.write({ author: memberId(10) }))
  expect(bench.delivered).toEqual([])
  bench.verdict = () => 'allowed'
  bench.machine.appeared(author)
  expect(bench.delivered.length).toBe(1)
  await bench.clock.advance(11_000)
  bench.machine.appeared(memberId(10))
  expect(bench.delivered.length).toBe(1)
  expect(bench.machine.lost).toBe(1)
})

test('[TP17] reading from a neighbour stops while too much of it waits, and goes on', async () => {
  const bench = meet(new Bench({ intakeBytes: 20_000 }), left)
  const body = new Uint8Array(1_000)
  // The clock moves while a message is judged, so that a turn ends after a few.
  const nowMs = bench.clock.nowMs.bind(bench.clock)
  let spentMs = 0
  bench.clock.nowMs = () => nowMs() + spentMs
  bench.verdict = () => {
    spentMs += 2 // Three of them are a turn.
    return 'allowed'
  }
  for (let each = 0; each < 60; each++) bench.push(left, bench.write({ sequence: each, body }))
  expect(bench.reading).toEqual([[left, false]])
  await bench.clock.advance(1_000)
  expect(bench.reading).toEqual([
    [left, false],
    [left, true],
  ])
  expect(bench.delivered.length).toBe(60)
})
