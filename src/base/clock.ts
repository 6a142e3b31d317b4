/** A timer that has been set. Cancelling one that has fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void
}

/**
 * Time as everything in Skein sees it, so that a simulator can stand in for it.
 *
 * `nowMs` and `nowMicros` are monotonic and count from an arbitrary zero; `unixMs` is the wall clock
 * and may jump. A timer that is set keeps the process alive: a node that runs is a reason to live.
 */
export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number
  /** Monotonic whole microseconds. */
  nowMicros(): number
  /** Wall clock, whole milliseconds since 1970. */
  unixMs(): number
  /** Calls `run` once after `delayMs`. */
  after(delayMs: number, run: () => void): Timer
  /**
   * Milliseconds so far in which a timer was due and had to wait, because this process did something
   * else, had no processor, or was stopped. Two that waited at the same time count once.
   */
  lateMs(): number
}

/**
 * Calls `run` when this process had `delayMs` in which it could have heard something. What it fell
 * behind meanwhile ({@link Clock.lateMs}) is waited for again, up to five times the delay in all: who
 * does not get to run cannot say that another was silent. Timers come before sockets in a turn of the
 * event loop, so even after one long turn the answer may be here and not read yet.
 */
export function afterAwake(clock: Clock, delayMs: number, run: () => void): Timer {
  let seenMs = clock.lateMs()
  let restMs = maxExtension * delayMs
  let timer: Timer
  const onDue = (): void => {
    const missedMs = Math.min(restMs, clock.lateMs() - seenMs)
    if (missedMs <= 0) {
      run()
      return
    }
    seenMs = clock.lateMs()
    restMs -= missedMs
    timer = clock.after(missedMs, onDue)
  }
  timer = clock.after(delayMs, onDue)
  return { cancel: () => timer.cancel() }
}

const maxExtension = 5 // Guess: half a minute for a dial of 5 s, and no longer.

/** The clock of this machine. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  nowMicros: () => Math.round(performance.now() * 1_000),
  unixMs: () => Date.now(),
  after(delayMs, run) {
    const waitMs = Math.min(delayMs, maxDelayMs)
    const dueMs = performance.now() + waitMs
    const handle = setTimeout(() => {
      lateness.note(dueMs)
      run()
    }, waitMs)
    return { cancel: () => clearTimeout(handle) }
  },
  lateMs: () => lateness.totalMs,
}

const toleratedMs = 20 // Guess: what a timer may be late on a machine that has time.

/** How much this process, and so each node in it, fell behind. */
const lateness = {
  totalMs: 0,
  untilMs: 0,
  /** A timer that was due then fires now. */
  note(dueMs: number): void {
    const nowMs = performance.now()
    const missedMs = nowMs - Math.max(dueMs + toleratedMs, this.untilMs)
    if (missedMs <= 0) return
    this.totalMs += missedMs
    this.untilMs = nowMs
  },
}

const maxDelayMs = 2 ** 31 - 1 // What setTimeout can take; longer ones would fire at once.
