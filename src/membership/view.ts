/**
 * What this node believes of all members.
 *
 *             suspicion            time is over
 *   alive ──────────────▶ suspect ─────────────▶ gone
 *     ▲ ◀── newer record ───┘                     │
 *     └──────────────── newer record ─────────────┘        left: in its own last word
 *
 * Columns over the numbers of a {@link MemberIndex}, some 35 bytes a member besides its words; a
 * {@link Member} is made when somebody asks for one, and does not change.
 *
 * **Invariant**: only a newer word of the member itself makes it alive again.
 */
import { MemberIndex } from './member-index.ts'
import { PartHashes, partOf } from './part-hashes.ts'
import { compareVersions } from './record.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { LinksRecord, MemberRecord, Signed, Suspicion } from './record.ts'
import type { MemberState } from './snapshot.ts'

/** A member as the view has it now. */
export interface Member {
  readonly record: Signed<MemberRecord>
  readonly links: Signed<LinksRecord> | undefined
  readonly state: MemberState
  /** When its newest word came, ms of the clock. */
  readonly heardMs: number
  /** When its newest round-trip times came, ms of the clock. */
  readonly linksHeardMs: number
  /** When it became what it is, ms of the clock. */
  readonly sinceMs: number
  /** Who suspects this very word of it; of one that is gone, one suspicion is kept. */
  readonly suspicions: readonly Signed<Suspicion>[]
}

const states: readonly MemberState[] = ['alive', 'suspect', 'gone', 'left']
const tickMs = 50 // Times are kept as 32 bits of these: six years.

/** See the file's head. */
export class View {
  readonly index: MemberIndex
  readonly #hashes = new PartHashes()
  #count = 0
  #records: (Signed<MemberRecord> | undefined)[] = []
  #links: (Signed<LinksRecord> | undefined)[] = []
  /** Made when somebody is suspected for the first time. */
  #suspicions: (readonly Signed<Suspicion>[] | undefined)[] | undefined
  #states = new Uint8Array(0)
  #heard = new Uint32Array(0)
  #linksHeard = new Uint32Array(0)
  #since = new Uint32Array(0)

  constructor(index = new MemberIndex()) {
    this.index = index
  }

  get size(): number {
    return this.#count
  }

  /** Members as they are now. */
  *[Symbol.iterator](): IterableIterator<Member> {
    for (let number = 0; number < this.#records.length; number++) {
      const member = this.at(number)
      if (member !== undefined) yield member
    }
  }

  get(id: PeerId): Member | undefined {
    const number = this.numberOf(id)
    return number === undefined ? undefined : this.at(number)
  }

  /** The number of a member of this view. */
  numberOf(id: PeerId): number | undefined {
    const number = this.index.numberOf(id)
    return number === undefined || this.#records[number] === undefined ? undefined : number
  }

