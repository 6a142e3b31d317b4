import { expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { transportConformance } from '../testing/transport-conformance.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryNetwork } from './memory.ts'
import type { TransportHarness } from '../testing/transport-scene.ts'
import type { Path } from './contract.ts'
import type { MemoryPath } from './memory-path.ts'

const random = seededRandom(1)
const [diallerId, accepterId] = [random.bytes(32), random.bytes(32)].map(peerIdFromKey)

for (const { title, run } of transportConformance(makeHarness)) test(`memory: ${title}`, run)

let hosts = 0

function makeHarness(): TransportHarness {
  const network = new MemoryNetwork(systemClock, () => 0.1)
  if (diallerId === undefined || accepterId === undefined) throw new RangeError('two were made')
  network.setSilent('dialler', 'silent', true)
  return {
    dialler: network.transport('dialler', diallerId),
    accepter: network.transport('accepter', accepterId),
    diallerId,
    accepterId,
    listenAddress: () => `memory://host-${hosts++}`,
    nobodyAddress: () => 'memory://nobody',
    silentAddress: () => 'memory://silent',
  }
}

async function meet(): Promise<{
  clock: VirtualClock
  network: MemoryNetwork
  near: Path
  far: Path
}> {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock, () => 5)
  let far: Path | undefined
  await network.transport('b', accepterId).listen({
    address: 'memory://b',
    maxHalfOpen: 1,
    handshakeTimeoutMs: 1,
    onPath: (path) => {
      far = path
    },
    onRejected: () => undefined,
  })
  const dialled = network.transport('a', diallerId).dial('memory://b', { timeoutMs: 100 })
  await clock.advance(20)
  if (far === undefined) throw new RangeError('the listener was told')
  return { clock, network, near: await dialled, far }
}

test('[T9] what is sent before and during a silence arrives in order when it is over', async () => {
  const { clock, network, near, far } = await meet()
  const heard: number[] = []
  far.bind({
    onData: (bytes) => heard.push(...bytes),
    onDrain: () => undefined,
    onClose: () => undefined,
  })
  near.write(Uint8Array.of(1))
  await clock.advance(2)
  network.setSilent('a', 'b', true)
  near.write(Uint8Array.of(2))
  await clock.advance(1_000)
  expect(heard).toEqual([])
  network.setSilent('a', 'b', false)
  near.write(Uint8Array.of(3))
  await clock.advance(10)
  expect(heard).toEqual([1, 2, 3])
})

test('[T9] what arrives at one moment arrives in order, whatever its timers are rounded to', async () => {
  const { clock, near, far } = await meet()
  const chance = seededRandom(2)
  const heard: number[] = []
  far.bind({
    onData: (bytes) => heard.push(...bytes),
    onDrain: () => undefined,
    onClose: () => undefined,
  })
  const path = near as MemoryPath
  for (let item = 0; item < 250; item++) {
    path.setLatency(100 - item / 3) // Each would overtake the one before, and is held up by it.
    near.write(Uint8Array.of(item))
    await clock.advance(chance.next() / 4)
  }
  await clock.advance(1_000)
  expect(heard).toEqual(Array.from({ length: 250 }, (_, item) => item))
})
