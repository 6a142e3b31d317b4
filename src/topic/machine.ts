/**
 * Carries the messages of all topics to every member: Plumtree (Leitão, Pereira, Rodrigues, 2007) over
 * the connected neighbours, with a comparison that finds what even its repair missed.
 *
 *   push    copies go along the links of the author's tree; at first these are all links
 *   prune   who sends a copy that came before is asked for names only: what remains is a tree
 *   have    names go along the other links; a name without a copy is asked for: graft
 *   follow  another neighbour had a message clearly sooner: the tree goes through it from now on
 *   sync    neighbours find what one of them missed
 *
 * Every member passes everything on, whether it subscribed or not: nobody has to know who wants what,
 * and a message reaches whoever is connected to anybody.
 *
 * **Invariant**: only what was verified and whose author may publish is delivered, kept or passed on,
 * and each message once.
 */
import { Authors } from './authors.ts'
import { Bucket } from './bucket.ts'
import { Comparison } from './comparison.ts'
import { readMessage, writeMessage } from './envelope.ts'
import { Intake } from './intake.ts'
import { keyOf, prefixOf } from './message-name.ts'
import { Missing } from './missing.ts'
import { Neighbour } from './neighbour.ts'
import { Parked } from './parked.ts'
import { Store } from './store.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Author, Tree } from './authors.ts'
import type { Sign, TopicMessage, Unproved, Verify } from './envelope.ts'
import type { Arrival } from './intake.ts'
import type { HeardName, MessageName } from './message-name.ts'
import type { TopicWireMessage } from './messages.ts'
import type { TopicOptions } from './options.ts'
import type { Kept } from './store.ts'

/** Whether an author may publish on a topic, as far as is known. */
export type Verdict = 'allowed' | 'refused' | 'unknown'

/** What a machine works with. */
export interface TopicMachineSetup {
  readonly id: PeerId
  readonly incarnation: number
  readonly sign: Sign
  readonly verify: Verify
  readonly clock: Clock
  readonly random: Random
  readonly options: TopicOptions
  /** Sends to a neighbour; false when it had better wait for `drained`. */
  readonly send: (to: PeerId, message: TopicWireMessage) => boolean
  /** Stops and restarts reading from a neighbour. */
  readonly setReading: (from: PeerId, isReading: boolean) => void
  readonly judge: (author: PeerId, topic: string) => Verdict
  /** A message came, each once; `isPast` where it was published before this machine was made. */
  readonly deliver: (kept: Kept, isPast: boolean) => void
  /** Calls `run` in a later turn of the event loop; a timer of no time where absent. */
  readonly defer?: (run: () => void) => void
}

/** What happened so far. */
export interface TopicCounts {
  published: number
  /** Messages of others that came, each once. */
  received: number
  /** Copies that came beside them. */
  duplicates: number
  /** What is no message, or is not signed by its author. */
  forged: number
  /** Messages of authors that may not publish on their topic. */
  refused: number
  /** Messages whose time is too long ago or too far ahead. */
  untimely: number
  /** Messages of authors that sent more than they may, and of neighbours that sent too many forged ones. */
  excess: number
}

const pastSlackMs = 1_000 // Guess: what is under way while a node starts.
const sweepMs = 60_000 // Guess.
const pruneAgainMs = 1_000 // Guess: longer than a copy is under way.
const awaitMs = 1_000 // Guess: a copy that is so much later is not under way.
const changeMs = 5_000 // Guess: a tree is changed for a faster one so often at most.
const recentMs = 60_000 // Guess: an author that was silent for longer can wait for a graft.

/** See the file's head. */
export class TopicMachine {
  readonly counts: TopicCounts = {
    ...{ published: 0, received: 0, duplicates: 0 },
    ...{ forged: 0, refused: 0, untimely: 0, excess: 0 },
  }
  readonly store: Store
  readonly #setup: TopicMachineSetup
  readonly #authors: Authors
  readonly #neighbours = new Map<PeerId, Neighbour>()
  readonly #intake: Intake
  readonly #missing: Missing
  readonly #parked: Parked
  readonly #comparison: Comparison
  readonly #publishing: Bucket
  readonly #startMs: number
  #sequence = 0
  #namesTimer: Timer | undefined
  #sweepTimer: Timer | undefined
  #isOver = false

