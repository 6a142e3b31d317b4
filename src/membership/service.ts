/**
 * Runs the membership machine on a node: a stream a connection, round-trip times from the paths, and
 * a suspicion when a connection has no path and none can be made.
 *
 * A connection that is closed with a word of goodbye is no reason for suspicion; one that lost its
 * paths, or whose path does not answer, is, after a moment, for most come back within it.
 */
import { afterAwake } from '../base/clock.ts'
import { MessageStream } from '../connection/message-stream.ts'
import { collectLinks } from './links.ts'
import { MembershipMachine } from './machine.ts'
import { readMessage, writeMessage } from './messages.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Stream } from '../connection/contract.ts'
import type { MembershipMessage } from './messages.ts'
import type { MembershipOptions } from './options.ts'
import type { Farewell } from './own-word.ts'
import type { SelfDescription } from './machine-setup.ts'
import type { MemberRecord, Signer } from './record.ts'
import type { LinkInfo, MemberState, NodeInfo } from './snapshot.ts'
import type { Member } from './view.ts'

/** The name under which streams are opened. */
export const membershipProtocol = 'membership/1'

const suspicionDelayMs = 1_000 // Guess: most lost paths are replaced within a few round trips.
const maxMessageBytes = 2 * 2 ** 20 // 512 signed words of 2 048 bytes, and their frame.

/** What the service works with. */
export interface MembershipSetup {
  readonly signer: Signer
  readonly incarnation: number
  readonly firstRevision?: number
  readonly clock: Clock
  readonly random: Random
  readonly options: MembershipOptions
  readonly self: SelfDescription
  readonly admits: (record: MemberRecord) => boolean
  readonly withdrawals: () => readonly Uint8Array[]
  readonly onWithdrawal: (bytes: Uint8Array) => string | undefined
  readonly nameOf: (id: PeerId) => string
  /** Whether there is a path to a peer that is not in doubt. */
  readonly isAnswering: (id: PeerId) => boolean
  readonly onChange: (id: PeerId, state: MemberState, before: MemberState | undefined) => void
  readonly onLinks: () => void
}

/** See the file's head. */
export class Membership {
  readonly #setup: MembershipSetup
  readonly #machine: MembershipMachine
  readonly #streams = new Map<PeerId, MessageStream>()
  readonly #doubts = new Map<PeerId, Timer>()
  /** Of streams that are over. */
  #sentBytes = 0
  #receivedBytes = 0

