/**
 * Members that nobody alive could suspect: all who were connected to them are gone.
 *
 * A member is suspected by its neighbours; where these die with it, or are cut off with it, nobody is
 * left to do so. So when one is gone, its own neighbours are looked at: whose links, and theirs in
 * turn, lead to a few members and no further, is on an island, and each of the others may suspect it.
 * If it lives and can be reached, it refutes.
 */
import type { View } from './view.ts'

const mostIslanders = 8 // Guess: larger groups lose their members one by one, and shrink to this.

/**
 * Members who are thought alive, were linked to one that is gone, and are on an island now. Members
 * whose links are not known are not judged.
 */
export function findIslanders(view: View, gone: number, self: number): readonly number[] {
  const found = new Set<number>()
  for (const near of neighboursOf(view, gone)) {
    if (found.has(near) || !isThere(view, near)) continue
    for (const number of islandOf(view, near, self)) found.add(number)
  }
  return [...found]
}

/** The whole island that a member is on; nobody where it is none. */
function islandOf(view: View, start: number, self: number): readonly number[] {
  const reached = new Set([start])
  for (const number of reached) {
    // Ours may be new and not reported yet; and of whom nothing is known, nothing follows.
    if (number === self || view.linksAt(number) === undefined) return []
    for (const next of neighboursOf(view, number)) if (isThere(view, next)) reached.add(next)
    if (reached.size > mostIslanders) return []
  }
  return [...reached]
}

function isThere(view: View, number: number): boolean {
  return view.recordAt(number) !== undefined && view.stateAt(number) === 'alive'
}

function* neighboursOf(view: View, number: number): Iterable<number> {
  for (const key of view.linksAt(number)?.value.rttMicros.keys() ?? []) {
    const other = view.index.find({ key, digest: 0 })
    if (other !== undefined) yield other
  }
}
