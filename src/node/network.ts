/** Joins the connections of a node with its view of the whole network. */
import { displayAddress } from '../base/address.ts'
import { findRule } from '../base/policy.ts'
import { verifySignature } from '../base/verify.node.ts'
import { version } from '../base/version.ts'
import { protocolVersions } from '../connection/messages.ts'
import { defaultMembershipOptions } from '../membership/options.ts'
import { Membership, membershipProtocol } from '../membership/service.ts'
import { reachableAddresses } from './reachable.node.ts'
import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/emitter.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Rule, Subject } from '../base/policy.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { Stream } from '../connection/contract.ts'
import type { MemberState } from '../membership/snapshot.ts'
import type { Affiliation } from './affiliation.ts'
import type { Listed } from './directory.ts'
import type { NodeEvents } from './events.ts'
import type { People } from './people.ts'

/** What joins the two. */
export interface NetworkSetup {
  readonly identity: Identity
  readonly incarnation: number
  readonly label: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly people: People
  readonly affiliation: Affiliation
  readonly manager: ConnectionManager
  readonly events: Emitter<NodeEvents>
  readonly addresses: () => readonly string[]
  readonly subject: (peer: PeerEntry) => Subject
}

const allowed: readonly Rule[] = ['role:known', 'role:local']

/** See the file's head. */
export class Network {
  readonly #setup: NetworkSetup
  #membership: Membership

  constructor(setup: NetworkSetup) {
    this.#setup = setup
    this.#membership = this.#start()
    this.#followAll()
  }

  /** What is known of the network now. */
  get membership(): Membership {
    return this.#membership
  }

  /** Begins anew, knowing nobody: this node belongs to another network now. */
  restart(): void {
    this.#membership.stop()
    this.#membership = this.#start()
    this.describe()
  }

  #start(): Membership {
    const { identity, incarnation, clock, random, people, events, affiliation } = this.#setup
    const signer = {
      id: identity.peerId,
      sign: (bytes: Uint8Array) => identity.sign(bytes),
      verify: verifySignature,
    }
    return new Membership({
      ...{ signer, incarnation, clock, random },
      options: defaultMembershipOptions,
      self: this.#describeSelf(),
      admits: ({ id, pass }) => this.#admits(id, pass),
      withdrawals: () => affiliation.withdrawals,
      onWithdrawal: (bytes) => affiliation.takeWithdrawal(bytes),
      nameOf: (id) => (id === identity.peerId ? this.#setup.label : people.directory.name(id)),
      onChange: (id, state, before) => this.#announce(id, state, before),
      onLinks: () => events.emit('link:update', {}),
    })
  }

  /** Says anew where this node listens. */
  describe(): void {
    this.membership.describe(this.#describeSelf())
  }

  /** Members that are alive, without this node. */
  aliveIds(): readonly PeerId[] {
    const alive = this.membership
      .nodes()
      .filter(({ state, isSelf }) => state === 'alive' && !isSelf)
    return alive.map(({ id }) => id)
  }

  /** Members that are gone or have left. */
  absentIds(): ReadonlySet<PeerId> {
    const absent = this.membership
      .nodes()
      .filter(({ state }) => state === 'gone' || state === 'left')
    return new Set(absent.map(({ id }) => id))
  }

  /** Members without this node, as names are resolved among them. */
  listed(): readonly Listed[] {
    const others = this.membership.nodes().filter(({ isSelf }) => !isSelf)
    return others.map(({ id, addresses: [first = ''] }) => {
      return { id, displayAddress: displayAddress(first) }
    })
  }

  /** Takes a stream of `membership/1`, or refuses it. */
  accept(stream: Stream, peer: PeerEntry): void {
    const problem = this.#problemWith(peer)
    if (problem === undefined) this.membership.join(peer.id, stream)
    else stream.reset('DENIED', problem)
  }

  #describeSelf() {
    const { label, addresses } = this.#setup
    const [protocol] = protocolVersions
    const pass = this.#setup.affiliation.passBytes
    const self = { label, addresses: reachableAddresses(addresses()), software: version, protocol }
    return pass === undefined ? self : { ...self, pass }
  }

  /** Opens the stream of `membership/1` to a peer, if that is this side's part and it may take part. */
  follow(peer: PeerEntry): void {
    const { connection } = peer
    const isOurPart = this.#setup.identity.peerId < peer.id
    if (connection === undefined || !isOurPart || this.#problemWith(peer) !== undefined) return
    this.membership.join(peer.id, connection.open(membershipProtocol))
  }

  /**
   * Why a peer takes no part: in a network with a key only its members do; without one, who is known
   * or on this machine, and of no network either.
   */
  #problemWith(peer: PeerEntry): string | undefined {
    const { affiliation, subject } = this.#setup
    if (affiliation.network !== undefined) {
      const isMember = affiliation.stateOf(peer.id) === 'valid'
      return isMember ? undefined : `${membershipProtocol} is for members of the network`
    }
    if (peer.shownPass !== undefined) return 'this node is not of your network'
    if (findRule(allowed, subject(peer)) !== undefined) return undefined
    return `${membershipProtocol} is for ${allowed.join(', ')}`
  }

  #admits(id: PeerId, pass: Uint8Array | undefined): boolean {
    const { affiliation } = this.#setup
    if (affiliation.network === undefined) return pass === undefined
    if (pass === undefined || affiliation.note(id, pass) !== undefined) return false
    return affiliation.stateOf(id) === 'valid'
  }

  #followAll(): void {
    const { manager } = this.#setup
    manager.events.on('peer:connect', ({ peer }) => this.follow(peer))
    manager.events.on('path:attached', ({ peer }) => this.membership.restored(peer.id))
    manager.events.on('path:lost', ({ peer }) => {
      if (peer.connection?.state === 'suspended') this.membership.interrupted(peer.id)
    })
    manager.events.on('peer:disconnect', ({ peer, error }) => {
      const isByWord = error.code === 'CONNECTION_CLOSED' || error.code === 'DENIED'
      this.membership.parted(peer.id, isByWord || error.code === 'PEER_RESTARTED')
    })
    manager.events.on('link:rtt', ({ peer, rttMicros }) => {
      this.membership.measured(peer.id, rttMicros)
    })
  }

  #announce(id: PeerId, state: MemberState, before: MemberState | undefined): void {
    const { people, events, log } = this.#setup
    const label = this.membership.labelOf(id)
    if (label !== undefined) people.claim(id, label)
    const member = { id, name: people.directory.name(id), state }
    const peer = `${member.name} ${id.slice(0, 8)}`
    log.debug({ scope: 'membership', peer, before }, `member ${state}`)
    if (state === 'alive') events.emit('member:join', member)
    else events.emit(`member:${state}`, member)
  }
}
