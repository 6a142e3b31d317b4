/** Joins topics and typed messages with the connections, the names and the roles of a node. */
import { SkeinError } from '../base/errors.ts'
import { findRule, isRule } from '../base/policy.ts'
import { verifySignature } from '../base/verify.node.ts'
import { topicProblem } from '../topic/topic-name.ts'
import { defaultTopicOptions } from '../topic/options.ts'
import { TopicService, defaultTopicRules, topicProtocol } from '../topic/service.ts'
import { Topic } from '../topic/topic.ts'
import { Chat, isPresence, presenceTopic } from './chat.ts'
import { TypedMessages, tellProtocol } from './typed-messages.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Emitter } from '../base/emitter.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Rule, Subject } from '../base/policy.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { Stream } from '../connection/contract.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { Verdict } from '../topic/machine.ts'
import type { TopicStatus } from '../topic/service.ts'
import type { Affiliation } from './affiliation.ts'
import type { NodeEvents } from './events.ts'
import type { TopicSettings } from './options.ts'
import type { Network } from './network.ts'
import type { Peer } from './peer.ts'
import type { People } from './people.ts'

/** What talk stands on. */
export interface TalkSetup {
  readonly identity: Identity
  readonly incarnation: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly people: People
  readonly affiliation: Affiliation
  readonly network: Network
  readonly manager: ConnectionManager
  readonly events: Emitter<NodeEvents>
  readonly subject: (peer: PeerEntry) => Subject
  readonly label: string
  readonly peer: (name: string) => Peer
  readonly isClosed: () => boolean
  /** Whether nothing of a peer is heard here. */
  readonly isBlocked: (id: PeerId) => boolean
  readonly settings: TopicSettings
}

/** Topics and typed messages in numbers. */
export interface TalkStatus extends TopicStatus {
  /** Typed messages that nobody handles, or of somebody who is blocked. */
  readonly ignored: number
  /** Typed messages of those who may not send them. */
  readonly deniedTyped: number
}

/** Who may publish on a topic to this node and through it. */
export interface TopicAccess {
  /** `role:NAME` and `peer:ID`; `known`, `member` and `local` where absent. This node always may. */
  readonly allow?: readonly Rule[]
}

const followMs = 15_000 // Guess: who was let in while it was connected waits no longer.
const refusedMs = 300_000 // Guess: as the mesh waits after a refusal.

/** See the file's head. */
export class Talk {
  readonly topics: TopicService
  readonly typed: TypedMessages
  readonly chat: Chat
  readonly #setup: TalkSetup
  readonly #refused = new Map<PeerId, number>()
  #timer: Timer | undefined

  constructor(setup: TalkSetup) {
    const { identity, incarnation, clock, random, manager, network, events, settings } = setup
    this.#setup = setup
    const { allow = defaultTopicRules, writers = {}, options } = settings
    checkRules('topics', allow)
    this.topics = new TopicService({
      ...{ id: identity.peerId, incarnation, clock, random },
      log: setup.log.child({ scope: 'topic' }),
      sign: (bytes) => identity.sign(bytes),
      verify: verifySignature,
      options: { ...defaultTopicOptions, ...options },
      rules: allow,
      // Who is in a room is known all the same, so that it is right when they are heard again.
      isSilenced: (author, topic) => !isPresence(topic) && setup.isBlocked(author),
      judge: (author, rules) => this.#judge(author, rules),
      onMiss: (topic) => events.emit('topic:miss', { topic }),
    })
    this.typed = new TypedMessages({
      ...{ clock, topics: this.topics },
      log: setup.log.child({ scope: 'topic' }),
      mayPublish: (author, rules) => this.#judge(author, rules) === 'allowed',
      isSilenced: (author) => setup.isBlocked(author),
    })
    for (const [name, rules] of Object.entries(writers)) this.topic(name, { allow: rules })
    this.chat = this.#makeChat()
    network.onFollow = (peer) => this.#follow(peer)
    network.onExpel = () => this.#expel()
    network.onLeave = () => this.topics.forget()
    network.onRestart = () => this.#expel()
    events.on('member:join', ({ id }) => this.topics.appeared(id))
    manager.events.on('peer:connect', ({ peer }) => this.topics.appeared(peer.id))
    this.#followLater()
  }

