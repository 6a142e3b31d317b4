/**
 * When to dial next, for ever, until the goal is reached.
 *
 *   calm    wait a random time in [0, min(cap, first · 2ⁿ))     full jitter, AWS Architecture Blog 2015
 *   urgent  something waits: a new attempt every 0.4 to 0.8 s, beside those under way
 *
 * Full jitter, because a thousand nodes that lost one peer would otherwise dial it in step.
 */
import { randomInt } from '../base/random.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Random } from '../base/random.ts'

/** How much the goal is wanted now; `reached` stops until the next {@link Redial.kick}. */
export type Urgency = 'urgent' | 'calm' | 'reached'

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
const urgentDelayMs = 800 // DESIGN: answered 1 s after the end of an outage; test/lab: a dial takes 0.2 s.
const maxOverlapping = 14 // Two more than fit into a dial's deadline of 5 s at the shortest delay.

/** See the file's head. */
export class Redial {
  readonly #setup: RedialSetup
  #timer: Timer | undefined
  #failures = 0
  #underWay = 0
  #isStopped = false

  constructor(setup: RedialSetup) {
    this.#setup = setup
  }

  /** Something changed for the worse, or for the better: tries at once, with a fresh back-off. */
  kick(): void {
    this.#failures = 0
    this.#timer?.cancel()
    this.#timer = undefined
    this.#attempt()
  }

  /** Gives the goal up. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #attempt(): void {
    const { urgency, attempt } = this.#setup
    if (this.#isStopped || urgency() === 'reached') return
    const mayOverlap = urgency() === 'urgent' && this.#underWay < maxOverlapping
    if (this.#underWay === 0 || mayOverlap) {
      this.#underWay++
      void attempt().finally(() => {
        this.#underWay--
        this.#schedule()
      })
    }
    if (urgency() === 'urgent') this.#schedule()
  }

  #schedule(): void {
    if (this.#isStopped || this.#timer !== undefined || this.#setup.urgency() === 'reached') return
    this.#timer = this.#setup.clock.after(this.#delayMs(), () => {
      this.#timer = undefined
      this.#attempt()
    })
  }

  #delayMs(): number {
    const { random, minDelayMs, maxDelayMs } = this.#setup
    const calmMs = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(this.#failures, maxDoublings))
    this.#failures++
    if (this.#setup.urgency() !== 'urgent') return randomInt(random, calmMs)
    return urgentDelayMs / 2 + randomInt(random, urgentDelayMs / 2)
  }
}
