/** What the parts of mail work with: time, chance, a database and the others, all passed in. */
import type { Clock } from '../base/clock.ts'
import type { Database } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Sealer } from './envelope.ts'
import type { Candidate } from './holders.ts'
import type { MailAnswer, MailRequest } from './messages.ts'
import type { MailOptions } from './options.ts'
import type { MailSigner } from './signed.ts'

/** The other members. */
export interface MailNetwork {
  /**
   * Asks a member, dialling it if need be.
   *
   * @throws {SkeinError} It cannot be reached, refuses, or does not answer in time.
   */
  ask(to: PeerId, request: MailRequest): Promise<MailAnswer>
  /** Whether a peer is there: connected, or a member that is alive. */
  isUp(id: PeerId): boolean
  /** Members that are alive, without this node. */
  candidates(): readonly Candidate[]
  /** How long this node has been running, ms, as the others see it. */
  ownUpMs(): number
  /** Which network this node belongs to: a whole number that says so on the disk; 0 for none. */
  tag(): number
  /** Connected peers that take part. */
  neighbours(): readonly PeerId[]
  /** Why a peer may not write to this node's inbox or wall; `undefined` where it may. */
  refusal(author: PeerId, what: 'mail' | 'wall'): string | undefined
}

/** See the file's head. */
export interface MailSetup {
  readonly signer: MailSigner
  readonly sealer: Sealer
  readonly clock: Clock
  readonly random: Random
  readonly options: MailOptions
  readonly database: Database
  readonly network: MailNetwork
  /** Tells of what failed and will be tried again, or of what a peer did wrong. */
  readonly warn: (message: string) => void
}
