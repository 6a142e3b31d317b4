import type { PeerId } from '../base/peer-id.ts'

/**
 * What is believed of a member. `suspect`: somebody who should reach it cannot, and it has not
 * answered yet. `gone`: it did not answer in time. `left`: it said so itself.
 */
export type MemberState = 'alive' | 'suspect' | 'gone' | 'left'

/** A member as this node knows it now. A snapshot: it does not change. */
export interface NodeInfo {
  readonly id: PeerId
  /** What people call it: unique in this node's view. */
  readonly name: string
  readonly state: MemberState
  /** Where it can be dialled, as URLs. */
  readonly addresses: readonly string[]
  /** Age of the newest word that it signed itself, ms. */
  readonly ageMs: number
  /** Version of its software. */
  readonly software: string
  /** Version of the protocol that it speaks. */
  readonly protocol: number
  /** True for this node itself. */
  readonly isSelf: boolean
}

/** A connection between two members. */
export interface LinkInfo {
  /** The end with the lower ID. */
  readonly a: PeerId
  readonly b: PeerId
  /** Mean of what both ends measured, µs; absent before the first measurement. */
  readonly rttMicros?: number
  /** True where both ends name it; one end alone may be mistaken, or late. */
  readonly isConfirmed: boolean
  /** Age of the newer of the two reports that name it, ms: how long ago it came here. */
  readonly ageMs: number
}
