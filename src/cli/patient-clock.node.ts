/**
 * Time as a program sees it that waits for a node on its own machine. Where there is no processor for
 * either, nothing is wrong with the node: such time counts as late, see {@link afterAwake}, which is how
 * every deadline of a handshake leaves it out.
 *
 *   program did not run ──▶ its ticks are late       (the clock of this machine counts it)
 *   node would run      ──▶ state R or D of its process, where the system tells (Linux)
 */
import { readFileSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import type { Clock, Timer } from '../base/clock.ts'

const tickMs = 50 // Guess: more than a time slice, and so short that few are needed to see a trend.

/** A clock that ticks until {@link PatientClock.stop}. */
export class PatientClock implements Clock {
  readonly #inner: Clock
  readonly #isAtWork: () => boolean
  #tick: Timer
  #workedMs = 0
  #seenMs: number
  #seenLateMs: number

  /** @param isAtWork - Whether the node has something to do at this moment, and does it or waits its turn. */
  constructor(isAtWork: () => boolean, inner: Clock = systemClock) {
    this.#inner = inner
    this.#isAtWork = isAtWork
    this.#seenMs = inner.nowMs()
    this.#seenLateMs = inner.lateMs()
    this.#tick = inner.after(tickMs, () => this.#look())
  }

  #look(): void {
    const nowMs = this.#inner.nowMs()
    const lateMs = this.#inner.lateMs()
    const restMs = nowMs - this.#seenMs - (lateMs - this.#seenLateMs)
    if (restMs > 0 && this.#isAtWork()) this.#workedMs += restMs
    this.#seenMs = nowMs
    this.#seenLateMs = lateMs
    this.#tick = this.#inner.after(tickMs, () => this.#look())
  }

  /** It ticks no more, so that the process can end. */
  stop(): void {
    this.#tick.cancel()
  }

  nowMs(): number {
    return this.#inner.nowMs()
  }

  nowMicros(): number {
    return this.#inner.nowMicros()
  }

  unixMs(): number {
    return this.#inner.unixMs()
  }

  lateMs(): number {
    return this.#inner.lateMs() + this.#workedMs
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#inner.after(delayMs, run)
  }
}

/** A process's state in a letter, as `ps` shows it; undefined where the system does not say. */
export function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2)[0] // The name before it may hold anything.
  } catch {
    return undefined
  }
}

/** Whether a process runs, waits for a processor, or for a disk. */
export function isProcessAtWork(pid: number): boolean {
  const state = processState(pid)
  return state === 'R' || state === 'D'
}
