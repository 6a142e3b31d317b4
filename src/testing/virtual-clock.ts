/**
 * Time that stands still until somebody turns it: a day of a protocol's life in a moment of ours.
 *
 * Timers fire in the order of their time, those of one time in the order in which they were set. After
 * each one all promises settle before the next, as in a real event loop.
 *
 * Promises settle by `process.nextTick`, which comes when the queue of microtasks is empty; a turn of
 * the whole event loop for each timer takes a fifth longer (measured: an hour of 50 nodes).
 */
import type { Clock, Timer } from '../base/clock.ts'

/** A timer in the heap. */
class Due implements Timer {
  readonly atMs: number
  readonly order: number
  run: (() => void) | undefined

  constructor(atMs: number, order: number, run: () => void) {
    this.atMs = atMs
    this.order = order
    this.run = run
  }

  cancel(): void {
    this.run = undefined
  }
}

const turnsPerBreath = 4_096 // Guess: some 10 ms, then the process may look at its sockets.

/** Time for tests: it stands still until it is turned. See the file's head. */
export class VirtualClock implements Clock {
  readonly #epochMs: number
  #nowMs = 0
  #order = 0
  #turns = 0
  /** A binary heap: the earliest first. */
  #heap: Due[] = []

  /** @param epochMs - What the wall clock says at the start. */
  constructor(epochMs = 1_700_000_000_000) {
    this.#epochMs = epochMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  nowMicros(): number {
    return Math.round(this.#nowMs * 1_000)
  }

  unixMs(): number {
    return Math.floor(this.#epochMs + this.#nowMs)
  }

  /** Never: virtual time waits for everybody. */
  lateMs(): number {
    return 0
  }

  after(delayMs: number, run: () => void): Timer {
    const due = new Due(this.#nowMs + Math.max(0, delayMs), this.#order++, run)
    this.#push(due)
    return due
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#heap.filter((due) => due.run !== undefined).length
  }

  /** Timers that fired since the start: what a simulation costs. */
  get turns(): number {
    return this.#turns
  }

  /** Lets `durationMs` pass. */
  async advance(durationMs: number): Promise<void> {
    await this.until(() => false, durationMs)
  }

  /**
   * Lets time pass until `isSo`, at most `limitMs`.
   *
   * @returns whether it came to be so.
   */
  async until(isSo: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs
    await breathe()
    while (!isSo()) {
      const due = this.#heap[0]
      if (due === undefined || due.atMs > endMs) {
        this.#nowMs = endMs
        return isSo()
      }
      this.#pop()
      const { run } = due
      if (run === undefined) continue
      due.run = undefined
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      this.#turns++
      run()
      await (this.#turns % turnsPerBreath === 0 ? breathe() : settle())
    }
    return true
  }

  #push(due: Due): void {
    const heap = this.#heap
    let index = heap.push(due) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || isBefore(above, due)) break
      heap[index] = above
      index = parent
    }
    heap[index] = due
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const [a, b] = [heap[left], heap[left + 1]]
      if (a === undefined) break
      const [child, at] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left]
      if (isBefore(last, child)) break
      heap[index] = child
      index = at
    }
    heap[index] = last
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

/** Lets every promise that can settle do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve)
  })
}

/** As {@link settle}, and lets the process see to sockets and timers of the real world. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
