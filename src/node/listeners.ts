import { background } from '../base/background.ts'
import { SkeinError } from '../base/errors.ts'
import { readListenAddress } from './options.ts'
import type { Log } from '../base/log.ts'
import type { Listener, Path, Transport } from '../transport/contract.ts'
import type { NodeLimits } from './options.ts'

/** What a node's listeners need. */
export interface ListenersSetup {
  readonly transports: readonly Transport[]
  readonly limits: NodeLimits
  readonly log: Log
  readonly accept: (path: Path) => Promise<void>
}

/** Where a node listens: all of its places at once, or none. */
export class Listeners {
  readonly #setup: ListenersSetup
  #open: Listener[] = []

  constructor(setup: ListenersSetup) {
    this.#setup = setup
  }

  /** Where this node can be dialled, as URLs. */
  get addresses(): readonly string[] {
    return this.#open.flatMap(({ addresses }) => addresses)
  }

  /**
   * Listens at these places, and no longer at those before.
   *
   * @throws {SkeinError} `CONFIG_INVALID`, `ADDRESS_IN_USE`; it listens nowhere then.
   */
  async open(places: readonly string[]): Promise<void> {
    await this.close()
    try {
      for (const place of places) this.#open.push(await this.#listen(place))
    } catch (thrown) {
      await this.close()
      throw thrown
    }
  }

  /** Listens nowhere. Paths that were accepted live on. */
  async close(): Promise<void> {
    const open = this.#open
    this.#open = []
    await Promise.all(open.map((listener) => listener.close()))
  }

  #listen(place: string): Promise<Listener> {
    const { transports, limits, log, accept } = this.#setup
    const address = readListenAddress(place)
    const transport = transports.find(({ scheme }) => address.startsWith(`${scheme}://`))
    if (transport === undefined) {
      throw new SkeinError('CONFIG_INVALID', `listen ${place}: no such kind of address`)
    }
    return transport.listen({
      address,
      maxHalfOpen: limits.maxHalfOpen,
      handshakeTimeoutMs: limits.handshakeTimeoutMs,
      onPath: (path) => background(accept(path), 'accept a path', log),
      onRejected: (remoteAddress, reason) => {
        log.warn({ scope: 'transport', address: remoteAddress }, `refused: ${reason}`)
      },
    })
  }
}
