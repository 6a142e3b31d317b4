/**
 * How long somebody at a terminal waits for a peer that is out of reach: D8 of docs/spec/command.md,
 * for what is no command.
 */
import { SkeinError } from '../base/errors.ts'
import { personPatienceMs } from '../command/options.ts'
import type { Clock } from '../base/clock.ts'

const lookMs = 250 // So patience is told to a fortieth.

/**
 * Runs something with a signal that aborts with `TIMED_OUT` once the peer was out of reach for 10 s in
 * all, and with the reason of `signal`.
 */
export async function withPatience<T>(
  { clock, isReached, name }: PatienceSetup,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  let outMs = 0
  const look = (): void => {
    outMs = isReached() ? outMs : outMs + lookMs
    if (outMs < personPatienceMs) timer = clock.after(lookMs, look)
    else {
      const text = `${name} was out of reach for ${personPatienceMs / 1_000} s`
      ending.abort(new SkeinError('TIMED_OUT', `${text}; what was asked may have run there`))
    }
  }
  let timer = clock.after(lookMs, look)
  try {
    return await run(AbortSignal.any([signal, ending.signal]))
  } finally {
    timer.cancel()
  }
}

/** Whom somebody waits for. */
export interface PatienceSetup {
  readonly clock: Clock
  /** Whether the peer answers now. */
  readonly isReached: () => boolean
  /** What people call it. */
  readonly name: string
}
