/**
 * Who holds a message for a peer that is away: of the members that are usually up, those whose IDs are
 * closest to the recipient's by XOR (Kademlia, 2002, §2.1). Every member computes the same ones, so
 * holders find each other, and the recipient finds them, without being told.
 *
 * "Usually up": alive now, and running for ten minutes or longer. Where there are fewer of those, the
 * others fill up.
 */
import { keyFromPeerId } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'

/** A member that is alive. */
export interface Candidate {
  readonly id: PeerId
  /** How long its process has been running, ms, as its incarnation says. */
  readonly upMs: number
}

/** The `count` best holders for a recipient, best first. */
export function chooseHolders(
  recipient: PeerId,
  candidates: readonly Candidate[],
  { count, settledMs }: { readonly count: number; readonly settledMs: number },
): readonly PeerId[] {
  const target = keyFromPeerId(recipient)
  const ranked = candidates
    .filter(({ id }) => id !== recipient)
    .map(({ id, upMs }) => {
      return {
        id,
        rank: upMs >= settledMs ? 0 : 1,
        distance: distanceOf(keyFromPeerId(id), target),
      }
    })
  ranked.sort((a, b) => a.rank - b.rank || compare(a.distance, b.distance))
  return ranked.slice(0, count).map(({ id }) => id)
}

function distanceOf(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, at) => byte ^ (b[at] ?? 0))
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (const [at, byte] of a.entries()) {
    const difference = byte - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