  /** See `Node.topic`. */
  topic(name: string, { allow }: TopicAccess): Topic {
    const problem = topicProblem(name)
    if (problem !== undefined) throw new SkeinError('INVALID', `'${name.slice(0, 80)}': ${problem}`)
    if (allow !== undefined) {
      checkRules(`topic ${name}`, allow)
      for (const each of [name, presenceTopic(name)]) this.topics.allow(each, allow)
    }
    return this.openTopic(name)
  }

  /** A topic of any name, those too that people cannot choose. */
  openTopic(name: string): Topic {
    return new Topic(this.topics, name)
  }

  /** What happened so far. */
  status(): TalkStatus {
    const { ignored, refused } = this.typed
    return Object.freeze({ ...this.topics.status(), ignored, deniedTyped: refused })
  }

  /** Takes a stream of `topic/1` or `tell/1`, or refuses it; false for any other. */
  accept(stream: Stream, peer: PeerEntry): boolean {
    if (stream.protocol === tellProtocol) {
      this.typed.answer(stream, this.#setup.subject(peer))
      return true
    }
    if (stream.protocol !== topicProtocol) return false
    const problem = this.#setup.network.problemWith(peer, topicProtocol)
    if (problem === undefined) this.topics.join(peer.id, stream)
    else stream.reset('DENIED', problem)
    return true
  }

  /** Ends everything. */
  close(): void {
    this.#timer?.cancel()
    this.chat.close()
    this.typed.close()
    this.topics.close()
  }

  #makeChat(): Chat {
    const { identity, label, clock, log, isClosed, people, peer, network, manager, events } =
      this.#setup
    return new Chat({
      ...{ id: identity.peerId, label, clock, log, isClosed, peer },
      openTopic: (name) => this.openTopic(name),
      nameOf: (id) => people.directory.name(id),
      isBlocked: this.#setup.isBlocked,
      isUp: (id) => network.membership.isUp(id) || manager.peer(id)?.connection?.state === 'open',
      isAbsent: (id) => {
        const state = network.membership.stateOf(id)
        const isOpen = manager.peer(id)?.connection?.state === 'open'
        return !isOpen && (state === 'gone' || state === 'left')
      },
      incarnationOf: (id) => network.membership.incarnationOf(id),
      on: (name, listener) => events.on(name, listener),
      handle: (type, handler) => this.typed.handle(type, handler),
    })
  }

  /** Opens the stream to a peer, if that is this side's part and it may take part. */
  #follow(peer: PeerEntry): void {
    const { identity, network, clock } = this.#setup
    const { connection, id } = peer
    if (connection === undefined || connection.state === 'closed') return
    if (identity.peerId > id || this.topics.hasLink(id)) return
    if (network.problemWith(peer, topicProtocol) !== undefined) return
    const stream = connection.open(topicProtocol)
    this.topics.join(id, stream, () => {
      this.#refused.set(id, clock.nowMs())
    })
  }

  #followLater(): void {
    const { clock, manager } = this.#setup
    this.#timer = clock.after(followMs, () => {
      const nowMs = clock.nowMs()
      for (const [id, atMs] of this.#refused) {
        if (nowMs - atMs > refusedMs) this.#refused.delete(id)
      }
      for (const peer of manager.peers) if (!this.#refused.has(peer.id)) this.#follow(peer)
      this.#followLater()
    })
  }

  #expel(): void {
    const { manager, network } = this.#setup
    this.topics.expel((id) => {
      const peer = manager.peer(id)
      return peer !== undefined && network.problemWith(peer, topicProtocol) === undefined
    })
  }

  /**
   * Whether an author has a role that may. A member is who has a pass; in a network without a key, whom
   * the peers of this node vouch for.
   */
  #judge(author: PeerId, allow: readonly Rule[]): Verdict {
    const { identity, people, affiliation, network } = this.#setup
    if (author === identity.peerId) return 'allowed'
    if (people.isDenied(author)) return 'refused'
    if (findRule(allow, this.#subjectOf(author)) !== undefined) return 'allowed'
    if (!network.membership.knows(author)) return 'unknown'
    const isMember = affiliation.network === undefined && allow.includes('role:member')
    return isMember ? 'allowed' : 'refused'
  }

  #subjectOf(id: PeerId): Subject {
    const { manager, people } = this.#setup
    return people.subject(id, manager.peer(id)?.connection?.isLocal ?? false)
  }
}

function checkRules(what: string, rules: readonly Rule[]): void {
  const wrong = rules.find((rule) => !isRule(rule))
  if (wrong === undefined) return
  const text = `${what}: ${JSON.stringify(wrong)} is no rule; write role:NAME or peer:ID`
  throw new SkeinError('INVALID', text)
}
