/**
 * Ways to find addresses: a list, what members say, the local network, DNS, a hash table. All are one
 * contract, so that a node asks none of them how it works; `discoveryConformance` of `skein/testing`
 * has its rules as cases.
 *
 * **Invariant**: what is found is a hint and never a truth. Who is there is proved by the dial.
 */
import type { PeerId } from '../base/peer-id.ts'

/** Somebody may be there. */
export interface Found {
  /** Who, where that is said; a dial that reaches another key fails. */
  readonly id?: PeerId
  /** URLs, at least one. */
  readonly addresses: readonly string[]
  /** Which discovery says so: {@link Discovery.source}. */
  readonly source: string
}

/** A way to find addresses. */
export interface Discovery {
  /** A word for logs: `list`, `members`. */
  readonly source: string
  /** Tells what it finds, now and later, also again what was told before, until {@link stop}. */
  start(found: (hint: Found) => void): void
  /** Finds no more, and frees everything; a second call does nothing. It can be started again. */
  stop(): void
}
