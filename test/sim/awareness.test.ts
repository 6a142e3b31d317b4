/**
 * Two hundred members that know each other, on links of a whole world; and hundreds of small worlds.
 * `npm run bench -- awareness` measures the same for a thousand and for ten thousand.
 */
import { expect, test } from 'vitest'
import { encode } from '../../src/codec/index.ts'
import { peerIdFromKey } from '../../src/base/peer-id.ts'
import { randomInt } from '../../src/base/random.ts'
import { writeMessage } from '../../src/membership/messages.ts'
import { seeds } from '../../src/testing/simulation.node.ts'
import { regionWorld, tableWorld } from './awareness/latency-worlds.ts'
import { valueBytes } from './awareness/message-bytes.ts'
import { AwarenessRun } from './awareness/scenarios.ts'
import { MembershipWorld } from './awareness/world.ts'
import type { MembershipMessage } from '../../src/membership/messages.ts'

const run = new AwarenessRun({ seed: 1, count: 200, watchMs: 30_000, partitionMs: 3_600_000 })
const figures = run.runAll()

test.each<[string, string, number]>([
  ['[M1] 200 that start at once all know all within 3 s', 'massStartMs', 3_000],
  ['[M1] all know of one that joins within 2 s', 'joinKnownByAllMs', 2_000],
  ['[M6] one that joins knows all within 2 s', 'joinKnowsAllMs', 2_000],
  ['[M3] all know within 10 s that one was killed', 'crashKnownByAllMs', 10_000],
  ['[M3] all know within 15 s that one lost its power', 'powerLossKnownByAllMs', 15_000],
  ['[M9] all know within 20 s that a round-trip time changed', 'rttChangeMs', 20_000],
  [
    '[M17] each half of a cut knows within two minutes that the other is gone',
    'partitionKnownMs',
    120_000,
  ],
  ['[M6] a minute after a cut of an hour all know all', 'healMs', 60_000],
  ['[M4] one that stood still for a minute is alive for all within 2 s', 'stall60BackMs', 2_000],
  [
    '[M10] a node spends less than 300 bytes a second where nothing changes',
    'idleCalmBytesPerSecond',
    300,
  ],
  [
    '[M18] and less than 2 kB where all round-trip times change all the time',
    'idleBusyBytesPerSecond',
    2_000,
  ],
  ['[M7] churn leaves no wrong beliefs', 'churnUnknownAfter30s', 0],
  ['[M3] nobody is suspected by 1 % loss', 'loss1Suspected', 0],
  ['[M4] nobody is called gone by 10 % loss', 'loss10Gone', 0],
  ['[M3] one that stands still brings nobody else into suspicion', 'stall60OthersSuspected', 0],
])('%s', (_sentence, name, limit) => {
  expect(figures[name]).not.toBeNull()
  expect(figures[name]).toBeLessThanOrEqual(limit)
})

/** `AWARENESS_SEEDS=300 npx vitest run test/sim/awareness.test.ts` plays more. */
const worlds = Number(process.env['AWARENESS_SEEDS'] ?? 40)

test.each(seeds(worlds))(
  '[M1] seed %i: after joins, crashes, leavings and a cut, all are of one mind',
  (seed) => {
    const latencies = seed % 2 === 0 ? regionWorld : tableWorld('0,80,200\n80,0,30\n200,30,0')
    const world = new MembershipWorld({ seed, latencies })
    const { clock, random } = world
    const count = 5 + randomInt(random, 20)
    world.startTogether(count, 1_000)
    clock.advance(5_000)
    world.loseSegments([0, 0.01, 0.1][seed % 3] ?? 0)
    for (let step = 0; step < 6; step++) {
      const { running } = world
      const one = running[randomInt(random, running.length)]
      const fate = randomInt(random, 5)
      if (fate < 2 || running.length < 4 || one === undefined) world.join()
      else if (fate === 2) world.crash(one, { isPowerLoss: random.next() < 0.5 })
      else if (fate === 3) world.leave(one)
      else world.stall(one, randomInt(random, 40_000))
      clock.advance(randomInt(random, 20_000))
    }
    clock.advance(45_000)
    const heal = world.partition(({ machine }) => machine.self < 'm')
    clock.advance(60_000)
    heal()
    world.loseSegments(0)
    clock.advance(90_000)
    const all = world.running.map(({ id }) => id).toSorted()
    for (const { machine } of world.running) {
      const alive = [...machine.view].filter(({ state }) => state === 'alive')
      expect(alive.map(({ record }) => record.value.id).toSorted()).toEqual(all)
      expect(machine.violations + machine.dropped).toBe(0)
    }
  },
)

const id = peerIdFromKey(new Uint8Array(32).fill(9))
const names = Array.from({ length: 30 }, () => ({ key: 'abcdefgh', digest: -5 }))
test.each<MembershipMessage>([
  { type: 'records', items: [new Uint8Array(20), new Uint8Array(200), new Uint8Array(400)] },
  { type: 'suspicions', items: Array.from({ length: 64 }, () => new Uint8Array(180)) },
  { type: 'news', kind: 'records', names },
  { type: 'ask', kind: 'links', names: names.slice(0, 1) },
  { type: 'hashes', aspect: 'words', hashes: new Int32Array(64) },
  { type: 'parts', aspect: 'links', buckets: [1, 60], hashes: new Int32Array(128) },
  { type: 'have', parts: [1, 63, 400], rows: [[id, 1_700_000_000_000, 3, 0, 300, 1]] },
  { type: 'want', ids: [id, id] },
])('the simulation counts the bytes of $type as they are written', (message) => {
  expect(valueBytes(message)).toBe(encode(writeMessage(message)).length)
})
