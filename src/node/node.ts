/**
 * A node: one process's member of the network. The public API; `services.ts` has what it is made of.
 *
 * **Invariant**: nothing is exposed that the owner did not name, and `close` leaves no timer, socket
 * or process behind.
 */
import { displayAddress } from '../base/address.ts'
import { SkeinError } from '../base/errors.ts'
import { owner } from '../base/policy.ts'
import { sendAddresses } from './address-news.ts'
import {
  checkCommand,
  checkHandler,
  checkLetter,
  checkListener,
  checkPeerName,
} from './check-calls.ts'
import { readAddress } from './options.ts'
import { Inbox, Outbox, Wall } from './letters.ts'
import { absenceText } from './lost-request.ts'
import { Peer, runHere } from './peer.ts'
import { describePeer } from './peer-info.ts'
import { prepare } from './prepare.ts'
import { untilConnected } from './ready.ts'
import { commandTracer } from './tracing.node.ts'
import { Services } from './services.ts'
import { readStats } from './stats.ts'
import type { CommandService } from '../command/service.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { Network } from './network.ts'
import type { Affiliated } from './affiliated.ts'
import type { Enrolment, InviteOptions, Invited } from './enrolment.ts'
import type { Talk, TopicAccess } from './talk.ts'
import type { Clock } from '../base/clock.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Rule, Subject } from '../base/policy.ts'
import type { Command, CommandInfo } from '../command/command.ts'
import type { Departure, LeavePreview } from './departure.ts'
import type { Explanation } from './why.ts'
import type { Connection } from '../connection/connection.ts'
import type { Sighting } from '../discovery/contract.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { ExposeOptions } from '../remote/exposure.ts'
import type { ObjectService } from '../remote/service.ts'
import type { NodeEvents } from './events.ts'
import type { NetworkFeed } from './network-feed.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { SendOptions } from './letters.ts'
import type { NodeLimits, NodeOptions } from './options.ts'
import type { People } from './people.ts'
import type { NodeParts } from './prepare.ts'
import type { PeerHost, PeerInfo, RunOptions, RunResult } from './peer.ts'
import type { NodeStats } from './stats.ts'
import type { StreamServer } from './streams.ts'
import type { TypedHandler } from './typed-messages.ts'
import type { Topic } from '../topic/topic.ts'

/** See the file's head. Made by {@link Node.start}. */
export class Node implements PeerHost, AsyncDisposable {
  /** Who this node is. */
  readonly identity: Identity
  readonly label: string
  readonly clock: Clock
  readonly log: Log
  readonly inbox: Inbox
  readonly outbox: Outbox
  readonly wall: Wall
  /** @internal What changes in the network, for those who follow it. */
  readonly feed: NetworkFeed

  readonly #parts: NodeParts
  readonly #people: People
  readonly #services: Services
  readonly #manager: ConnectionManager
  readonly #network: Network
  readonly #enrolment: Enrolment
  readonly #startMs: number
  #closing: Promise<void> | undefined

  private constructor(parts: NodeParts) {
    this.identity = parts.identity
    this.label = parts.label
    this.clock = parts.clock
    this.log = parts.log
    this.#parts = parts
    this.#people = parts.people
    this.#startMs = parts.clock.nowMs()
    const services = new Services(this, parts)
    this.#services = services
    this.#manager = services.manager
    this.#network = services.network
    this.#enrolment = services.enrolment
    this.feed = services.feed
    this.inbox = new Inbox(services.mail)
    this.outbox = new Outbox(services.mail)
    this.wall = new Wall(services.mail)
  }

  /**
   * Starts a node: it listens, dials and answers when the promise resolves.
   *
   * @throws {SkeinError} `INVALID` names each option that is wrong; `CONFIG_INVALID`,
   *   `ADDRESS_IN_USE`, `STORAGE_FAILED`. Nothing runs then.
   * @example
   * await using node = await Node.start({ label: 'alice', listen: ['127.0.0.1:0'] })
   */
  static async start(options: NodeOptions = {}): Promise<Node> {
    const node = new Node(await prepare(options))
    try {
      await node.#services.mail.start()
      await node.#services.listen(options.listen ?? [])
    } catch (thrown) {
      await node.close()
      throw thrown
    }
    await node.#services.find()
    return node
  }

