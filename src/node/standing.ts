/**
 * How this node stands in its network, in words: a member, or one whose pass ends soon, has ended, or was
 * taken back.
 *
 * That a pass was taken back is believed only of the network's own word, the signed withdrawal, which
 * members show to whom they put out or do not let in. What one of them merely says proves nothing.
 */
import { formatDuration } from '../base/duration.ts'
import { shortPeerId } from '../base/peer-id.ts'
import type { Pass, Withdrawal } from '../membership/pass.ts'
import type { PassState } from '../membership/passes.ts'

/** How a node stands in its network. */
export type Standing = 'member' | 'expiring' | 'expired' | 'out'

/** What is wrong with a node's membership. */
export interface Notice {
  readonly standing: Exclude<Standing, 'member'>
  /** What happened, on a line. */
  readonly fact: string
  /** What its owner can do. */
  readonly advice: string
}

/** What it is judged by. */
export interface StandingFacts {
  readonly pass: Pass
  readonly state: PassState
  readonly withdrawal: Withdrawal | undefined
  readonly nowUnixMs: number
}

const shareLeft = 0.1 // Guess: of a pass for a month, three days; of one for a day, two hours.
const longestMs = 7 * 24 * 3_600_000 // Guess: nobody asks for a new ticket earlier.

/** Judges a node's membership; `undefined` where all is well. */
export function judgeStanding(facts: StandingFacts): Notice | undefined {
  const { pass, state, withdrawal, nowUnixMs } = facts
  const network = `network ${shortPeerId(pass.network)}`
  if (state === 'withdrawn' || state === 'resigned') {
    const when = withdrawal === undefined ? '' : ` at ${formatTime(withdrawal.untilMs)}`
    const fact =
      state === 'withdrawn'
        ? `this node was put out of ${network}: its pass was taken back${when}`
        : `this node has left ${network}: it gave its pass back`
    return { standing: 'out', fact, advice: renewal('to come back') }
  }
  if (pass.expiresMs === 0) return undefined
  const leftMs = pass.expiresMs - nowUnixMs
  const until = formatTime(pass.expiresMs)
  if (leftMs <= 0) {
    const fact = `the pass of this node in ${network} has expired at ${until}`
    return { standing: 'expired', fact, advice: renewal('to come back') }
  }
  if (leftMs > Math.min(longestMs, shareLeft * (pass.expiresMs - pass.issuedMs))) return undefined
  const rest = formatDuration(Math.max(1, Math.floor(leftMs / 1_000)))
  const fact = `the pass of this node in ${network} expires in ${rest}, at ${until}`
  return { standing: 'expiring', fact, advice: renewal('to stay') }
}

/** What both a shell and the prompt of a node understand. */
function renewal(purpose: string): string {
  const ask = `${purpose}, ask who invited you for a new ticket (skein invite), then: skein join TICKET`
  return `${ask}; to forget this network: skein leave`
}

const lastMs = 8.64e15 // ECMA-262 §21.4.1.1: no date is later.

/** A moment, as people read it. */
export function formatTime(unixMs: number): string {
  return `${new Date(Math.min(unixMs, lastMs)).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
