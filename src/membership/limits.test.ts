/** What a peer cannot make us do, and what it costs us at most when it tries. */
import { describe, expect, test } from 'vitest'
import { linkKey } from './record.ts'
import { readMessage } from './messages.ts'
import { linksIntervalMs, defaultMembershipOptions } from './options.ts'
import { Bench, linksOf, memberId, recordOf, suspicionOf } from './membership.test-kit.ts'
import type { PeerId } from '../base/peer-id.ts'

const near = memberId(1)
const far = memberId(2)

/** A machine with neighbours. */
function withNeighbours(bench: Bench, ...ids: readonly PeerId[]): Bench {
  for (const id of ids) {
    bench.machine.addNeighbour(id)
    bench.machine.receive(id, { type: 'records', items: [recordOf(id)] })
  }
  return bench
}

const newcomers = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, at) => recordOf(memberId(100 + at)))

describe('news', () => {
  test('[M10] few words go whole, and not to who sent them or has them', async () => {
    const bench = withNeighbours(new Bench(), near, far, memberId(3))
    await bench.time.advance(1_000)
    bench.sent.length = 0
    const word = recordOf(memberId(9))
    bench.machine.receive(near, { type: 'records', items: [word] })
    bench.machine.receive(far, { type: 'records', items: [word] })
    await bench.time.advance(100)
    expect(bench.sent.map(({ to, message }) => [to, message.type])).toEqual([
      [memberId(3), 'records'],
    ])
  })

  test('[M10] many words go by their names, and are sent to who asks', async () => {
    const bench = withNeighbours(new Bench(), near, far)
    await bench.time.advance(1_000)
    bench.sent.length = 0
    bench.machine.receive(near, { type: 'records', items: newcomers(40) })
    await bench.time.advance(500)
    const [news] = bench.sentTo(far, 'news')
    expect(bench.sentTo(far, 'records')).toEqual([])
    if (news?.type !== 'news') throw new RangeError('names were sent')
    expect(news.names.length).toBe(40)
    bench.machine.receive(far, { type: 'ask', kind: 'records', names: news.names })
    expect(bench.sentTo(far, 'records')).toMatchObject([{ items: newcomers(40) }])
  })

  test('[M10] what several neighbours name is asked of one', () => {
    const bench = withNeighbours(new Bench(), near, far)
    const names = [{ key: linkKey(memberId(9)), digest: 7 }]
    for (const id of [near, far])
      bench.machine.receive(id, { type: 'news', kind: 'records', names })
    const asked = [near, far].flatMap((id) => bench.sentTo(id, 'ask'))
    expect(asked).toEqual([{ type: 'ask', kind: 'records', names }])
  })

  test('[M7] who is gone by the word of somebody who was put out is so by ours', async () => {
    const bench = withNeighbours(new Bench(), near)
    const [accused, accuser] = [memberId(9), memberId(8)]
    bench.machine.receive(near, {
      type: 'records',
      items: [accused, accuser].map((id) => recordOf(id)),
    })
    bench.machine.receive(near, { type: 'suspicions', items: [suspicionOf(accused, accuser)] })
    await bench.time.advance(11_000)
    expect(bench.machine.view.get(accused)?.state).toBe('gone')
    bench.machine.expel()
    expect(bench.machine.view.get(accused)?.suspicions[0]?.value.by).toBe(accuser)
    bench.expelled.add(accuser)
    bench.sent.length = 0
    bench.machine.expel()
    bench.machine.expel() // Once said is enough.
    await bench.time.advance(1_000)
    const own = suspicionOf(accused, memberId(0))
    expect(bench.sentTo(near, 'suspicions')).toMatchObject([{ items: [own] }])
    expect(bench.machine.view.get(accused)?.state).toBe('gone')
  })

  test('[M18] a change below a millisecond is reported, but four times as late', async () => {
    const bench = withNeighbours(new Bench(), near)
    bench.machine.measure(near, 1_000)
    await bench.time.advance(10_000)
    const reports = (): number => bench.sentTo(near, 'links').length
    const before = reports()
    bench.machine.measure(near, 1_500)
    await bench.time.advance(8_000)
    expect(reports()).toBe(before)
    await bench.time.advance(13_000)
    expect(reports()).toBe(before + 1)
    bench.machine.measure(near, 1_200)
    bench.machine.measure(near, 9_000)
    await bench.time.advance(6_000)
    expect(reports()).toBe(before + 2)
  })

  test('[M18] the interval of reports grows with the members, and the budget with it', () => {
    const intervals = [5, 100, 1_000, 10_000].map((members) => {
      return Math.round(linksIntervalMs(members, 16, defaultMembershipOptions) / 1_000)
    })
    expect(intervals).toEqual([5, 33, 329, 656])
  })
})

