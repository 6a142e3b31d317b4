/**
 * Machines of topics alone, up to thousands, on links that keep order, take time, lose segments, are
 * held up and break. No connections below: what a link does is what `src/connection` makes of such a
 * path.
 *
 *   loss       a lost segment holds its link up for 200 ms, then 400, 800, … as TCP does (RFC 6298)
 *   hold       a path breaks: what is sent waits, as on a suspended connection; after two minutes
 *              the connection is over, and what was under way is lost
 *   crash      a process ends: what is under way to it and from it is lost
 */
import { createHash } from 'node:crypto'
import { peerIdFromKey } from '../../../src/base/peer-id.ts'
import { randomInt, seededRandom } from '../../../src/base/random.ts'
import { TopicMachine } from '../../../src/topic/machine.ts'
import { defaultTopicOptions } from '../../../src/topic/options.ts'
import { writeWire } from '../../../src/topic/messages.ts'
import { encode } from '../../../src/codec/index.ts'
import { WheelClock } from '../awareness/wheel-clock.ts'
import type { PeerId } from '../../../src/base/peer-id.ts'
import type { Random } from '../../../src/base/random.ts'
import type { Verdict } from '../../../src/topic/machine.ts'
import type { TopicWireMessage } from '../../../src/topic/messages.ts'
import type { TopicOptions } from '../../../src/topic/options.ts'
import type { Kept } from '../../../src/topic/store.ts'
import type { LatencyWorld } from '../awareness/latency-worlds.ts'

/** A member of the world. */
export interface TopicNode {
  readonly number: number
  readonly id: PeerId
  readonly place: number
  readonly machine: TopicMachine
  readonly links: Map<TopicNode, TopicLink>
  /** How often each message was delivered here, by its key. */
  readonly delivered: Map<string, number>
  isRunning: boolean
}

/** A connection. */
export interface TopicLink {
  readonly a: TopicNode
  readonly b: TopicNode
  readonly latencyMs: number
  isUp: boolean
  isHeld: boolean
  /** Goes up with each connection: what is under way on an old one is lost. */
  epoch: number
  /** What waits while the path is broken. */
  readonly waiting: { to: TopicNode; from: TopicNode; message: TopicWireMessage }[]
  waitingBytes: number
  lastToA: number
  lastToB: number
}

/** How a world is made. */
export interface TopicWorldSetup {
  readonly seed: number
  readonly latencies: LatencyWorld
  readonly options?: Partial<TopicOptions>
  /** Whether bytes are counted, which takes time. */
  readonly countsBytes?: boolean
  readonly judge?: (of: TopicNode, author: PeerId, topic: string) => Verdict
}

const nearLinks = 4
const farLinks = 4
const fullMesh = 12
const retransmitMs = 200 // RFC 6298 has 1 s; Linux has 200 ms
const segmentBytes = 1_400
const jitter = 0.1 // Guess: of each message's latency, uniform.
const resumeWindowMs = 120_000 // src/connection/options.ts
const writeQueueBytes = 256 * 1_024 // The same.
const frameBytes = 4 + 8 + 22 // Length, frame header, TLS record.

/** See the file's head. */
export class TopicWorld {
  readonly clock = new WheelClock()
  readonly random: Random
  readonly nodes: TopicNode[] = []
  /** Share of segments that is lost. */
  loss = 0
  /** Copies that came, and names. */
  pushes = 0
  names = 0
  bytes = 0
  onDeliver: (of: TopicNode, kept: Kept, isPast: boolean) => void = () => undefined
  onPush: (from: TopicNode, to: TopicNode, bytes: Uint8Array) => void = () => undefined
  readonly #setup: TopicWorldSetup
  readonly #byId = new Map<PeerId, TopicNode>()

  constructor(setup: TopicWorldSetup) {
    this.#setup = setup
    this.random = seededRandom(setup.seed)
  }

  get running(): readonly TopicNode[] {
    return this.nodes.filter(({ isRunning }) => isRunning)
  }

  /** Starts so many that are connected as a mesh. */
  startMesh(count: number): void {
    const all = Array.from({ length: count }, () => this.start())
    for (const node of all) this.mesh(node, all)
    this.clock.advance(1_000)
  }

  /** Starts one, without connections. */
  start(again?: TopicNode): TopicNode {
    const number = again?.number ?? this.nodes.length
    const id = again?.id ?? peerIdFromKey(this.random.bytes(32))
    const place = again?.place ?? this.#setup.latencies.place(this.random)
    const { options, judge } = this.#setup
    const node: TopicNode = {
      ...{ number, id, place, links: new Map(), delivered: new Map(), isRunning: true },
      machine: new TopicMachine({
        id,
        incarnation: this.clock.unixMs(),
        sign: (bytes) => testSignature(id, bytes),
        verify: (by, bytes, signature) => {
          return Buffer.compare(testSignature(by, bytes), signature) === 0
        },
        clock: this.clock,
        random: this.random,
        options: { ...defaultTopicOptions, ...options },
        send: (to, message) => this.#send(node, this.#byId.get(to), message),
        setReading: () => undefined,
        judge: (author, topic) => judge?.(node, author, topic) ?? 'allowed',
        deliver: (kept, isPast) => {
          node.delivered.set(kept.key, (node.delivered.get(kept.key) ?? 0) + 1)
          this.onDeliver(node, kept, isPast)
        },
      }),
    }
    if (again === undefined) this.nodes.push(node)
    else this.nodes[number] = node
    this.#byId.set(id, node)
    return node
  }

