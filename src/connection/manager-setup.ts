/** What a connection manager is given: its bounds, and the node that it works for. */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Transport } from '../transport/contract.ts'
import type { Stream } from './contract.ts'
import type { PeerEntry } from './peer-entry.ts'
import type { Introduction, Refusal } from './messages.ts'
import type { ConnectionOptions } from './options.ts'

/** Bounds of a manager beside those of each connection. */
export interface ManagerOptions extends ConnectionOptions {
  /** Connections that peers opened; one more is refused with `LIMIT_EXCEEDED`. */
  readonly maxInbound: number
  /** Connections that this node opened; one more fails with `LIMIT_EXCEEDED`. */
  readonly maxOutbound: number
  /** Paths that have not said HELLO yet; one more is dropped. */
  readonly maxHalfOpen: number
  /** Time for HELLO and its answer. */
  readonly handshakeTimeoutMs: number
  /** Time for a whole dial: the path and the handshake. */
  readonly dialTimeoutMs: number
  /** The first pause before a peer is dialled again; it doubles with each failure. */
  readonly reconnectMinMs: number
  /** The longest pause. Each is a random part of itself. */
  readonly reconnectMaxMs: number
  /** A connection that was made on demand closes after so long without a stream. */
  readonly idleMs: number
  /** Unacknowledged bytes of all suspended connections; the largest is closed with `RESUME_LIMIT`. */
  readonly resumeTotalBytes: number
}

/** A peer that asks to be let in. */
export interface Candidate {
  readonly id: PeerId
  readonly claimedLabel: string
  readonly address: string
  /** Whether it runs on this machine. */
  readonly isLocal: boolean
  readonly pass: Uint8Array | undefined
}

/** What a manager works with. */
export interface ManagerSetup {
  readonly id: PeerId
  readonly incarnation: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly transports: readonly Transport[]
  readonly options: ManagerOptions
  /** What this node says of itself to a peer. */
  readonly introduce: (
    to: PeerId,
  ) => Pick<Introduction, 'label' | 'addresses' | 'pass' | 'withdrawal'>
  /** A peer was let in, or let this node in, and said what it is. */
  readonly onIntroduced: (peer: PeerEntry) => void
  /** A peer did not let this node in, and said why. */
  readonly onRefused: (peer: PeerEntry, refusal: Refusal) => void
  /** Who may connect; a refusal names the rule. */
  readonly admit: (candidate: Candidate) => Refusal | undefined
  /** Whom this node does not talk to, whoever dials. */
  readonly isDenied: (id: PeerId) => boolean
  /** Serves a stream that a peer opened; false when nobody speaks its protocol. */
  readonly onStream: (stream: Stream, peer: PeerEntry) => boolean
}
