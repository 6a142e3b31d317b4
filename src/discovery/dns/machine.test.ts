import { describe, expect, test } from 'vitest'
import { SkeinError } from '../../base/errors.ts'
import { seededRandom } from '../../base/random.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { makeId } from '../link.test-kit.ts'
import { DnsDiscovery } from './machine.ts'
import type { Found } from '../contract.ts'
import type { Server } from './machine.ts'

/** A domain name system of one name. */
class Zone {
  readonly clock = new VirtualClock()
  readonly asked: string[] = []
  readonly problems: string[] = []
  servers: readonly Server[] = []
  texts: Readonly<Record<string, readonly string[]>> = {}
  isDown = false
  cancelled = 0

  discovery(): DnsDiscovery {
    const answer = async <T>(what: string, give: () => T): Promise<T> => {
      this.asked.push(what)
      await Promise.resolve()
      if (this.isDown) throw new SkeinError('DIAL_FAILED', 'no server answered')
      return give()
    }
    return new DnsDiscovery({
      ...{ clock: this.clock, random: seededRandom(3), names: ['example.org'] },
      resolver: {
        servers: (name) => answer(`SRV ${name}`, () => this.servers),
        texts: (name) => answer(`TXT ${name}`, () => this.texts[name] ?? []),
        cancel: () => void this.cancelled++,
      },
      onProblem: (name, message) => void this.problems.push(`${name}: ${message}`),
    })
  }
}

function server(host: string, priority = 0, weight = 0): Server {
  return { host, port: 14_590, priority, weight }
}

async function resolve(zone: Zone): Promise<{ found: Found[]; discovery: DnsDiscovery }> {
  const found: Found[] = []
  const discovery = zone.discovery()
  discovery.start((hint) => found.push(hint))
  await zone.clock.advance(1)
  return { found, discovery }
}

describe('a domain name', () => {
  test('[F16] leads to the servers of its SRV records, by priority', async () => {
    const zone = new Zone()
    zone.servers = [server('last', 9), server('first', 1), { ...server('middle', 5), port: 99 }]
    const { found, discovery } = await resolve(zone)
    const places = ['tls://first:14590', 'tls://middle:99', 'tls://last:14590']
    expect(found.map(({ addresses }) => addresses[0])).toEqual(places)
    expect(zone.asked).toEqual(['SRV _skein._tcp.example.org'])
    expect(discovery.sightings()[0]).toMatchObject({ relation: 'named', host: 'first' })
  })

  test('[F16] draws among those of one priority by weight', async () => {
    const zone = new Zone()
    zone.servers = [server('light', 0, 1), server('heavy', 0, 9), server('never', 0, 0)]
    const { found, discovery } = await resolve(zone)
    for (let round = 0; round < 300; round++) {
      discovery.refresh()
      await zone.clock.advance(1)
    }
    const first = found.filter((_hint, at) => at % 3 === 0).map(({ addresses }) => addresses[0])
    const share = first.filter((address) => address === 'tls://heavy:14590').length / first.length
    expect(share).toBeGreaterThan(0.83)
    expect(share).toBeLessThan(0.96)
    expect(first).not.toContain('tls://never:14590')
  })

  test.each(['_skein._tcp.example.org', 'example.org'])(
    '[F16] without SRV leads to the addresses in the texts of %s',
    async (at) => {
      const zone = new Zone()
      const id = makeId()
      zone.texts = {
        [at]: ['v=spf1 -all', `skein=a.example:1 ${id}@[2001:db8::1]:2, oops nobody@a:3`],
      }
      const { found } = await resolve(zone)
      expect(found).toEqual([
        { addresses: ['tls://a.example:1'], source: 'dns' },
        { id, addresses: ['tls://[2001:db8::1]:2'], source: 'dns' },
      ])
      expect(zone.problems).toEqual([])
    },
  )

  test('[F16] with a thousand addresses, some twice and some that are none, leads to 16', async () => {
    const zone = new Zone()
    const many = Array.from({ length: 1_000 }, (_, at) => server(`host-${at % 900}`, at))
    zone.servers = [server('a b', 0), server('', 0), { ...server('zero'), port: 0 }, ...many]
    const { found, discovery } = await resolve(zone)
    expect(found.length).toBe(16)
    expect(discovery.counts).toMatchObject({ 'refused: too many': 1, 'refused: no address': 1 })
    zone.servers = []
    zone.texts = { 'example.org': Array.from({ length: 1_000 }, (_, at) => `skein=host-${at}:1`) }
    discovery.refresh()
    await zone.clock.advance(1)
    expect(found.length).toBe(32)
  })

  test('[F16] is asked again after 4 to 5 minutes, and after failures after 5 s, 10 s …', async () => {
    const zone = new Zone()
    zone.servers = [server('a')]
    const { found } = await resolve(zone)
    await zone.clock.advance(220_000)
    expect(zone.asked.length).toBe(1)
    await zone.clock.advance(85_000)
    expect(zone.asked.length).toBe(2)
    expect(found.length).toBe(2)
    zone.isDown = true
    await zone.clock.advance(300_000)
    const before = zone.asked.length
    await zone.clock.advance(3_600_000)
    expect(zone.asked.length - before).toBeLessThan(3 * 25)
    expect(zone.problems).toEqual(['example.org: no server answered']) // Told once.
    zone.isDown = false
    await zone.clock.advance(300_000)
    expect(found.length).toBeGreaterThan(2)
  })

  test('[F16] that leads nowhere is a problem that is told, and is asked again', async () => {
    const zone = new Zone()
    const { found, discovery } = await resolve(zone)
    expect(zone.problems.length).toBe(1)
    zone.texts = { 'example.org': ['skein=late.example:1'] }
    await zone.clock.advance(6_000)
    expect(found.length).toBe(1)
    discovery.stop()
    expect(zone.cancelled).toBe(1)
    const { length } = zone.asked
    await zone.clock.advance(3_600_000)
    expect(zone.asked.length).toBe(length)
    expect(zone.clock.pending).toBe(0)
  })
})
