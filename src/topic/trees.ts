/**
 * Which links carry an author's copies (Plumtree, §3.3 and §3.8): at first all, then a tree.
 *
 *   first copy      its link is the way from the author, unless the usual one only seems to be late
 *   another copy    one of the two links is pruned: the later one, or the usual one where that is clearly
 *                   slower
 *   a name          of what came clearly later than it could have: that link is followed
 */
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Author, Tree } from './authors.ts'
import type { Neighbour } from './neighbour.ts'
import type { TopicOptions } from './options.ts'
import type { Store } from './store.ts'

/** What trees are made with. */
export interface TreesSetup {
  readonly clock: Clock
  readonly options: TopicOptions
  readonly store: Store
  readonly neighbours: ReadonlyMap<PeerId, Neighbour>
}

const pruneAgainMs = 1_000 // Guess: longer than a copy is under way.
const awaitMs = 1_000 // Guess: a copy that is so much later is not under way.
const changeMs = 5_000 // Guess: a tree is changed for a faster one so often at most.

/** See the file's head. */
export class Trees {
  readonly #clock: Clock
  readonly #options: TopicOptions
  readonly #store: Store
  readonly #neighbours: ReadonlyMap<PeerId, Neighbour>

  constructor({ clock, options, store, neighbours }: TreesSetup) {
    this.#clock = clock
    this.#options = options
    this.#store = store
    this.#neighbours = neighbours
  }

  /**
   * The first copy of a message came from there. The one that it usually comes from remains, until its
   * copy turns out to be clearly later or not to come at all: who follows each first copy ends up in
   * circles.
   */
  cameFirst(tree: Tree, from: PeerId): void {
    const nowMs = this.#clock.nowMs()
    if (tree.parent === from) tree.awaitedMs = Infinity
    else if (tree.parent === undefined || nowMs - tree.awaitedMs > awaitMs) {
      tree.parent = from
      tree.awaitedMs = Infinity
      tree.pruned.delete(from)
    } else tree.awaitedMs = Math.min(tree.awaitedMs, nowMs)
  }

  /** A copy came again. Of two that send the same, one is told that names will do from now on. */
  cameAgain({ tree, prefix }: Author, key: string, from: PeerId): void {
    const kept = this.#store.get(key)
    const first = kept?.from
    if (from !== tree.parent || kept === undefined || first === undefined || first === from) {
      if (from !== tree.parent) this.#prune(tree, from, prefix)
      return
    }
    tree.awaitedMs = Infinity
    const lateMs = this.#clock.nowMs() - kept.receivedMs
    const isSlow = lateMs > this.#options.fasterByMs && !tree.pruned.has(first)
    if (isSlow) tree.parent = first
    this.#prune(tree, isSlow ? from : first, prefix)
  }

  /** A message was named that is here: would it have come sooner from the neighbour that only named it? */
  wasNamed(
    { tree, prefix }: Author,
    neighbour: Neighbour,
    { key, delayMs }: { readonly key: string; readonly delayMs: number },
  ): void {
    const kept = this.#store.get(key)
    const nowMs = this.#clock.nowMs()
    if (kept?.from === undefined || kept.from === neighbour.id) return
    if (nowMs - tree.changedMs < changeMs) return
    if (kept.receivedMs - (nowMs - delayMs) <= this.#options.fasterByMs) return
    tree.changedMs = nowMs
    tree.pruned.delete(neighbour.id)
    neighbour.tell({ type: 'follow', authors: [prefix] })
  }

  #prune(tree: Tree, id: PeerId, prefix: string): void {
    const nowMs = this.#clock.nowMs()
    if (nowMs - (tree.pruned.get(id) ?? -Infinity) < pruneAgainMs) return
    tree.pruned.set(id, nowMs)
    this.#neighbours.get(id)?.tell({ type: 'prune', authors: [prefix] })
  }
}
