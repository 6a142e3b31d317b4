/**
 * What a node is made of: its services, put together in the order in which they need each other, and
 * taken apart in the opposite one.
 */
import { Emitter } from '../base/emitter.ts'
import { commandsName } from '../command/messages.ts'
import { CommandService } from '../command/service.ts'
import { ConnectionManager } from '../connection/manager.ts'
import { mailProtocol } from '../mail/exchange.ts'
import { membershipProtocol } from '../membership/service.ts'
import { addressesProtocol, receiveAddresses } from './address-news.ts'
import { buildRegistry } from './commands.ts'
import { Enrolment } from './enrolment.ts'
import { forwardEvents } from './events.ts'
import { makeFeed } from './feed-source.ts'
import { Listeners } from './listeners.ts'
import { makeLookouts } from './lookouts.ts'
import { NodeMail } from './mail.ts'
import { watchNetwork } from './network-watch.node.ts'
import { Network } from './network.ts'
import { acceptObjects, makeObjects } from './objects.ts'
import { defaultNodeLimits } from './options.ts'
import { relayThrough } from './relay.ts'
import { Selection } from './selection.ts'
import { acceptStream } from './streams.ts'
import { Talk } from './talk.ts'
import { commandTracer } from './tracing.node.ts'
import { explainPeer } from './why.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import type { Explanation } from './why.ts'
import type { Stream } from '../connection/contract.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { ObjectService } from '../remote/service.ts'
import type { CommandHost, Registry } from './commands.ts'
import type { NodeEvents } from './events.ts'
import type { NetworkFeed } from './network-feed.ts'
import type { NetworkWatch } from './network-watch.node.ts'
import type { NodeLimits } from './options.ts'
import type { PeerInfo } from './peer.ts'
import type { NodeParts } from './prepare.ts'
import type { StreamServer } from './streams.ts'

/** What the services ask of their node. */
export interface ServiceHost extends CommandHost {
  readonly isClosed: boolean
  info(entry: PeerEntry): PeerInfo
  subject(entry: PeerEntry): Subject
}

/** See the file's head. */
export class Services {
  readonly limits: NodeLimits
  readonly events: Emitter<NodeEvents>
  readonly registry: Registry
  readonly commands: CommandService
  readonly objects: ObjectService
  readonly manager: ConnectionManager
  readonly listeners: Listeners
  readonly network: Network
  readonly enrolment: Enrolment
  readonly talk: Talk
  readonly mail: NodeMail
  readonly feed: NetworkFeed
  readonly selection: Selection
  /** Who serves streams of a protocol, beside the services here. */
  readonly servers = new Map<string, StreamServer>()

  readonly #node: ServiceHost
  readonly #parts: NodeParts
  readonly #watch: NetworkWatch | undefined

  constructor(node: ServiceHost, parts: NodeParts) {
    const { options, people, transports, clock, log, label, random, identity } = parts
    this.#node = node
    this.#parts = parts
    this.limits = { ...defaultNodeLimits, ...options.limits }
    this.events = new Emitter((message) => log.error({}, message))
    const hasPasses = parts.affiliation.network !== undefined
    this.registry = buildRegistry(options, node, { hasPasses })
    this.commands = this.#createCommands()
    const subject = (entry: PeerEntry): Subject => node.subject(entry)
    this.objects = makeObjects({
      ...{ self: identity.peerId, clock, log, random, subject, limits: this.limits },
      builtIns: { [commandsName]: (session) => this.commands.builtIn(session) },
      manager: () => this.manager,
    })
    this.manager = this.#createManager()
    const accept = this.manager.accept.bind(this.manager)
    this.listeners = new Listeners({ transports, limits: this.limits, log, accept })
    forwardEvents(this.manager.events, { node, people, events: this.events, log })
    this.network = this.#createNetwork()
    const shared = { manager: this.manager, network: this.network, events: this.events }
    this.enrolment = new Enrolment({
      ...{ ...shared, id: identity.peerId, label, clock, people },
      log: log.child({ scope: 'network' }),
      affiliation: parts.affiliation,
      addresses: () => this.listeners.addresses,
    })
    this.talk = new Talk({
      ...{ ...parts, ...shared, subject },
      isClosed: () => node.isClosed,
      isBlocked: (id) => this.mail.isBlocked(id),
      peer: (name) => node.peer(name),
      settings: options.topics ?? {},
    })
    this.mail = new NodeMail({ parts, ...shared })
    this.feed = makeFeed({
      ...{ ...shared, id: identity.peerId, clock },
      peers: () => node.peers(),
    })
    this.selection = new Selection({ ...shared, self: { id: identity.peerId, label }, people })
    // A clock of its own means a simulation, whose network does not change behind its back.
    const onChange = (what: string): void => this.#onNetworkChange(what)
    this.#watch = options.clock === undefined ? watchNetwork(clock, onChange) : undefined
  }