  constructor(setup: TopicMachineSetup) {
    const { clock, options, random } = setup
    this.#setup = setup
    this.#startMs = clock.nowMs()
    this.store = new Store(options)
    this.#authors = new Authors(options)
    this.#parked = new Parked(clock)
    const allowance = { atOnce: options.publishAtOnce, perSecond: options.publishPerSecond }
    this.#publishing = new Bucket(allowance, this.#startMs)
    this.#intake = new Intake({
      clock,
      defer: setup.defer ?? ((run) => clock.after(0, run)),
      maxBytes: options.intakeBytes,
      judge: (arrival) => this.#judge(arrival),
      setReading: (from, isReading) => setup.setReading(from, isReading),
    })
    this.#missing = new Missing({
      ...{ clock, options },
      ask: (from, names) => this.#graft(from, names),
    })
    this.#comparison = new Comparison({
      ...{ clock, random, options, authors: this.#authors, store: this.store },
      neighbours: this.#neighbours,
    })
    this.#sweepLater()
  }

  /** Whom copies and names are exchanged with. */
  get neighbours(): readonly PeerId[] {
    return [...this.#neighbours.keys()]
  }

  /** Authors of whom is known what came. */
  get authorCount(): number {
    return this.#authors.count
  }

  /** Messages that were named and did not come, or came and could not be kept for anybody. */
  get lost(): number {
    return this.#missing.unmet + this.#parked.dropped
  }

  /** How long until a message may be published, ms; 0 for now. */
  publishWaitMs(): number {
    return this.#publishing.waitMs(1, this.#setup.clock.nowMs())
  }

  /** Signs a message and sends it on its way. */
  publish(topic: string, body: Uint8Array): Kept {
    const { id, incarnation, clock, sign } = this.#setup
    const nowMs = clock.nowMs()
    const sequence = this.#sequence++
    const message = { author: id, incarnation, sequence, time: clock.unixMs(), topic, body }
    const bytes = writeMessage(message, sign)
    this.#publishing.take(1)
    this.counts.published++
    const author = this.#note(message, nowMs)
    const key = keyOf({ author: author.prefix, incarnation, sequence })
    const kept = { key, prefix: author.prefix, message, bytes, ...aged(nowMs, 0), from: undefined }
    this.#spread(kept, author.tree, [])
    return kept
  }

  /** A neighbour can be talked to. */
  addNeighbour(id: PeerId): void {
    const { options, clock, send } = this.#setup
    if (this.#isOver) return
    this.#authors.forgetNeighbour(id)
    this.#neighbours.set(
      id,
      new Neighbour(id, {
        options,
        send: (message) => send(id, message),
        nowMs: () => clock.nowMs(),
      }),
    )
    this.#comparison.meet(id)
  }

  /** A neighbour cannot be talked to any more; what came from it comes from the others. */
  removeNeighbour(id: PeerId): void {
    if (!this.#neighbours.delete(id)) return
    this.#comparison.part(id)
    const orphaned = this.#authors.heardFrom(id, this.#setup.clock.nowMs() - recentMs)
    this.#authors.forgetNeighbour(id)
    const authors = orphaned.map(({ prefix }) => prefix).slice(0, maxFollowed)
    if (authors.length === 0 || this.#isOver) return
    for (const { tree } of orphaned) tree.pruned.clear()
    for (const neighbour of this.#neighbours.values()) neighbour.tell({ type: 'follow', authors })
  }

  /** A neighbour takes messages again. */
  drained(id: PeerId): void {
    this.#neighbours.get(id)?.drained()
    this.#flushNamesLater()
  }

  /** Word of a member came: what it published before that is judged now. */
  appeared(author: PeerId): void {
    for (const arrival of this.#parked.release(author)) this.#intake.put(arrival)
  }

  /** Takes a message of a neighbour. */
  receive(from: PeerId, message: TopicWireMessage): void {
    const neighbour = this.#neighbours.get(from)
    if (neighbour === undefined || this.#isOver) return
    switch (message.type) {
      case 'push':
        this.#intake.put({ from, bytes: message.bytes, ageMs: message.ageMs })
        return
      case 'have':
        for (const name of message.names) this.#hear(neighbour, name)
        return
      case 'graft':
        this.#serve(neighbour, message.names)
        return
      case 'follow':
        for (const author of message.authors) this.#authors.get(author)?.tree.lazy.delete(from)
        return
      case 'prune':
        for (const author of message.authors) this.#authors.get(author)?.tree.lazy.add(from)
        return
      case 'sync':
        this.#comparison.compare(neighbour, message.hash)
        return
      case 'seen':
        this.#comparison.answer(neighbour, message.rows, message.wantsReply)
        return
      default:
        message satisfies never
    }
  }

  /** Stops all timers. */
  stop(): void {
    this.#isOver = true
    this.#namesTimer?.cancel()
    this.#sweepTimer?.cancel()
    for (const part of [this.#intake, this.#missing, this.#parked, this.#comparison]) part.stop()
  }

  #judge(arrival: Arrival): void {
    const { from, bytes, ageMs } = arrival
    const { clock, options, judge, verify } = this.#setup
    const nowMs = clock.nowMs()
    const mistakes = this.#neighbours.get(from)?.mistakes
    if (mistakes !== undefined && mistakes.left(nowMs) < 1) {
      this.counts.excess++
      return
    }
    const read = readMessage(bytes, options.maxBodyBytes)
    if (typeof read === 'string' || ageMs > options.retentionMs) return this.#onForged(from)
    const { message } = read
    const prefix = prefixOf(message.author)
    const key = keyOf({ ...message, author: prefix })
    const author = this.#authors.get(prefix)
    if (author?.has(message.incarnation, message.sequence) === true) {
      return this.#onDuplicate(from, key, author)
    }
    const verdict = judge(message.author, message.topic)
    if (verdict === 'unknown') return this.#parked.put(key, message.author, arrival)
    if (author !== undefined && isSpent(author, nowMs)) {
      this.counts.excess++
      return
    }
    if (this.#isOwn(message) || !verify(message.author, read.signed, read.signature)) {
      return this.#onForged(from)
    }
    this.#accept({ arrival, read, key, verdict })
  }

  /** A message is its author's: it is new. */
  #accept({ arrival, read, key, verdict }: Accepted): void {
    const { from, bytes, ageMs } = arrival
    const { message } = read
    const nowMs = this.#setup.clock.nowMs()
    const isTimely = this.#isTimely(message)
    const holders = this.#missing.take(key)
    const author = this.#note(message, nowMs)
    author.messages.take(1)
    author.bytes.take(bytes.length)
    this.#adopt(author.tree, from)
    if (!isTimely) this.counts.untimely++
    else if (verdict === 'refused') this.counts.refused++
    else {
      this.counts.received++
      if (ageMs > pastSlackMs) this.#comparison.sawRepair()
      const { prefix } = author
      this.#spread(
        { key, prefix, message, bytes, ...aged(nowMs, ageMs), from },
        author.tree,
        holders,
      )
    }
  }

  /**
   * The first copy came from there. The one that it usually comes from remains, until its copy turns out
   * to be clearly later or not to come at all: who follows each first copy ends up in circles.
   */
  #adopt(tree: Tree, from: PeerId): void {
    const nowMs = this.#setup.clock.nowMs()
    if (tree.parent === from) tree.awaitedMs = Infinity
    else if (tree.parent === undefined || nowMs - tree.awaitedMs > awaitMs) {
      tree.parent = from
      tree.awaitedMs = Infinity
      tree.pruned.delete(from)
    } else tree.awaitedMs = Math.min(tree.awaitedMs, nowMs)
  }

  #isOwn({ author, incarnation }: TopicMessage): boolean {
    return author === this.#setup.id && incarnation >= this.#setup.incarnation
  }

  #isTimely({ author, time }: TopicMessage): boolean {
    const { clock, options } = this.#setup
    const unixMs = clock.unixMs()
    const isKnown = this.#authors.get(prefixOf(author)) !== undefined
    if (!isKnown && time <= this.#authors.floorMs) return false
    return time >= unixMs - options.retentionMs && time <= unixMs + options.maxAheadMs
  }

  /** Notes that a message came, whatever becomes of it. */
  #note({ author: id, incarnation, sequence, time }: TopicMessage, nowMs: number): Author {
    const author = this.#authors.hear(id, nowMs)
    author.add(incarnation, sequence)
    const latest = this.#setup.clock.unixMs() + this.#setup.options.maxAheadMs
    author.lastTime = Math.max(author.lastTime, Math.min(time, latest))
    return author
  }

  /** Keeps, delivers and passes on what is new; what is too old to be kept here is only passed on. */
  #spread(kept: Kept, tree: Tree, holders: readonly PeerId[]): void {
    const isKept = kept.receivedMs - kept.bornMs <= this.#setup.options.keepMs
    if (isKept) this.store.put(kept)
    for (const neighbour of this.#neighbours.values()) {
      if (neighbour.id === kept.from || holders.includes(neighbour.id)) neighbour.has(kept.key)
      else if (tree.lazy.has(neighbour.id)) neighbour.name(kept)
      else neighbour.push(kept)
    }
    this.#flushNamesLater()
    if (isKept) this.#setup.deliver(kept, kept.bornMs < this.#startMs - pastSlackMs)
  }

  #onForged(from: PeerId): void {
    this.counts.forged++
    this.#neighbours.get(from)?.mistakes.take(1)
  }

  /** Of two that send the same, one is told that names will do from now on. */
  #onDuplicate(from: PeerId, key: string, { tree, prefix }: Author): void {
    this.counts.duplicates++
    this.#neighbours.get(from)?.has(key)
    const kept = this.store.get(key)
    const first = kept?.from
    if (from !== tree.parent || kept === undefined || first === undefined || first === from) {
      if (from !== tree.parent) this.#prune(tree, from, prefix)
      return
    }
    tree.awaitedMs = Infinity
    const lateMs = this.#setup.clock.nowMs() - kept.receivedMs
    const isSlow = lateMs > this.#setup.options.fasterByMs && !tree.pruned.has(first)
    if (isSlow) tree.parent = first
    this.#prune(tree, isSlow ? from : first, prefix)
  }

  #prune(tree: Tree, id: PeerId, prefix: string): void {
    const nowMs = this.#setup.clock.nowMs()
    if (nowMs - (tree.pruned.get(id) ?? -Infinity) < pruneAgainMs) return
    tree.pruned.set(id, nowMs)
    this.#neighbours.get(id)?.tell({ type: 'prune', authors: [prefix] })
  }

  /** A neighbour has a message. */
  #hear(neighbour: Neighbour, name: HeardName): void {
    const key = keyOf(name)
    neighbour.has(key)
    const author = this.#authors.get(name.author)
    if (author?.has(name.incarnation, name.sequence) === true) {
      return this.#compareWays(neighbour, author, { key, delayMs: name.delayMs })
    }
    if (author !== undefined && isSpent(author, this.#setup.clock.nowMs())) return
    this.#missing.hear(neighbour.id, name)
  }

  /** Would the message have come sooner from the neighbour that only named it? */
  #compareWays(
    neighbour: Neighbour,
    { tree, prefix }: Author,
    { key, delayMs }: { readonly key: string; readonly delayMs: number },
  ): void {
    const kept = this.store.get(key)
    const nowMs = this.#setup.clock.nowMs()
    if (kept?.from === undefined || kept.from === neighbour.id) return
    if (nowMs - tree.changedMs < changeMs) return
    if (kept.receivedMs - (nowMs - delayMs) <= this.#setup.options.fasterByMs) return
    tree.changedMs = nowMs
    tree.pruned.delete(neighbour.id)
    neighbour.tell({ type: 'follow', authors: [prefix] })
  }

  #graft(from: PeerId, names: readonly MessageName[]): void {
    for (const { author } of names) this.#authors.get(author)?.tree.pruned.delete(from)
    for (let at = 0; at < names.length; at += maxFollowed) {
      const some = names.slice(at, at + maxFollowed)
      this.#neighbours.get(from)?.tell({ type: 'graft', names: some })
    }
  }

  #serve(neighbour: Neighbour, names: readonly MessageName[]): void {
    const nowMs = this.#setup.clock.nowMs()
    for (const name of names) {
      this.#authors.get(name.author)?.tree.lazy.delete(neighbour.id)
      const kept = this.store.get(keyOf(name))
      if (kept === undefined || neighbour.served.left(nowMs) < kept.bytes.length) continue
      neighbour.served.take(kept.bytes.length)
      neighbour.push(kept)
    }
  }

  #flushNamesLater(): void {
    if (this.#namesTimer !== undefined || this.#isOver) return
    const hasNames = [...this.#neighbours.values()].some((each) => each.hasNames)
    if (!hasNames) return
    this.#namesTimer = this.#setup.clock.after(this.#setup.options.haveDelayMs, () => {
      this.#namesTimer = undefined
      for (const neighbour of this.#neighbours.values()) neighbour.flushNames()
    })
  }

  #sweepLater(): void {
    this.#sweepTimer = this.#setup.clock.after(sweepMs, () => {
      this.#authors.expire(this.#setup.clock.unixMs())
      this.store.expire(this.#setup.clock.nowMs())
      this.#sweepLater()
    })
  }
}

interface Accepted {
  readonly arrival: Arrival
  readonly read: Unproved
  readonly key: string
  readonly verdict: Verdict
}

const maxFollowed = 512 // Names of one message.

function isSpent({ messages, bytes }: Author, nowMs: number): boolean {
  return messages.left(nowMs) < 1 || bytes.left(nowMs) < 1
}

function aged(nowMs: number, ageMs: number) {
  return { receivedMs: nowMs, bornMs: nowMs - ageMs }
}
