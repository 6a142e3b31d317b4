/**
 * What this node believes of all members.
 *
 *             suspicion            time is over
 *   alive ──────────────▶ suspect ─────────────▶ gone
 *     ▲ ◀── newer record ───┘                     │
 *     └──────────────── newer record ─────────────┘        left: in its own last word
 *
 * **Invariant**: only a newer word of the member itself makes it alive again.
 */
import { compareVersions } from './record.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { LinksRecord, MemberRecord, Signed } from './record.ts'
import type { MemberState } from './snapshot.ts'

/** A member in the view. */
export interface Member {
  record: Signed<MemberRecord>
  links: Signed<LinksRecord> | undefined
  state: MemberState
  /** When its newest word came, ms of the clock. */
  heardMs: number
  /** When it became what it is, ms of the clock. */
  sinceMs: number
  /** Who suspects this very word of it: the signed bytes, by whom. */
  readonly suspicions: Map<PeerId, Uint8Array>
}

const bucketCount = 64 // A bucket of a thousand members holds sixteen.

/** See the file's head. */
export class View {
  readonly #members = new Map<PeerId, Member>()
  /** XOR of a hash of each member's words, a bucket of the IDs each. */
  readonly #hashes = new Float64Array(bucketCount)

  get size(): number {
    return this.#members.size
  }

  [Symbol.iterator](): IterableIterator<Member> {
    return this.#members.values()
  }

  get(id: PeerId): Member | undefined {
    return this.#members.get(id)
  }

  /** A hash of all words in each bucket: equal views have equal ones. */
  get hashes(): readonly number[] {
    return [...this.#hashes]
  }

  /** Members whose ID falls into a bucket. */
  inBucket(bucket: number): readonly Member[] {
    return [...this].filter(({ record }) => bucketOf(record.value.id) === bucket)
  }

  /** Takes a member's word; false when it is not newer than what is known. */
  put(record: Signed<MemberRecord>, nowMs: number): boolean {
    const { id } = record.value
    const known = this.#members.get(id)
    if (known !== undefined && compareVersions(record.value, known.record.value) <= 0) return false
    this.#mix(known)
    const state = record.value.isLeaving ? 'left' : 'alive'
    const member: Member = {
      record,
      links: known?.links,
      state,
      heardMs: nowMs,
      sinceMs: known?.state === state ? known.sinceMs : nowMs,
      suspicions: new Map(),
    }
    this.#members.set(id, member)
    this.#mix(member)
    return true
  }

  /** Takes a member's round-trip times; false when they are not newer. */
  putLinks(links: Signed<LinksRecord>): boolean {
    const member = this.#members.get(links.value.id)
    if (member === undefined) return false
    const isNews =
      member.links === undefined || compareVersions(links.value, member.links.value) > 0
    if (!isNews) return false
    this.#mix(member)
    member.links = links
    this.#mix(member)
    return true
  }

  /** Notes that somebody suspects a member. */
  addSuspicion(member: Member, by: PeerId, bytes: Uint8Array): void {
    this.#mix(member)
    member.suspicions.set(by, bytes)
    this.#mix(member)
  }

  /** Changes what is believed of a member. */
  mark(member: Member, state: MemberState, nowMs: number): void {
    member.state = state
    member.sinceMs = nowMs
  }

  /** Drops a member. */
  forget(id: PeerId): void {
    this.#mix(this.#members.get(id))
    this.#members.delete(id)
  }

  #mix(member: Member | undefined): void {
    if (member === undefined) return
    const bucket = bucketOf(member.record.value.id)
    const hash = (this.#hashes[bucket] ?? 0) ^ hashOf(member)
    this.#hashes[bucket] = hash
  }
}

/** Which bucket an ID falls into. */
export function bucketOf(id: PeerId): number {
  return (id.charCodeAt(0) * 31 + id.charCodeAt(1)) % bucketCount
}

/** FNV-1a, 32 bits, of a member's versions: tells views apart, proves nothing. */
function hashOf({ record, links, suspicions }: Member): number {
  const { id, incarnation, revision } = record.value
  const isSuspected = suspicions.size > 0
  const words = [id, incarnation, revision, links?.value.incarnation, links?.value.revision]
  const text = `${words.join(' ')} ${isSuspected}`
  let hash = 0x811c_9dc5
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193)
  }
  return hash
}
