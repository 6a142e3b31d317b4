/** Joins the connections of a node with its view of the whole network. */
import { displayAddress } from '../base/address.ts'
import { findRule } from '../base/policy.ts'
import { verifySignature } from '../base/verify.node.ts'
import { version } from '../base/version.ts'
import { protocolVersions } from '../connection/messages.ts'
import { defaultMembershipOptions } from '../membership/options.ts'
import { AddressList } from '../discovery/address-list.ts'
import { PeerExchange } from '../discovery/peer-exchange.ts'
import { Membership, membershipProtocol } from '../membership/service.ts'
import { Encounters } from './encounters.ts'
import { Finder } from './finder.ts'
import { Watchtower } from './watchtower.ts'
import { NodeMesh } from './mesh.ts'
import { readProof } from './join.ts'
import { PeersFile } from './peers-file.ts'
import { localAddressTest, reachableAddresses } from './reachable.node.ts'
import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/emitter.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Storage } from '../base/storage.ts'
import type { Random } from '../base/random.ts'
import type { Rule, Subject } from '../base/policy.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { Stream } from '../connection/contract.ts'
import type { Discovery, Lookout } from '../discovery/contract.ts'
import type { MemberRecord } from '../membership/record.ts'
import type { MemberState } from '../membership/snapshot.ts'
import type { Affiliation } from './affiliation.ts'
import type { Listed } from './directory.ts'
import type { NodeEvents } from './events.ts'
import type { PeerTarget } from './options.ts'
import type { People } from './people.ts'
import type { ExchangedPeer } from '../discovery/peer-exchange.ts'

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
  readonly storage: Storage
  readonly manager: ConnectionManager
  readonly events: Emitter<NodeEvents>
  readonly addresses: () => readonly string[]
  readonly subject: (peer: PeerEntry) => Subject
  /** Whether to connect to members without being told. */
  readonly hasMesh: boolean
  /** Discoveries that look around. */
  readonly lookouts: readonly Lookout[]
  /** Other ways to find somebody. */
  readonly discoveries: readonly Discovery[]
}

const maxRecalled = 16 // Guess: one that answers leads to all; the mesh lets go of whom it does not need.
const allowed: readonly Rule[] = ['role:known', 'role:local']

/** See the file's head. */
export class Network {
  /** Who is out there. */
  readonly watchtower: Watchtower
  readonly #setup: NetworkSetup
  readonly #mesh: NodeMesh | undefined
  readonly #encounters: Encounters
  readonly #finder: Finder
  readonly #file: PeersFile
  #membership: Membership
  /** A peer takes part from now on, or may: whoever else follows the peers of the network is told. */
  onFollow: (peer: PeerEntry) => void = () => undefined
  /** Some may take part no more. */
  onExpel: () => void = () => undefined
  /** This node has left its network. */
  onLeave: () => void = () => undefined
  /** This node belongs to another network now, or to none. */
  onRestart: () => void = () => undefined

