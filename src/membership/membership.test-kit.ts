/** One machine with everything in hand: what it sends, its clock, and members who sign for it. */
import { createHash } from 'node:crypto'
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { MembershipMachine } from './machine.ts'
import { defaultMembershipOptions } from './options.ts'
import { signLinks, signRecord, signSuspicion } from './record.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MembershipMessage } from './messages.ts'
import type { MembershipOptions } from './options.ts'
import type { MemberRecord, Signer } from './record.ts'

/** A signature that is fast and that only a test believes in. */
export function testSigner(id: PeerId): Signer {
  const sign = (by: PeerId, bytes: Uint8Array): Uint8Array =>
    new Uint8Array(createHash('sha512').update(by).update(bytes).digest())
  return {
    id,
    sign: (bytes) => sign(id, bytes),
    verify: (by, bytes, signature) => Buffer.compare(sign(by, bytes), signature) === 0,
  }
}

/** The ID of a member by its number. */
export function memberId(number: number): PeerId {
  return peerIdFromKey(seededRandom(number).bytes(32))
}

/** What a member says of itself. */
export function recordOf(id: PeerId, changes: Partial<MemberRecord> = {}): Uint8Array {
  const record = {
    ...{ id, incarnation: 1, revision: 0, label: 'x', addresses: ['memory://x'] },
    ...{ software: '1', protocol: 1, isLeaving: false },
    ...changes,
  }
  return signRecord(record, testSigner(id)).bytes
}

/** What a member says of its links: the others' keys and round-trip times. */
export function linksOf(
  id: PeerId,
  rttMicros: ReadonlyMap<string, number>,
  revision = 1,
): Uint8Array {
  return signLinks({ id, incarnation: 1, revision, rttMicros }, testSigner(id)).bytes
}

/** A suspicion of a member's first word, or of a later one. */
export function suspicionOf(accused: PeerId, by: PeerId, revision = 0): Uint8Array {
  return signSuspicion({ accused, by, incarnation: 1, revision }, testSigner(by)).bytes
}

/** A machine, and what it sends. */
export class Bench {
  readonly time = new VirtualClock()
  readonly sent: { readonly to: PeerId; readonly message: MembershipMessage }[] = []
  readonly machine: MembershipMachine
  readonly deferred: (() => void)[] = []
  /** Who is no member any more. */
  readonly expelled = new Set<PeerId>()
  /** How long it takes to check a signature, ms. */
  checkMs = 0
  checks = 0
  #workedMs = 0

  constructor(options: Partial<MembershipOptions> = {}) {
    const id = memberId(0)
    const signer = testSigner(id)
    const clock: Clock = {
      nowMs: () => this.time.nowMs() + this.#workedMs,
      nowMicros: () => this.time.nowMicros(),
      unixMs: () => this.time.unixMs(),
      lateMs: () => 0,
      after: (delayMs, run) => this.time.after(delayMs, run),
    }
    this.machine = new MembershipMachine({
      signer: {
        ...signer,
        verify: (by, bytes, signature) => {
          this.checks++
          this.#workedMs += this.checkMs
          return signer.verify(by, bytes, signature)
        },
      },
      incarnation: 1,
      clock,
      random: seededRandom(1),
      options: { ...defaultMembershipOptions, ...options },
      self: { label: 'x', addresses: [], software: '1', protocol: 1 },
      send: (to, message) => this.sent.push({ to, message }),
      defer: (run) => this.deferred.push(run),
      admits: ({ id: member }) => !this.expelled.has(member),
      onChange: () => undefined,
      onLinks: () => undefined,
    })
  }

  /** Messages of a type to somebody, since the start. */
  sentTo(to: PeerId, type: MembershipMessage['type']): readonly MembershipMessage[] {
    return this.sent
      .filter((each) => each.to === to && each.message.type === type)
      .map(({ message }) => message)
  }

  /** What the event loop does when it gets round to it. */
  nextTurn(): void {
    for (const run of this.deferred.splice(0)) run()
  }
}
