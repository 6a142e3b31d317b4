/**
 * When to dial next, for ever, until the goal is reached.
 *
 *   calm       wait a random time in [0, min(cap, first · 2ⁿ))  full jitter, AWS Architecture Blog 2015
 *   suspended  the same with a cap of 5 s, beside those under way: the other side may know no address
 *              of ours, and it is for us to come back to what waits over there
 *   urgent     something waits here: a new attempt every 0.4 to 0.8 s, beside those under way
 *
 * Full jitter, because a thousand nodes that lost one peer would otherwise dial it in step.
 */
import { randomInt } from '../base/random.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Random } from '../base/random.ts'

/** How much the goal is wanted now; `reached` stops until the next {@link Redial.kick}. */
export type Urgency = 'urgent' | 'suspended' | 'calm' | 'reached'

/** What a redial works for. */
export interface RedialSetup {
  readonly clock: Clock
  readonly random: Random
  /** The first wait is up to this long; it doubles with each failure. */
  readonly minDelayMs: number
  readonly maxDelayMs: number
  readonly urgency: () => Urgency
  /** One attempt; failures are its own business. */
  readonly attempt: () => Promise<void>
}

const maxDoublings = 20
const urgentDelayMs = 800 // So that calls are answered 1 s after an outage; test/lab: a dial takes 0.2 s.
const suspendedMaxMs = 5_000 // Guess: 0.4 dials a second to each peer that is away, for two minutes.
const maxOverlapping = 14 // Two more than fit into a dial's deadline of 5 s at the shortest delay.

const maxHasty = 3 // Guess: two paths and an address that changed may well break within a moment.

/** See the file's head. */
export class Redial {
  readonly #setup: RedialSetup
  #timer: Timer | undefined
  #failures = 0
  #underWay = 0
  #isStopped = false
  #attemptMs = Number.NEGATIVE_INFINITY
  /** Kicks in a row that came right behind an attempt. */
  #hasty = 0

  constructor(setup: RedialSetup) {
    this.#setup = setup
  }

  /**
   * Something changed for the worse, or for the better: tries at once, with a fresh back-off. Paths that
   * break as soon as they join are another matter: then each attempt waits for `minDelayMs`.
   */
  kick(): void {
    this.#failures = 0
    this.#timer?.cancel()
    this.#timer = undefined
    const { clock, minDelayMs } = this.#setup
    const pauseMs = this.#attemptMs + minDelayMs - clock.nowMs()
    this.#hasty = pauseMs > 0 ? this.#hasty + 1 : 0
    if (this.#hasty > maxHasty) this.#scheduleAfter(pauseMs)
    else this.#attempt()
  }

  /** Gives the goal up. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #attempt(): void {
    const { urgency, attempt } = this.#setup
    if (this.#isStopped || urgency() === 'reached') return
    const mayOverlap = urgency() !== 'calm' && this.#underWay < maxOverlapping
    if (this.#underWay === 0 || mayOverlap) {
      this.#underWay++
      this.#attemptMs = this.#setup.clock.nowMs()
      void attempt().finally(() => {
        this.#underWay--
        this.#schedule()
      })
    }
    if (urgency() !== 'calm') this.#schedule()
  }

  #schedule(): void {
    if (this.#isStopped || this.#timer !== undefined || this.#setup.urgency() === 'reached') return
    this.#scheduleAfter(this.#delayMs())
  }

  #scheduleAfter(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer = this.#setup.clock.after(delayMs, () => {
      this.#timer = undefined
      this.#attempt()
    })
  }

  #delayMs(): number {
    const { random, minDelayMs, maxDelayMs } = this.#setup
    const urgency = this.#setup.urgency()
    const capMs = urgency === 'suspended' ? Math.min(maxDelayMs, suspendedMaxMs) : maxDelayMs
    const calmMs = Math.min(capMs, minDelayMs * 2 ** Math.min(this.#failures, maxDoublings))
    this.#failures++
    if (urgency !== 'urgent') return randomInt(random, calmMs)
    return urgentDelayMs / 2 + randomInt(random, urgentDelayMs / 2)
  }
}