  /** What this node can run. */
  get commands(): CommandService {
    return this.#services.commands
  }

  /** References to objects: save, restore, release; classes whose instances travel. */
  get objects(): ObjectService {
    return this.#services.objects
  }

  /** @internal Topics and typed messages. */
  get talk(): Talk {
    return this.#services.talk
  }

  /** This node's ID. */
  get id(): PeerId {
    return this.identity.peerId
  }

  /** Where this node listens, as URLs. */
  get addresses(): readonly string[] {
    return this.#services.listeners.addresses
  }

  /** The first place where this node listens, as `host:port`; for dialling it from this machine. */
  get address(): string {
    const [first] = this.addresses
    if (first === undefined) throw new SkeinError('INVALID', 'this node does not listen anywhere')
    return displayAddress(first)
  }

  /** Seconds since the start. */
  get uptimeSeconds(): number {
    return Math.floor((this.clock.nowMs() - this.#startMs) / 1_000)
  }

  /** The limits in force. */
  get limits(): NodeLimits {
    return this.#services.limits
  }

  /** True once `close` was called. */
  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  /** Configured addresses where nobody answered yet. */
  get waitingFor(): readonly string[] {
    const reached = new Set(
      this.peers().flatMap(({ id }) => this.#manager.peer(id)?.addresses ?? []),
    )
    const { targets } = this.#parts
    return targets.map(({ address }) => address).filter((address) => !reached.has(address))
  }

  /** The peers with a connection, open or suspended, in the order of their indexes. Frozen. */
  peers(): readonly PeerInfo[] {
    const infos = [...this.#manager.peers]
      .filter(({ connection }) => connection !== undefined)
      .map((entry) => this.info(entry))
    return Object.freeze(infos.toSorted((a, b) => a.index - b.index))
  }

  /** Every node of the network that is known, this one first, then by name. Frozen. */
  nodes(): readonly NodeInfo[] {
    return this.#network.membership.nodes()
  }

  /** Every link between nodes, each once. Frozen. */
  links(): readonly LinkInfo[] {
    return this.#network.membership.links()
  }

  /** What this node carries and has carried, in numbers. Frozen. */
  stats(): NodeStats {
    const { manager, commands, network, talk, mail } = this.#services
    const { transports } = this.#parts
    const { membership } = network
    return readStats({ manager, transports, membership, commands, talk, mail })
  }

  /** Who was seen of late by the discoveries that look around, nearest relation first. Frozen. */
  discovered(): readonly Sighting[] {
    return this.#network.watchtower.sightings()
  }

  /** Asks all discoveries to look around once more; what they see comes within a second. */
  lookAround(): void {
    this.#network.watchtower.look()
  }

  /** What each of these discoveries sent, received and refused since the start, by its name. */
  get discoveryCounts(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return this.#network.watchtower.counts
  }

  /** A handle to a peer: by index, label, ID or its start (4 or more), or part of its address. */
  peer(name: string): Peer {
    checkPeerName(name)
    return new Peer(this, name, commandTracer)
  }

  /**
   * Handles to all that `target` means: a name, `all`, `role:NAME`, or a list `a,b`; each once. `all`
   * is every connected peer and every member that is alive, dialled if need be, but not this node.
   *
   * @throws {SkeinError} `PEER_UNKNOWN`, `LABEL_AMBIGUOUS` one of the names means nobody or several.
   */
  select(target: string): readonly Peer[] {
    return [...this.#services.selection.select(target)].map((id) => this.peer(id))
  }

  /** The ID that a name means. @throws {SkeinError} `PEER_UNKNOWN`, `LABEL_AMBIGUOUS`. */
  resolve(name: string): PeerId {
    return this.#services.selection.resolve(name)
  }

  /** What people call a peer. */
  nameOf(id: PeerId): string {
    return this.#people.directory.name(id)
  }

  /** @internal Why nobody expects a peer back; `undefined` where it is expected. */
  absenceOf(id: PeerId): string | undefined {
    return absenceText(this.#network.membership.node(id))
  }

  /**
   * Connects to an address and keeps the peer connected from now on.
   *
   * @returns Who answered.
   * @throws {SkeinError} `DIAL_FAILED`, `TIMED_OUT`, `SELF_DIAL`, or the code of the peer's refusal;
   *   nothing is kept then.
   */
  async connect(
    address: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PeerInfo> {
    const url = readAddress(address)
    const entry = await this.#manager.dial(url, options)
    this.#manager.hold(url, undefined, entry)
    return this.info(entry)
  }

  /** @internal Returns the connection to a peer, dialling if need be. */
  reach(id: PeerId, signal?: AbortSignal): Promise<Connection> {
    return this.#manager.reach(id, signal)
  }

  /**
   * Listens somewhere else from now on, and tells the connected peers. Connections stay.
   *
   * @throws {SkeinError} `ADDRESS_IN_USE` and its kin; this node listens nowhere then.
   */
  async listen(places: readonly string[]): Promise<readonly string[]> {
    await this.#services.listen(places)
    for (const { connection } of this.#manager.peers) {
      if (connection !== undefined) sendAddresses(connection, this.addresses)
    }
    return this.addresses
  }

  /**
   * Waits until every configured peer is connected.
   *
   * @returns false when `timeoutMs` was over first.
   */
  async ready({ timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}): Promise<boolean> {
    const isDone = (): boolean => this.waitingFor.length === 0
    return untilConnected(isDone, this.#services.events, { clock: this.clock, timeoutMs })
  }

  /** Calls `listener` at every event of that name, until the returned function is called. */
  on<Name extends keyof NodeEvents>(
    name: Name,
    listener: (event: NodeEvents[Name]) => void,
  ): Unsubscribe {
    checkListener(name, listener)
    return this.#services.events.on(name, listener)
  }

  /**
   * Offers a command to peers.
   *
   * @returns Takes it away again.
   * @throws {SkeinError} `CONFIG_INVALID` the name is taken, or a rule is wrong.
   * @example
   * node.command('time', { summary: 'Tell the time', run: () => new Date().toISOString() })
   */
  command(name: string, command: Command): Unsubscribe {
    checkCommand(name, command)
    return this.#services.registry.commands.add(name, command)
  }

  /**
   * Offers an object to peers, under a name: `peer.object(name)` gives them a proxy of it.
   *
   * @param options - Nobody may use it without an `allow`. Without `members`, the methods of its class.
   * @returns Takes it away again, also from those who have a reference.
   * @throws {SkeinError} `INVALID` the name is taken, or a rule or a member is none.
   * @example
   * node.expose('counter', new Counter(), { allow: ['role:ops'], members: ['add', 'name'] })
   */
  expose(name: string, target: object, options: ExposeOptions): Unsubscribe {
    return this.objects.expose(name, target, options)
  }

  /**
   * Serves streams that peers open under a protocol name.
   *
   * @param allow - Who may; others are refused with `DENIED`. Nobody where empty.
   */
  serve(protocol: string, allow: readonly Rule[], handle: StreamServer['handle']): Unsubscribe {
    const { servers } = this.#services
    if (servers.has(protocol)) throw new SkeinError('INVALID', `${protocol} is served already`)
    servers.set(protocol, { allow, handle })
    return () => void servers.delete(protocol)
  }

  /**
   * A topic: what one node publishes on it reaches every subscriber in the network, each once.
   *
   * @param name - 1 to 64 letters, digits and `_ . / -`; otherwise, or with a wrong rule, `INVALID`.
   */
  topic(name: string, access: TopicAccess = {}): Topic {
    return this.talk.topic(name, access)
  }

  /**
   * Takes messages of one type: what any node broadcasts, and what a peer `tell`s this one. Types that
   * nobody handles are ignored and counted; one that is handled already is `INVALID`.
   *
   * @example
   * node.handle('TEST', ({ type, body, author, time }) => console.log(type, body))
   */
  handle(type: string, handler: TypedHandler, { allow }: TopicAccess = {}): Unsubscribe {
    checkHandler(type, handler)
    return this.talk.typed.handle(type, handler, allow)
  }

  /** Sends a message of a type to every other node that is up. @throws {SkeinError} As `publish`. */
  broadcast(type: string, body?: unknown): Promise<void> {
    return this.talk.typed.broadcast(type, body)
  }

  /**
   * Runs a command on this node itself, as its owner.
   *
   * @throws {SkeinError} As {@link Peer.run}.
   */
  async run(command: string | readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return runHere(command, options, {
      clock: this.clock,
      registry: this.#services.registry.commands,
    })
  }

  /**
   * Sends a message to one peer, whether it is there or not: it is delivered, or held by others for it.
   *
   * @returns How far it got within the first attempt; later, `node.outbox.list()` tells.
   * @throws {SkeinError} `PEER_UNKNOWN`; `LIMIT_EXCEEDED` longer than 1 MiB; `STORAGE_FAILED`.
   * @example
   * const { state, heldBy } = await node.send('bob', 'see you at eight') // "held", 3
   */
  async send(peer: string, body: string | Uint8Array, options: SendOptions = {}) {
    checkLetter(peer, body, options)
    return this.outbox.send(this.resolve(peer), body, options)
  }

  /** What a subject may run, in the order of the names. */
  listCommands(subject: Subject = owner): readonly CommandInfo[] {
    return this.#services.registry.commands.list(subject)
  }

  /** Puts a peer on the known list, for good; returns its label. */
  async allow(id: PeerId, label?: string): Promise<string> {
    const name = await this.#people.allow(id, label)
    this.#network.watchtower.refresh()
    return name
  }

  /**
   * Shuts a peer out, for good: its connection ends now, and no other begins. Where this node holds the
   * key of its network, the peer's pass is taken back, too.
   */
  async deny(id: PeerId): Promise<void> {
    if (this.affiliation?.canInvite === true) await this.#enrolment.forget(id)
    await this.#people.deny(id)
    this.#network.forget(id)
    this.#manager.peer(id)?.connection?.close('DENIED', 'you were shut out (deny)')
  }

  /** What this node is in its network; `undefined` where it belongs to none. */
  get affiliation(): Affiliated | undefined {
    return this.#enrolment.describe()
  }

  /**
   * Makes a ticket that lets one node into this node's network, once; the first one makes the network.
   *
   * @throws {SkeinError} `DENIED` another node holds the network's key; `INVALID` the terms are wrong,
   *   or this node does not listen; `LIMIT_EXCEEDED`.
   */
  async invite(options: InviteOptions = {}): Promise<Invited> {
    return this.#enrolment.invite(options)
  }

  /**
   * Joins the network of a ticket: from now on its members and this node admit each other.
   *
   * @throws {SkeinError} `INVALID` it is no ticket, or of another network; `DENIED` it was used or has
   *   expired; `DIAL_FAILED` the inviter cannot be reached.
   */
  async join(ticket: string, options: { readonly signal?: AbortSignal } = {}): Promise<Affiliated> {
    return this.#enrolment.join(ticket, options.signal)
  }

  /**
   * Takes a peer's pass back in the whole network, and forgets it here: it can be invited again.
   *
   * @returns Whether it had a pass.
   * @throws {SkeinError} `DENIED` it has one, and another node holds the network's key.
   */
  async forget(id: PeerId): Promise<{ readonly wasMember: boolean }> {
    this.#network.forget(id)
    return this.#enrolment.forget(id)
  }

  /**
   * Leaves the network: tells its members, gives the pass back, and forgets both. Identity, known list
   * and messages stay; who was connected by the pass alone is not any more. Without a network it does
   * nothing.
   *
   * @param options - With `forgetsKey` the network's key, where this node has it, is destroyed; otherwise
   *   it is kept, and the answer says where.
   * @throws {SkeinError} `STORAGE_FAILED` this node is a member as before.
   */
  async leave(options: { readonly forgetsKey?: boolean } = {}): Promise<Departure> {
    return this.#enrolment.leave(options.forgetsKey ?? false)
  }

  /** @internal What {@link leave} would do. */
  previewLeave(): LeavePreview {
    return this.#enrolment.previewLeave()
  }

  /** @internal Why a peer is connected as it is, or is not. */
  explain(id: PeerId): Explanation {
    return this.#services.explain(id)
  }

  /** Closes all connections, stops all commands, and frees everything. Calling it again waits too. */
  close(): Promise<void> {
    this.#closing ??= this.#services.close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  info(entry: PeerEntry): PeerInfo {
    return describePeer(entry, this.#people, this.subject(entry))
  }

  /** @internal Who a peer is to the policy. */
  subject({ id, connection }: PeerEntry): Subject {
    return this.#people.subject(id, connection?.isLocal ?? false)
  }
}
