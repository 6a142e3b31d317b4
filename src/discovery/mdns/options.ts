/** How the discovery `mdns` keeps time. */
export interface MdnsOptions {
  /** The first pause between two questions; each is twice as long as the one before (RFC 6762 §5.2). */
  readonly firstPauseMs: number
  /** The longest pause. */
  readonly longestPauseMs: number
  /** An answer waits for a random time up to this, and at least for a part of it (RFC 6762 §6). */
  readonly answerDelayMs: number
  /** The same is not said again within this time (RFC 6762 §6). */
  readonly repeatMs: number
  /** Questions, on request and when the network changes included. */
  readonly questionsPerSecond: number
  /** A name and its beacon are used for so long. */
  readonly rotateMs: number
}

/** 13 questions in the first hour, 2 in each later one. */
export const defaultMdnsOptions: MdnsOptions = {
  firstPauseMs: 1_000, // RFC 6762 §5.2: the second at least a second after the first.
  longestPauseMs: 1_800_000, // RFC 6762 §5.2 allows an hour.
  answerDelayMs: 120, // RFC 6762 §6: 20 to 120 ms.
  repeatMs: 1_000, // RFC 6762 §6
  questionsPerSecond: 1 / 30, // As of lan.
  rotateMs: 24 * 3_600_000, // Who stays knows who it is by the address; who comes back tomorrow does not.
}
