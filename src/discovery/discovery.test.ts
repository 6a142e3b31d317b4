import { describe, test } from 'vitest'
import { Emitter } from '../base/emitter.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { type DiscoveryHarness, discoveryConformance } from '../testing/discovery-conformance.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { AddressList } from './address-list.ts'
import { DnsDiscovery } from './dns/machine.ts'
import { MemoryLink, makeId } from './link.test-kit.ts'
import { PeerExchange } from './peer-exchange.ts'
import type { ExchangedPeer } from './peer-exchange.ts'

const random = seededRandom(1)
const makePeer = (address: string): ExchangedPeer => {
  return { id: peerIdFromKey(random.bytes(32)), addresses: [address] }
}

function makeList(): DiscoveryHarness {
  const present = ['memory://alice', 'tls://[::1]:14590']
  const peers = [{ addresses: ['memory://alice'] }, makePeer('tls://[::1]:14590')]
  return { discovery: new AddressList('list', peers), present }
}

function makeExchange(): DiscoveryHarness {
  const members = [makePeer('memory://alice'), { ...makePeer(''), addresses: [] }]
  const events = new Emitter<{ news: ExchangedPeer }>(() => undefined)
  const discovery = new PeerExchange({
    members: () => members,
    follow: (onNews) => events.on('news', onNews),
  })
  const add = (): string => {
    const peer = makePeer('memory://bob')
    members.push(peer)
    events.emit('news', peer)
    return 'memory://bob'
  }
  return { discovery, present: ['memory://alice'], add }
}

const network = makeId()

/** Two nodes of one network on a link; a third can come. */
function makeLink(kind: 'lan' | 'mdns'): () => DiscoveryHarness {
  return () => {
    const link = new MemoryLink()
    const discovery = link[kind]({ network, port: 1_001 })
    const others = [link[kind]({ network, port: 1_002 })]
    for (const other of others) other.start(() => undefined)
    const add = (): string => {
      const late = link[kind]({ network, port: 1_003 })
      others.push(late)
      late.start(() => undefined)
      return 'tls://10.0.0.3:1003'
    }
    const end = runClock(link.clock, 1_000)
    return { discovery, present: ['tls://10.0.0.2:1002'], add, end }
  }
}

function makeDns(): DiscoveryHarness {
  const clock = new VirtualClock()
  const servers = [{ host: 'a.example', port: 1, priority: 0, weight: 0 }]
  const resolver = {
    servers: () => Promise.resolve(servers),
    texts: () => Promise.resolve([]),
    cancel: () => undefined,
  }
  const names = ['example.org']
  const discovery = new DnsDiscovery({ clock, random, resolver, names, onProblem: () => undefined })
  const add = (): string => {
    servers.push({ host: 'b.example', port: 2, priority: 0, weight: 0 })
    return 'tls://b.example:2'
  }
  return { discovery, present: ['tls://a.example:1'], add, end: runClock(clock, 60_000) }
}

/** Lets virtual time pass while real time does. */
function runClock(clock: VirtualClock, stepMs: number): () => void {
  let isEnded = false
  const run = async (): Promise<void> => {
    while (!isEnded) {
      await clock.advance(stepMs)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  void run()
  return () => {
    isEnded = true
  }
}

describe.each([
  ['a list', makeList],
  ['peer exchange', makeExchange],
  ['ping and pong', makeLink('lan')],
  ['multicast DNS', makeLink('mdns')],
  ['a domain name', makeDns],
])('%s', (_name, makeHarness) => {
  for (const { title, run } of discoveryConformance(makeHarness)) test(title, run)
})