  constructor(setup: MembershipSetup) {
    this.#setup = setup
    this.#machine = new MembershipMachine({
      ...setup,
      send: (to, message) => this.#send(to, message),
      onChange: setup.onChange,
      onLinks: () => setup.onLinks(),
    })
  }

  /** All members, this node first, then by name. Frozen. */
  nodes(): readonly NodeInfo[] {
    const ranked = [...this.#machine.view].map((member) => {
      const info = this.#describeMember(member)
      return { info, rank: `${info.isSelf ? 0 : 1} ${info.name} ${info.id}` }
    })
    ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))
    return Object.freeze(ranked.map(({ info }) => info))
  }

  /** One member, this node too. Frozen. */
  node(id: PeerId): NodeInfo | undefined {
    const member = this.#machine.view.get(id)
    return member === undefined ? undefined : this.#describeMember(member)
  }

  /** All links, each once. Frozen. */
  links(): readonly LinkInfo[] {
    const { view, ownLinks } = this.#machine
    return Object.freeze(collectLinks(view, ownLinks, this.#setup.clock.nowMs()))
  }

  /** How many members are in each state. */
  countStates(): Readonly<Record<MemberState, number>> {
    const counts = { alive: 0, suspect: 0, gone: 0, left: 0 }
    for (const { state } of this.#machine.view) counts[state]++
    return counts
  }

  /** Bytes of all streams so far. */
  get gossipBytes(): { readonly sent: number; readonly received: number } {
    let [sent, received] = [this.#sentBytes, this.#receivedBytes]
    for (const { stream, sentBytes, receivedBytes } of this.#streams.values()) {
      if (stream.isClosed) continue // Counted when it ended.
      sent += sentBytes
      received += receivedBytes
    }
    return { sent, received }
  }

  /** Messages and words that broke a rule, so far. */
  get violations(): number {
    return this.#machine.violations
  }

  /** Tells whether anything is known of a member, also of one that is gone. */
  knows(id: PeerId): boolean {
    return this.#machine.view.get(id) !== undefined
  }

  /** Tells whether a member is believed to run. */
  isUp(id: PeerId): boolean {
    const state = this.#machine.view.get(id)?.state
    return state === 'alive' || state === 'suspect'
  }

  /** Which start of a member's process is known; 0 where none is. */
  incarnationOf(id: PeerId): number {
    return this.#machine.view.get(id)?.record.value.incarnation ?? 0
  }

  /** What a member last said of itself. */
  addressesOf(id: PeerId): readonly string[] {
    return this.#machine.view.get(id)?.record.value.addresses ?? []
  }

  /** What is believed of a member; `undefined` of one that was never heard of. */
  stateOf(id: PeerId): MemberState | undefined {
    return this.#machine.view.get(id)?.state
  }

  /** Members that are alive, with the start of their process (Unix ms); this node too. */
  alive(): readonly Pick<MemberRecord, 'id' | 'incarnation'>[] {
    const members = [...this.#machine.view].filter(({ state }) => state === 'alive')
    return members.map(({ record }) => record.value)
  }

  /** What a member calls itself. */
  labelOf(id: PeerId): string | undefined {
    return this.#machine.view.get(id)?.record.value.label
  }

  /** Takes the stream of a neighbour over; an earlier one of the same neighbour ends. */
  join(id: PeerId, stream: Stream): void {
    const messages = new MessageStream(stream, { maxMessageBytes })
    stream.isBackground = true
    this.#streams.get(id)?.stream.end()
    this.#streams.set(id, messages)
    this.#trust(id)
    messages.bind({
      onMessage: (value) => {
        const message = readMessage(value)
        if (typeof message === 'string') {
          this.#machine.violations++
          stream.reset('VIOLATION', `M8: ${message}`)
        } else this.#machine.receive(id, message)
      },
      onEnd: () => stream.end(),
      onDrain: () => undefined,
      onClose: () => {
        this.#sentBytes += messages.sentBytes
        this.#receivedBytes += messages.receivedBytes
        if (this.#streams.get(id) !== messages) return
        this.#streams.delete(id)
        this.#machine.removeNeighbour(id)
      },
    })
    this.#machine.addNeighbour(id)
  }

  /** A path to a neighbour was attached: all is well. */
  restored(id: PeerId): void {
    this.#trust(id)
  }

  /** A neighbour has no path any more, or the one in use does not answer. */
  interrupted(id: PeerId): void {
    if (this.#doubts.has(id)) return
    const timer = afterAwake(this.#setup.clock, suspicionDelayMs, () => {
      this.#doubts.delete(id)
      if (!this.#setup.isAnswering(id)) this.#machine.suspect(id)
    })
    this.#doubts.set(id, timer)
  }

  /** The connection to a neighbour is over; suspicious unless it was ended by a word. */
  parted(id: PeerId, isByWord: boolean): void {
    this.#machine.dropLink(id)
    if (!isByWord) this.interrupted(id)
  }

  /** A round trip was measured, µs. */
  measured(id: PeerId, rttMicros: number): void {
    this.#machine.measure(id, rttMicros)
  }

  /** Says something new of this node. */
  describe(self: SelfDescription): void {
    this.#machine.describe(self)
  }

  /**
   * Passes were taken back, or ended: who is no member any more is forgotten, and told nothing more.
   *
   * @param problemWith - Why somebody takes no part; `undefined` of who does.
   */
  expel(problemWith: (id: PeerId) => string | undefined): void {
    this.#machine.expel()
    for (const [id, { stream }] of [...this.#streams]) {
      const problem = problemWith(id)
      if (problem !== undefined) stream.reset('DENIED', problem)
    }
  }

  /** Number of the newest word of this node. */
  get revision(): number {
    return this.#machine.revision
  }

  /** Whom this node exchanges words with. */
  get neighbours(): readonly PeerId[] {
    return [...this.#streams.keys()]
  }

  /** Tells the neighbours of a withdrawal that is news. */
  tellWithdrawal(bytes: Uint8Array): void {
    this.#machine.tellWithdrawal(bytes)
  }

  /** Ends its streams behind what was said, and stops: another one takes its place. */
  stop(): void {
    this.#machine.stop()
    for (const timer of this.#doubts.values()) timer.cancel()
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const { stream } of streams) stream.end()
  }

  /** Tells everybody that this node goes: for now, or out of the network. */
  leave(farewell: Farewell = 'leaves'): void {
    this.#machine.leave(farewell)
    for (const timer of this.#doubts.values()) timer.cancel()
  }

  #describeMember({ record, state, heardMs }: Member): NodeInfo {
    const { id, addresses, software, protocol } = record.value
    const isSelf = id === this.#machine.self
    const ageMs = isSelf ? 0 : Math.round(this.#setup.clock.nowMs() - heardMs)
    const name = this.#setup.nameOf(id)
    return Object.freeze({ id, name, state, addresses, ageMs, software, protocol, isSelf })
  }

  #trust(id: PeerId): void {
    this.#doubts.get(id)?.cancel()
    this.#doubts.delete(id)
  }

  #send(to: PeerId, message: MembershipMessage): void {
    this.#streams.get(to)?.send(writeMessage(message))
  }
}
