/** What a membership machine is given. */
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { MemberIndex } from './member-index.ts'
import type { MembershipMessage } from './messages.ts'
import type { MembershipOptions } from './options.ts'
import type { MemberRecord, Signer } from './record.ts'
import type { MemberState } from './snapshot.ts'
import type { WordReader } from './word-reader.ts'

/** What this node says of itself. */
export type SelfDescription = Pick<
  MemberRecord,
  'label' | 'addresses' | 'software' | 'protocol' | 'pass'
>

/** What a machine works with. */
export interface MachineSetup {
  readonly signer: Signer
  readonly incarnation: number
  /** Number of this node's first word here; 0 where it said none in another network before. */
  readonly firstRevision?: number
  readonly clock: Clock
  readonly random: Random
  readonly options: MembershipOptions
  readonly self: SelfDescription
  /** Whether somebody belongs to the network; all do in one without a key, and where absent. */
  readonly admits?: (record: MemberRecord) => boolean
  /** Withdrawals of passes, as they travel: a new neighbour gets them all; none where absent. */
  readonly withdrawals?: () => readonly Uint8Array[]
  /** Takes one that a neighbour told; returns what is wrong with it: where absent, everything. */
  readonly onWithdrawal?: (bytes: Uint8Array) => string | undefined
  /** Sends a message to a neighbour. */
  readonly send: (to: PeerId, message: MembershipMessage) => void
  /** Calls `run` in a later turn of the event loop; a timer where absent. */
  readonly defer?: (run: () => void) => void
  /** Reads and verifies words; where absent each is verified with the signer. For simulations. */
  readonly reader?: WordReader
  /** Numbers of members; its own where absent. For simulations, where machines share one. */
  readonly index?: MemberIndex
  /** A member became what it is now; `undefined` before it was known. */
  readonly onChange: (id: PeerId, state: MemberState, before: MemberState | undefined) => void
  /** The links of a member changed. */
  readonly onLinks: (id: PeerId) => void
}
