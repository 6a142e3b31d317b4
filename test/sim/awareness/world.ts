/**
 * Membership machines alone, thousands of them, on links that keep order, take time, lose segments,
 * stall and break. No connections below: what a link does is what `src/connection` makes of such a
 * path.
 *
 *   loss      a lost segment holds its link up for 200 ms, then 400, 800, … as TCP does (RFC 6298); with
 *             10 s of it the path breaks, is dialled again, and both ends suspect when that takes 1 s
 *   crash     neighbours are told by a reset, wait 1 s for another path, and suspect
 *   power     the same after 10 s of silence; a path is in doubt before, and its end under suspicion
 *   stall     a process that stands still: silence; afterwards its links are dialled again
 *   partition silence between two sets, and its links are dialled again within 30 s of its end
 */
import { peerIdFromKey } from '../../../src/base/peer-id.ts'
import { randomInt, seededRandom } from '../../../src/base/random.ts'
import { MembershipMachine } from '../../../src/membership/machine.ts'
import { testSigner } from '../../../src/membership/membership.test-kit.ts'
import { defaultMembershipOptions } from '../../../src/membership/options.ts'
import { sentBytes } from './message-bytes.ts'
import { SharedIndex, SharedReader } from './shared-words.ts'
import { WheelClock } from './wheel-clock.ts'
import type { Clock } from '../../../src/base/clock.ts'
import type { PeerId } from '../../../src/base/peer-id.ts'
import type { Random } from '../../../src/base/random.ts'
import type { MembershipMessage } from '../../../src/membership/messages.ts'
import type { MembershipOptions } from '../../../src/membership/options.ts'
import type { MemberState } from '../../../src/membership/snapshot.ts'
import type { LatencyWorld } from './latency-worlds.ts'

/** A member of the world. */
export interface SimulatedNode {
  readonly id: PeerId
  readonly place: number
  readonly machine: MembershipMachine
  readonly links: Map<PeerId, Link>
  /** False once it has crashed or left. */
  isRunning: boolean
  stalledUntilMs: number
}

/** A connection. */
export interface Link {
  readonly a: SimulatedNode
  readonly b: SimulatedNode
  readonly latencyMs: number
  /** Whether both machines have it as a neighbour. */
  isUp: boolean
  /** Whether what is sent on it is lost, noticed or not. */
  isSilent: boolean
  /** Goes up with each path, so that what is under way on an old one is dropped. */
  path: number
  /** When the last message arrives, each way: order is kept. */
  lastToA: number
  lastToB: number
}

/** How a world is made. */
export interface WorldSetup {
  readonly seed: number
  readonly latencies: LatencyWorld
  readonly options?: Partial<MembershipOptions>
}

const nearLinks = 4
const farLinks = 4
const fullMesh = 12
const handshakeSegments = 8 // TCP and TLS 1.3 with certificates, both ways.
const silenceMs = 10_000 // src/connection/options.ts
const keepAliveMs = 2_500 // The same.
const doubtMs = 1_000 // src/connection/path-link.ts: and two round trips.
const suspicionDelayMs = 1_000 // src/membership/service.ts
const redialMs = 30_000 // src/connection/keeper.ts: the longest wait between two dials
const dialRoundTrips = 3 // TCP, TLS 1.3, HELLO and WELCOME
const retransmitMs = 200 // RFC 6298 has 1 s; Linux has 200 ms
const segmentBytes = 1_400
const jitter = 0.1 // Guess: of each message's latency, uniform.

/** See the file's head. */
export class MembershipWorld {
  readonly clock = new WheelClock()
  readonly random: Random
  readonly nodes: SimulatedNode[] = []
  /** Bytes given to the transport so far. */
  bytes = 0
  /** Pairs of (machine, member) where the first knows the second, those where it is alive. */
  known = 0
  alive = 0
  /** Share of segments that is lost. */
  loss = 0
  /** Called with each change that a machine tells of. */
  onChange: (of: SimulatedNode, id: PeerId, state: MemberState) => void = () => undefined
  onLinks: (of: SimulatedNode, id: PeerId) => void = () => undefined
  /** Paths that broke by loss. */
  brokenPaths = 0

  readonly #setup: WorldSetup
  readonly #index = new SharedIndex()
  readonly #reader: SharedReader
  readonly #byId = new Map<PeerId, SimulatedNode>()

  constructor(setup: WorldSetup) {
    this.#setup = setup
    this.random = seededRandom(setup.seed)
    this.#reader = new SharedReader(testSigner(this.#newId()))
  }

