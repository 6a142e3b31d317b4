/**
 * All connections of one node: decides for each new path whether it joins a living connection or
 * starts a new one, and keeps the connections that somebody wants.
 *
 * **Invariant**: between two incarnations at most one connection is alive.
 */
import { SkeinError, messageOf, toSkeinError } from '../base/errors.ts'
import { Emitter } from '../base/emitter.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { Connection } from './connection.ts'
import { dialFirst, mergeFailures } from './dial-first.ts'
import { DialHistory } from './dial-history.ts'
import { awaitHello, sayHello } from './handshake.ts'
import { IdleWatch, boundHeldBytes } from './housekeeping.ts'
import { Keeper } from './keeper.ts'
import { judgeHello, judgeWelcome } from './machine.ts'
import { protocolVersions, writeRefusal, writeWelcome } from './messages.ts'
import { PeerTable } from './peer-table.ts'
import { Traffic } from './traffic.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Path, Transport } from '../transport/contract.ts'
import type { Attachment, ConnectionHandler } from './connection-setup.ts'
import type { Rest } from './handshake.ts'
import type { ReachOptions } from './keeper.ts'
import type { ManagerEvents } from './manager-events.ts'
import type { ManagerSetup } from './manager-setup.ts'
import type { PeerEntry } from './peer-entry.ts'
import type { FrameCounts } from './traffic.ts'
import type { Ending, Standing } from './machine.ts'
import type { Hello, Introduction, Refusal, Welcome } from './messages.ts'

interface Joining {
  readonly peer: PeerEntry
  readonly connection: Connection
  readonly path: Path
  readonly rest: Rest
}

const leastHandshakeMs = 1_000 // Guess: who proved its key at the last moment may still say HELLO.

/** See the file's head. */
export class ConnectionManager {
  readonly events: Emitter<ManagerEvents>
  readonly setup: ManagerSetup
  readonly failures: DialHistory
  readonly #peers = new PeerTable((peer) => this.events.emit('peer:forget', { peer }))
  readonly #keeper: Keeper
  readonly #idleWatch: IdleWatch
  readonly #endings = new AbortController()
  #dials = new AbortController()
  readonly #halfOpen = new Set<Path>()
  readonly #traffic = new Traffic()