  /** Connects to some near ones and some at random; to all in a small network. */
  mesh(node: TopicNode, others: readonly TopicNode[]): void {
    if (others.length <= fullMesh) {
      for (const other of others) this.connect(node, other)
      return
    }
    const pick = (): TopicNode => others[randomInt(this.random, others.length)] ?? node
    const tried = Array.from({ length: 8 * nearLinks }, pick)
    const near = tried.toSorted((x, y) => this.#latencyMs(node, x) - this.#latencyMs(node, y))
    for (const other of near.slice(0, nearLinks)) this.connect(node, other)
    for (let each = 0; each < farLinks; each++) this.connect(node, pick())
  }

  /** Makes a connection. */
  connect(a: TopicNode, b: TopicNode): void {
    const known = a.links.get(b)
    if (a === b || known?.isUp === true || !a.isRunning || !b.isRunning) return
    const link: TopicLink = known ?? {
      ...{ a, b, latencyMs: this.#latencyMs(a, b), isUp: true, isHeld: false, epoch: 0 },
      ...{ waiting: [], waitingBytes: 0, lastToA: 0, lastToB: 0 },
    }
    link.isUp = true
    link.isHeld = false
    link.epoch++
    a.links.set(b, link)
    b.links.set(a, link)
    a.machine.addNeighbour(b.id)
    b.machine.addNeighbour(a.id)
  }

  /** Closes a connection: what is under way is lost. */
  disconnect(link: TopicLink): void {
    const { a, b } = link
    if (!link.isUp) return
    link.isUp = false
    link.epoch++
    link.waiting.length = 0
    link.waitingBytes = 0
    if (a.isRunning) a.machine.removeNeighbour(b.id)
    if (b.isRunning) b.machine.removeNeighbour(a.id)
  }

  /** Ends a process without a word. */
  crash(node: TopicNode): void {
    node.isRunning = false
    node.machine.stop()
    for (const [other, link] of node.links) {
      this.disconnect(link)
      other.links.delete(node)
    }
  }

  /** Breaks the path of a connection; it heals by {@link heal}, or is over after two minutes. */
  hold(link: TopicLink): void {
    if (!link.isUp || link.isHeld) return
    link.isHeld = true
    const { epoch } = link
    this.clock.after(resumeWindowMs, () => {
      if (link.isHeld && link.epoch === epoch) this.disconnect(link)
    })
  }

  /** The path is there again: the connection goes on, or a new one is made. */
  heal(link: TopicLink): void {
    if (!link.isUp) return this.connect(link.a, link.b)
    if (!link.isHeld) return
    link.isHeld = false
    link.waitingBytes = 0
    for (const { from, to, message } of link.waiting.splice(0))
      this.#transmit(link, { from, to, message })
    link.a.machine.drained(link.b.id)
    link.b.machine.drained(link.a.id)
  }

  /** All connections, each once. */
  get links(): readonly TopicLink[] {
    return [...new Set(this.running.flatMap(({ links }) => [...links.values()]))]
  }

  #send(from: TopicNode, to: TopicNode | undefined, message: TopicWireMessage): boolean {
    const link = to === undefined ? undefined : from.links.get(to)
    if (to === undefined || link === undefined || !link.isUp) return true
    if (!link.isHeld) {
      this.#transmit(link, { from, to, message })
      return true
    }
    link.waiting.push({ from, to, message })
    link.waitingBytes += message.type === 'push' ? message.bytes.length : 64
    return link.waitingBytes < writeQueueBytes
  }

  #transmit(link: TopicLink, { from, to, message }: Parcel): void {
    const isToA = link.a === to
    const nowMs = this.clock.nowMs()
    const wayMs = link.latencyMs * (1 + jitter * this.random.next())
    const bytes = this.#count(message)
    const lossMs = this.loss === 0 ? 0 : this.#lossDelayMs(Math.ceil(bytes / segmentBytes))
    const beforeMs = isToA ? link.lastToA : link.lastToB
    const arrivesMs = Math.max(beforeMs, nowMs + wayMs + lossMs)
    if (isToA) link.lastToA = arrivesMs
    else link.lastToB = arrivesMs
    const { epoch } = link
    this.clock.after(arrivesMs - nowMs, () => {
      if (link.epoch !== epoch || !to.isRunning) return
      if (message.type === 'push') {
        this.pushes++
        this.onPush(from, to, message.bytes)
      }
      to.machine.receive(from.id, message)
    })
  }

  #count(message: TopicWireMessage): number {
    if (message.type === 'have') this.names += message.names.length
    const isCounted = this.#setup.countsBytes === true
    const length = message.type === 'push' ? message.bytes.length + 16 : 64
    const bytes = frameBytes + (isCounted ? encode(writeWire(message)).length : length)
    this.bytes += bytes
    return bytes
  }

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

  #latencyMs(a: TopicNode, b: TopicNode): number {
    return this.#setup.latencies.latencyMs(a.place, b.place)
  }
}

interface Parcel {
  readonly from: TopicNode
  readonly to: TopicNode
  readonly message: TopicWireMessage
}

/** A signature that is fast and that only a test believes in. */
function testSignature(by: PeerId, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(by).update(bytes).digest())
}
