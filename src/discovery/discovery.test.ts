import { describe, test } from 'vitest'
import { Emitter } from '../base/emitter.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { type DiscoveryHarness, discoveryConformance } from '../testing/discovery-conformance.ts'
import { AddressList } from './address-list.ts'
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

describe.each([
  ['a list', makeList],
  ['peer exchange', makeExchange],
])('%s', (_name, makeHarness) => {
  for (const { title, run } of discoveryConformance(makeHarness)) test(title, run)
})
