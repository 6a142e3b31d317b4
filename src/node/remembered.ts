/**
 * The peers that this node was connected to, with their addresses: a node that starts again dials them
 * by itself, so that two nodes find each other whichever of them restarted.
 */
import { background } from '../base/background.ts'
import { isPeerId } from '../base/peer-id.ts'
import { readJson, writeJson } from './known-list.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Storage } from '../base/storage.ts'

const fileName = 'remembered.json'
const maxPeers = 64 // Guess: enough to find the rest through.
const maxAddresses = 8 // Guess: a few interfaces, before and after a move.
const maxAgeMs = 30 * 24 * 3_600_000 // Guess: a month away is a holiday, more is gone.

/** A peer that was seen. */
export interface RememberedPeer {
  readonly id: PeerId
  readonly addresses: readonly string[]
  /** Unix time, ms. */
  readonly seenMs: number
}

/** See the file's head. */
export class RememberedPeers {
  readonly #parts: { readonly storage: Storage; readonly clock: Clock; readonly log: Log }
  readonly #peers = new Map<PeerId, RememberedPeer>()

  /** @param parts - Where to keep it, and what to tell when that fails. */
  constructor(parts: { readonly storage: Storage; readonly clock: Clock; readonly log: Log }) {
    this.#parts = parts
  }

  /** Reads what was kept, without what is too old. A damaged file is as good as none. */
  async load(): Promise<readonly RememberedPeer[]> {
    const { storage, clock, log } = this.#parts
    const content = await readJson(storage, fileName).catch((thrown: unknown) => {
      log.warn({ file: fileName }, String(thrown))
      return []
    })
    const oldestMs = clock.unixMs() - maxAgeMs
    for (const entry of Array.isArray(content) ? content : []) {
      if (isRemembered(entry) && entry.seenMs > oldestMs) this.#peers.set(entry.id, entry)
    }
    return [...this.#peers.values()]
  }

  /** Notes that a peer is connected. */
  note(id: PeerId, addresses: readonly string[]): void {
    if (addresses.length === 0) return
    const { storage, clock, log } = this.#parts
    this.#peers.delete(id)
    const seenMs = clock.unixMs()
    this.#peers.set(id, { id, addresses: addresses.slice(0, maxAddresses), seenMs })
    const [oldest] = this.#peers.keys()
    if (this.#peers.size > maxPeers && oldest !== undefined) this.#peers.delete(oldest)
    background(writeJson(storage, fileName, [...this.#peers.values()]), `write ${fileName}`, log)
  }

  /** Forgets a peer that was shut out. */
  forget(id: PeerId): void {
    if (!this.#peers.delete(id)) return
    const { storage, log } = this.#parts
    background(writeJson(storage, fileName, [...this.#peers.values()]), `write ${fileName}`, log)
  }
}

function isRemembered(value: unknown): value is RememberedPeer {
  if (typeof value !== 'object' || value === null) return false
  const { id, addresses, seenMs } = value as Partial<Record<keyof RememberedPeer, unknown>>
  return (
    isPeerId(id) &&
    Number.isFinite(seenMs) &&
    Array.isArray(addresses) &&
    addresses.length <= maxAddresses &&
    addresses.every((address) => typeof address === 'string')
  )
}