  constructor(setup: NetworkSetup) {
    this.#setup = setup
    this.#mesh = setup.hasMesh ? this.#makeMesh() : undefined
    this.watchtower = new Watchtower(setup.clock, setup.lookouts)
    this.#encounters = this.#makeEncounters()
    this.#finder = new Finder({
      manager: setup.manager,
      isDenied: (id) => setup.people.isDenied(id),
      meet: (hint) => this.#encounters.offer(hint),
    })
    this.#file = this.#makeFile()
    this.#membership = this.#start()
    this.#followAll()
  }

  /** What is known of the network now. */
  get membership(): Membership {
    return this.#membership
  }

  /** Begins anew, knowing nobody: this node belongs to another network now, or was put out of its own. */
  restart(): void {
    this.#membership.stop()
    const { revision } = this.#membership
    this.#membership = this.#start(revision + 1)
    this.describe()
    this.watchtower.refresh()
    this.onRestart()
    this.#setup.events.emit('link:update', {})
  }

  /** Begins anew as a member: those without a network, with whom it was of none, see that it has left them. */
  enter(): void {
    this.membership.leave()
    this.restart()
  }

  /** Gives the pass back, which this node has forgotten by now, and begins anew; tells so many. */
  resign(): number {
    const { membership } = this
    const told = membership.neighbours.filter((id) => this.#isAnswering(id)).length
    membership.leave('resigns')
    this.onLeave()
    this.restart()
    return told
  }

  /** Tells whether no other member is known, of any state. */
  get isAlone(): boolean {
    return this.membership.nodes().length === 1
  }

  /** Tells whether a member that could pass a word on is connected. */
  hasOpenNeighbour(): boolean {
    return this.membership.neighbours.some((id) => this.#isAnswering(id))
  }

  /** Who is no member any more is known no more, and told nothing more. */
  expel(): void {
    const { manager } = this.#setup
    const problemWith = (id: PeerId): string | undefined => {
      const peer = manager.peer(id)
      return peer === undefined ? undefined : this.problemWith(peer)
    }
    this.membership.expel(problemWith)
    this.onExpel()
  }

  /** Of those who were known before, only who is on the known list is remembered. */
  keepOnlyKnown(): void {
    this.#file.keepOnly((id) => this.#setup.people.directory.isKnown(id))
  }

  /** Who is connected without a pass is here, but as a member of the network it is not. */
  #showsPass(id: PeerId): boolean {
    const { affiliation, manager } = this.#setup
    const shown = manager.peer(id)?.shownPass
    const isPass = shown !== undefined && readProof(shown) === undefined
    return affiliation.network === undefined || isPass
  }

  #isAnswering(id: PeerId): boolean {
    const connection = this.#setup.manager.peer(id)?.connection
    return connection?.state === 'open' && !connection.isDoubtful
  }

  #start(firstRevision = 0): Membership {
    const { identity, incarnation, clock, random, people, events, affiliation } = this.#setup
    const signer = {
      id: identity.peerId,
      sign: (bytes: Uint8Array) => identity.sign(bytes),
      verify: verifySignature,
    }
    return new Membership({
      ...{ signer, incarnation, firstRevision, clock, random },
      options: defaultMembershipOptions,
      self: this.#describeSelf(),
      admits: (record) => this.#admits(record),
      withdrawals: () => affiliation.withdrawals,
      onWithdrawal: (bytes) => affiliation.takeWithdrawal(bytes),
      nameOf: (id) => (id === identity.peerId ? this.#setup.label : people.directory.name(id)),
      onChange: (id, state, before) => this.#announce(id, state, before),
      isAnswering: (id) => this.#isAnswering(id) && this.#showsPass(id),
      onLinks: () => {
        this.#file.linksChanged()
        events.emit('link:update', {})
      },
    })
  }

  /** Looks for the others: those who are configured, those who were known before, and their members. */
  async find(targets: readonly PeerTarget[]): Promise<void> {
    const listed = targets.map(({ address, ...rest }) => ({ addresses: [address], ...rest }))
    this.#finder.use(new AddressList('list', listed), 'hold')
    const known = (id: PeerId): ExchangedPeer => {
      return { id, addresses: this.membership.addressesOf(id) }
    }
    const exchange = new PeerExchange({
      members: () => this.aliveIds().map(known),
      follow: (onNews) => this.#setup.events.on('member:join', ({ id }) => onNews(known(id))),
    })
    this.#finder.use(exchange, 'learn')
    const { lookouts, discoveries, hasMesh } = this.#setup
    for (const each of [...lookouts, ...discoveries]) {
      this.#finder.use(each, hasMesh ? 'meet' : 'learn')
    }
    const remembered = await this.#file.load()
    this.#finder.use(new AddressList('memory', remembered.slice(0, maxRecalled)), 'recall')
    this.#file.changed()
  }

  /** A peer was shut out: it is not looked for again. */
  forget(id: PeerId): void {
    this.#file.forget(id)
  }

  /** Says that this node goes, and dials nobody any more. */
  async leave(): Promise<void> {
    this.#finder.stop()
    this.watchtower.stop()
    this.#encounters.stop()
    this.#mesh?.stop()
    await this.#file.close()
    this.membership.leave()
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
    const problem = this.problemWith(peer)
    if (problem === undefined) this.membership.join(peer.id, stream)
    else stream.reset('DENIED', problem)
  }

  #makeMesh(): NodeMesh {
    const { identity, clock, random, log, manager, people } = this.#setup
    return new NodeMesh({
      ...{ id: identity.peerId, clock, random, log, manager },
      nodes: () => this.membership.nodes(),
      links: () => this.membership.links(),
      admits: (id, isLocal) => people.wouldRefuse(id, isLocal) === undefined,
      localAddressTest,
    })
  }

  #makeEncounters(): Encounters {
    const { identity, clock, random, log, manager, people } = this.#setup
    return new Encounters({
      ...{ id: identity.peerId, clock, random, log, manager },
      admits({ id, connection, shownPass: pass }) {
        const isLocal = connection?.isLocal ?? false
        const candidate = { id, isLocal, claimedLabel: '', address: '', pass }
        return people.refusal(candidate) === undefined
      },
      isAlive: (id) => this.membership.stateOf(id) === 'alive',
      isListening: () => this.#setup.addresses().length > 0,
    })
  }

  #makeFile(): PeersFile {
    const { identity, clock, log, manager, people, storage } = this.#setup
    const connected = () => [...manager.peers].filter(({ connection }) => connection !== undefined)
    const file = new PeersFile({
      ...{ id: identity.peerId, clock, log, storage },
      nodes: () => this.membership.nodes(),
      links: () => this.membership.links(),
      connected: () =>
        connected().map(({ id, addresses }) => {
          return { id, name: people.directory.name(id), addresses }
        }),
      isDenied: (id) => people.isDenied(id),
    })
    manager.events.on('peer:connect', () => file.changed())
    return file
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
    this.onFollow(peer)
    const isOurPart = this.#setup.identity.peerId < peer.id
    if (connection === undefined || !isOurPart || this.problemWith(peer) !== undefined) return
    this.membership.join(peer.id, connection.open(membershipProtocol))
  }

  /**
   * Why a peer takes no part: in a network with a key only its members do; without one, who is known
   * or on this machine, and of no network either.
   */
  problemWith(peer: PeerEntry, protocol = membershipProtocol): string | undefined {
    const { affiliation, subject } = this.#setup
    if (affiliation.network !== undefined) {
      if (affiliation.isOut) return 'this node is out of its network'
      const isMember = affiliation.stateOf(peer.id) === 'valid'
      return isMember ? undefined : `${protocol} is for members of the network`
    }
    if (peer.shownPass !== undefined) return 'this node is not of your network'
    if (findRule(allowed, subject(peer)) !== undefined) return undefined
    return `${protocol} is for ${allowed.join(', ')}`
  }

  #admits({ id, pass, isResigning = false }: MemberRecord): boolean {
    const { affiliation } = this.#setup
    if (affiliation.network === undefined) return pass === undefined
    if (pass === undefined || affiliation.note(id, pass) !== undefined) return false
    if (isResigning) affiliation.resign(id, pass)
    const state = affiliation.stateOf(id)
    return state === 'valid' || (isResigning && state === 'resigned')
  }

  #followAll(): void {
    const { manager } = this.#setup
    manager.events.on('peer:connect', ({ peer }) => this.follow(peer))
    manager.events.on('path:attached', ({ peer }) => {
      if (this.#showsPass(peer.id)) this.membership.restored(peer.id)
      else this.membership.interrupted(peer.id)
    })
    manager.events.on('path:doubt', ({ peer }) => this.membership.interrupted(peer.id))
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
    this.#mesh?.onMember(id)
    this.#file.changed()
    const label = this.membership.labelOf(id)
    if (label !== undefined) people.claim(id, label)
    const member = { id, name: people.directory.name(id), state }
    const peer = `${member.name} ${id.slice(0, 8)}`
    log.debug({ scope: 'membership', peer, before }, `member ${state}`)
    if (state === 'alive') events.emit('member:join', member)
    else events.emit(`member:${state}`, member)
  }
}