  /** Those that run. */
  get running(): readonly SimulatedNode[] {
    return this.nodes.filter(({ isRunning }) => isRunning)
  }

  /** Connections of the node that has the most. */
  get mostLinks(): number {
    return this.nodes.reduce((most, { links }) => Math.max(most, links.size), 0)
  }

  of(id: PeerId): SimulatedNode | undefined {
    return this.#byId.get(id)
  }

  /** Starts so many at once; each dials within `withinMs`. */
  startTogether(count: number, withinMs: number): void {
    for (let each = 0; each < count; each++) this.start()
    const all = this.running
    for (const node of all)
      this.connect(node, { others: all, delayMs: this.random.next() * withinMs })
  }

  /** Starts so many that know each other and are connected: as if they had started long ago. */
  startAcquainted(count: number): void {
    for (let each = 0; each < count; each++) this.start()
    const all = this.running
    const records = all.flatMap(({ id, machine }) => machine.view.get(id)?.record ?? [])
    for (const node of all) {
      for (const record of records) if (node.machine.view.put(record, 0)) this.#countNew()
    }
    for (const node of all) this.connect(node, { others: all, delayMs: 0 })
  }

  #countNew(): void {
    this.known++
    this.alive++
  }

  /** Starts one, without connections. */
  start(options: Partial<MembershipOptions> = {}): SimulatedNode {
    const id = this.#newId()
    const place = this.#setup.latencies.place(this.random)
    const node: SimulatedNode = {
      ...{ id, place, links: new Map(), isRunning: true, stalledUntilMs: 0 },
      machine: new MembershipMachine({
        signer: testSigner(id),
        incarnation: this.clock.unixMs(),
        clock: this.#clockOf(() => node),
        random: this.random,
        options: { ...defaultMembershipOptions, ...this.#setup.options, ...options },
        self: {
          label: `node-${this.nodes.length}`,
          addresses: ['tls://203.0.113.1:14590', 'tls://[2001:db8::1234:5678]:14590'],
          software: '0.1.0',
          protocol: 1,
        },
        send: (to, message) => this.#send(node, to, message),
        index: this.#index,
        reader: this.#reader,
        onChange: (who, state, before) => {
          if (before === undefined) this.known++
          if (state === 'alive') this.alive++
          if (before === 'alive') this.alive--
          this.onChange(node, who, state)
        },
        onLinks: (who) => this.onLinks(node, who),
      }),
    }
    this.known++
    this.alive++
    this.nodes.push(node)
    this.#byId.set(id, node)
    return node
  }

  /** Starts one that dials as a newcomer does. */
  join(options: Partial<MembershipOptions> = {}): SimulatedNode {
    const others = this.running
    const node = this.start(options)
    this.connect(node, { others, delayMs: 0 })
    return node
  }

  /** Dials some near ones and some at random; all in a small network. */
  connect(
    node: SimulatedNode,
    { others, delayMs }: { readonly others: readonly SimulatedNode[]; readonly delayMs: number },
  ): void {
    if (others.length <= fullMesh) {
      for (const other of others) this.dial(node, other, delayMs)
      return
    }
    const pick = (): SimulatedNode => others[randomInt(this.random, others.length)] ?? node
    // Nearness is learnt from round-trip times: some are tried, the nearest are kept.
    const tried = Array.from({ length: 8 * nearLinks }, pick)
    const near = tried.toSorted((x, y) => this.#latencyMs(node, x) - this.#latencyMs(node, y))
    for (const other of near.slice(0, nearLinks)) this.dial(node, other, delayMs)
    for (let each = 0; each < farLinks; each++) this.dial(node, pick(), delayMs)
  }

  /** Makes a connection, once both have exchanged what a dial takes. */
  dial(a: SimulatedNode, b: SimulatedNode, delayMs = 0): void {
    if (a === b || a.links.has(b.id)) return
    const latencyMs = this.#latencyMs(a, b)
    const link: Link = {
      ...{ a, b, latencyMs, isUp: false, isSilent: false },
      ...{ path: 0, lastToA: 0, lastToB: 0 },
    }
    a.links.set(b.id, link)
    b.links.set(a.id, link)
    this.#bringUp(link, delayMs)
  }

  /** Ends a process. Without power nobody is told by its machine, and only silence tells. */
  crash(node: SimulatedNode, { isPowerLoss = false } = {}): void {
    node.isRunning = false
    node.machine.stop()
    for (const link of node.links.values()) {
      const other = otherEnd(link, node)
      const noticeMs = isPowerLoss ? silenceMs * (0.75 + 0.25 * this.random.next()) : link.latencyMs
      this.#loseSilently(link, other, noticeMs)
    }
    this.#uncount(node)
  }

  /** Ends a process on purpose. */
  leave(node: SimulatedNode): void {
    node.machine.leave()
    node.isRunning = false
    this.#uncount(node)
    for (const link of node.links.values()) {
      this.clock.after(link.latencyMs + 50, () => {
        if (link.isUp) otherEnd(link, node).machine.removeNeighbour(node.id)
        link.isUp = false
        otherEnd(link, node).links.delete(node.id)
      })
    }
  }

  /** Stops a process for a while, as SIGSTOP does. */
  stall(node: SimulatedNode, durationMs: number): void {
    node.stalledUntilMs = this.clock.nowMs() + durationMs
    for (const link of node.links.values()) {
      const noticeMs = silenceMs * (0.75 + 0.25 * this.random.next())
      const end = otherEnd(link, node)
      if (durationMs > noticeMs) this.#loseSilently(link, end, noticeMs)
      else {
        const doubtAfterMs = keepAliveMs * this.random.next() + this.#doubtMs(link)
        this.clock.after(doubtAfterMs + suspicionDelayMs, () => {
          if (node.stalledUntilMs > this.clock.nowMs()) end.machine.suspect(node.id)
        })
      }
    }
    this.clock.after(durationMs + 1, () => {
      for (const link of node.links.values()) {
        if (!link.isUp) this.#bringUp(link, this.random.next() * suspicionDelayMs)
      }
    })
  }

  /** Cuts all links between two sets; returns what ends it. */
  partition(isLeft: (node: SimulatedNode) => boolean): () => void {
    const cut = new Set<Link>()
    for (const node of this.running) {
      for (const link of node.links.values()) if (isLeft(link.a) !== isLeft(link.b)) cut.add(link)
    }
    for (const link of cut) {
      for (const end of [link.a, link.b]) {
        this.#loseSilently(link, end, silenceMs * (0.75 + 0.25 * this.random.next()))
      }
    }
    return () => {
      for (const link of cut) this.#bringUp(link, this.random.next() * redialMs)
    }
  }

  /** Lets paths stall and break as loss makes them do, by the pings that each sends. */
  loseSegments(share: number): void {
    this.loss = share
    const tick = (): void => {
      if (this.loss !== share) return
      for (const node of this.nodes) {
        for (const link of node.links.values()) {
          if (!link.isUp) continue
          const lateMs = this.#lossDelayMs(1)
          if (lateMs >= silenceMs) this.#break(link)
          else if (lateMs >= this.#doubtMs(link)) this.#doubt(link, node)
        }
      }
      this.clock.after(keepAliveMs, tick)
    }
    if (share > 0) tick()
  }

  /** How late a pong is when its path is in doubt. */
  #doubtMs({ latencyMs }: Link): number {
    return doubtMs + 2 * 2 * latencyMs
  }

  /** A pong is late: a second path is dialled; who does not answer on that either is suspected. */
  #doubt(link: Link, end: SimulatedNode): void {
    if (this.#lossDelayMs(handshakeSegments) + 6 * link.latencyMs < suspicionDelayMs) return
    this.clock.after(suspicionDelayMs, () => {
      if (end.isRunning) end.machine.suspect(otherEnd(link, end).id)
    })
  }

  /** One end hears nothing, or a reset: it has lost its neighbour, and suspects it if it stays away. */
  #loseSilently(link: Link, end: SimulatedNode, noticeMs: number): void {
    link.path++
    link.isSilent = true
    const { path } = link
    const other = otherEnd(link, end)
    const doubtAfterMs = keepAliveMs * this.random.next() + this.#doubtMs(link)
    if (doubtAfterMs < noticeMs) {
      this.clock.after(doubtAfterMs + suspicionDelayMs, () => {
        if (end.isRunning && link.path <= path + 1) end.machine.suspect(other.id)
      })
    }
    this.clock.after(noticeMs, () => {
      if (!end.isRunning || link.path > path + 1) return
      link.isUp = false
      end.machine.removeNeighbour(other.id)
      this.clock.after(suspicionDelayMs, () => {
        if (end.isRunning && !link.isUp) end.machine.suspect(other.id)
      })
    })
  }

  #break(link: Link): void {
    this.brokenPaths++
    for (const end of [link.a, link.b]) this.#loseSilently(link, end, 0)
    let dialMs = 0
    for (let trip = 0; trip < dialRoundTrips; trip++) {
      let waitMs = 1_000 // RFC 6298, before anything was measured
      dialMs += 2 * link.latencyMs
      while (this.random.next() < this.loss) {
        dialMs += waitMs
        waitMs *= 2
      }
    }
    this.clock.after(dialMs, () => this.#bringUp(link, 0))
  }

  #bringUp(link: Link, delayMs: number): void {
    const tripMs = 2 * link.latencyMs
    this.clock.after(delayMs + dialRoundTrips * tripMs, () => {
      const { a, b } = link
      if (link.isUp || !a.isRunning || !b.isRunning) return
      link.isUp = true
      link.isSilent = false
      link.path += 2
      const nowMs = this.clock.nowMs()
      link.lastToA = nowMs
      link.lastToB = nowMs
      a.machine.addNeighbour(b.id)
      b.machine.addNeighbour(a.id)
      this.clock.after(tripMs, () => {
        a.machine.measure(b.id, Math.round(tripMs * 1_000))
        b.machine.measure(a.id, Math.round(tripMs * 1_000))
      })
    })
  }

  #send(from: SimulatedNode, to: PeerId, message: MembershipMessage): void {
    const link = from.links.get(to)
    if (link === undefined || !link.isUp) return
    const bytes = sentBytes(message)
    this.bytes += bytes
    if (link.isSilent) return
    const isToA = link.b === from
    const target = isToA ? link.a : link.b
    const nowMs = this.clock.nowMs()
    const wayMs = link.latencyMs * (1 + jitter * this.random.next())
    const lossMs = this.loss === 0 ? 0 : this.#lossDelayMs(Math.ceil(bytes / segmentBytes))
    if (lossMs >= silenceMs) {
      this.#break(link) // The message is repeated when the streams resume, which is not modelled.
      return
    }
    const beforeMs = isToA ? link.lastToA : link.lastToB
    const arrivesMs = Math.max(beforeMs, nowMs + wayMs + lossMs)
    if (isToA) link.lastToA = arrivesMs
    else link.lastToB = arrivesMs
    const { path } = link
    this.#deliver({ link, path, target, from: from.id, message }, arrivesMs - nowMs)
  }

  #deliver(parcel: Parcel, delayMs: number): void {
    this.clock.after(delayMs, () => {
      const { link, path, target, from, message } = parcel
      if (link.path !== path || !target.isRunning) return
      const stalledMs = target.stalledUntilMs - this.clock.nowMs()
      if (stalledMs > 0) this.#deliver(parcel, stalledMs)
      else target.machine.receive(from, message)
    })
  }

  /** How long a link waits for what is lost of so many segments. */
  #lossDelayMs(segments: number): number {
    let share = 1 - (1 - this.loss) ** segments
    let waitMs = retransmitMs
    let sumMs = 0
    while (this.random.next() < share) {
      sumMs += waitMs
      waitMs *= 2
      share = this.loss
    }
    return sumMs
  }

  /** A process that stands still has no timers either. */
  #clockOf(node: () => SimulatedNode): Clock {
    const { clock } = this
    const after = (delayMs: number, run: () => void): ReturnType<Clock['after']> =>
      clock.after(delayMs, () => {
        const restMs = node().stalledUntilMs - clock.nowMs()
        if (restMs > 0) after(restMs, run)
        else run()
      })
    return {
      nowMs: () => clock.nowMs(),
      nowMicros: () => clock.nowMicros(),
      unixMs: () => clock.unixMs(),
      lateMs: () => 0,
      after,
    }
  }

  #latencyMs(a: SimulatedNode, b: SimulatedNode): number {
    return this.#setup.latencies.latencyMs(a.place, b.place)
  }

  /** What a machine that ended believed counts no more. */
  #uncount({ machine, id }: SimulatedNode): void {
    for (const { state, record } of machine.view) {
      this.known--
      if (state === 'alive' || record.value.id === id) this.alive--
    }
  }

  #newId(): PeerId {
    return peerIdFromKey(this.random.bytes(32))
  }
}

interface Parcel {
  readonly link: Link
  readonly path: number
  readonly target: SimulatedNode
  readonly from: PeerId
  readonly message: MembershipMessage
}

function otherEnd({ a, b }: Link, end: SimulatedNode): SimulatedNode {
  return end === a ? b : a
}