  constructor(setup: ManagerSetup) {
    this.setup = setup
    this.failures = new DialHistory(setup.clock)
    this.events = new Emitter((message) => setup.log.error({}, message))
    const { idleMs } = setup.options
    this.#idleWatch = new IdleWatch(setup.clock, idleMs, () => this.peers)
    this.#keeper = new Keeper({
      clock: setup.clock,
      random: setup.random,
      reconnectMinMs: setup.options.reconnectMinMs,
      reconnectMaxMs: setup.options.reconnectMaxMs,
      dial: (address, options) => this.dial(address, options),
      peer: (id) => this.#peers.get(id),
      onFailure: (address, error) => {
        if (error.code === 'SUPERSEDED') this.#supersede()
        this.events.emit('dial:fail', { address, error })
      },
    })
  }

  /** Every peer that was ever met. */
  get peers(): IterableIterator<PeerEntry> {
    return this.#peers[Symbol.iterator]()
  }

  /** Paths that have not said HELLO yet. */
  get halfOpenCount(): number {
    return this.#halfOpen.size
  }

  /** Counted frames of all connections so far. */
  get frames(): FrameCounts {
    return this.#traffic.total([...this.peers].map(({ connection }) => connection))
  }

  /** The peer with this ID, if it was ever met. */
  peer(id: PeerId): PeerEntry | undefined {
    return this.#peers.get(id)
  }

  /**
   * Dials an address and returns the peer that answered, connected. A path to a peer that is
   * connected already becomes its second path.
   *
   * @throws {SkeinError} `SELF_DIAL`, `REFUSED`, `DENIED` or another code of the peer's refusal;
   *   `DIAL_FAILED`, `TIMED_OUT`, `HANDSHAKE_FAILED`, `PEER_MISMATCH`; `LIMIT_EXCEEDED`.
   */
  async dial(address: string, options: ReachOptions = {}): Promise<PeerEntry> {
    try {
      const peer = await this.#dial(address, options)
      this.failures.answered(address)
      return peer
    } catch (thrown) {
      const error = toSkeinError(thrown, 'DIAL_FAILED')
      this.failures.failed(address, error)
      throw error
    }
  }

  /** Takes back all dials that are under way: what they say of this node is not true any more. */
  dropDials(reason: string): void {
    this.#dials.abort(new SkeinError('CANCELLED', reason))
    this.#dials = new AbortController()
  }

  async #dial(address: string, { signal, expectedId }: ReachOptions): Promise<PeerEntry> {
    const { options, clock } = this.setup
    const awakeMs = (): number => clock.nowMs() - clock.lateMs()
    const startMs = awakeMs()
    // Not the signals themselves: a listener a dial on the node's own would be too many.
    const dropped = this.#dials.signal
    const own = [this.#endings.signal, dropped]
    const anySignal = AbortSignal.any(signal === undefined ? own : [signal, ...own])
    const path = await this.#transportFor(address).dial(address, {
      expectedId,
      signal: anySignal,
      timeoutMs: options.dialTimeoutMs,
    })
    const id = path.remoteId
    if (id === undefined || id === this.setup.id) {
      path.destroy('own address')
      throw new SkeinError('SELF_DIAL', `${address} is this node itself; remove it from the list`)
    }
    const peer = this.#peers.meet(id)
    if (this.setup.isDenied(id)) {
      path.destroy('denied')
      throw new SkeinError('DENIED', `${address} is ${shortPeerId(id)}, whom this node shut out`)
    }
    this.#checkOutbound(peer, path)
    const hello = this.#hello(peer)
    const restMs = options.dialTimeoutMs - (awakeMs() - startMs)
    const leftMs = Math.max(leastHandshakeMs, restMs)
    const limits = { clock, timeoutMs: leftMs, signal: anySignal }
    const onRefused = (refusal: Refusal): void => this.setup.onRefused(peer, refusal)
    const answer = await sayHello(path, hello, { ...limits, onRefused })
    this.#checkOpen(path, dropped)
    peer.addGood(address)
    this.#joinAsDialler({ peer, path, hello, welcome: answer.message, rest: answer.rest })
    return peer
  }

  /**
   * Returns the peer connected, dialling its known addresses if need be. A suspended connection
   * counts: what is opened on it waits for the next path.
   *
   * @throws {SkeinError} `PEER_UNKNOWN` no address is known; `DIAL_FAILED` none answered.
   */
  async reach(id: PeerId, signal?: AbortSignal): Promise<Connection> {
    const living = this.#peers.get(id)?.connection
    if (living !== undefined) return living
    const [peer, connection] = await this.#dialKnown(id, signal)
    peer.isOnDemand = !peer.isHeld
    this.#idleWatch.start()
    return connection
  }

  /**
   * Connects to a peer as {@link reach} does, but nothing ends the connection when nobody needs it.
   *
   * @throws {SkeinError} As {@link reach}; `DENIED` where the peer itself refused.
   */
  async join(id: PeerId): Promise<void> {
    if (this.#peers.get(id)?.connection === undefined) await this.#dialKnown(id)
  }

  /** Takes a path that a listener accepted through the handshake. Never throws. */
  async accept(path: Path): Promise<void> {
    const { options, clock } = this.setup
    if (this.#halfOpen.size >= options.maxHalfOpen) {
      const message = `${options.maxHalfOpen} paths have not said hello yet; try again`
      const refusal = { code: 'LIMIT_EXCEEDED', rule: 'limits.maxHalfOpen', message } as const
      path.destroy(message)
      this.events.emit('peer:refuse', { id: path.remoteId, address: path.remoteAddress, refusal })
      return
    }
    this.#halfOpen.add(path)
    try {
      const timeoutMs = options.handshakeTimeoutMs
      const { message: hello, rest } = await awaitHello(path, { clock, timeoutMs })
      this.#checkOpen(path)
      this.#joinAsAccepter(path, hello, rest)
    } catch (thrown) {
      const refusal = {
        code: toSkeinError(thrown).code,
        rule: 'handshake',
        message: messageOf(thrown),
      }
      this.events.emit('peer:refuse', { id: path.remoteId, address: path.remoteAddress, refusal })
    } finally {
      this.#halfOpen.delete(path)
    }
  }

  /** Keeps whoever answers at this address connected, for ever. */
  hold(address: string, expectedId?: PeerId, reached?: PeerEntry): void {
    this.#keeper.hold(address, expectedId, reached)
  }

  /** Gives up what {@link hold} asked for. The connection lives on until somebody closes it. */
  release(address: string): void {
    this.#keeper.release(address)
  }

  /** Where a peer can be dialled, as others say: a hint, proved by the dial. */
  learn(id: PeerId, addresses: readonly string[]): void {
    if (id !== this.setup.id && addresses.length > 0) this.#peers.meet(id).addClaimed(addresses, '')
  }

  /** Dials a peer that was known before this process started, at its addresses of then. */
  recall(id: PeerId, addresses: readonly string[]): void {
    const peer = this.#peers.meet(id)
    peer.addClaimed(addresses, '')
    if (id !== this.setup.id) this.#keeper.recall(peer)
  }

  /** Something about the network has changed: every path is probed, and what waits is dialled now. */
  probe(): void {
    for (const { connection } of this.#peers) connection?.probe()
    this.#keeper.hurry()
  }

  /** Closes every connection with a word of goodbye, and stops dialling. */
  close(): void {
    this.#endings.abort(new SkeinError('NODE_CLOSED', 'this node was closed'))
    this.#keeper.stop()
    this.#idleWatch.stop()
    for (const path of this.#halfOpen) path.destroy('this node was closed')
    for (const peer of this.#peers) {
      peer.connection?.close('CONNECTION_CLOSED', 'the node was closed')
    }
  }

  async #dialKnown(id: PeerId, signal?: AbortSignal): Promise<readonly [PeerEntry, Connection]> {
    const addresses = this.#peers.get(id)?.addresses ?? []
    if (addresses.length === 0) {
      const text = `no address of ${shortPeerId(id)} is known; connect to it`
      throw new SkeinError('PEER_UNKNOWN', text)
    }
    const { reached, failures } = await dialFirst(addresses, (address, others) => {
      const signals = signal === undefined ? others : AbortSignal.any([signal, others])
      return this.dial(address, { signal: signals, expectedId: id })
    })
    if (reached?.connection !== undefined) return [reached, reached.connection]
    if (failures.some(({ code }) => code === 'SUPERSEDED')) this.#supersede()
    throw mergeFailures(failures)
  }

  #transportFor(address: string): Transport {
    const transport = this.setup.transports.find(({ scheme }) => address.startsWith(`${scheme}://`))
    if (transport === undefined) {
      const schemes = this.setup.transports.map(({ scheme }) => `${scheme}://`).join(', ')
      throw new SkeinError('DIAL_FAILED', `${address}: no such kind of address; known: ${schemes}`)
    }
    return transport
  }

  /** A handshake may end in the very turn in which the node closes. */
  #checkOpen(path: Path, dropped?: AbortSignal): void {
    const signal = [this.#endings.signal, dropped].find((each) => each?.aborted === true)
    if (signal === undefined) return
    path.destroy('this node was closed, or took the dial back')
    throw toSkeinError(signal.reason)
  }

  #checkOutbound(peer: PeerEntry, path: Path): void {
    if (peer.connection !== undefined) return
    const limit = this.setup.options.maxOutbound
    if (this.#peers.countConnections(true) < limit) return
    path.destroy('too many connections')
    throw new SkeinError('LIMIT_EXCEEDED', `${limit} connections are open (limits.maxOutbound)`)
  }

  #introduction(to: PeerId): Omit<Introduction, 'received'> {
    const { incarnation, options, introduce } = this.setup
    return { ...introduce(to), incarnation, windowBytes: options.initialWindowBytes }
  }

  #hello(peer: PeerEntry): Hello {
    return {
      ...this.#introduction(peer.id),
      ...this.#standing(peer),
      versions: protocolVersions,
      received: peer.connection?.receivedNumber ?? 0,
    }
  }

  #joinAsAccepter(path: Path, hello: Hello, rest: Rest): void {
    const refusal = this.#findRefusal(path, hello)
    const id = path.remoteId
    if (refusal !== undefined || id === undefined) {
      if (refusal !== undefined) path.write(writeRefusal(refusal))
      path.close()
      if (refusal === undefined) return
      this.events.emit('peer:refuse', { id, address: path.remoteAddress, refusal })
      return
    }
    const peer = this.#peers.meet(id)
    const verdict = judgeHello(this.#standing(peer), hello)
    if (verdict.type === 'start' && verdict.ending !== undefined) {
      this.#endLiving(peer, verdict.ending)
    }
    const living = verdict.type === 'join' ? peer.connection : undefined
    const epoch = verdict.type === 'start' ? verdict.epoch : peer.highestEpoch
    const received = living?.receivedNumber ?? 0
    path.write(writeWelcome({ ...this.#introduction(id), version: 1, epoch, received }))
    this.#learn(peer, hello, path)
    const connection =
      living ?? this.#create(peer, { epoch, windowBytes: hello.windowBytes }, false)
    const isCounted = verdict.type === 'join' && verdict.isCounted
    const peerReceived = living === undefined ? 0 : isCounted ? hello.received : undefined
    this.#attach({ peer, connection, path, rest }, { peerReceived, toldReceived: received })
  }

  #findRefusal(path: Path, hello: Hello): Refusal | undefined {
    const { id, admit, options } = this.setup
    if (!hello.versions.some((version) => version === protocolVersions[0])) {
      const message = `this node speaks version ${protocolVersions.join(', ')}; update one of the two`
      return { code: 'HANDSHAKE_FAILED', rule: 'version', message }
    }
    const peerId = path.remoteId
    if (peerId === undefined) {
      return { code: 'DENIED', rule: 'identity', message: 'a path without a proved key' }
    }
    if (peerId === id) return { code: 'SELF_DIAL', rule: 'self', message: 'this is your own node' }
    const peer = this.#peers.get(peerId)
    if (peer !== undefined && judgeHello(this.#standing(peer), hello).type === 'superseded') {
      const message = 'a newer process runs with the same key'
      return { code: 'SUPERSEDED', rule: 'incarnation', message }
    }
    if (
      peer?.connection === undefined &&
      this.#peers.countConnections(false) >= options.maxInbound
    ) {
      const message = `${options.maxInbound} connections are open; try again later`
      return { code: 'LIMIT_EXCEEDED', rule: 'limits.maxInbound', message }
    }
    if (peer?.joins.take(this.setup.clock.nowMs()) === false) {
      const message = 'too many paths in a short time; wait some seconds'
      return { code: 'LIMIT_EXCEEDED', rule: 'C26', message }
    }
    return admit({
      id: peerId,
      claimedLabel: hello.label,
      address: path.remoteAddress,
      isLocal: path.isLocal,
      pass: hello.pass,
    })
  }

  #joinAsDialler(join: {
    readonly peer: PeerEntry
    readonly path: Path
    readonly hello: Hello
    readonly welcome: Welcome
    readonly rest: Rest
  }): void {
    const { peer, path, hello, welcome, rest } = join
    const verdict = judgeWelcome(this.#standing(peer), welcome)
    if (verdict.type === 'stale' || verdict.type === 'superseded') {
      path.destroy('stale')
      if (peer.connection !== undefined) return
      throw new SkeinError('HANDSHAKE_FAILED', `${path.remoteAddress} answered for the past; again`)
    }
    if (verdict.type === 'start' && verdict.ending !== undefined) {
      this.#endLiving(peer, verdict.ending)
    }
    const living = verdict.type === 'join' ? peer.connection : undefined
    const { epoch } = welcome
    this.#learn(peer, welcome, path)
    const connection =
      living ?? this.#create(peer, { epoch, windowBytes: welcome.windowBytes }, true)
    const isNamed = hello.epoch === epoch && hello.peerIncarnation === welcome.incarnation
    const toldReceived = isNamed ? hello.received : 0
    this.#attach({ peer, connection, path, rest }, { peerReceived: welcome.received, toldReceived })
  }

  #standing(peer: PeerEntry): Standing {
    return {
      incarnation: this.setup.incarnation,
      peerIncarnation: peer.incarnation,
      epoch: peer.connection?.epoch ?? 0,
      highestEpoch: peer.highestEpoch,
    }
  }

  #endLiving(peer: PeerEntry, ending: Ending): void {
    const name = this.#name(peer)
    if (ending === 'PEER_RESTARTED') {
      // If the old process still runs, it learns that its place is taken.
      peer.connection?.close(ending, `${name} restarted`, 'SUPERSEDED')
    } else peer.connection?.close(ending, `${name} had already closed the connection`)
  }

  #learn(peer: PeerEntry, said: Hello | Welcome, path: Path): void {
    peer.incarnation = said.incarnation
    peer.claimedLabel = said.label
    peer.seenAt = path.remoteAddress
    peer.addClaimed(said.addresses, path.remoteAddress)
    peer.shownPass = said.pass
    peer.shownWithdrawal = said.withdrawal
    this.setup.onIntroduced(peer)
  }

  #create(
    peer: PeerEntry,
    { epoch, windowBytes }: { readonly epoch: number; readonly windowBytes: number },
    isOutbound: boolean,
  ): Connection {
    const connection: Connection = new Connection({
      epoch,
      isLower: this.setup.id < peer.id,
      peerWindowBytes: windowBytes,
      clock: this.setup.clock,
      options: this.setup.options,
      handler: this.#handlerFor(peer, () => connection),
    })
    peer.connection = connection
    peer.highestEpoch = epoch
    peer.isOutbound = isOutbound
    peer.isOnDemand = false
    peer.idleSinceMs = this.setup.clock.nowMs()
    return connection
  }

  #handlerFor(peer: PeerEntry, connection: () => Connection): ConnectionHandler {
    let isAnnounced = false
    return {
      onStream: (stream) => this.setup.onStream(stream, peer),
      onPathAttached: (path) => {
        if (!isAnnounced) {
          isAnnounced = true
          const { remoteAddress: address, isLocal } = path
          this.events.emit('peer:connect', { peer, address, isLocal })
        }
        this.events.emit('path:attached', { peer, path })
      },
      onPathLost: (path, reason) => {
        this.events.emit('path:lost', { peer, path, reason })
        this.#keeper.restore(peer)
        boundHeldBytes(this.peers, this.setup.options.resumeTotalBytes)
      },
      onDoubt: () => {
        this.events.emit('path:doubt', { peer })
        this.#keeper.restore(peer)
      },
      onWait: () => this.#keeper.restore(peer),
      onRtt: (rttMicros) => this.events.emit('link:rtt', { peer, rttMicros }),
      onViolation: (rule) => this.events.emit('peer:violation', { peer, rule }),
      onClose: (error) => {
        if (peer.connection === connection()) peer.connection = undefined
        peer.ending = { error, atMs: this.setup.clock.nowMs() }
        this.#traffic.add(connection())
        this.events.emit('peer:disconnect', { peer, error })
        if (error.code === 'SUPERSEDED') this.#supersede()
        else this.#keeper.restore(peer)
      },
    }
  }

  #attach(joining: Joining, numbers: Attachment): void {
    const { peer, connection, path, rest } = joining
    if (connection.attach(path, numbers, rest)) return
    path.destroy('C7')
    if (connection.state === 'closed') return
    const rule = 'C7: it claims to have received what was never sent'
    this.events.emit('peer:violation', { peer, rule })
    // A connection that this path was to begin would wait for another one for ever.
    if (connection.isUnused) connection.close('VIOLATION', rule)
  }

  #supersede(): void {
    this.#keeper.stop()
    this.events.emit('node:superseded', {})
  }

  #name(peer: PeerEntry): string {
    return peer.claimedLabel === '' ? shortPeerId(peer.id) : peer.claimedLabel
  }
}
