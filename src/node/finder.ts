/** Takes hints of all discoveries, and does with each what its source is for. */
import type { Discovery, Found } from '../discovery/contract.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ConnectionManager } from '../connection/manager.ts'

/**
 * What is done with a hint: `hold` keeps whoever answers connected for ever, `recall` dials for a
 * while, `learn` remembers the addresses for when the peer is wanted, `meet` does that and dials it now
 * unless the network has it already.
 */
export type HintUse = 'hold' | 'recall' | 'learn' | 'meet'

/** What a finder works with. */
export interface FinderSetup {
  readonly manager: ConnectionManager
  readonly isDenied: (id: PeerId) => boolean
  /** Dials somebody who was seen, if need be. */
  readonly meet: (hint: Found) => void
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

  #take(hint: Found, use: HintUse): void {
    const { id, addresses } = hint
    const { manager, isDenied, meet } = this.#setup
    if (use === 'hold') for (const address of addresses) manager.hold(address, id)
    const isShutOut = id !== undefined && isDenied(id)
    if (use === 'meet' && !isShutOut) meet(hint)
    if (use === 'hold' || id === undefined || isShutOut) return
    if (use === 'recall') manager.recall(id, addresses)
    else manager.learn(id, addresses)
  }
}
