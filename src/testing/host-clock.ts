/** A host's own view of time: it stops when the host does, waits while it stalls, and may be wrong. */
import type { Clock, Timer } from '../base/clock.ts'

/** See the file's head. */
export class HostClock implements Clock {
  /** How far the host's wall clock is ahead, ms; below zero it is behind. */
  skewMs = 0

  readonly #world: Clock
  readonly #timers = new Set<HostTimer>()
  #isStopped = false
  #isStalled = false
  #lateMs = 0
  /** What came due while the host stalled, in order. */
  #late: HostTimer[] = []

  constructor(world: Clock) {
    this.#world = world
  }

  /** Timers that are set on this host. */
  get pending(): number {
    return this.#timers.size
  }

  /** Nothing fires any more. */
  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) timer.cancel()
  }

  /** Nothing fires until {@link resume}. */
  stall(): void {
    this.#isStalled = true
  }

  /** What came due meanwhile fires now, in the order of its time. */
  resume(): void {
    this.#isStalled = false
    const late = this.#late
    this.#late = []
    const dueMs = Math.min(...late.map((timer) => timer.dueMs))
    if (late.length > 0) this.#lateMs += this.#world.nowMs() - dueMs
    for (const timer of late) timer.inner = this.#world.after(0, () => this.#fire(timer))
  }

  nowMs(): number {
    return this.#world.nowMs()
  }

  nowMicros(): number {
    return this.#world.nowMicros()
  }

  unixMs(): number {
    return this.#world.unixMs() + this.skewMs
  }

  lateMs(): number {
    return this.#lateMs
  }

  after(delayMs: number, run: () => void): Timer {
    if (this.#isStopped) return { cancel: () => undefined }
    const timer: HostTimer = new HostTimer(this.#timers, this.nowMs() + delayMs, run)
    timer.inner = this.#world.after(delayMs, () => this.#fire(timer))
    this.#timers.add(timer)
    return timer
  }

  #fire(timer: HostTimer): void {
    if (!this.#timers.has(timer)) return
    if (this.#isStalled) {
      this.#late.push(timer)
      return
    }
    this.#timers.delete(timer)
    timer.run()
  }
}

class HostTimer implements Timer {
  readonly dueMs: number
  readonly run: () => void
  inner: Timer | undefined
  readonly #all: Set<HostTimer>

  constructor(all: Set<HostTimer>, dueMs: number, run: () => void) {
    this.#all = all
    this.dueMs = dueMs
    this.run = run
  }

  cancel(): void {
    this.#all.delete(this)
    this.inner?.cancel()
  }
}
