import { PeerEntry } from './peer-entry.ts'
import type { PeerId } from '../base/peer-id.ts'

const maxPeers = 20_000 // Guess: twice the largest network that was thought of.

/** Every peer that this process has met, bounded: the one away for longest makes room. */
export class PeerTable {
  readonly #peers = new Map<PeerId, PeerEntry>()
  readonly #onForget: (peer: PeerEntry) => void

  /** @param onForget - Told of a peer that made room for another. */
  constructor(onForget: (peer: PeerEntry) => void) {
    this.#onForget = onForget
  }

  [Symbol.iterator](): IterableIterator<PeerEntry> {
    return this.#peers.values()
  }

  /** The peer with this ID, if it was met. */
  get(id: PeerId): PeerEntry | undefined {
    return this.#peers.get(id)
  }

  /** The peer with this ID, met or not. */
  meet(id: PeerId): PeerEntry {
    const known = this.#peers.get(id)
    if (known !== undefined) return known
    if (this.#peers.size >= maxPeers) this.#makeRoom()
    const entry = new PeerEntry(id)
    this.#peers.set(id, entry)
    return entry
  }

  /** Connections that this node dialled, or that it accepted. */
  countConnections(isOutbound: boolean): number {
    let count = 0
    for (const peer of this) {
      if (peer.connection !== undefined && peer.isOutbound === isOutbound) count++
    }
    return count
  }

  #makeRoom(): void {
    for (const peer of this) {
      if (peer.connection !== undefined || peer.isHeld) continue
      this.#peers.delete(peer.id)
      this.#onForget(peer)
      return
    }
  }
}
