/** What is measured of topics, in virtual time: a function of the seed. */
import { randomInt } from '../../../src/base/random.ts'
import { TopicWorld } from './world.ts'
import { regionWorld } from '../awareness/latency-worlds.ts'
import type { TopicOptions } from '../../../src/topic/options.ts'
import type { TopicNode } from './world.ts'

/** What a run is made of. */
export interface TopicRun {
  readonly seed: number
  readonly count: number
  /** How many of them publish. */
  readonly senders: number
  readonly loss: number
  readonly options?: Partial<TopicOptions>
  /** Messages in all. */
  readonly messages: number
  /** Time between two messages, ms. */
  readonly everyMs: number
}

/** What a run came to. */
export interface TopicFigures {
  /** Share of (message, node) pairs that were delivered, the author left out. */
  readonly delivered: number
  /** Pairs that were delivered more than once. */
  readonly repeated: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Copies that a node received of a message, on average; 1 is the least there can be. */
  readonly copies: number
  /** Names that a node received of a message, on average. */
  readonly names: number
  /** Bytes that a node received of a message, on average, with frames. */
  readonly bytes: number
  /** Steps of the copy that came last, on average over the messages, and at most. */
  readonly lastHop: number
  readonly mostHops: number
}

const bodyBytes = 100
const warmUpShare = 0.5 // Of the messages: while trees come to be, figures are not those of long after.

/** Publishes, waits until all is calm, and counts. */
export function measureTopics(run: TopicRun): TopicFigures {
  const { seed, count, senders, loss, messages, everyMs, options = {} } = run
  const world = new TopicWorld({ seed, latencies: regionWorld, options, countsBytes: true })
  world.startMesh(count)
  world.loss = loss
  const authors = pick(world, senders)
  const body = world.random.bytes(bodyBytes)
  const book = new Book(world)
  const publish = (number: number): void => {
    if (number === 0) book.begin()
    const author = authors[number % authors.length]
    if (author !== undefined) book.publish(author, body)
  }
  const before = Math.max(senders, Math.round(messages * warmUpShare))
  for (let number = 0; number < before; number++) {
    world.clock.after(
      number * everyMs,
      () => void authors[number % senders]?.machine.publish('bench', body),
    )
  }
  world.clock.advance(before * everyMs + 5_000)
  for (let number = 0; number < messages; number++)
    world.clock.after(number * everyMs, () => publish(number))
  world.clock.advance(messages * everyMs + 15_000)
  const figures = book.figures(messages * (count - 1))
  for (const { machine } of world.nodes) machine.stop()
  return figures
}

function pick(world: TopicWorld, senders: number): readonly TopicNode[] {
  const left = [...world.nodes]
  return Array.from({ length: senders }, () => {
    const [node] = left.splice(randomInt(world.random, left.length), 1)
    return node
  }).filter((node) => node !== undefined)
}

/** Counts what happens to the messages that were published since it was begun. */
class Book {
  readonly #world: TopicWorld
  readonly #publishedMs = new Map<string, number>()
  readonly #hops = new Map<string, Map<TopicNode, number>>()
  readonly #latencies: number[] = []
  #repeated = 0
  #start = { pushes: 0, names: 0, bytes: 0 }
  #lastStep: { from: TopicNode; to: TopicNode } | undefined

  constructor(world: TopicWorld) {
    this.#world = world
    world.onPush = (from, to) => (this.#lastStep = { from, to })
    world.onDeliver = (of, kept) => {
      const publishedMs = this.#publishedMs.get(kept.key)
      const hops = this.#hops.get(kept.key)
      if (publishedMs === undefined || hops === undefined) return
      if ((of.delivered.get(kept.key) ?? 0) > 1) this.#repeated++
      this.#latencies.push(world.clock.nowMs() - publishedMs)
      const from = this.#lastStep?.from
      hops.set(of, 1 + ((from === undefined ? 0 : hops.get(from)) ?? 0))
    }
  }

  begin(): void {
    const { pushes, names, bytes } = this.#world
    this.#start = { pushes, names, bytes }
  }

  publish(author: TopicNode, body: Uint8Array): void {
    const { key } = author.machine.publish('bench', body)
    this.#publishedMs.set(key, this.#world.clock.nowMs())
    this.#hops.set(key, new Map([[author, 0]]))
  }

  figures(wanted: number): TopicFigures {
    const { pushes, names, bytes } = this.#world
    const sorted = Float64Array.from(this.#latencies).toSorted()
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN
    const lastHops = [...this.#hops.values()].map((hops) => Math.max(...hops.values()))
    return {
      delivered: (this.#latencies.length - this.#repeated) / wanted,
      repeated: this.#repeated,
      ...{ p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) },
      copies: (pushes - this.#start.pushes) / wanted,
      names: (names - this.#start.names) / wanted,
      bytes: (bytes - this.#start.bytes) / wanted,
      lastHop: lastHops.reduce((sum, each) => sum + each, 0) / lastHops.length,
      mostHops: Math.max(...lastHops),
    }
  }
}
