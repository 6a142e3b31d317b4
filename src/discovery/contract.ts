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

/**
 * What somebody out there is to this node: of its network, on its known list, one that a configured name
 * leads to, one that shows itself to everybody, or none of these as far as it can be told.
 */
export type Relation = 'network' | 'known' | 'named' | 'open' | 'other'

/** Somebody who was seen. A claim, as every hint. */
export interface Sighting {
  readonly relation: Relation
  /** Which discovery saw it. */
  readonly source: string
  /** Where it was seen. */
  readonly host: string
  /** Where it listens there; 0 where it does not. */
  readonly port: number
  /** Who it is, where this node may know it. */
  readonly id?: PeerId
  /** What one that is open calls itself. */
  readonly label?: string
  /** Since it was last seen, ms. */
  readonly ageMs: number
}

/** A discovery that sees more than it finds: strangers, too, who are not dialled. */
export interface Lookout extends Discovery {
  /** Asks once more, now; what comes of it is seen within a second. Its rate is bounded. */
  look(): void
  /** This node came into another network, or its machine did: looks anew. */
  refresh(): void
  /** Who was seen of late, ourselves left out. */
  sightings(): readonly Sighting[]
  /** What was sent, received and refused since the start, by name. */
  readonly counts: Readonly<Record<string, number>>
}

/** What a node that is open shows to everybody. */
export interface OpenSelf {
  readonly id: PeerId
  readonly label: string
}

/** Datagrams to and from the links of this machine. Implementations do the IO. */
export interface LinkWire {
  /** Begins to listen. Packets from beyond the links are not handed on. */
  open(onPacket: (bytes: Uint8Array, from: Endpoint) => void): void
  /** Sends to everybody on every link. Never throws; what cannot be sent is lost. */
  shout(bytes: Uint8Array): void
  /** Sends to one. */
  reply(bytes: Uint8Array, to: Endpoint): void
  /** The interfaces of this machine changed: joins the groups there. */
  refresh(): void
  /** Listens no more, and frees everything. What was shouted before still leaves. */
  close(): void
}

/** Where a datagram is from, or goes. */
export interface Endpoint {
  /** An address, without brackets; a link-local one with its zone: `fe80::1%eth0`. */
  readonly host: string
  readonly port: number
}