describe('floods', () => {
  test('[M11] a message of many words is judged 5 ms at a time, each neighbour in its turn', () => {
    const bench = withNeighbours(new Bench(), near, far)
    bench.checkMs = 0.1
    const before = bench.checks
    bench.machine.receive(near, { type: 'records', items: newcomers(500) })
    expect(Math.abs(bench.checks - before - 50)).toBeLessThanOrEqual(1)
    bench.machine.receive(far, { type: 'records', items: [recordOf(memberId(9))] })
    bench.nextTurn()
    bench.nextTurn()
    expect(bench.machine.view.get(memberId(9))).toBeDefined()
    expect(bench.machine.view.size).toBeLessThan(300)
    for (let turn = 0; turn < 20; turn++) bench.nextTurn()
    expect(bench.machine.view.size).toBe(504)
  })

  test('[M11] what does not fit into a queue is dropped and counted', () => {
    const bench = withNeighbours(new Bench({ inboxBytes: 2_000 }), near)
    bench.machine.receive(near, { type: 'records', items: newcomers(100) })
    expect([bench.machine.view.size, bench.machine.dropped]).toEqual([2, 100])
  })

  test('[M12] a peer that names a million nodes is slowed down, and stopped at maxMembers', async () => {
    const options = { newcomersAtOnce: 50, newcomersPerSecond: 10, maxMembers: 80 }
    const bench = withNeighbours(new Bench(options), near)
    bench.machine.receive(near, { type: 'records', items: newcomers(500) })
    expect(bench.machine.view.size).toBeLessThanOrEqual(52)
    await bench.time.advance(1_000)
    expect(bench.machine.view.size).toBeLessThan(65)
    await bench.time.advance(60_000)
    expect(bench.machine.view.size).toBe(80)
  })

  test('[M12] words that are none are judged 64 at once, and then one a second', async () => {
    const bench = withNeighbours(new Bench(), near, far)
    const noise = Array.from({ length: 500 }, (_, at) => new Uint8Array([at >> 8, at, 1, 2, 3, 4]))
    bench.machine.receive(near, { type: 'records', items: noise })
    expect(bench.machine.violations).toBeLessThanOrEqual(64)
    await bench.time.advance(10_000)
    expect(bench.machine.violations).toBeLessThanOrEqual(75)
    bench.machine.receive(far, { type: 'records', items: [recordOf(memberId(9))] })
    expect(bench.machine.view.get(memberId(9))).toBeDefined()
  })

  test('[M13] a member that speaks all the time is heard four times a second', async () => {
    const bench = withNeighbours(new Bench(), near, far)
    await bench.time.advance(1_000)
    bench.sent.length = 0
    for (let revision = 1; revision <= 1_000; revision++) {
      bench.machine.receive(near, { type: 'records', items: [recordOf(near, { revision })] })
      await bench.time.advance(1)
    }
    expect(bench.sentTo(far, 'records').length).toBeLessThanOrEqual(5)
    expect(bench.machine.excesses).toBeGreaterThan(900)
  })

  test('[M13] this node speaks once a second, with its last word', async () => {
    const bench = withNeighbours(new Bench(), near)
    for (const label of ['a', 'b', 'c']) {
      bench.machine.describe({ label, addresses: [], software: '1', protocol: 1 })
    }
    await bench.time.advance(1_500)
    const self = bench.machine.view.get(bench.machine.self)?.record.value
    expect([self?.label, self?.revision]).toEqual(['c', 1])
  })

  test('[M14] one member that suspects everybody is not believed after 32 of them', () => {
    const bench = withNeighbours(new Bench(), near)
    bench.machine.receive(near, { type: 'records', items: newcomers(100) })
    const items = Array.from({ length: 100 }, (_, at) => suspicionOf(memberId(100 + at), near))
    bench.machine.receive(near, { type: 'suspicions', items })
    const suspects = [...bench.machine.view].filter(({ state }) => state === 'suspect')
    expect(suspects.length).toBe(32)
  })

  test('[M14] who is no member accuses nobody', () => {
    const bench = withNeighbours(new Bench(), near, far)
    const items = [suspicionOf(far, memberId(77))]
    bench.machine.receive(near, { type: 'suspicions', items })
    expect(bench.machine.view.get(far)?.state).toBe('alive')
  })

  test('[M16] a neighbour that asks for everything again and again gets it four times a minute', () => {
    const bench = withNeighbours(new Bench(), near)
    bench.machine.receive(near, { type: 'records', items: newcomers(1_000) })
    bench.sent.length = 0
    const parts = Array.from({ length: 4_096 }, (_, at) => at)
    for (let each = 0; each < 50; each++)
      bench.machine.receive(near, { type: 'have', parts, rows: [] })
    const items = bench.sentTo(near, 'records').flatMap((message) => {
      return message.type === 'records' ? message.items : []
    })
    expect(items.length).toBe(4 * bench.machine.view.size + 512)
    expect(bench.machine.dropped).toBeGreaterThan(40_000)
  })
})

