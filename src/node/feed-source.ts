import { NetworkFeed } from './network-feed.ts'
import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/emitter.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { NodeEvents } from './events.ts'
import type { Network } from './network.ts'
import type { PeerInfo } from './peer.ts'

const memberEvents = ['member:join', 'member:suspect', 'member:gone', 'member:left'] as const
const otherEvents = [
  'link:update',
  'link:rtt',
  'peer:connect',
  'peer:disconnect',
  'path:attached',
  'path:lost',
  'path:doubt',
] as const

/** Makes the feed of a node: it follows the node's events, and looks when it is told to. */
export function makeFeed(node: {
  readonly id: PeerId
  readonly clock: Clock
  readonly network: Network
  readonly events: Emitter<NodeEvents>
  readonly peers: () => readonly PeerInfo[]
}): NetworkFeed {
  const { id, clock, network, events, peers } = node
  return new NetworkFeed({
    ...{ id, clock, peers },
    nodes: () => network.membership.nodes(),
    links: () => network.membership.links(),
    node: (member) => network.membership.node(member),
    follow(onMember, onOther) {
      const stops = [
        ...memberEvents.map((name) => events.on(name, (event) => onMember(event.id))),
        ...otherEvents.map((name) => events.on(name, onOther)),
      ]
      return () => stops.forEach((stop) => stop())
    },
  })
}
