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
  /** How long news of members and suspicions is collected before it is sent, ms. */
  readonly newsDelayMs: number
  /** How long names of round-trip times are collected, ms. */
  readonly linksDelayMs: number
  /** Shortest time between two words of one member, ms; one that comes sooner waits for repair. */
  readonly wordGapMs: number
  /** Words of a neighbour that wait to be judged, bytes; what comes then is dropped. */
  readonly inboxBytes: number
  /** New members that one neighbour may name at once; the others wait. */
  readonly newcomersAtOnce: number
  /** New members a second that one neighbour may name for long. */
  readonly newcomersPerSecond: number
  /** Shortest time between two reports of our round-trip times, ms. */
  readonly linksMinMs: number
  /** What reports of round-trip times may cost below a thousand members, bytes a second a node. */
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
  reconcileMs: 10_000, // Guess: a missed word is rare, and 300 bytes ask for it.
  newsDelayMs: 30, // Guess: below a round trip to the next city, and a burst still shares messages.
  linksDelayMs: 5_000, // Guess: a message's frames cost as much as three names.
  wordGapMs: 1_000, // Guess: nobody moves twice a second; a refutation waits no longer than this.
  inboxBytes: 16 * 2 ** 20, // Twenty thousand members with their round-trip times.
  newcomersAtOnce: 8_192, // Guess: who joins a large network learns most of it at once.
  newcomersPerSecond: 1_000, // Guess: a tenth of a core for checking signatures.
  linksMinMs: 5_000, // Guess: faster than a person's look.
  linksBytesPerSecond: 1_400, // 2 kB/s a node in all at a thousand; measured, bench/awareness.
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

/**
 * How long it takes, within the budget, until every member has reported its round-trip times once, ms.
 *
 *   members * cost / budget     cost: the report itself once, and its name to about half our neighbours
 *
 * The budget grows with the members, but slower: the times of a larger network are older.
 */
export function linksIntervalMs(
  members: number,
  neighbours: number,
  options: MembershipOptions,
): number {
  const { linksBytesPerSecond, linksMinMs } = options
  const reportBytes = 160 + 12 * neighbours // Signature, key and frame; a link.
  const costBytes = reportBytes + 12 * (1 + neighbours / 2)
  const budget = linksBytesPerSecond * Math.max(1, members / 1_000) ** 0.7 // Guess: 5 × at 10 000.
  return Math.max(linksMinMs, ((members * costBytes) / budget) * 1_000)
}
