/**
 * Says how far this node's neighbours are, as often as the budget allows.
 *
 *   change ─▶ wait until the interval since the last report is over ─▶ sign, send
 *
 * A change that is small for a person, below a millisecond, waits four times as long: on a local network
 * some neighbour's round trip always changed by a tenth, and each report is checked by every member.
 *
 * After a long calm a change goes at once. Where a whole network starts together, first reports are
 * spread over the interval; who joins alone reports at once. Both are told apart by the members'
 * incarnations, which say when each started.
 */
import { linksIntervalMs } from './options.ts'
import { linkKey, signLinks } from './record.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { MembershipOptions } from './options.ts'
import type { LinksRecord, Signed, Signer } from './record.ts'
import type { View } from './view.ts'

/** What reports are made with. */
export interface LinkReportsSetup {
  readonly clock: Clock
  readonly random: Random
  readonly options: MembershipOptions
  readonly view: View
  readonly signer: Signer
  readonly incarnation: number
  readonly onReport: (links: Signed<LinksRecord>) => void
}

const rttNoise = 0.1 // Guess: a smaller change is no news to a person.
const smallMicros = 1_000 // Guess: a map reads the same.
/** How many intervals a small change waits. */
export const smallPatience = 4 // Guess: two minutes at a hundred members.
const gatherMs = 1_000 // Guess: links that come up together go into one report.
const acquaintMs = 2_000 // Guess: within it a newcomer learns how many there are.

/** See the file's head. */
export class LinkReports {
  readonly #setup: LinkReportsSetup
  readonly #measured = new Map<PeerId, number>()
  #last: Signed<LinksRecord> | undefined
  #lastMs = -Infinity
  #timer: Timer | undefined
  /** True while all that waits to be told is small. */
  #isSmall = true
  #isOver = false

  constructor(setup: LinkReportsSetup) {
    this.#setup = setup
  }

  /** The links as they are now, by {@link linkKey} of the other end; told or not. */
  get now(): ReadonlyMap<string, number> {
    return new Map([...this.#measured].map(([id, rtt]) => [linkKey(id), rtt]))
  }

  /** There is a link, its round-trip time is not known yet. */
  add(id: PeerId): void {
    if (this.#measured.has(id)) return
    this.#measured.set(id, 0)
    this.#reportSoon()
  }

  /** There is a link no more. */
  drop(id: PeerId): void {
    if (this.#measured.delete(id)) this.#reportSoon()
  }

  /** A round trip was measured, µs; false where that is no news. */
  measure(id: PeerId, rttMicros: number): boolean {
    const before = this.#measured.get(id) ?? 0
    if (Math.abs(rttMicros - before) < before * rttNoise) return false
    this.#measured.set(id, rttMicros)
    this.#reportSoon(before > 0 && Math.abs(rttMicros - before) < smallMicros)
    return true
  }

  /** Reports nothing more. */
  stop(): void {
    this.#isOver = true
    this.#timer?.cancel()
  }

  #reportSoon(isSmall = false): void {
    if (this.#isOver || (this.#timer !== undefined && (isSmall || !this.#isSmall))) return
    const { clock } = this.#setup
    this.#timer?.cancel()
    this.#isSmall = isSmall
    if (this.#last === undefined) {
      this.#isSmall = false
      this.#timer = clock.after(acquaintMs, () => this.#reportAfter(this.#turnMs()))
      return
    }
    const intervalMs = this.#intervalMs(this.#setup.view.size) * (isSmall ? smallPatience : 1)
    this.#reportAfter(Math.max(gatherMs, this.#lastMs + intervalMs - clock.nowMs()))
  }

  /** When it is our turn, where some others have just started, too. */
  #turnMs(): number {
    const { view, incarnation, random } = this.#setup
    const intervalMs = this.#intervalMs(view.size)
    let young = 0
    for (let number = 0; number < view.index.length; number++) {
      const started = view.recordAt(number)?.value.incarnation ?? -Infinity
      if (Math.abs(started - incarnation) < intervalMs) young++
    }
    return young < fewYoung ? 0 : random.next() * this.#intervalMs(young)
  }

  #reportAfter(delayMs: number): void {
    this.#timer = this.#setup.clock.after(delayMs, () => {
      this.#timer = undefined
      this.#report()
    })
  }

  #report(): void {
    const { signer, incarnation, view, clock, onReport } = this.#setup
    const rttMicros = this.now
    const revision = (this.#last?.value.revision ?? 0) + 1
    this.#last = signLinks({ id: signer.id, incarnation, revision, rttMicros }, signer)
    this.#lastMs = clock.nowMs()
    view.putLinks(this.#last, this.#lastMs)
    onReport(this.#last)
  }

  #intervalMs(members: number): number {
    const { options } = this.#setup
    return linksIntervalMs(members, this.#measured.size, options)
  }
}

const fewYoung = 16 // Guess: so many reports at once are no burst.