  /** Listens, and tells the others where. @throws {SkeinError} `ADDRESS_IN_USE` and its kin. */
  async listen(places: readonly string[]): Promise<void> {
    await this.listeners.open(places)
    this.network.describe()
    this.network.watchtower.refresh()
  }

  /** Dials whom the configuration and the memory name. */
  async find(): Promise<void> {
    this.enrolment.start()
    await this.network.find(this.#parts.targets)
  }

  /** What is known of the relation to a peer. */
  explain(id: PeerId): Explanation {
    const { manager, network, enrolment } = this
    const { people, clock } = this.#parts
    return explainPeer(id, {
      ...{ manager, network, people, clock },
      info: (peer) => {
        const entry = manager.peer(peer)
        return entry === undefined ? undefined : this.#node.info(entry)
      },
      notice: () => enrolment.describe()?.notice,
    })
  }

  /** Ends all that {@link Services} began. */
  async close(): Promise<void> {
    this.#watch?.close()
    this.feed.stop()
    this.enrolment.stop()
    this.talk.close()
    await this.mail.close()
    await this.network.leave()
    await this.listeners.close()
    await this.commands.close()
    this.objects.close()
    this.manager.close()
    await this.registry.close()
    this.events.clear()
  }

  #createCommands(): CommandService {
    const { clock, log } = this.#parts
    const { commandsPerPeer, commandsPerNode } = this.limits
    return new CommandService({
      registry: this.registry.commands,
      clock,
      log: log.child({ scope: 'command' }),
      tracer: commandTracer,
      relay: relayThrough(this.#node),
      limits: { maxRunningPerPeer: commandsPerPeer, maxRunning: commandsPerNode },
      onRun: (report) => this.events.emit('command:run', report),
    })
  }

  #createManager(): ConnectionManager {
    const { identity, incarnation, transports, random, clock, log, label, people } = this.#parts
    return new ConnectionManager({
      ...{ id: identity.peerId, incarnation, clock, random, transports, options: this.limits },
      log: log.child({ scope: 'connection' }),
      introduce: (to) => {
        const said = { label, addresses: this.listeners.addresses }
        const pass = this.enrolment.credential(to)
        const withdrawal = this.#parts.affiliation.withdrawalOf(to)?.bytes
        return { ...said, ...(pass && { pass }), ...(withdrawal && { withdrawal }) }
      },
      onIntroduced: (entry) => this.enrolment.onIntroduced(entry),
      onRefused: (_entry, refusal) => this.enrolment.onRefused(refusal),
      admit: (candidate) => people.refusal(candidate),
      isDenied: (id) => people.isDenied(id),
      onStream: (stream, entry) => this.#accept(stream, entry),
    })
  }

  #createNetwork(): Network {
    const { options } = this.#parts
    const addresses = (): readonly string[] => this.listeners.addresses
    return new Network({
      ...{ ...this.#parts, addresses, manager: this.manager, events: this.events },
      subject: (entry) => this.#node.subject(entry),
      hasMesh: options.mesh ?? true,
      lookouts: makeLookouts(this.#parts, addresses),
      discoveries: options.discovery?.others ?? [],
    })
  }

  /** Gives a stream that a peer opened to whom it is for. */
  #accept(stream: Stream, entry: PeerEntry): boolean {
    const { enrolment, talk, objects } = this
    if (enrolment.accept(stream, entry) || talk.accept(stream, entry)) return true
    if (acceptObjects(objects, stream, entry)) return true
    if (stream.protocol === membershipProtocol) this.network.accept(stream, entry)
    else if (stream.protocol === mailProtocol) this.mail.accept(stream, entry)
    else if (stream.protocol === addressesProtocol) {
      receiveAddresses(stream, (addresses) => entry.replaceClaimed(addresses, entry.seenAt))
    } else {
      const node = { subject: () => this.#node.subject(entry) }
      return acceptStream(stream, { node, entry, servers: this.servers, log: this.#parts.log })
    }
    return true
  }

  #onNetworkChange(what: string): void {
    this.#parts.log.info({ scope: 'node' }, `${what}: probing every path`)
    this.manager.probe()
    this.network.watchtower.refresh()
  }
}
