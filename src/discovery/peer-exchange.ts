import type { Unsubscribe } from '../base/emitter.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Discovery, Found } from './contract.ts'

/** A member and where it says that it listens. */
export interface ExchangedPeer {
  readonly id: PeerId
  readonly addresses: readonly string[]
}

/** Where peer exchange takes its knowledge from. */
export interface PeerExchangeSetup {
  /** Members that are alive, without this node. */
  readonly members: () => Iterable<ExchangedPeer>
  /** Calls back at each new word of a member. */
  readonly follow: (onNews: (peer: ExchangedPeer) => void) => Unsubscribe
}

/** Finds peers through peers: at the addresses that members sign. */
export class PeerExchange implements Discovery {
  readonly source = 'members'
  readonly #setup: PeerExchangeSetup
  #unfollow: Unsubscribe | undefined

  constructor(setup: PeerExchangeSetup) {
    this.#setup = setup
  }

  start(found: (hint: Found) => void): void {
    const tell = ({ id, addresses }: ExchangedPeer): void => {
      if (addresses.length > 0) found({ id, addresses, source: this.source })
    }
    this.stop()
    this.#unfollow = this.#setup.follow(tell)
    for (const member of this.#setup.members()) tell(member)
  }

  stop(): void {
    this.#unfollow?.()
    this.#unfollow = undefined
  }
}
