/**
 * Finds out with a neighbour what either has missed, in bytes that grow with the difference and not
 * with the view.
 *
 *   we      hashes: one a bucket          ─▶
 *       ◀─  parts: hashes of the buckets that differ, where they are large
 *   we      have: rows of what differs    ─▶   or the neighbour at once, where they are small
 *       ◀─  want, and what is newer there
 *   we      what was wanted               ─▶
 *
 * One at a time: who has just joined must not get the whole view from every neighbour.
 */
import { randomInt } from '../base/random.ts'
import { maxItems } from './messages.ts'
import { bucketCount, partOf, partsPerBucket } from './part-hashes.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { HaveRow, MembershipMessage } from './messages.ts'
import type { MembershipOptions } from './options.ts'
import type { Aspect } from './part-hashes.ts'
import type { View } from './view.ts'

/** What a reconciliation works with. */
export interface ReconciliationSetup {
  readonly clock: Clock
  readonly random: Random
  readonly options: MembershipOptions
  readonly view: View
  readonly neighbours: ReadonlySet<PeerId>
  readonly send: (to: PeerId, message: MembershipMessage) => void
  /** A message makes no sense. */
  readonly onViolation: () => void
}

const chunkItems = 64 // Some 20 kB a message: a call still passes between two.
const largeBucket = 16 // Guess: 1.2 kB of rows, against 256 bytes of hashes.
const quietMs = 500 // Guess: who learns of members right now is not asked what it has missed.
const mostQuietMs = 5_000 // Guess: where somebody always joins, one asks all the same.
const linksEvery = 60 // Guess: every ten minutes; the next report repairs what is missing, too.

/** See the file's head. */
export class Reconciliation {
  /** Members that neighbours asked for beyond what they may. */
  refused = 0

  readonly #setup: ReconciliationSetup
  /** New neighbours that were not asked yet, and since when. */
  readonly #unasked = new Map<PeerId, number>()
  /** Members sent to each neighbour of late. */
  readonly #served = new Map<PeerId, { count: number; sinceMs: number }>()
  #learntMs = -Infinity
  #rounds = 0
  #timer: Timer | undefined
  #askTimer: Timer | undefined

  constructor(setup: ReconciliationSetup) {
    this.#setup = setup
    this.#rounds = randomInt(setup.random, linksEvery)
    this.#goRound()
  }

  /** A neighbour is new: it is asked as soon as nothing else comes in. */
  meet(id: PeerId): void {
    this.#unasked.set(id, this.#setup.clock.nowMs())
    this.#askNext()
  }

  /** A neighbour is gone. */
  part(id: PeerId): void {
    this.#unasked.delete(id)
    this.#served.delete(id)
  }

  /** A member is new to us. */
  learnt(): void {
    this.#learntMs = this.#setup.clock.nowMs()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#askTimer?.cancel()
    this.#unasked.clear()
  }

  /** Takes a neighbour's hashes: it gets rows of the buckets that differ, or hashes of their parts. */
  compareHashes(from: PeerId, aspect: Aspect, theirs: Int32Array): void {
    const { view, send } = this.#setup
    const ours = view.hashes.ofBuckets(aspect)
    const differing = Array.from(ours.keys()).filter((bucket) => ours[bucket] !== theirs[bucket])
    if (differing.length === 0) return
    if (view.size <= largeBucket * bucketCount) {
      const parts = differing.flatMap((bucket) =>
        Array.from({ length: partsPerBucket }, (_, at) => bucket * partsPerBucket + at),
      )
      this.#sendRows(from, parts)
      return
    }
    const hashes = new Int32Array(differing.length * partsPerBucket)
    for (const [at, bucket] of differing.entries()) {
      hashes.set(view.hashes.ofParts(aspect, bucket), at * partsPerBucket)
    }
    send(from, { type: 'parts', aspect, buckets: differing, hashes })
  }

  /** Takes a neighbour's hashes of parts: it gets rows of those that differ. */
  compareParts(from: PeerId, message: Extract<MembershipMessage, { type: 'parts' }>): void {
    const { aspect, buckets, hashes } = message
    const differing: number[] = []
    for (const [at, bucket] of buckets.entries()) {
      const ours = this.#setup.view.hashes.ofParts(aspect, bucket)
      for (const [part, hash] of ours.entries()) {
        if (hash !== hashes[at * partsPerBucket + part])
          differing.push(bucket * partsPerBucket + part)
      }
    }
    if (differing.length > 0) this.#sendRows(from, differing)
  }

  /** The other side has these: we ask for what is newer there, and send what is newer here. */
  compareRows(from: PeerId, parts: readonly number[], rows: readonly HaveRow[]): void {
    const { view, onViolation, send } = this.#setup
    const wanted: PeerId[] = []
    const offered: number[] = []
    const listed = new Set<number>()
    const named = new Set(parts)
    for (const row of rows) {
      const [id] = row
      if (!named.has(partOf(id))) {
        onViolation()
        continue
      }
      const number = view.numberOf(id)
      if (number === undefined) {
        wanted.push(id)
        continue
      }
      listed.add(number)
      const own = rowOf(view, number)
      if (own === undefined) continue
      if (isNewer(row, own)) wanted.push(id)
      if (isNewer(own, row)) offered.push(number)
    }
    for (const number of view.inParts((part) => named.has(part))) {
      if (!listed.has(number)) offered.push(number)
    }
    for (let at = 0; at < wanted.length; at += maxItems) {
      send(from, { type: 'want', ids: wanted.slice(at, at + maxItems) })
    }
    this.#sendMembers(from, offered)
  }

