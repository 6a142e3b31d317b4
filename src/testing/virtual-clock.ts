/**
 * Time that stands still until somebody turns it: a day of a protocol's life in a moment of ours.
 *
 * Timers fire in the order of their time, those of one time in the order in which they were set. After
 * each one all promises settle before the next, as in a real event loop.
 */
import type { Clock, Timer } from '../base/clock.ts'

interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  isCancelled: boolean
}

/** See the file's head. */
export class VirtualClock implements Clock {
  readonly #epochMs: number
  #nowMs = 0
  #order = 0
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

  after(delayMs: number, run: () => void): Timer {
    const due: Due = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      run,
      isCancelled: false,
    }
    this.#push(due)
    return {
      cancel: () => {
        due.isCancelled = true
      },
    }
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#heap.filter((due) => !due.isCancelled).length
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
    await settle()
    while (!isSo()) {
      const due = this.#heap[0]
      if (due === undefined || due.atMs > endMs) {
        this.#nowMs = endMs
        return isSo()
      }
      this.#pop()
      if (due.isCancelled) continue
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.run()
      await settle()
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
  return new Promise((resolve) => setImmediate(resolve))
}
