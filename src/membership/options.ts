/** How a node keeps up with the others. */
export interface MembershipOptions {
  /** Members that are kept at most; more are not taken, and counted. */
  readonly maxMembers: number
  /** A suspect that others suspect too is called gone after this long, ms. */
  readonly suspicionMinMs: number
  /** One that nobody else suspects, ms. */
  readonly suspicionMaxMs: number
  /** Suspicions by others after which the least time holds. */
  readonly suspicionPeers: number
  /** How often a neighbour is asked whether its view is the same, ms. */
  readonly reconcileMs: number
  /** Shortest time between two reports of our round-trip times, ms. */
  readonly linksMinMs: number
  /** What reports of round-trip times may cost, bytes a second a node. */
  readonly linksBytesPerSecond: number
  /** A member that is gone or has left is forgotten after this long, ms. */
  readonly forgetMs: number
}

/** Defaults, for networks from three nodes to some thousands. */
export const defaultMembershipOptions: MembershipOptions = {
  maxMembers: 20_000, // Guess: twice the largest network that was thought of.
  suspicionMinMs: 2_000, // Guess: a refutation crosses a network of thousands in a second.
  suspicionMaxMs: 10_000, // Guess: five times the least.
  suspicionPeers: 3, // Lifeguard §3: k = 3.
  reconcileMs: 10_000, // Guess: a missed word is rare, and 16 bytes ask for it.
  linksMinMs: 5_000, // Guess: faster than a person's look.
  linksBytesPerSecond: 1_000, // DESIGN of the issue: 2 kB/s a node in all at a thousand.
  forgetMs: 24 * 3_600_000, // Guess: who is away for a day is shown as gone until tomorrow.
}

/**
 * How long a suspect may stay silent before we call it gone (Lifeguard, 2018, §3), ms.
 *
 *   max - log(confirmations + 1) / log(expected + 1) * (max - min), never below min
 *
 * Logarithmic: the first confirmation is worth most, it rules out that only our own link is bad.
 */
export function suspicionTimeoutMs(confirmations: number, options: MembershipOptions): number {
  const { suspicionMinMs, suspicionMaxMs, suspicionPeers } = options
  const share = Math.log(confirmations + 1) / Math.log(suspicionPeers + 1)
  return Math.max(suspicionMinMs, suspicionMaxMs - share * (suspicionMaxMs - suspicionMinMs))
}
