import type { PeerId } from '../base/peer-id.ts'
import type { Discovery, Found } from './contract.ts'

/** One that is listed. */
export interface ListedPeer {
  readonly addresses: readonly string[]
  readonly id?: PeerId
}

/** Finds those who stand on a list: the configured peers, or those of an earlier start. */
export class AddressList implements Discovery {
  readonly source: string
  readonly #peers: readonly ListedPeer[]

  constructor(source: string, peers: readonly ListedPeer[]) {
    this.source = source
    this.#peers = peers
  }

  start(found: (hint: Found) => void): void {
    for (const peer of this.#peers) {
      if (peer.addresses.length > 0) found({ ...peer, source: this.source })
    }
  }

  stop(): void {
    // A list says all it has at once.
  }
}