  /** The member with a number. */
  at(number: number): Member | undefined {
    const record = this.#records[number]
    if (record === undefined) return undefined
    return {
      record,
      links: this.#links[number],
      state: this.stateAt(number),
      heardMs: (this.#heard[number] ?? 0) * tickMs,
      linksHeardMs: (this.#linksHeard[number] ?? 0) * tickMs,
      sinceMs: this.sinceAt(number),
      suspicions: this.suspicionsAt(number),
    }
  }

  recordAt(number: number): Signed<MemberRecord> | undefined {
    return this.#records[number]
  }

  linksAt(number: number): Signed<LinksRecord> | undefined {
    return this.#links[number]
  }

  suspicionsAt(number: number): readonly Signed<Suspicion>[] {
    return this.#suspicions?.[number] ?? nobody
  }

  stateAt(number: number): MemberState {
    return states[this.#states[number] ?? 0] ?? 'alive'
  }

  /** When it became what it is, ms of the clock. */
  sinceAt(number: number): number {
    return (this.#since[number] ?? 0) * tickMs
  }

  /** Hashes of the parts of the view: equal views have equal ones. */
  get hashes(): PartHashes {
    return this.#hashes
  }

  /** Numbers of the members whose IDs fall into one of these parts. */
  inParts(isWanted: (part: number) => boolean): readonly number[] {
    const found: number[] = []
    for (const [number, record] of this.#records.entries()) {
      if (record !== undefined && isWanted(partOf(record.value.id))) found.push(number)
    }
    return found
  }

  /** Numbers of the members that are in a state since before a moment. */
  inStateBefore(wanted: readonly MemberState[], beforeMs: number): readonly number[] {
    const found: number[] = []
    for (const [number, record] of this.#records.entries()) {
      const isOld = this.sinceAt(number) < beforeMs
      if (record !== undefined && isOld && wanted.includes(this.stateAt(number))) found.push(number)
    }
    return found
  }

  /** Takes a member's word; false when it is not newer than what is known. */
  put(record: Signed<MemberRecord>, nowMs: number): boolean {
    const { id, isLeaving } = record.value
    const number = this.index.add(id)
    this.#makeRoom(number)
    const known = this.#records[number]
    if (known !== undefined && compareVersions(record.value, known.value) <= 0) return false
    this.#mixWord(number)
    if (known === undefined) this.#count++
    this.#records[number] = record
    this.#heard[number] = nowMs / tickMs
    if (this.#suspicions !== undefined) this.#suspicions[number] = undefined
    const state = isLeaving ? 'left' : 'alive'
    if (known === undefined || this.stateAt(number) !== state) this.mark(number, state, nowMs)
    this.#mixWord(number)
    return true
  }

  /** Takes a member's round-trip times; false when they are not newer. */
  putLinks(links: Signed<LinksRecord>, nowMs: number): boolean {
    const number = this.numberOf(links.value.id)
    if (number === undefined) return false
    const known = this.#links[number]
    if (known !== undefined && compareVersions(links.value, known.value) <= 0) return false
    if (known !== undefined) this.#hashes.mixLinks(known.value)
    this.#links[number] = links
    this.#linksHeard[number] = nowMs / tickMs
    this.#hashes.mixLinks(links.value)
    return true
  }

  /** Notes that somebody suspects a member. */
  addSuspicion(number: number, suspicion: Signed<Suspicion>): void {
    this.#mixWord(number)
    this.#suspicions ??= room(this.#records.length)
    this.#suspicions[number] = [...this.suspicionsAt(number), suspicion]
    this.#mixWord(number)
  }

  /** Keeps this one suspicion of a member, and no other. */
  replaceSuspicions(number: number, suspicion: Signed<Suspicion>): void {
    this.#mixWord(number)
    this.#suspicions ??= room(this.#records.length)
    this.#suspicions[number] = [suspicion]
    this.#mixWord(number)
  }

  /** Changes what is believed of a member. Of one that is gone one suspicion is kept, as its proof. */
  mark(number: number, state: MemberState, nowMs: number): void {
    this.#states[number] = states.indexOf(state)
    this.#since[number] = nowMs / tickMs
    const [first, ...others] = this.suspicionsAt(number)
    if (state !== 'gone' || first === undefined || this.#suspicions === undefined) return
    const proof = others.reduce((a, b) => (a.value.by < b.value.by ? a : b), first) // The same everywhere.
    this.#suspicions[number] = [proof]
  }

  /** Drops a member. */
  forget(number: number): void {
    const links = this.#links[number]
    if (this.#records[number] === undefined) return
    this.#mixWord(number)
    if (links !== undefined) this.#hashes.mixLinks(links.value)
    this.#records[number] = undefined
    this.#links[number] = undefined
    if (this.#suspicions !== undefined) this.#suspicions[number] = undefined
    this.#count--
    this.index.remove(number)
  }

  #mixWord(number: number): void {
    const record = this.#records[number]
    if (record === undefined) return
    this.#hashes.mixWord(record.value, this.suspicionsAt(number).length > 0)
  }

  #makeRoom(number: number): void {
    const before = this.#records.length
    if (number < before) return
    const length = Math.max(number + 1, Math.ceil(this.index.length * growth))
    this.#records = room(length, this.#records)
    this.#links = room(length, this.#links)
    if (this.#suspicions !== undefined) this.#suspicions = room(length, this.#suspicions)
    this.#heard = grown(this.#heard, length)
    this.#linksHeard = grown(this.#linksHeard, length)
    this.#since = grown(this.#since, length)
    const marks = new Uint8Array(length)
    marks.set(this.#states)
    this.#states = marks
  }
}

const nobody: readonly Signed<Suspicion>[] = []
const growth = 1.25 // Guess: few copies, little room that stays empty.

function room<T>(length: number, before: readonly (T | undefined)[] = []): (T | undefined)[] {
  const column = before.slice()
  while (column.length < length) column.push(undefined) // No holes: an engine keeps those worse.
  return column
}

function grown(before: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const column = new Uint32Array(length)
  column.set(before)
  return column
}
