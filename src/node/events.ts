import { displayAddress } from '../base/address.ts'
import { shortPeerId } from '../base/peer-id.ts'
import type { Emitter } from '../base/emitter.ts'
import type { SkeinError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { RunReport } from '../command/report.ts'
import type { ManagerEvents } from '../connection/manager-events.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MemberState } from '../membership/snapshot.ts'
import type { Affiliated } from './affiliated.ts'
import type { Notice } from './standing.ts'
import type { PeerInfo } from './peer.ts'
import type { People } from './people.ts'

/** What happened to a member. */
export interface MemberEvent {
  readonly id: PeerId
  readonly name: string
  readonly state: MemberState
}

/** What a node tells. */
export type NodeEvents = {
  /** A connection to a peer began. */
  'peer:connect': { readonly peer: PeerInfo }
  /** A connection to a peer is over; what was in flight on it failed with this error. */
  'peer:disconnect': { readonly peer: PeerInfo; readonly error: SkeinError }
  /** A peer broke a rule of the protocol; its connection closes. */
  'peer:violation': { readonly peer: PeerInfo; readonly rule: string }
  /** Somebody was not let in. */
  'peer:refuse': { readonly address: string; readonly rule: string; readonly message: string }
  /** A path joined a connection. */
  'path:attached': { readonly peer: PeerInfo; readonly kind: string; readonly address: string }
  /** A path broke; the connection goes on, or waits for another. */
  'path:lost': { readonly peer: PeerInfo; readonly address: string; readonly reason: string }
  /** The path in use does not answer in time. */
  'path:doubt': { readonly peer: PeerInfo }
  /** A round trip was measured. */
  'link:rtt': { readonly peer: PeerInfo; readonly rttMicros: number }
  /** An address did not answer; it is dialled again later. */
  'dial:fail': { readonly address: string; readonly error: SkeinError }
  /** A member was heard of, or lives after all. */
  'member:join': MemberEvent
  /** Somebody should reach a member and cannot. */
  'member:suspect': MemberEvent
  /** A suspect did not answer in time. */
  'member:gone': MemberEvent
  /** A member said that it goes. */
  'member:left': MemberEvent
  /** This node joined a network or left it, or its pass ends soon, has ended, or was taken back. */
  'network:change': { readonly network?: Affiliated; readonly notice?: Notice }
  /** Links of the network, or their round-trip times, changed. */
  'link:update': Record<string, never>
  /** A subscriber of a topic was too slow: a message was dropped before it took it. */
  'topic:miss': { readonly topic: string }
  /** A peer's command ended here. */
  'command:run': RunReport
  /** A newer process runs with this node's key: this one dials no more. */
  'node:superseded': Record<string, never>
}

/** Their names, each of which has to be here. */
const isEvent: Readonly<Record<keyof NodeEvents, true>> = {
  'peer:connect': true,
  'peer:disconnect': true,
  'peer:violation': true,
  'peer:refuse': true,
  'path:attached': true,
  'path:lost': true,
  'path:doubt': true,
  'link:rtt': true,
  'dial:fail': true,
  'member:join': true,
  'member:suspect': true,
  'member:gone': true,
  'member:left': true,
  'network:change': true,
  'link:update': true,
  'topic:miss': true,
  'command:run': true,
  'node:superseded': true,
}

/** The names of all events. */
export const nodeEventNames: readonly string[] = Object.keys(isEvent)

interface Target {
  readonly node: { info(entry: PeerEntry): PeerInfo }
  readonly people: People
  readonly events: Emitter<NodeEvents>
  readonly log: Log
}

const maxTold = 1_000 // Guess: more addresses than a node dials; then some are told of again.

/** Carries what happens to connections to the node's listeners and its log. */
export function forwardEvents(source: Emitter<ManagerEvents>, target: Target): void {
  const { node, people, events } = target
  const log = target.log.child({ scope: 'connection' })
  const who = (entry: PeerEntry): { readonly peer: string } => ({
    peer: `${people.directory.name(entry.id)} ${shortPeerId(entry.id)}`,
  })
  source.on('peer:connect', ({ peer: entry, address }) => {
    people.claim(entry.id, entry.claimedLabel)
    people.directory.number(entry.id, entry.addresses)
    log.info({ ...who(entry), address: displayAddress(address) }, 'connected')
    events.emit('peer:connect', { peer: node.info(entry) })
  })
  source.on('peer:disconnect', ({ peer: entry, error }) => {
    log.info({ ...who(entry), code: error.code }, `disconnected: ${error.message}`)
    events.emit('peer:disconnect', { peer: node.info(entry), error })
  })
  source.on('peer:forget', ({ peer }) => people.directory.forget(peer.id))
  source.on('peer:violation', ({ peer: entry, rule }) => {
    log.warn({ ...who(entry), rule }, 'broke a rule')
    events.emit('peer:violation', { peer: node.info(entry), rule })
  })
  source.on('peer:refuse', ({ id, address, refusal }) => {
    const { rule, message } = refusal
    const peer = id === undefined ? 'unknown' : shortPeerId(id)
    log.warn({ peer, id, address: displayAddress(address), rule }, `refused: ${message}`)
    events.emit('peer:refuse', { address, rule, message })
  })
  /** The last failure at each address that was logged, so that a peer that stays away is told of once. */
  const told = new Map<string, string>()
  source.on('path:attached', ({ peer: entry, path }) => {
    for (const address of entry.addresses) told.delete(address)
    const address = displayAddress(path.remoteAddress)
    log.debug({ ...who(entry), path: path.kind, address }, 'path attached')
    events.emit('path:attached', { peer: node.info(entry), kind: path.kind, address })
  })
  source.on('path:lost', ({ peer: entry, path, reason }) => {
    const address = displayAddress(path.remoteAddress)
    const level = entry.connection?.state === 'suspended' ? 'info' : 'debug'
    log[level]({ ...who(entry), path: path.kind, address }, `path lost: ${reason}`)
    events.emit('path:lost', { peer: node.info(entry), address, reason })
  })
  source.on('path:doubt', ({ peer: entry }) => {
    log.debug(who(entry), 'path in doubt')
    events.emit('path:doubt', { peer: node.info(entry) })
  })
  source.on('link:rtt', ({ peer: entry, rttMicros }) => {
    events.emit('link:rtt', { peer: node.info(entry), rttMicros })
  })
  source.on('dial:fail', ({ address, error }) => {
    const level = told.get(address) === error.message ? 'debug' : 'info'
    log[level]({ address: displayAddress(address), code: error.code }, error.message)
    if (told.size >= maxTold) told.clear()
    told.set(address, error.message)
    events.emit('dial:fail', { address, error })
  })
  source.on('node:superseded', () => {
    log.error({}, 'a newer process runs with this key; this one dials no more')
    events.emit('node:superseded', {})
  })
}