  /** Sends the members that a neighbour asked for. */
  answer(from: PeerId, ids: readonly PeerId[]): void {
    const numbers = ids.map((id) => this.#setup.view.numberOf(id))
    this.#sendMembers(
      from,
      numbers.filter((number) => number !== undefined),
    )
  }

  #goRound(): void {
    const { clock, random, options, neighbours } = this.#setup
    this.#timer = clock.after(options.reconcileMs * (0.5 + random.next()), () => {
      const ids = [...neighbours]
      const chosen = ids[randomInt(random, ids.length)]
      const areLinksDue = ++this.#rounds % linksEvery === 0
      if (chosen !== undefined) this.#ask(chosen, areLinksDue ? ['words', 'links'] : ['words'])
      this.#goRound()
    })
  }

  #askNext(): void {
    const { clock } = this.#setup
    const [next] = this.#unasked
    if (next === undefined || this.#askTimer !== undefined) return
    const [id, sinceMs] = next
    const nowMs = clock.nowMs()
    const dueMs = Math.min(this.#learntMs + quietMs, sinceMs + mostQuietMs)
    if (dueMs <= nowMs) {
      this.#unasked.delete(id)
      this.#ask(id, ['words', 'links'])
      this.#learntMs = nowMs // Its answer is under way.
      if (this.#unasked.size === 0) return
    }
    this.#askTimer = clock.after(Math.max(dueMs - nowMs, quietMs), () => {
      this.#askTimer = undefined
      this.#askNext()
    })
  }

  #ask(id: PeerId, about: readonly Aspect[]): void {
    const { send, view } = this.#setup
    for (const aspect of about) {
      send(id, { type: 'hashes', aspect, hashes: view.hashes.ofBuckets(aspect) })
    }
  }

  /** As many parts as a message has room for; the rest differs the next time, too. */
  #sendRows(to: PeerId, parts: readonly number[]): void {
    const { view, send } = this.#setup
    const wanted = new Set(parts)
    const byPart = new Map<number, HaveRow[]>()
    for (const number of view.inParts((part) => wanted.has(part))) {
      const row = rowOf(view, number)
      if (row === undefined) continue
      const part = partOf(row[0])
      const rows = byPart.get(part)
      if (rows === undefined) byPart.set(part, [row])
      else rows.push(row)
    }
    const named: number[] = []
    const rows: HaveRow[] = []
    for (const part of parts) {
      const more = byPart.get(part) ?? []
      if (rows.length + more.length > maxItems) continue
      named.push(part)
      rows.push(...more)
    }
    send(to, { type: 'have', parts: named, rows })
  }

  #sendMembers(to: PeerId, offered: readonly number[]): void {
    const { view, send } = this.#setup
    const numbers = offered.slice(0, this.allow(to, offered.length))
    for (let at = 0; at < numbers.length; at += chunkItems) {
      const chunk = numbers.slice(at, at + chunkItems)
      const records = chunk.flatMap((number) => view.recordAt(number)?.bytes ?? [])
      if (records.length > 0) send(to, { type: 'records', items: records })
      const links = chunk.flatMap((number) => view.linksAt(number)?.bytes ?? [])
      if (links.length > 0) send(to, { type: 'links', items: links })
      const suspicions = chunk.flatMap((number) => {
        return view.suspicionsAt(number).map(({ bytes }) => bytes)
      })
      if (suspicions.length > 0) send(to, { type: 'suspicions', items: suspicions })
    }
  }

  /** How many of so many members a neighbour may get now: four times a minute each; a question is small. */
  allow(to: PeerId, wanted: number): number {
    const { clock, view } = this.#setup
    const nowMs = clock.nowMs()
    const served = this.#served.get(to)
    const isOld = served === undefined || nowMs - served.sinceMs > 60_000
    const account = isOld ? { count: 0, sinceMs: nowMs } : served
    const allowed = Math.max(0, Math.min(wanted, 4 * view.size + maxItems - account.count))
    account.count += allowed
    this.#served.set(to, account)
    this.refused += wanted - allowed
    return allowed
  }
}

function rowOf(view: View, number: number): HaveRow | undefined {
  const record = view.recordAt(number)
  if (record === undefined) return undefined
  const { id, incarnation, revision } = record.value
  const links = view.linksAt(number)?.value
  const isSuspected = view.suspicionsAt(number).length > 0 ? 1 : 0
  return [id, incarnation, revision, links?.incarnation ?? 0, links?.revision ?? 0, isSuspected]
}

/** Compares as words are compared: the record first, then its links, then whether it is suspected. */
function isNewer([, ...one]: HaveRow, [, ...other]: HaveRow): boolean {
  const at = one.findIndex((value, index) => value !== other[index])
  return at >= 0 && (one[at] ?? 0) > (other[at] ?? 0)
}
