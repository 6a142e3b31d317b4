/**
 * Rooms in which people talk: the lines of a room are texts on the topic of its name, and who is in it
 * stands on a topic beside it, so that every member knows it, also one that comes late.
 *
 * Who is in a room said so last (`here`), in this start of its node, and that node is not gone.
 */
import { toSkeinError } from '../base/errors.ts'
import { background } from '../base/background.ts'
import { onePeerProblem } from './one-peer.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Received } from '../topic/delivery.ts'
import type { Topic } from '../topic/topic.ts'
import type { Chatter } from './chat-news.ts'
import type { MemberEvent, NodeEvents } from './events.ts'
import type { Peer } from './peer.ts'
import type { TypedHandler } from './typed-messages.ts'

/** What a room tells whoever is in it here. */
export type ChatEvent =
  | { readonly event: 'line'; readonly message: Received; readonly name: string }
  | {
      readonly event: 'arrive' | 'leave' | 'lost' | 'back'
      readonly id: PeerId
      readonly name: string
    }
  | {
      readonly event: 'direct'
      readonly id: PeerId
      readonly name: string
      readonly text: string
      readonly time: number
    }

/** What rooms ask of their node. */
export interface ChatHost {
  readonly id: PeerId
  readonly label: string
  readonly clock: Clock
  readonly log: Log
  isClosed(): boolean
  openTopic(name: string): Topic
  nameOf(id: PeerId): string
  peer(name: string): Peer
  isUp(id: PeerId): boolean
  /** Whether the network knows that a node is gone or has left. */
  isAbsent(id: PeerId): boolean
  /** Whether nothing of a peer is heard here. */
  isBlocked(id: PeerId): boolean
  incarnationOf(id: PeerId): number
  on<Name extends keyof NodeEvents>(
    name: Name,
    listener: (event: NodeEvents[Name]) => void,
  ): Unsubscribe
  handle(type: string, handler: TypedHandler): Unsubscribe
}

type Listener = (event: ChatEvent) => void

interface Presence {
  readonly incarnation: number
  readonly time: number
  readonly sequence: number
  readonly isHere: boolean
  /** It is here, and its node is not. */
  isLost: boolean
}

const directType = 'skein/chat'
const maxKnown = 10_000 // Guess: people that a room shows at most.
const renewMs = 3_600_000 // Guess: well before what was said is forgotten.
const selfSuffix = 4

const presencePrefix = '$chat/' // A name that people cannot choose.

/** The topic on which stands who is in a room. */
export function presenceTopic(room: string): string {
  return `${presencePrefix}${room}`
}

/** Whether a topic is one of those. */
export function isPresence(topic: string): boolean {
  return topic.startsWith(presencePrefix)
}

/** A room with somebody of this node in it. */
class Room {
  readonly topic: Topic
  readonly listeners = new Set<Listener>()
  readonly #host: ChatHost
  readonly #presence: Topic
  readonly #people = new Map<PeerId, Presence>()
  readonly #ends: Unsubscribe[] = []
  #timer: Timer | undefined

  constructor(host: ChatHost, name: string) {
    this.#host = host
    this.topic = host.openTopic(name)
    this.#presence = host.openTopic(presenceTopic(name))
  }

