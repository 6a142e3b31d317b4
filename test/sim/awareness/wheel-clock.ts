/**
 * Virtual time in whole milliseconds, for tens of millions of events: a wheel of slots instead of a
 * heap, and no promise between two events. What happens in one millisecond happens in the order in
 * which it was set.
 */
import type { Clock, Timer } from '../../../src/base/clock.ts'

class Due implements Timer {
  run: (() => void) | undefined
  readonly atMs: number

  constructor(atMs: number, run: () => void) {
    this.atMs = atMs
    this.run = run
  }

  cancel(): void {
    this.run = undefined
  }
}

const slotCount = 2 ** 16 // A minute; what is later waits in a map by minutes.

/** See the file's head. */
export class WheelClock implements Clock {
  readonly #slots: (Due[] | undefined)[] = Array.from({ length: slotCount })
  readonly #later = new Map<number, Due[]>()
  #nowMs = 0
  #turns = 0

  nowMs(): number {
    return this.#nowMs
  }

  nowMicros(): number {
    return this.#nowMs * 1_000
  }

  unixMs(): number {
    return 1_700_000_000_000 + this.#nowMs
  }

  lateMs(): number {
    return 0
  }

  /** Events so far. */
  get turns(): number {
    return this.#turns
  }

  after(delayMs: number, run: () => void): Timer {
    const due = new Due(this.#nowMs + Math.max(0, Math.round(delayMs)), run)
    this.#insert(due)
    return due
  }

  /** Lets time pass. */
  advance(durationMs: number): void {
    this.until(() => false, durationMs)
  }

  /** Lets time pass until `isSo`; tells how long it took, `undefined` where the limit came first. */
  until(isSo: () => boolean, limitMs: number): number | undefined {
    const startMs = this.#nowMs
    const endMs = startMs + Math.round(limitMs)
    while (this.#nowMs < endMs) {
      this.#runNow()
      if (isSo()) return this.#nowMs - startMs
      this.#nowMs++
      if (this.#nowMs % slotCount === 0) this.#unpackMinute()
    }
    return isSo() ? this.#nowMs - startMs : undefined
  }

  #runNow(): void {
    const at = this.#nowMs % slotCount
    const slot = this.#slots[at]
    if (slot === undefined) return
    // An event may set another one for this same moment: the list grows while it is walked.
    for (let index = 0; index < slot.length; index++) {
      const due = slot[index]
      const run = due?.run
      if (due === undefined || run === undefined) continue
      due.run = undefined
      this.#turns++
      run()
    }
    this.#slots[at] = undefined
  }

  #insert(due: Due): void {
    const minute = Math.floor(due.atMs / slotCount)
    if (minute === Math.floor(this.#nowMs / slotCount)) {
      const at = due.atMs % slotCount
      const slot = this.#slots[at]
      if (slot === undefined) this.#slots[at] = [due]
      else slot.push(due)
      return
    }
    const list = this.#later.get(minute)
    if (list === undefined) this.#later.set(minute, [due])
    else list.push(due)
  }

  #unpackMinute(): void {
    const minute = this.#nowMs / slotCount
    const list = this.#later.get(minute) ?? []
    this.#later.delete(minute)
    for (const due of list) if (due.run !== undefined) this.#insert(due)
  }
}
