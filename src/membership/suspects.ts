/**
 * Suspects and their deadlines, and how often each member accuses others.
 *
 * One timer looks at all suspects: half a network can be suspected at once. Time in which this process
 * fell behind counts less: the refutation may be here already, unread.
 */
import { suspicionTimeoutMs } from './options.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { MembershipOptions } from './options.ts'
import type { View } from './view.ts'

/** What suspects are watched with. */
export interface SuspectsSetup {
  readonly clock: Clock
  readonly options: MembershipOptions
  readonly view: View
  /** The time of a suspect is over. */
  readonly onOverdue: (number: number) => void
}

const lateShare = 2 // Guess: a deadline is put off by at most this many times its length.
const lookMs = 100 // Guess: a hundredth of the longest deadline.
const mostAccusations = 32 // Guess: twice the connections of a node that lost them all.
const forgivenMs = 1_000 // Guess: one accusation a second is nobody's harm.

/** See the file's head. */
export class Suspects {
  readonly #setup: SuspectsSetup
  /** Suspects, with how far this process had fallen behind when they became so, ms. */
  readonly #numbers = new Map<number, number>()
  /** Accusations of late, by the number of who made them. */
  #accusations = new Map<number, number>()
  #forgivenMs = 0
  #timer: Timer | undefined

  constructor(setup: SuspectsSetup) {
    this.#setup = setup
  }

  /** Watches a suspect until it is overdue or none any more. */
  watch(number: number): void {
    this.#numbers.set(number, this.#setup.clock.lateMs())
    this.#timer ??= this.#setup.clock.after(lookMs, () => this.#look())
  }

  /**
   * Counts an accusation.
   *
   * @returns false when its author made too many of late: one member must not unsettle all others.
   */
  mayAccuse(author: number): boolean {
    const nowMs = this.#setup.clock.nowMs()
    const forgiven = Math.floor((nowMs - this.#forgivenMs) / forgivenMs)
    if (forgiven > 0) {
      this.#forgivenMs += forgiven * forgivenMs
      const left = [...this.#accusations].map(([who, count]) => [who, count - forgiven] as const)
      this.#accusations = new Map(left.filter(([, count]) => count > 0))
    }
    const count = this.#accusations.get(author) ?? 0
    if (count >= mostAccusations) return false
    this.#accusations.set(author, count + 1)
    return true
  }

  /** Watches nobody any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#numbers.clear()
  }

  #look(): void {
    this.#timer = undefined
    const { clock, options, view, onOverdue } = this.#setup
    const nowMs = clock.nowMs()
    for (const [number, lateBeforeMs] of this.#numbers) {
      if (view.recordAt(number) === undefined || view.stateAt(number) !== 'suspect') {
        this.#numbers.delete(number)
        continue
      }
      const confirmations = view.suspicionsAt(number).length - 1
      const patienceMs = suspicionTimeoutMs(confirmations, options)
      const lateMs = Math.min(lateShare * patienceMs, clock.lateMs() - lateBeforeMs)
      if (nowMs < view.sinceAt(number) + patienceMs + lateMs) continue
      this.#numbers.delete(number)
      onOverdue(number)
    }
    if (this.#numbers.size > 0) this.#timer ??= clock.after(lookMs, () => this.#look())
  }
}
