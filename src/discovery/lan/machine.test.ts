import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryLink, makeId } from '../link.test-kit.ts'
import { pingBytes, readLanMessage, writeLanMessage } from './messages.ts'
import type { Found, Lookout } from '../contract.ts'
import type { PeerId } from '../../base/peer-id.ts'
import type { SeenPacket } from '../link.test-kit.ts'

const network = makeId()
const hourMs = 3_600_000

function collect(lookout: Lookout): Found[] {
  const found: Found[] = []
  lookout.start((hint) => found.push(hint))
  return found
}

function isPing({ bytes }: SeenPacket): boolean {
  const message = readLanMessage(bytes)
  return typeof message !== 'string' && message.kind === 'ping'
}

describe('ping and pong', () => {
  test('[F7] two members find each other within milliseconds, whoever starts first', async () => {
    const link = new MemoryLink()
    const [alice, bob] = [makeId(), makeId()]
    const ofAlice = collect(link.lan({ id: alice, network, port: 1_001 }))
    await link.clock.advance(60_000)
    expect(ofAlice).toEqual([])
    const ofBob = collect(link.lan({ id: bob, network, port: 1_002 }))
    await link.clock.advance(5)
    expect(ofAlice[0]).toEqual({ id: bob, addresses: ['tls://10.0.0.2:1002'], source: 'lan' })
    expect(ofBob[0]).toEqual({ id: alice, addresses: ['tls://10.0.0.1:1001'], source: 'lan' })
  })

  test('[F7] one that does not listen finds, and is not dialled', async () => {
    const link = new MemoryLink()
    const ofAlice = collect(link.lan({ network, port: 0 }))
    const ofBob = collect(link.lan({ network }))
    await link.clock.advance(1_000)
    expect(ofAlice.length).toBeGreaterThan(0)
    expect(ofBob).toEqual([])
  })

  test('[F8] of strangers only that they are there is seen, within a second, and nothing is found', async () => {
    const link = new MemoryLink()
    const mine = link.lan({ network })
    const found = [collect(mine), collect(link.lan({ network: makeId(), port: 7_000 }))]
    await link.clock.advance(60_000)
    mine.look()
    await link.clock.advance(1_000)
    expect(found.flat()).toEqual([])
    const [seen, ...more] = mine.sightings()
    expect(more).toEqual([])
    expect(seen).toEqual({
      ...{ relation: 'other', source: 'lan', host: '10.0.0.2', port: 7_000 },
      ageMs: expect.any(Number) as number,
    })
  })

  test('[F10] a node that nobody could recognise sends nothing and answers nobody', async () => {
    const link = new MemoryLink()
    const alone = link.lan({})
    collect(alone)
    await link.clock.advance(hourMs)
    expect(link.packets).toEqual([])
    collect(link.lan({ network }))
    await link.clock.advance(hourMs)
    expect(link.packets.every(isPing)).toBe(true)
    expect(alone.sightings().length).toBe(1) // It sees, all the same.
    link.packets.length = 0
    alone.look()
    await link.clock.advance(1_000)
    expect(link.packets.filter(isPing).length).toBe(1) // Its owner looked.
    const [ping] = link.packets
    expect(readLanMessage(ping?.bytes ?? new Uint8Array())).toMatchObject({ port: 0 })
  })

  test('[F10] one that is open shows label and ID to all, as a claim', async () => {
    const link = new MemoryLink()
    const id = makeId()
    const stranger = link.lan({})
    const found = collect(stranger)
    collect(link.lan({ id, label: 'printer' }))
    await link.clock.advance(1_000)
    expect(stranger.sightings()).toMatchObject([{ relation: 'open', id, label: 'printer' }])
    expect(found).toEqual([])
  })

  test('[F11] pings are counted: 11 or so in the first hour, 12 to 16 in each later one', async () => {
    const link = new MemoryLink()
    collect(link.lan({ network }))
    const perHour: number[] = []
    for (let hour = 0; hour < 24; hour++) {
      link.packets.length = 0
      await link.clock.advance(hourMs)
      perHour.push(link.packets.length)
    }
    expect(perHour[0]).toBeLessThanOrEqual(25)
    expect(Math.max(...perHour.slice(1))).toBeLessThanOrEqual(16)
    expect(Math.min(...perHour)).toBeGreaterThanOrEqual(11)
  })

  test('[F11] however often it looks or moves, it sends at most 140 pings an hour', async () => {
    const link = new MemoryLink()
    const lan = link.lan({ network })
    collect(lan)
    for (let second = 0; second < 3_600; second++) {
      if (second % 3 === 0) lan.refresh()
      lan.look()
      await link.clock.advance(1_000)
    }
    expect(link.packets.length).toBeLessThanOrEqual(140)
    expect(link.packets.length).toBeGreaterThan(100)
  })
})

