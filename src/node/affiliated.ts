import type { Standing } from './standing.ts'

/** What this node is in its network. */
export interface Affiliated {
  /** Whether it is still a member: `expiring` soon, `expired`, or `out`: its pass was taken back. */
  readonly standing: Standing
  /** What is wrong with that, and what to do; absent where it is a member. */
  readonly notice?: string
  /** The network's ID. */
  readonly network: string
  /** What this node is called in it. */
  readonly label: string
  readonly roles: readonly string[]
  /** Until when its pass works, Unix ms; 0 for ever. */
  readonly expiresMs: number
  /** Whether it can invite: it holds the network's key. */
  readonly canInvite: boolean
}