  /** Whoever is here now, by name. */
  get people(): readonly Chatter[] {
    const here = [...this.#people].filter(([id, presence]) => {
      return this.#isHere(id, presence) && !this.#host.isBlocked(id)
    })
    const chatters = here.map(([id]) => ({
      id,
      name: this.nameOf(id),
      isSelf: id === this.#host.id,
    }))
    return chatters.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** What people call an author here; never what this node is called, unless it is this node. */
  nameOf(id: PeerId): string {
    return displayName(this.#host, id)
  }

  open(history: number): void {
    const host = this.#host
    const onPresence = (message: Received): void => this.#note(message)
    this.#ends.push(
      this.#presence.subscribe(onPresence, { history: maxKnown, maxWaiting: maxKnown }),
      this.topic.subscribe((message) => this.#tellLine(message), { history, maxWaiting: maxKnown }),
      host.on('member:gone', (member) => this.#onLost(member)),
      host.on('member:left', (member) => this.#onLost(member)),
      host.on('member:join', (member) => this.#onBack(member)),
    )
    this.#say(true)
  }

  close(): void {
    this.#timer?.cancel()
    if (!this.#host.isClosed()) this.#say(false)
    for (const end of this.#ends) end()
  }

  #say(isHere: boolean): void {
    const { clock, log } = this.#host
    if (this.#host.isClosed()) return
    background(this.#presence.publish({ isHere }), 'tell who is in a chat', log)
    this.#timer?.cancel()
    if (isHere) this.#timer = clock.after(renewMs, () => this.#say(true))
  }

  #tellLine(message: Received): void {
    this.#tell({ event: 'line', message, name: this.nameOf(message.author) })
  }

  #note({ author: id, value, incarnation, sequence, time, isPast }: Received): void {
    const isHere = (value as { readonly isHere?: unknown } | undefined)?.isHere
    if (typeof isHere !== 'boolean') return
    const before = this.#people.get(id)
    const isOld =
      before !== undefined &&
      (before.incarnation > incarnation ||
        (before.incarnation === incarnation && before.sequence >= sequence))
    if (isOld) return
    const wasHere = before !== undefined && this.#isHere(id, before)
    this.#people.delete(id)
    this.#people.set(id, { incarnation, sequence, time, isHere, isLost: false })
    const [oldest] = this.#people.keys()
    if (this.#people.size > maxKnown && oldest !== undefined) this.#people.delete(oldest)
    if (isPast || id === this.#host.id || wasHere === isHere) return
    this.#tellMove({ event: isHere ? 'arrive' : 'leave', id, name: this.nameOf(id) })
  }

  #isHere(id: PeerId, { isHere, isLost, incarnation }: Presence): boolean {
    if (!isHere || isLost) return false
    if (id === this.#host.id) return true
    return this.#host.isUp(id) && this.#host.incarnationOf(id) <= incarnation
  }

  #onLost({ id }: MemberEvent): void {
    const presence = this.#people.get(id)
    if (presence === undefined || !presence.isHere || presence.isLost) return
    presence.isLost = true
    this.#tellMove({ event: 'lost', id, name: this.nameOf(id) })
  }

  #onBack({ id }: MemberEvent): void {
    const presence = this.#people.get(id)
    if (presence === undefined || !presence.isLost) return
    if (this.#host.incarnationOf(id) > presence.incarnation) return // It started again, without us.
    presence.isLost = false
    this.#tellMove({ event: 'back', id, name: this.nameOf(id) })
  }

  #tellMove(
    event: Extract<ChatEvent, { readonly event: 'arrive' | 'leave' | 'lost' | 'back' }>,
  ): void {
    if (!this.#host.isBlocked(event.id)) this.#tell(event)
  }

  #tell(event: ChatEvent): void {
    for (const listener of this.listeners) listener(event)
  }
}

/** All rooms in which somebody of this node is. */
export class Chat {
  readonly #host: ChatHost
  readonly #rooms = new Map<string, Room>()
  readonly #listeners = new Set<Listener>()
  #stopHandling: Unsubscribe | undefined

  constructor(host: ChatHost) {
    this.#host = host
  }

  /**
   * Enters a room.
   *
   * @param history - How many of its last lines to hear.
   * @returns The room, and what leaves it.
   */
  enter(
    name: string,
    { history, listener }: { readonly history: number; readonly listener: Listener },
  ) {
    const known = this.#rooms.get(name)
    const room = known ?? new Room(this.#host, name)
    room.listeners.add(listener)
    this.#listeners.add(listener)
    this.#stopHandling ??= this.#host.handle(directType, (message) => this.#onDirect(message))
    if (known === undefined) {
      this.#rooms.set(name, room)
      room.open(history)
    } else {
      for (const message of room.topic.history(history)) {
        listener({ event: 'line', message, name: room.nameOf(message.author) })
      }
    }
    return {
      room,
      leave: () => {
        this.#listeners.delete(listener)
        room.listeners.delete(listener)
        if (room.listeners.size === 0 && this.#rooms.delete(name)) room.close()
        if (this.#listeners.size > 0) return
        this.#stopHandling?.()
        this.#stopHandling = undefined
      },
    }
  }

  /**
   * Tells one peer a line, who is up.
   *
   * @returns A problem, for people; `undefined` where all is well.
   */
  async whisper(target: string, text: string): Promise<{ name: string; problem?: string }> {
    const name = target.replace(/^@/, '')
    if (onePeerProblem(name) !== undefined) {
      const problem = '/msg tells one peer; what you type without it is for all in the chat'
      return { name, problem }
    }
    try {
      const { id } = this.#host.peer(name)
      const shown = displayName(this.#host, id)
      return { name: shown, ...(await this.#tellOne(id, shown, text)) }
    } catch (thrown) {
      const { code, message } = toSkeinError(thrown)
      const hint = code === 'PEER_UNKNOWN' ? '; /who lists who is here' : ''
      return { name, problem: message + hint }
    }
  }

  /** Nothing is held for who is away: that is what messages are for. */
  async #tellOne(id: PeerId, shown: string, text: string): Promise<{ problem?: string }> {
    const advice = `to leave a message: skein send @${shown} TEXT`
    const isAway = `${shown} is away, and did not see that; ${advice}`
    if (this.#host.isAbsent(id)) return { problem: isAway }
    try {
      const isHeard = await this.#host.peer(id).tell(directType, text)
      if (isHeard) return {}
      return { problem: `${shown} is not in a chat, and did not see that; ${advice}` }
    } catch (thrown) {
      const { code, message } = toSkeinError(thrown)
      if (code === 'DIAL_FAILED' || code === 'PEER_UNKNOWN') return { problem: isAway }
      if (code !== 'TIMED_OUT' && !code.startsWith('CONNECTION_')) return { problem: message }
      return { problem: `${shown} does not answer, and may not have seen that; ${advice}` }
    }
  }

  /** Leaves all rooms. */
  close(): void {
    this.#stopHandling?.()
    for (const room of this.#rooms.values()) room.close()
    this.#rooms.clear()
  }

  #onDirect({ author, body, time, isDirect }: Parameters<TypedHandler>[0]): void {
    if (typeof body !== 'string' || !isDirect) return
    const event = {
      event: 'direct',
      id: author,
      name: displayName(this.#host, author),
      text: body,
      time,
    } as const
    for (const listener of this.#listeners) listener(event)
  }
}

function displayName(host: ChatHost, id: PeerId): string {
  const { id: self, label } = host
  if (id === self) return label
  const name = host.nameOf(id)
  return name === label ? `${name}~${id.slice(0, selfSuffix)}` : name
}
