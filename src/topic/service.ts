/**
 * Runs the machine of topics on a node: a stream a connection, subscribers, and who may publish.
 */
import { decode, encode } from '../codec/index.ts'
import { SkeinError, messageOf } from '../base/errors.ts'
import { MessageStream } from '../connection/message-stream.ts'
import { TopicMachine } from './machine.ts'
import { readWire, writeWire } from './messages.ts'
import { PublishLine } from './publish-line.ts'
import { Subscription } from './subscription.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Rule } from '../base/policy.ts'
import type { Stream } from '../connection/contract.ts'
import type { Received } from './delivery.ts'
import type { Sign, Verify } from './envelope.ts'
import type { TopicCounts, Verdict } from './machine.ts'
import type { TopicOptions } from './options.ts'
import type { Published } from './publish-line.ts'
import type { Kept } from './store.ts'
import type { SubscribeOptions } from './subscription.ts'

/** The name under which streams are opened. */
export const topicProtocol = 'topic/1'

/** Who may publish where neither a topic nor its node says anything else. */
export const defaultTopicRules: readonly Rule[] = ['role:known', 'role:member', 'role:local']

const refusals: ReadonlySet<string> = new Set(['DENIED', 'PROTOCOL_UNKNOWN', 'VIOLATION'])
const maxMessageBytes = 2 ** 20 // What was seen of 8 192 authors, and a few gaps.

/** What the service works with. */
export interface TopicServiceSetup {
  readonly id: PeerId
  readonly incarnation: number
  readonly sign: Sign
  readonly verify: Verify
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly options: TopicOptions
  /** Whether an author has one of the roles; `unknown` where word of it may still come. */
  readonly judge: (author: PeerId, allow: readonly Rule[]) => Verdict
  /** Who may publish on a topic of which nothing else was said. */
  readonly rules: readonly Rule[]
  /** Whether what an author publishes on a topic reaches no subscriber here; it is passed on. */
  readonly isSilenced: (author: PeerId, topic: string) => boolean
  /** A slow subscriber missed a message. */
  readonly onMiss: (topic: string) => void
}

/** What happened so far, and what is kept. */
export interface TopicStatus extends Readonly<TopicCounts> {
  /** Messages whose body is no value. */
  readonly unreadable: number
  /** Messages that slow subscribers missed. */
  readonly missed: number
  /** Messages from peers that broke the rules of the protocol. */
  readonly violations: number
  /** Messages that were named and never came, or that waited in vain for word of their author. */
  readonly lost: number
  readonly neighbours: number
  readonly authors: number
  readonly keptCount: number
  readonly keptBytes: number
}

/** See the file's head. */
export class TopicService {
  readonly #setup: TopicServiceSetup
  readonly #machine: TopicMachine
  readonly #line: PublishLine
  readonly #links = new Map<PeerId, MessageStream>()
  readonly #subscriptions = new Map<string, Map<Subscription, () => void>>()
  readonly #rules = new Map<string, readonly Rule[]>()
  #unreadable = 0
  #missed = 0
  #violations = 0

