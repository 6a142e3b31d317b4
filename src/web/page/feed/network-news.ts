/** What happened in the network, in words, while somebody looks. */
import type { PeerId } from '../../../base/peer-id.ts'
import type { FeedModel } from '../../../map/feed.ts'
import type { MemberState } from '../../../membership/snapshot.ts'

/** Something worth a line. */
export interface News {
  readonly number: number
  readonly atMs: number
  readonly id: PeerId
  readonly name: string
  readonly kind: 'joined' | 'back' | MemberState | 'forgotten'
}

const maxNews = 50 // More than anybody scrolls back.

/** Compares the network from tick to tick. */
export class NewsDesk {
  #states: Map<PeerId, { readonly name: string; readonly state: MemberState }> | undefined
  #news: readonly News[] = []
  #count = 0

  /** The newest first. */
  get news(): readonly News[] {
    return this.#news
  }

  /** Looks at what there is now. The first look is no news, nor is a whole network told anew. */
  look(model: FeedModel, atMs: number): void {
    const before = this.#states
    const states = new Map(
      [...model.nodes.values()].map(({ id, name, state }) => [id, { name, state }] as const),
    )
    this.#states = states
    if (before === undefined) return
    const found: News[] = []
    const tell = (id: PeerId, name: string, kind: News['kind']): void => {
      found.push({ number: this.#count++, atMs, id, name, kind })
    }
    for (const [id, { name, state }] of states) {
      const was = before.get(id)?.state
      if (was === state) continue
      if (was === undefined) tell(id, name, state === 'alive' ? 'joined' : state)
      else tell(id, name, state === 'alive' ? 'back' : state)
    }
    for (const [id, { name }] of before) if (!states.has(id)) tell(id, name, 'forgotten')
    if (found.length > 0) this.#news = [...found.toReversed(), ...this.#news].slice(0, maxNews)
  }

  /** The node tells all anew: what is different then did not happen just now. */
  reset(): void {
    this.#states = undefined
  }
}

/** What happened, behind the name of a node. */
export const newsText: Readonly<Record<News['kind'], string>> = {
  joined: 'joined the network',
  back: 'is back',
  alive: 'is alive',
  suspect: 'does not answer',
  gone: 'is gone',
  left: 'left',
  forgotten: 'is no member any more',
}
