/** Discovery over real sockets, on loopback only: nothing of it leaves this machine. */
import { createSocket } from 'node:dgram'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { LanDiscovery } from './lan/machine.ts'
import { MemoryLink, makeId } from './link.test-kit.ts'
import { UdpWire } from './udp-wire.node.ts'
import type { Clock } from '../base/clock.ts'
import type { Found } from './contract.ts'
import type { Links } from './links.node.ts'

const groups = { 4: '239.255.145.90', 6: 'ff12::1:458a' } // Not those of real nodes.
const loopback: Links = {
  all: [{ name: 'lo', family: 4, address: '127.0.0.1', broadcast: '127.255.255.255' }],
  has: (host) => host.startsWith('127.'),
}
const nowhere: Links = { ...loopback, has: () => false }

function wireOn(port: number, links = loopback, clock: Clock = systemClock): UdpWire {
  const ways = { hasBroadcast: true, hasOwnPort: true, ttl: 1 }
  return new UdpWire({ clock, log: silentLog, port, groups, ...ways, links: () => links })
}

/** A port that several sockets may share, and nobody has. */
async function sharedPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}

/** Why this machine cannot run these tests; `undefined` where it can. */
async function problem(): Promise<string | undefined> {
  const [receiver, sender] = [createSocket({ type: 'udp4', reuseAddr: true }), createSocket('udp4')]
  try {
    await new Promise<void>((resolve) => receiver.bind(0, resolve))
    await new Promise<void>((resolve) => sender.bind(0, '127.0.0.1', resolve))
    sender.setBroadcast(true)
    const heard = new Promise<undefined>((resolve) =>
      receiver.once('message', () => resolve(undefined)),
    )
    const { port } = receiver.address()
    const failure = await new Promise<Error | null>((resolve) => {
      sender.send('x', port, '127.255.255.255', resolve)
    })
    if (failure !== null) return failure.message
    const late = new Promise<string>((resolve) => {
      const text = 'a broadcast on loopback does not arrive'
      AbortSignal.timeout(2_000).addEventListener('abort', () => resolve(text))
    })
    return await Promise.race([heard, late])
  } finally {
    receiver.close()
    sender.close()
  }
}

const reason = await problem()
if (reason !== undefined) console.warn(`no sockets of discovery are tested: ${reason}`)

/** Looks again each 5 ms: what shouts faster is a flood. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise<void>((resolve) => void systemClock.after(5, resolve))
}

describe.skipIf(reason !== undefined)('on loopback', () => {
  test('[F7] nodes of one machine share a port, and each finds each', async () => {
    const port = await sharedPort()
    const kit = new MemoryLink()
    const network = makeId()
    const found: Found[][] = []
    const nodes = [1, 2, 3].map((at) => {
      const own: Found[] = []
      found.push(own)
      const node = new LanDiscovery({
        ...{ clock: systemClock, random: systemRandom, open: undefined },
        beacons: kit.beacons({ network }),
        port: () => at,
        wire: wireOn(port),
      })
      node.start((hint) => own.push(hint))
      return node
    })
    const others = (own: readonly Found[]): number => new Set(own.map(({ id }) => id)).size
    await until(() => found.every((own) => others(own) === 2))
    for (const node of nodes) node.stop()
    const addresses = new Set(found.flat().flatMap((hint) => hint.addresses))
    expect([...addresses].toSorted()).toEqual([1, 2, 3].map((at) => `tls://127.0.0.1:${at}`))
  })

  test('[F13] what does not come from a link of this machine is not even read', async () => {
    const port = await sharedPort()
    const heard: string[] = []
    const [far, near] = [wireOn(port, nowhere), wireOn(port)]
    far.open(() => heard.push('far'))
    near.open(() => heard.push('near'))
    const speaker = wireOn(port)
    speaker.open(() => undefined)
    speaker.shout(Uint8Array.of(1))
    await until(() => heard.includes('near'))
    for (const wire of [far, near, speaker]) wire.close()
    expect(heard).not.toContain('far')
  })

  test('[F14] a flood makes it deaf for a while; then it hears again', async () => {
    const port = await sharedPort()
    const clock = new VirtualClock()
    let heard = 0
    const wire = wireOn(port, loopback, clock)
    wire.open(() => heard++)
    const sender = createSocket('udp4')
    const send = (): Promise<void> => {
      // A turn of the event loop each: the wire must come to read what was sent.
      return new Promise((resolve) => {
        sender.send('x', port, '127.0.0.1', () => setImmediate(resolve))
      })
    }
    await until(() => {
      void send()
      return heard > 0
    })
    while (clock.pending === 0) await send()
    const loud = heard
    expect(loud).toBe(2_000) // One more closed it.
    for (let each = 0; each < 1_000; each++) await send()
    expect(heard).toBe(loud)
    await clock.advance(5_000)
    await until(() => {
      void send()
      return heard > loud
    })
    wire.close()
    await new Promise<void>((resolve) => sender.close(resolve))
    expect(clock.pending).toBe(0)
  })

  test('[F17] the sockets are opened anew when the interfaces change, and closed for good', async () => {
    const port = await sharedPort()
    let heard = 0
    const [wire, speaker] = [wireOn(port), wireOn(port)]
    wire.open(() => heard++)
    speaker.open(() => undefined)
    wire.refresh()
    await until(() => {
      speaker.shout(Uint8Array.of(1))
      return heard > 0
    })
    wire.close()
    let witnessed = 0
    const witness = wireOn(port)
    witness.open(() => witnessed++)
    await until(() => witnessed > 0 || (speaker.shout(Uint8Array.of(1)), false))
    const before = heard
    witnessed = 0
    speaker.shout(Uint8Array.of(1))
    await until(() => witnessed > 0)
    speaker.close()
    witness.close()
    expect(heard).toBe(before)
  })
})
