/** Takes hints of all discoveries, and does with each what its source is for. */
import type { Discovery, Found } from '../discovery/contract.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ConnectionManager } from '../connection/manager.ts'

/**
 * What is done with a hint: `hold` keeps whoever answers connected for ever, `recall` dials for a
 * while, `learn` remembers the addresses for when the peer is wanted.
 */
export type HintUse = 'hold' | 'recall' | 'learn'

/** What a finder works with. */
export interface FinderSetup {
  readonly manager: ConnectionManager
  readonly isDenied: (id: PeerId) => boolean
}

/** See the file's head. */
export class Finder {
  readonly #setup: FinderSetup
  readonly #discoveries: Discovery[] = []

  constructor(setup: FinderSetup) {
    this.#setup = setup
  }

  /** Starts a discovery. */
  use(discovery: Discovery, use: HintUse): void {
    this.#discoveries.push(discovery)
    discovery.start((hint) => this.#take(hint, use))
  }

  /** Stops all. */
  stop(): void {
    for (const discovery of this.#discoveries) discovery.stop()
  }

  #take({ id, addresses }: Found, use: HintUse): void {
    const { manager, isDenied } = this.#setup
    if (use === 'hold') for (const address of addresses) manager.hold(address, id)
    if (use === 'hold' || id === undefined || isDenied(id)) return
    if (use === 'recall') manager.recall(id, addresses)
    else manager.learn(id, addresses)
  }
}
