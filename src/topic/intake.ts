/**
 * Messages that came and were not judged yet: a queue a neighbour, served in turn, at most 5 ms at a
 * time, for a signature takes some 100 µs to check. A neighbour that sends faster is read no further.
 */
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'

/** A message that came. */
export interface Arrival {
  readonly from: PeerId
  readonly bytes: Uint8Array
  readonly ageMs: number
}

/** How an intake works. */
export interface IntakeSetup {
  readonly clock: Clock
  /** Calls `run` in a later turn of the event loop. */
  readonly defer: (run: () => void) => void
  readonly maxBytes: number
  readonly judge: (arrival: Arrival) => void
  /** Stops and restarts reading from a neighbour. */
  readonly setReading: (from: PeerId, isReading: boolean) => void
}

interface Queue {
  readonly waiting: Arrival[]
  bytes: number
  isReading: boolean
}

const sliceMs = 5 // As for membership (M11).
const restMs = 1 // Guess: who was not called for so long is in another turn.
const costBytes = 64 // Guess: what a message costs beside its bytes, so that tiny ones count too.

/** See the file's head. */
export class Intake {
  readonly #setup: IntakeSetup
  readonly #queues = new Map<PeerId, Queue>()
  /** Spent in this turn of the event loop, as far as is known, ms; several calls may share one. */
  #spentMs = 0
  #restedMs = -Infinity
  #isDeferred = false
  #isWorking = false
  #isOver = false

  constructor(setup: IntakeSetup) {
    this.#setup = setup
  }

  /** Takes what a neighbour sent. */
  put(arrival: Arrival): void {
    const { from, bytes } = arrival
    const queue = this.#queues.get(from) ?? { waiting: [], bytes: 0, isReading: true }
    this.#queues.set(from, queue)
    queue.waiting.push(arrival)
    queue.bytes += bytes.length + costBytes
    if (queue.isReading && queue.bytes >= this.#setup.maxBytes) {
      queue.isReading = false
      this.#setup.setReading(from, false)
    }
    if (!this.#isDeferred && !this.#isWorking) this.#work()
  }

  /** Judges nothing more. */
  stop(): void {
    this.#isOver = true
    this.#queues.clear()
  }

  #work(): void {
    const { clock, defer, judge } = this.#setup
    this.#isWorking = true
    let nowMs = clock.nowMs()
    if (nowMs - this.#restedMs > restMs) this.#spentMs = 0
    while (!this.#isOver && this.#spentMs < sliceMs) {
      const [next] = this.#queues
      if (next === undefined) break
      const [from, queue] = next
      const arrival = queue.waiting.shift()
      this.#queues.delete(from)
      if (arrival === undefined) continue
      queue.bytes -= arrival.bytes.length + costBytes
      if (queue.waiting.length > 0) this.#queues.set(from, queue) // To the end of the line.
      this.#readOn(from, queue)
      judge(arrival)
      const beforeMs = nowMs
      nowMs = clock.nowMs()
      this.#spentMs += nowMs - beforeMs
    }
    this.#isWorking = false
    this.#restedMs = nowMs
    if (this.#spentMs < sliceMs || this.#isOver) return
    this.#isDeferred = true
    defer(() => {
      this.#isDeferred = false
      this.#spentMs = 0
      if (!this.#isOver) this.#work()
    })
  }

  #readOn(from: PeerId, queue: Queue): void {
    if (queue.isReading || queue.bytes >= this.#setup.maxBytes / 2) return
    queue.isReading = true
    this.#setup.setReading(from, true)
  }
}
