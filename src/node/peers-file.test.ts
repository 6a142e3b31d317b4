/** What is written of the network, when, and what becomes of a file that is not ours. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../base/log.ts'
import { MemoryStorage } from '../base/storage.ts'
import { fakeLink, fakeNetwork, fakeNode } from '../map/network.test-kit.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { PeersFile } from './peers-file.ts'
import { maxNodes, readPeers, writePeers } from './peers-format.ts'
import type { Network } from '../map/graph.ts'

class CountingStorage extends MemoryStorage {
  readonly writes: string[] = []

  override write(name: string, content: Uint8Array): Promise<void> {
    this.writes.push(name)
    return super.write(name, content)
  }

  async text(name: string): Promise<string> {
    return new TextDecoder().decode(await this.read(name))
  }
}

let storage: CountingStorage
let clock: VirtualClock
let network: Network

beforeEach(() => {
  storage = new CountingStorage()
  clock = new VirtualClock()
  network = {
    nodes: [fakeNode(0), fakeNode(1), fakeNode(2)],
    links: [fakeLink(0, 1, { rttMicros: 1_000 }), fakeLink(1, 2)],
  }
})

function makeFile(): PeersFile {
  return new PeersFile({
    id: fakeNode(0).id,
    storage,
    clock,
    log: silentLog,
    nodes: () => network.nodes,
    links: () => network.links,
    connected: () => [],
    isDenied: (id) => id === fakeNode(2).id,
  })
}

describe('peers.json and peers.d2', () => {
  test('are written at once, then at most once a second, and only when something changed', async () => {
    const file = makeFile()
    await file.load()
    file.changed()
    await clock.advance(1)
    expect(storage.writes).toEqual(['peers.json', 'peers.d2'])
    for (let ms = 0; ms < 2_000; ms += 10) {
      const state = ms % 20 === 0 ? ('suspect' as const) : ('alive' as const)
      network = { ...network, nodes: [fakeNode(0), fakeNode(1, { state })] }
      file.changed()
      await clock.advance(10)
    }
    const count = storage.writes.filter((name) => name === 'peers.json').length
    expect(count).toBeGreaterThan(1)
    expect(count).toBeLessThanOrEqual(3)
    await clock.advance(5_000)
    const before = storage.writes.length
    file.changed()
    await clock.advance(5_000)
    expect(storage.writes.length).toBe(before)
  })

  test.each([
    [1_090, false],
    [1_110, true],
    [890, true],
    [910, false],
  ])('an RTT of 1000 µs that becomes %i is news: %s', async (rttMicros, isNews) => {
    const file = makeFile()
    await file.load()
    file.changed()
    await clock.advance(1)
    network = { ...network, links: [fakeLink(0, 1, { rttMicros }), fakeLink(1, 2)] }
    file.changed()
    await clock.advance(5_000)
    expect(storage.writes.length).toBe(isNews ? 4 : 2)
    const shown = isNews ? rttMicros : 1_000
    expect(await storage.text('peers.json')).toContain(`"rttMicros":${shown}`)
    const inD2 = isNews && rttMicros > 999 ? '1 110 µs' : isNews ? '890 µs' : '1 000 µs'
    expect(await storage.text('peers.d2')).toContain(inD2)
  })

  test('follow the times of many links calmly, and their nodes at once', async () => {
    const nodes = Array.from({ length: 60 }, (_, at) => fakeNode(at))
    const linksOf = (rttMicros: number) => {
      return nodes.slice(1).map((_, at) => fakeLink(0, at + 1, { rttMicros }))
    }
    network = { nodes, links: linksOf(1_000) }
    const file = makeFile()
    await file.load()
    file.changed()
    await clock.advance(1)
    const files = (): number => storage.writes.filter((name) => name === 'peers.json').length
    expect(files()).toBe(1)
    for (let second = 0; second < 30; second++) {
      network = { nodes, links: linksOf(1_000 + 500 * second) }
      file.linksChanged()
      await clock.advance(1_000)
    }
    expect(files()).toBeGreaterThanOrEqual(8)
    expect(files()).toBeLessThanOrEqual(11)
    const before = files()
    network = { nodes: nodes.with(1, fakeNode(1, { state: 'gone' })), links: linksOf(900_000) }
    file.linksChanged()
    file.changed()
    await clock.advance(1_200)
    expect(files()).toBe(before + 1)
    expect(await storage.text('peers.json')).toContain('"gone"')
  })

  test('hold what the reader is told of in the guide, and close writes the last of it', async () => {
    const file = makeFile()
    await file.load()
    await file.close()
    const content = JSON.parse(await storage.text('peers.json')) as Record<string, unknown[]>
    expect(Object.keys(content)).toEqual(['format', 'written', 'nodes', 'links'])
    expect(content['nodes']?.[1]).toEqual({
      id: fakeNode(1).id,
      name: 'bob',
      state: 'alive',
      addresses: ['tls://127.0.0.1:14591'],
      software: '0.1.0',
      protocol: 1,
      heard: new Date(clock.unixMs() - 100).toISOString(),
      isSelf: false,
    })
    const links = network.links.map((link) => ({ ...link, ageMs: undefined }))
    expect(content['links']).toEqual(links)
    const d2 = await storage.text('peers.d2')
    expect(d2).toContain("'@alice': 'alice :14590'")
    expect(d2.match(/ -- /g)).toHaveLength(2)
  })

  test('are not touched by a start that failed before they were read', async () => {
    await makeFile().close()
    expect(storage.writes).toEqual([])
  })

  test('are bounded in a network of thousands', async () => {
    network = fakeNetwork(3_000)
    const file = makeFile()
    await file.load()
    await file.close()
    const read = readPeers((await storage.read('peers.json')) ?? new Uint8Array())
    expect(typeof read === 'string' ? read : read.nodes.length).toBe(maxNodes)
  })
})

describe('what is read back', () => {
  test('is everybody but this node and those who were shut out, neighbours first', async () => {
    network = { nodes: [0, 1, 2, 3, 4].map((at) => fakeNode(at)), links: [fakeLink(0, 4)] }
    const file = makeFile()
    await file.load()
    await file.close()
    const rows = await makeFile().load()
    expect(rows.map(({ name }) => name)).toEqual(['erin', 'bob', 'dave'])
  })

  test('stays in the file until it is known to be otherwise', async () => {
    const first = makeFile()
    await first.load()
    await first.close()
    network = { nodes: [fakeNode(0)], links: [] }
    const second = makeFile()
    await second.load()
    await second.close()
    expect((await makeFile().load()).map(({ name }) => name)).toEqual(['bob'])
  })

  test.each([
    ['no JSON', '{"format":1,'],
    ['of another format', '{"format":2,"nodes":[],"links":[]}'],
    ['a list', '[]'],
    ['without nodes', '{"format":1}'],
    ['too long', ' '.repeat(5_000_000)],
  ])('is nothing where the file is %s', async (_what, text) => {
    await storage.write('peers.json', new TextEncoder().encode(text))
    expect(await makeFile().load()).toEqual([])
  })

  test('never fails, whatever the file holds', () => {
    const sound = new TextEncoder().encode(writePeers({ nodes: [], links: [] }, 0))
    expect(readPeers(sound)).toEqual({ nodes: [], links: [] })
    const noise = fc.record({
      format: fc.constant(1),
      nodes: fc.jsonValue(),
      links: fc.jsonValue(),
    })
    const row = fc.record({
      id: fc.oneof(fc.constant(fakeNode(1).id), fc.jsonValue()),
      name: fc.oneof(fc.string(), fc.jsonValue()),
      state: fc.oneof(fc.constant('alive'), fc.jsonValue()),
      heard: fc.oneof(fc.constant('2026-01-01T00:00:00.000Z'), fc.jsonValue()),
      software: fc.string(),
      protocol: fc.oneof(fc.integer(), fc.jsonValue()),
      addresses: fc.oneof(fc.array(fc.constantFrom('tls://a:1', '', '\u0000', 7)), fc.jsonValue()),
    })
    const rows = fc.record({
      format: fc.constant(1),
      nodes: fc.array(row),
      links: fc.array(fc.jsonValue()),
    })
    fc.assert(
      fc.property(fc.oneof(noise, rows), (value) => {
        const read = readPeers(new TextEncoder().encode(JSON.stringify(value)))
        if (typeof read === 'string') return
        for (const { addresses } of read.nodes) {
          expect(addresses.every((each) => each === 'tls://a:1')).toBe(true)
        }
      }),
    )
  })
})