  constructor(setup: TopicServiceSetup) {
    this.#setup = setup
    this.#machine = new TopicMachine({
      ...setup,
      send: (to, message) => this.#links.get(to)?.send(writeWire(message)) ?? true,
      setReading: (from, isReading) => {
        this.#links.get(from)?.stream.setReading(isReading)
      },
      judge: (author, topic) => setup.judge(author, this.#rulesOf(topic)),
      deliver: (kept, isPast) => this.#deliver(kept, isPast),
    })
    this.#line = new PublishLine({
      clock: setup.clock,
      waitMs: () => this.#machine.publishWaitMs(),
      publish: (topic, body) => {
        const { sequence } = this.#machine.publish(topic, body).message
        return Object.freeze({ sequence, peers: this.#links.size })
      },
    })
  }

  /** What happened so far. Frozen. */
  status(): TopicStatus {
    const machine = this.#machine
    return Object.freeze({
      ...machine.counts,
      unreadable: this.#unreadable,
      missed: this.#missed,
      violations: this.#violations,
      lost: machine.lost,
      neighbours: machine.neighbours.length,
      authors: machine.authorCount,
      keptCount: machine.store.count,
      keptBytes: machine.store.bytes,
    })
  }

  /** Says who may publish on a topic to this node and through it. */
  allow(topic: string, rules: readonly Rule[]): void {
    this.#rules.set(topic, rules)
  }

  /**
   * Publishes a value.
   *
   * @throws {SkeinError} `LIMIT_EXCEEDED` it is too large, or too many wait; `INVALID` it holds what
   *   CBOR cannot carry; `NODE_CLOSED`.
   */
  async publish(topic: string, value: unknown): Promise<Published> {
    const body = encode(value)
    const { maxBodyBytes } = this.#setup.options
    if (body.length > maxBodyBytes) {
      const text = `a message of ${body.length} bytes on topic ${topic}; at most ${maxBodyBytes} fit`
      throw new SkeinError('LIMIT_EXCEEDED', `${text}: publish a reference, or several parts`)
    }
    return this.#line.add(topic, body)
  }

  /**
   * Adds a subscriber.
   *
   * @param onReady - Called when something waits in its delivery.
   * @returns It, and what takes it away.
   */
  subscribe(
    topic: string,
    options: SubscribeOptions,
    onReady: (subscription: Subscription) => void,
  ): Subscription {
    const onMiss = (): void => {
      this.#missed++
      this.#setup.onMiss(topic)
    }
    const onError = (thrown: unknown): void => {
      this.#setup.log.error({ topic, error: messageOf(thrown) }, 'a subscriber failed')
    }
    const subscription = new Subscription({ options, onMiss, onError })
    const all = this.#subscriptions.get(topic) ?? new Map<Subscription, () => void>()
    this.#subscriptions.set(topic, all)
    all.set(subscription, () => onReady(subscription))
    const { history = 0 } = options
    for (const kept of this.#machine.store.last(topic, history)) {
      const message = this.#isHeard(kept) ? this.#read(kept, true) : undefined
      if (message !== undefined) subscription.offer(message, kept.bytes.length)
    }
    onReady(subscription)
    return subscription
  }

  /** Takes a subscriber away. */
  unsubscribe(topic: string, subscription: Subscription): void {
    const all = this.#subscriptions.get(topic)
    all?.delete(subscription)
    if (all?.size === 0) this.#subscriptions.delete(topic)
    subscription.delivery.end()
  }

  /** The last messages of a topic that are kept here, by their time. */
  history(topic: string, count: number): readonly Received[] {
    const heard = this.#machine.store.last(topic, count).filter((kept) => this.#isHeard(kept))
    return heard.flatMap((kept) => this.#read(kept, true) ?? [])
  }

  /**
   * Takes the stream of a neighbour over; an earlier one of the same neighbour ends.
   *
   * @param onRefuse - The neighbour gave the stream up.
   */
  join(id: PeerId, stream: Stream, onRefuse: () => void = () => undefined): void {
    const messages = new MessageStream(stream, { maxMessageBytes })
    stream.isBackground = true
    this.#links.get(id)?.stream.end()
    this.#machine.removeNeighbour(id)
    this.#links.set(id, messages)
    messages.bind({
      onMessage: (value) => {
        const message = readWire(value)
        if (typeof message !== 'string') return this.#machine.receive(id, message)
        this.#violations++
        stream.reset('VIOLATION', `TP2: ${message}`)
      },
      onEnd: () => stream.end(),
      onDrain: () => {
        if (this.#links.get(id) === messages) this.#machine.drained(id)
      },
      onClose: (error) => {
        if (error !== undefined && refusals.has(error.code)) onRefuse()
        if (this.#links.get(id) !== messages) return
        this.#links.delete(id)
        this.#machine.removeNeighbour(id)
      },
    })
    if (!stream.isClosed) this.#machine.addNeighbour(id)
  }

  /** Word of a member came: what it published before that is judged now. */
  appeared(id: PeerId): void {
    this.#machine.appeared(id)
  }

  /** Ends the streams with those who take part no more. */
  expel(mayTakePart: (id: PeerId) => boolean): void {
    for (const [id, { stream }] of this.#links) {
      if (!mayTakePart(id)) stream.reset('DENIED', `${topicProtocol} is for members`)
    }
  }

  /** Forgets what it kept: those who come next have nothing to do with it. */
  forget(): void {
    this.#machine.store.clear()
  }

  /** Tells whether a peer is a neighbour. */
  hasLink(id: PeerId): boolean {
    return this.#links.has(id)
  }

  /** Ends everything. */
  close(): void {
    this.#line.close()
    this.#machine.stop()
    for (const all of this.#subscriptions.values()) {
      for (const subscription of all.keys()) subscription.delivery.end()
    }
    this.#subscriptions.clear()
  }

  #rulesOf(topic: string): readonly Rule[] {
    return this.#rules.get(topic) ?? this.#setup.rules
  }

  #deliver(kept: Kept, isPast: boolean): void {
    const all = this.#subscriptions.get(kept.message.topic)
    if (all === undefined || !this.#isHeard(kept)) return
    const message = this.#read(kept, isPast)
    if (message === undefined) {
      this.#unreadable++
      return
    }
    for (const [subscription, onReady] of all) {
      subscription.offer(message, kept.bytes.length)
      onReady()
    }
  }

  #isHeard({ message: { author, topic } }: Kept): boolean {
    return !this.#setup.isSilenced(author, topic)
  }

  #read({ message }: Kept, isPast: boolean): Received | undefined {
    const { topic, author, time, sequence, incarnation, body } = message
    const decoded = decode(body)
    if (!decoded.ok) return undefined
    const isOwn = author === this.#setup.id
    const counter = { sequence, incarnation }
    return Object.freeze({
      ...{ topic, value: decoded.value, author, time, ...counter, isOwn, isPast, missed: 0 },
    })
  }
}
