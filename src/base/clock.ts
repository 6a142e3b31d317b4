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
}

/** The clock of this machine. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  nowMicros: () => Math.round(performance.now() * 1_000),
  unixMs: () => Date.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, Math.min(delayMs, maxDelayMs))
    return { cancel: () => clearTimeout(handle) }
  },
}

const maxDelayMs = 2 ** 31 - 1 // What setTimeout can take; longer ones would fire at once.
