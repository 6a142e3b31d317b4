import { describe, expect, test } from 'vitest'
import { MemoryLink, makeId } from '../link.test-kit.ts'
import { readDnsMessage, recordTypes, writeDnsMessage } from './messages.ts'
import { metaName, readAnnouncements, serviceName } from './service.ts'
import type { Found, Lookout } from '../contract.ts'
import type { DnsMessage, DnsRecord } from './messages.ts'

const network = makeId()
const hourMs = 3_600_000
const question = { name: serviceName, type: recordTypes.ptr, isUnicast: false }
const asking: DnsMessage = {
  isResponse: false,
  questions: [question],
  answers: [],
  additionals: [],
}

function collect(lookout: Lookout): Found[] {
  const found: Found[] = []
  lookout.start((hint) => found.push(hint))
  return found
}

function messagesOn(link: MemoryLink): readonly DnsMessage[] {
  return link.packets.flatMap(({ bytes }) => readDnsMessage(bytes) ?? [])
}

function answersOn(link: MemoryLink): readonly DnsMessage[] {
  return messagesOn(link).filter(({ isResponse }) => isResponse)
}

describe('multicast DNS', () => {
  test('[F7] two members find each other within milliseconds, whoever starts first', async () => {
    const link = new MemoryLink()
    const [alice, bob] = [makeId(), makeId()]
    const ofAlice = collect(link.mdns({ id: alice, network, port: 1_001 }))
    await link.clock.advance(60_000)
    const ofBob = collect(link.mdns({ id: bob, network, port: 1_002 }))
    await link.clock.advance(130)
    expect(ofAlice[0]).toEqual({ id: bob, addresses: ['tls://10.0.0.2:1002'], source: 'mdns' })
    expect(ofBob[0]).toEqual({ id: alice, addresses: ['tls://10.0.0.1:1001'], source: 'mdns' })
  })

  test('[F8] a stranger sees that a node is there, and no name, ID or label of it', async () => {
    const link = new MemoryLink()
    const id = makeId()
    const stranger = link.mdns({ network: makeId() })
    const found = collect(stranger)
    collect(link.mdns({ id, network }))
    await link.clock.advance(1_000)
    expect(found).toEqual([])
    const [seen] = stranger.sightings()
    expect(seen).toMatchObject({ relation: 'other', host: '10.0.0.2', port: 14_590 })
    expect(seen).not.toHaveProperty('id')
    expect(JSON.stringify(answersOn(link))).not.toContain(id)
  })

  test('[F8] the name is another one after the network changed, and after a day; the old one is taken back', async () => {
    const link = new MemoryLink()
    const node = link.mdns({ network })
    const watcher = link.mdns({ network: makeId() })
    collect(node)
    collect(watcher)
    const names = (): readonly string[] => {
      const heard = answersOn(link).flatMap(readAnnouncements)
      const kept = heard.filter(({ instance, ttlSeconds }) => {
        const isGone = heard.some((other) => other.instance === instance && other.ttlSeconds === 0)
        return ttlSeconds > 0 && !isGone
      })
      return [...new Set(kept.map(({ instance }) => instance))]
    }
    await link.clock.advance(2_000)
    const [first, ...others] = names().toSorted()
    expect(others.length).toBe(1)
    node.refresh()
    await link.clock.advance(2_000)
    expect(watcher.sightings().length).toBe(1) // Not one for each name.
    const after = names()
    expect(after.length).toBe(2)
    expect([first, ...others].filter((name) => after.includes(name ?? '')).length).toBe(1)
    await link.clock.advance(25 * hourMs)
    expect(names().filter((name) => after.includes(name))).toEqual([])
  })

  test('[F10] a node that nobody could recognise, or that does not listen, announces nothing', async () => {
    const link = new MemoryLink()
    collect(link.mdns({}))
    await link.clock.advance(hourMs)
    expect(link.packets).toEqual([])
    const silent = link.mdns({ network, port: 0 })
    const found = collect(silent)
    collect(link.mdns({ network }))
    await link.clock.advance(1_000)
    expect(found.length).toBeGreaterThan(0)
    const heard = answersOn(link).flatMap(readAnnouncements)
    expect(new Set(heard.map(({ instance }) => instance)).size).toBe(1)
  })

  test('[F10] one that is open shows label and ID to all, as a claim', async () => {
    const link = new MemoryLink()
    const id = makeId()
    const stranger = link.mdns({})
    collect(stranger)
    collect(link.mdns({ id, label: 'printer' }))
    await link.clock.advance(1_000)
    expect(stranger.sightings()).toMatchObject([{ relation: 'open', id, label: 'printer' }])
  })

  test('[F11] packets are counted: 17 or less in the first hour, 3 or less in each later one', async () => {
    const link = new MemoryLink()
    collect(link.mdns({ network }))
    await link.clock.advance(hourMs)
    expect(link.packets.length).toBeLessThanOrEqual(17)
    for (let hour = 0; hour < 20; hour++) {
      link.packets.length = 0
      await link.clock.advance(hourMs)
      expect(link.packets.length).toBeLessThanOrEqual(3)
    }
  })

  test('[F12] nothing goes to one address, and the group hears an answer once a second at most', async () => {
    const link = new MemoryLink()
    collect(link.mdns({ network }))
    await link.clock.advance(60_000)
    link.packets.length = 0
    const unicast = { ...asking, questions: [{ ...question, isUnicast: true }] }
    const victims = [
      { host: '10.0.0.99', port: 5_353 },
      { host: '10.0.0.99', port: 4_000 },
    ]
    for (let each = 0; each < 1_000; each++) {
      for (const from of victims) {
        link.carry({ bytes: writeDnsMessage(each % 2 === 0 ? asking : unicast), from })
      }
      await link.clock.advance(10)
    }
    await link.clock.advance(2_000)
    expect(link.packets.filter(({ to }) => to !== undefined)).toEqual([])
    const answers = answersOn(link)
    expect(answers.length).toBeGreaterThan(5)
    expect(answers.length).toBeLessThanOrEqual(12)
  })

  test('[F15] it answers what browsers ask for, with all that they need', async () => {
    const link = new MemoryLink()
    collect(link.mdns({ network, port: 1_234 }))
    await link.clock.advance(5_000)
    const [first] = answersOn(link)
    const nameOf = (kind: string): DnsRecord['name'] => {
      return first?.answers.find(({ data }) => data.kind === kind)?.name ?? []
    }
    const from = link.wire(5_353).endpoint
    const asked = [
      { name: metaName, type: recordTypes.ptr },
      { name: serviceName, type: recordTypes.any },
      { name: nameOf('srv').map((label) => label.toUpperCase()), type: recordTypes.srv },
      { name: nameOf('txt'), type: recordTypes.txt },
      { name: nameOf('address'), type: recordTypes.aaaa },
    ]
    for (const each of asked) {
      link.packets.length = 0
      const questions = [{ ...each, isUnicast: false }]
      link.carry({ bytes: writeDnsMessage({ ...asking, questions }), from })
      await link.clock.advance(1_500)
      const [answer, ...more] = answersOn(link)
      expect(more).toEqual([])
      const kinds = new Set(answer?.answers.map(({ data }) => data.kind))
      expect(kinds).toEqual(new Set(['ptr', 'srv', 'txt', 'address']))
      const isMeta = answer?.answers.some(({ name }) => name[0] === '_services')
      expect(isMeta).toBe(each.name === metaName)
    }
    for (const name of [
      ['_ipp', '_tcp', 'local'],
      [...serviceName, 'x'],
      ['other', 'local'],
    ]) {
      link.packets.length = 0
      const questions = [{ name, type: recordTypes.any, isUnicast: false }]
      link.carry({ bytes: writeDnsMessage({ ...asking, questions }), from })
      await link.clock.advance(1_500)
      expect(answersOn(link)).toEqual([])
    }
  })

  test('[F15] who knows the answer gets none, and asks with what it knows', async () => {
    const link = new MemoryLink()
    collect(link.mdns({ network }))
    collect(link.mdns({ network }))
    await link.clock.advance(2_000)
    link.packets.length = 0
    await link.clock.advance(20_000)
    const questions = messagesOn(link).filter(({ isResponse }) => !isResponse)
    expect(questions.length).toBeGreaterThan(2)
    for (const { answers } of questions) expect(answers.length).toBe(2) // Itself, and the other.
    expect(answersOn(link)).toEqual([])
  })

  test('[F15] who stops says so, and is in sight no more; nobody else can say it', async () => {
    const link = new MemoryLink()
    const [node, watcher] = [link.mdns({ network }), link.mdns({ network })]
    collect(watcher)
    collect(node)
    await link.clock.advance(2_000)
    expect(watcher.sightings().length).toBe(1)
    const announced = link.packets.filter(({ bytes }) => readDnsMessage(bytes)?.isResponse === true)
    node.stop()
    const goodbye = link.packets.at(-1)
    const elsewhere = new MemoryLink(2)
    const lone = elsewhere.mdns({ network })
    collect(lone)
    for (const { bytes } of announced) {
      elsewhere.carry({ bytes, from: { host: '10.0.0.50', port: 5_353 } })
    }
    await elsewhere.clock.advance(10)
    const bytes = goodbye?.bytes ?? new Uint8Array()
    elsewhere.carry({ bytes, from: { host: '10.0.0.51', port: 5_353 } })
    await elsewhere.clock.advance(10)
    expect(lone.sightings().length).toBe(1)
    elsewhere.carry({ bytes, from: { host: '10.0.0.50', port: 5_353 } })
    await elsewhere.clock.advance(10)
    expect(lone.sightings()).toEqual([])
    await link.clock.advance(10)
    expect(watcher.sightings()).toEqual([])
  })

  test('[F13] an announcement that names another host leads to who sent it, not there', async () => {
    const link = new MemoryLink()
    const id = makeId()
    const found = collect(link.mdns({ network }))
    collect(link.mdns({ id, network, port: 443 })) // Its records name 10.0.0.9.
    await link.clock.advance(1_000)
    expect(new Set(found.flatMap(({ addresses }) => addresses))).toEqual(
      new Set(['tls://10.0.0.2:443']),
    )
  })

  test('[F14] a flood of questions and announcements is dropped within limits', async () => {
    const link = new MemoryLink()
    const node = link.mdns({ network })
    collect(node)
    await link.clock.advance(1_000)
    const from = { host: '10.0.0.77', port: 5_353 }
    for (let each = 0; each < 10_000; each++) {
      const name = [`x${each}`, ...serviceName]
      const srv: DnsRecord = {
        ...{ name, ttlSeconds: 2 ** 31, isUnique: true },
        data: { kind: 'srv', port: (each % 65_000) + 1, target: ['x', 'local'] },
      }
      const many = Array.from({ length: 100 }, () => srv)
      const bytes = writeDnsMessage({
        ...{ isResponse: true, questions: [], additionals: [] },
        answers: each < 1_000 ? [srv] : each < 1_010 ? many : [],
      })
      link.carry({ bytes, from })
    }
    await link.clock.advance(10_000)
    expect(node.counts['refused: rate']).toBeGreaterThan(9_000)
    expect(node.sightings().length).toBeLessThanOrEqual(256)
    await link.clock.advance(2 * hourMs)
    expect(node.sightings()).toEqual([]) // An hour is the longest that anybody is believed.
  })
})
