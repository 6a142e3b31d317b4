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

/** Why a peer may not write here. */
export interface MailRefusal {
  readonly reason: string
  /** False where nothing is known of it yet: what it wrote stays with who holds it. */
  readonly isFinal: boolean
}

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
  /** This node's pass, where it has one: it stands in what this node writes. */
  ownPass(): Uint8Array | undefined
  /**
   * Why a peer may not write to this node's inbox or wall; `undefined` where it may.
   *
   * @param pass - What it showed with what it wrote: who has left cannot show it any more.
   */
  refusal(author: PeerId, what: 'mail' | 'wall', pass?: Uint8Array): MailRefusal | undefined
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
