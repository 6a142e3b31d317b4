/** What a connection is made with, and what it tells whoever made it. */
import type { Clock } from '../base/clock.ts'
import type { SkeinError } from '../base/errors.ts'
import type { Path } from '../transport/contract.ts'
import type { Stream } from './contract.ts'
import type { ConnectionOptions } from './options.ts'

/** Where a connection stands. */
export type ConnectionState = 'open' | 'suspended' | 'closed'

/** What a connection tells whoever made it. */
export interface ConnectionHandler {
  /** The peer opened a stream; false when nobody serves its protocol. */
  onStream(stream: Stream): boolean
  onPathAttached(path: Path): void
  onPathLost(path: Path, reason: string): void
  /** The path in use does not answer in time, and there is no other: another dial may help. */
  onDoubt(): void
  /** There is no path, and the first stream is needed: from now on somebody waits for one. */
  onWait(): void
  onRtt(rttMicros: number): void
  /** The peer broke a rule; the connection closes with `VIOLATION` right after. */
  onViolation(rule: string): void
  /** The connection is over; called once. The error says why, and each stream's `onClose` got it. */
  onClose(error: SkeinError): void
}

/** What a connection starts from. */
export interface ConnectionSetup {
  /** Number of this connection between these two incarnations. */
  readonly epoch: number
  /** Whether our peer ID is the lower one: our streams then have even numbers. */
  readonly isLower: boolean
  /** Credit that the peer's HELLO or WELCOME gives each stream. */
  readonly peerWindowBytes: number
  readonly clock: Clock
  readonly options: ConnectionOptions
  readonly handler: ConnectionHandler
}

/** How a path joins: numbers from the handshake that it went through. */
export interface Attachment {
  /** What the peer had received of us; `undefined` when it named no living epoch. */
  readonly peerReceived: number | undefined
  /** What we told the peer that we had received: its frames on this path start there. */
  readonly toldReceived: number
}
