/** One machine with everything in hand: what it sends, its clock, and authors who sign for it. */
import { createHash } from 'node:crypto'
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { writeMessage } from './envelope.ts'
import { TopicMachine } from './machine.ts'
import { prefixOf } from './message-name.ts'
import { defaultTopicOptions } from './options.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { TopicMessage } from './envelope.ts'
import type { Verdict } from './machine.ts'
import type { HeardName } from './message-name.ts'
import type { TopicWireMessage } from './messages.ts'
import type { TopicOptions } from './options.ts'
import type { Kept } from './store.ts'

/** The ID of a member by its number. */
export function memberId(number: number): PeerId {
  return peerIdFromKey(seededRandom(number).bytes(32))
}

/** A signature that is fast and that only a test believes in. */
export function testSignature(by: PeerId, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(by).update(bytes).digest())
}

/** A machine, and what it sends and delivers. */
export class Bench {
  readonly clock = new VirtualClock()
  readonly sent: { readonly to: PeerId; readonly message: TopicWireMessage }[] = []
  readonly delivered: Kept[] = []
  readonly past: Kept[] = []
  readonly reading: (readonly [PeerId, boolean])[] = []
  readonly machine: TopicMachine
  readonly id = memberId(0)
  /** Neighbours that take nothing more for now. */
  readonly full = new Set<PeerId>()
  verdict: (author: PeerId, topic: string) => Verdict = () => 'allowed'
  checks = 0

  constructor(options: Partial<TopicOptions> = {}) {
    this.machine = new TopicMachine({
      id: this.id,
      incarnation: 1,
      sign: (bytes) => testSignature(this.id, bytes),
      verify: (by, bytes, signature) => {
        this.checks++
        return Buffer.compare(testSignature(by, bytes), signature) === 0
      },
      clock: this.clock,
      random: seededRandom(1),
      options: { ...defaultTopicOptions, ...options },
      send: (to, message) => {
        this.sent.push({ to, message })
        return !this.full.has(to)
      },
      setReading: (from, isReading) => this.reading.push([from, isReading]),
      judge: (author, topic) => this.verdict(author, topic),
      deliver: (kept, isPast) => (isPast ? this.past : this.delivered).push(kept),
    })
  }

  /** A message as its author signs it. */
  write(changes: Partial<TopicMessage> = {}, by?: PeerId): Uint8Array {
    const author = changes.author ?? memberId(9)
    const message = {
      ...{ author, incarnation: 1, sequence: 0, time: this.clock.unixMs() },
      ...{ topic: 't', body: new Uint8Array([1]) },
      ...changes,
    }
    return writeMessage(message, (bytes) => testSignature(by ?? author, bytes))
  }

  /** A neighbour sends a copy. */
  push(from: PeerId, bytes: Uint8Array, ageMs = 0): void {
    this.machine.receive(from, { type: 'push', bytes, ageMs })
  }

  /** Messages of a type to somebody, since the start. */
  sentTo<Type extends TopicWireMessage['type']>(
    to: PeerId,
    type: Type,
  ): readonly Extract<TopicWireMessage, { type: Type }>[] {
    const all = this.sent.filter((each) => each.to === to).map(({ message }) => message)
    return all.filter(
      (each): each is Extract<TopicWireMessage, { type: Type }> => each.type === type,
    )
  }
}

/** Names a message of an author. */
export function nameOf(author: PeerId, sequence: number, delayMs = 0): HeardName {
  return { author: prefixOf(author), incarnation: 1, sequence, delayMs }
}
