import type { Rate } from '../token-bucket.ts'

/** How the discovery `lan` keeps time. */
export interface LanOptions {
  /** The first pause between two pings; each is twice as long as the one before. */
  readonly firstPauseMs: number
  /** The longest pause: whom a lost packet hid is found after so long. */
  readonly longestPauseMs: number
  /** Each pause is a random part of this share shorter, so that nodes do not ping in step. */
  readonly jitter: number
  /** Pings, on request and when the network changes included. */
  readonly pings: Rate
  /** Pongs to all. */
  readonly pongs: Rate
  /** How long a pong to one's own ping is waited for. */
  readonly answerMs: number
  /** A pong to somebody who is not recognised waits for up to this long: on a large link, not all at once. */
  readonly strangerDelayMs: number
  /** Who was seen counts as there for this long. */
  readonly lastingMs: number
  /** Pongs that are taken for one ping. */
  readonly maxAnswers: number
}

/** 11 pings in the first hour, 12 in each later one, and never more than 140. */
export const defaultLanOptions: LanOptions = {
  firstPauseMs: 250, // Guess: one packet lost, and the second still is within the second of the goal.
  longestPauseMs: 300_000, // Guess: who starts pings itself; this is for what was lost.
  jitter: 0.25, // Guess.
  pings: { burst: 20, perSecond: 1 / 30 }, // Guess: a laptop that moves twice, and somebody who looks.
  pongs: { burst: 60, perSecond: 20 }, // Guess: 5 kB a second to whoever asks.
  answerMs: 3_000, // Guess: three times what a busy machine takes.
  strangerDelayMs: 300, // Guess: within the second in which a person waits.
  lastingMs: 900_000, // Three longest pauses: two lost pings do not hide anybody.
  maxAnswers: 256, // As many as are remembered.
}
