/**
 * Which connection a path belongs to (C15). Two dials that cross, a path that resumes and a
 * peer that restarted are one rule: a second path.
 *
 *   both incarnations and the epoch match     the path joins, both replay
 *   the dialler knows of none as high         the path joins as a second one
 *   anything else                             a new epoch: 1 + the highest that either knows
 *
 * Epochs count from 1 between two incarnations. What a HELLO says of an earlier process of ours is
 * nothing to this one; nor is what we knew of an earlier process of the dialler. So two dials that cross
 * a restart come to the same number.
 *
 * An epoch that the dialler names, between these two incarnations, and that the accepter never had was
 * begun over there by the accepter's own dial, whose answer is slower than this path: it is taken up.
 *
 * **Invariant**: both sides come to the same epoch, or the dialler gives the path up and dials again.
 */
import type { Hello, Welcome } from './messages.ts'

/** What one side knows of the connection to the other. */
export interface Standing {
  /** Our own incarnation. */
  readonly incarnation: number
  /** The peer's incarnation as last seen; 0 for never. */
  readonly peerIncarnation: number
  /** The epoch that lives here; 0 for none. */
  readonly epoch: number
  /** The highest epoch that there ever was between these two. */
  readonly highestEpoch: number
}

/** Why a living connection makes room. */
export type Ending = 'PEER_RESTARTED' | 'CONNECTION_EXPIRED'

/** What a path is for. */
export type Verdict =
  /** It joins the living connection; `isCounted` when the other side's `received` speaks of it. */
  | { readonly type: 'join'; readonly isCounted: boolean }
  /** It starts a connection; one that lived ends first. */
  | { readonly type: 'start'; readonly epoch: number; readonly ending: Ending | undefined }
  /** The other side is an older process with the same key. */
  | { readonly type: 'superseded' }
  /** The answer is about what is over: the path is useless. */
  | { readonly type: 'stale' }

/** The accepter's verdict on a HELLO. */
export function judgeHello(here: Standing, hello: Hello): Verdict {
  if (hello.incarnation < here.peerIncarnation) return { type: 'superseded' }
  const isRestart = hello.incarnation > here.peerIncarnation
  const highestHere = isRestart ? 0 : here.highestEpoch
  const isOfUs = hello.peerIncarnation === here.incarnation
  const highestThere = isOfUs ? hello.highestEpoch : 0
  const isBegun = isOfUs && hello.epoch > highestHere
  const epoch = isBegun ? hello.epoch : 1 + Math.max(highestHere, highestThere)
  if (here.epoch === 0) return { type: 'start', epoch, ending: undefined }
  if (isRestart) return { type: 'start', epoch, ending: 'PEER_RESTARTED' }
  if (isOfUs && hello.epoch === here.epoch) return { type: 'join', isCounted: true }
  // It said so before it could hear of this epoch: another of its dials, or one of ours, began it.
  const isUnknown = highestThere < here.epoch
  if (isUnknown) return { type: 'join', isCounted: false }
  return { type: 'start', epoch, ending: 'CONNECTION_EXPIRED' }
}

/** The dialler's verdict on a WELCOME. */
export function judgeWelcome(here: Standing, welcome: Welcome): Verdict {
  const { epoch, incarnation } = welcome
  if (incarnation < here.peerIncarnation) return { type: 'stale' }
  const isRestart = incarnation > here.peerIncarnation && here.peerIncarnation > 0
  if (isRestart) {
    const ending = here.epoch > 0 ? 'PEER_RESTARTED' : undefined
    return { type: 'start', epoch, ending }
  }
  if (here.epoch === epoch) return { type: 'join', isCounted: true }
  if (epoch <= here.highestEpoch) return { type: 'stale' }
  return { type: 'start', epoch, ending: here.epoch > 0 ? 'CONNECTION_EXPIRED' : undefined }
}
