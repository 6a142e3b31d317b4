/**
 * Notices what the operating system tells nobody in time: a cable that was pulled, another wireless
 * network, a machine that slept. Then every path is asked for a sign of life at once.
 */
import { networkInterfaces } from 'node:os'
import type { Clock, Timer } from '../base/clock.ts'

const pollMs = 1_000 // Guess: a moved laptop is noticed soon; a look takes 60 µs, measured.
const jumpMs = 5_000 // Guess: more than any correction of a clock that keeps time.

/** A watch that is kept. */
export interface NetworkWatch {
  close(): void
}

/** Calls `onChange` when the addresses of this machine change, or its wall clock jumps. */
export function watchNetwork(clock: Clock, onChange: (what: string) => void): NetworkWatch {
  let addresses = describeInterfaces()
  let offsetMs = clock.unixMs() - clock.nowMs()
  let timer: Timer
  const poll = (): void => {
    timer = clock.after(pollMs, poll)
    const nowAddresses = describeInterfaces()
    const nowOffsetMs = clock.unixMs() - clock.nowMs()
    const hasMoved = nowAddresses !== addresses
    const hasJumped = Math.abs(nowOffsetMs - offsetMs) > jumpMs
    addresses = nowAddresses
    offsetMs = nowOffsetMs
    if (hasMoved) onChange('the network interfaces changed')
    else if (hasJumped) onChange('the wall clock jumped: this machine may have slept')
  }
  timer = clock.after(pollMs, poll)
  return { close: () => timer.cancel() }
}

function describeInterfaces(): string {
  const entries = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.map(({ address }) => `${name} ${address}`),
  )
  return entries.toSorted().join('\n')
}
