import { displayAddress, formatHostPort, parseHostPort, tlsAddress } from '../base/address.ts'
import { JoinRate } from './join-rate.ts'
import type { SkeinError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Connection } from './connection.ts'

const maxAddresses = 16 // Guess: the handshake takes 32, half of them worth remembering.

/** What a node remembers of one peer for as long as its process lives. */
export class PeerEntry {
  readonly id: PeerId
  /** What the peer calls itself: a claim. */
  claimedLabel = ''
  /** The start of the peer's process that was last seen; 0 before the first. */
  incarnation = 0
  /** The highest epoch that ever was between us and that incarnation. */
  highestEpoch = 0
  /** The living connection; `undefined` after it closed. */
  connection: Connection | undefined
  /** What it showed as its right to be here; opaque. */
  shownPass: Uint8Array | undefined
  /** What it showed as the end of our right to be there; opaque. */
  shownWithdrawal: Uint8Array | undefined
  /** How the last connection ended. */
  ending: { readonly error: SkeinError; readonly atMs: number } | undefined
  /** The far end of the last path, as a URL. */
  seenAt = 'no address'
  /** Whether this node dialled the first path of the connection. */
  isOutbound = false
  /** Whether the configuration, or a caller, wants this peer connected for ever. */
  isHeld = false
  /** Whether the connection was made because somebody needed it: it may go when nobody does. */
  isOnDemand = false
  /** Since when an on-demand connection has had no stream, ms of the clock. */
  idleSinceMs = 0

  /** How often it may bring a path. */
  readonly joins = new JoinRate()

  #addresses: string[] = []
  readonly #good = new Set<string>()

  constructor(id: PeerId) {
    this.id = id
  }

  /** Where the peer can be dialled, the last good one first. */
  get addresses(): readonly string[] {
    return this.#addresses
  }

  /** An address at which the peer answered goes first. */
  addGood(address: string): void {
    this.#good.add(address)
    this.#addresses = [address, ...this.#addresses.filter((other) => other !== address)]
    this.#addresses.length = Math.min(this.#addresses.length, maxAddresses)
  }

  /** The peer listens elsewhere now: what it named before is forgotten, what answered stays. */
  replaceClaimed(claimed: readonly string[], seenAt: string): void {
    this.#addresses = this.#addresses.filter((address) => this.#good.has(address))
    this.addClaimed(claimed, seenAt)
  }

  /** Addresses that the peer named; a wildcard host is the host that it was seen at. */
  addClaimed(claimed: readonly string[], seenAt: string): void {
    const seenHost = parseHostPort(seenAt)?.host
    for (const address of claimed) {
      const named = parseHostPort(address)
      const isWildcard = named !== undefined && (named.host === '::' || named.host === '0.0.0.0')
      const resolved =
        isWildcard && seenHost !== undefined
          ? tlsAddress({ host: seenHost, port: named.port })
          : address
      if (isWildcard && seenHost === undefined) continue
      if (this.#addresses.length >= maxAddresses || this.#addresses.includes(resolved)) continue
      this.#addresses.push(resolved)
    }
  }

  /** How people see where the peer is: `127.0.0.1:14595`. */
  get displayAddress(): string {
    const named = this.#addresses.map(parseHostPort).find((each) => each !== undefined)
    if (named !== undefined) return formatHostPort(named)
    return displayAddress(this.#addresses[0] ?? this.seenAt)
  }
}