describe('words that make no sense', () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7)
  test.each<[string, () => Uint8Array]>([
    ['a label of a megabyte', () => recordOf(near, { revision: 1, label: 'x'.repeat(2 ** 20) })],
    [
      'ten thousand addresses',
      () =>
        recordOf(near, {
          revision: 1,
          addresses: Array.from({ length: 10_000 }, () => 'memory://x'),
        }),
    ],
    [
      'an address of control characters',
      () => recordOf(near, { revision: 1, addresses: ['\u001b[2J'] }),
    ],
    ['a version before all', () => recordOf(near, { incarnation: 0, revision: 1 })],
    ['a negative revision', () => recordOf(near, { revision: -1 })],
    ['noise', () => bytes(300)],
    ['a megabyte of noise', () => bytes(2 ** 20)],
    ['nothing', () => bytes(0)],
  ])('[M2] %s is dropped and counted', (_what, word) => {
    const bench = withNeighbours(new Bench(), near)
    bench.machine.receive(near, { type: 'records', items: [word()] })
    expect(bench.machine.violations).toBe(1)
    expect(bench.machine.view.get(near)?.record.value).toMatchObject({ revision: 0, label: 'x' })
  })

  test('[M2] a clock in 1970 makes a member like any other, and its next start is newer', async () => {
    const bench = withNeighbours(new Bench(), near)
    for (const incarnation of [5, 1_700_000_000_000, 6]) {
      bench.machine.receive(near, { type: 'records', items: [recordOf(far, { incarnation })] })
      await bench.time.advance(1_000)
    }
    const { record, state } = bench.machine.view.get(far) ?? {}
    expect([state, record?.value.incarnation]).toEqual(['alive', 1_700_000_000_000])
  })

  test("[M9] somebody else's links cannot be reported", () => {
    const bench = withNeighbours(new Bench(), near, far)
    const forged = linksOf(far, new Map([[linkKey(near), 5]])).slice()
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    bench.machine.receive(near, { type: 'links', items: [forged] })
    expect(bench.machine.violations).toBe(1)
    expect(bench.machine.view.get(far)?.links).toBeUndefined()
  })

  test('[M15] of two words of one version the first counts, and the second is counted', () => {
    const bench = withNeighbours(new Bench(), near, far)
    bench.machine.receive(far, { type: 'records', items: [recordOf(near, { label: 'other' })] })
    expect(bench.machine.violations).toBe(1)
    expect(bench.machine.view.get(near)?.record.value.label).toBe('x')
  })

  test('[M16] rows of parts that were not named are no rows', () => {
    const bench = withNeighbours(new Bench(), near)
    const rows = [[far, 1, 0, 0, 0, 0]] as const
    bench.machine.receive(near, { type: 'have', parts: [], rows })
    expect([bench.machine.violations, bench.sentTo(near, 'want')]).toEqual([1, []])
  })

  test('[M8] names are a list of whole names', () => {
    const read = readMessage({ news: [1, new Uint8Array(24)] })
    expect(read).toMatchObject({
      type: 'news',
      kind: 'links',
      names: [{ digest: 0 }, { digest: 0 }],
    })
  })
})

test('[M17] members whose neighbours are all gone are suspected, and others are not', async () => {
  const bench = withNeighbours(new Bench(), near, far)
  const [hub, leaf, twin] = [memberId(5), memberId(6), memberId(7)]
  bench.machine.receive(near, {
    type: 'records',
    items: [hub, leaf, twin].map((id) => recordOf(id)),
  })
  const links = (id: PeerId, ...others: readonly PeerId[]): Uint8Array =>
    linksOf(id, new Map(others.map((other) => [linkKey(other), 1_000])))
  const items = [
    links(hub, leaf, twin, near),
    links(leaf, hub, twin),
    links(twin, leaf),
    links(near, hub, bench.machine.self),
  ]
  bench.machine.receive(near, { type: 'links', items })
  bench.machine.receive(near, { type: 'suspicions', items: [suspicionOf(hub, near)] })
  await bench.time.advance(40_000)
  const states = [hub, leaf, twin, near].map((id) => bench.machine.view.get(id)?.state)
  expect(states).toEqual(['gone', 'gone', 'gone', 'alive'])
})