describe('bad packets', () => {
  test('[F12] no pong is longer than its ping, whoever is open: amplification is below 1', async () => {
    for (const label of [undefined, 'x', 'a'.repeat(32)]) {
      const link = new MemoryLink()
      const node = link.lan({ network, ...(label !== undefined && { label }) })
      collect(node)
      await link.clock.advance(60_000)
      link.packets.length = 0
      const victim = { host: '10.0.0.99', port: 53 }
      let received = 0
      for (const ping of makePings(link, network, 100)) {
        received += ping.length
        link.carry({ bytes: ping, from: victim })
        link.carry({ bytes: ping, from: victim }) // A copy has no answer of its own.
        await link.clock.advance(70)
      }
      await link.clock.advance(1_000)
      const answers = link.packets.filter(({ to }) => to?.host === victim.host)
      const answered = answers.reduce((sum, { bytes }) => sum + bytes.length, 0)
      expect(answers.length).toBeGreaterThan(20)
      expect(answered / received).toBeLessThanOrEqual(1)
      for (const { bytes } of answers) expect(bytes.length).toBeLessThanOrEqual(pingBytes)
    }
  })

  test('[F13] noise and broken packets are counted, and never throw', () => {
    const link = new MemoryLink()
    const node = link.lan({ network })
    const found = collect(node)
    const wire = link.wire()
    const good = writeLanMessage({
      ...{ kind: 'ping', port: 1, echo: new Uint8Array(16), beacon: new Uint8Array(184) },
    })
    const altered = fc
      .tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(300))
      .map(([at, byte, length]) => {
        return good.map((each, index) => (index === at ? byte : each)).subarray(0, length)
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), altered), (bytes) => {
        expect(() => readLanMessage(bytes)).not.toThrow()
      }),
      { numRuns: 2_000 },
    )
    for (const bytes of [
      new Uint8Array(),
      good.subarray(0, 100),
      Uint8Array.of(83, 75, 78, 68, 9),
    ]) {
      link.carry({ bytes, from: wire.endpoint })
    }
    return link.clock.advance(10).then(() => {
      const { counts } = node
      expect(counts).toMatchObject({ 'refused: foreign': 1, 'refused: malformed': 1 })
      expect(counts).toMatchObject({ 'refused: version': 1 })
      expect(found).toEqual([])
    })
  })

  test('[F13] a pong that nobody asked for, comes late, or is one of too many, is dropped', async () => {
    const link = new MemoryLink()
    const id = makeId()
    const node = link.lan({ network })
    const found = collect(node)
    const member = link.beacons({ id, network })
    const heard = link.wire()
    const echoes: Uint8Array[] = []
    heard.open((bytes) => {
      const message = readLanMessage(bytes)
      if (typeof message !== 'string' && message.kind === 'ping')
        echoes.push(message.beacon.slice(0, 16))
    })
    await link.clock.advance(10_000)
    const forge = (echo: Uint8Array): void => {
      const beacon = member.make(14_590)
      const bytes = writeLanMessage({ kind: 'pong', port: 14_590, echo, beacon })
      link.carry({ bytes, from: heard.endpoint })
    }
    node.look()
    await link.clock.advance(1)
    forge(new Uint8Array(16))
    forge(echoes[0] ?? new Uint8Array(16)) // Of ten seconds ago.
    await link.clock.advance(10)
    expect(node.counts).toMatchObject({ 'refused: not asked for': 2 })
    expect(found).toEqual([])
    forge(echoes.at(-1) ?? new Uint8Array(16))
    await link.clock.advance(10)
    expect(found).toEqual([{ id, addresses: [`tls://${heard.host}:14590`], source: 'lan' }])
  })

  test('[F14] a flood of one sender costs a bounded number of packets, and the others are found', async () => {
    const link = new MemoryLink()
    const node = link.lan({ network })
    const found = collect(node)
    await link.clock.advance(1_000)
    const flooder = link.wire()
    const bytes = new Uint8Array(pingBytes)
    for (let each = 0; each < 20_000; each++) link.carry({ bytes, from: flooder.endpoint })
    await link.clock.advance(10)
    collect(link.lan({ network }))
    await link.clock.advance(1_000)
    expect(node.counts['refused: rate']).toBeGreaterThan(19_000)
    expect(found.length).toBeGreaterThan(0)
  })

  test('[F7] two of ours on one machine that nobody can dial are both seen', async () => {
    const link = new MemoryLink()
    const node = link.lan({ network })
    collect(node)
    for (let at = 0; at < 2; at++) {
      const beacon = link.beacons({ network }).make(0)
      const bytes = writeLanMessage({ kind: 'ping', port: 0, echo: new Uint8Array(16), beacon })
      link.carry({ bytes, from: { host: '10.0.0.9', port: 9 + at } })
    }
    await link.clock.advance(10)
    const seen = node.sightings()
    expect(new Set(seen.map(({ id }) => id)).size).toBe(2)
    expect(seen.map(({ host, port }) => `${host} ${port}`)).toEqual(['10.0.0.9 0', '10.0.0.9 0'])
  })

  test('[F14] a flood from a thousand addresses fills no table, and members stay in sight', async () => {
    const link = new MemoryLink()
    const node = link.lan({ network })
    collect(node)
    collect(link.lan({ network }))
    await link.clock.advance(1_000)
    for (const [at, bytes] of makePings(link, makeId(), 2_000).entries()) {
      link.carry({ bytes, from: { host: `10.1.${at >> 8}.${at & 255}`, port: 9 } })
      if (at % 100 === 0) await link.clock.advance(1_000)
    }
    await link.clock.advance(1_000)
    const seen = node.sightings()
    expect(seen.filter(({ relation }) => relation === 'other').length).toBeLessThanOrEqual(256)
    expect(seen.filter(({ relation }) => relation === 'network').length).toBe(1)
  })
})

/** So many pings of a member of a network. */
function makePings(link: MemoryLink, ofNetwork: PeerId, count: number): readonly Uint8Array[] {
  const beacons = link.beacons({ network: ofNetwork })
  const echo = new Uint8Array(16)
  return Array.from({ length: count }, () => {
    return writeLanMessage({ kind: 'ping', port: 14_590, echo, beacon: beacons.make(14_590) })
  })
}
