import type { PeerId } from '../base/peer-id.ts'
import type { DialOptions, Path, Transport } from '../transport/contract.ts'
import { AcceptWitness, PathWitness, check } from './path-witness.ts'

/** A transport under test: two nodes that use it, and where they can meet. */
export interface TransportHarness {
  readonly dialler: Transport
  readonly accepter: Transport
  /** What the two prove; absent on a transport that proves none. */
  readonly diallerId?: PeerId
  readonly accepterId?: PeerId
  /** A new address to listen on. */
  readonly listenAddress: () => string
  /** An address that nobody listens on. */
  readonly nobodyAddress: () => string | Promise<string>
  /** An address that takes a dial and never answers; absent where there can be none. */
  readonly silentAddress?: () => string | Promise<string>
  /** Ends what the harness started. */
  readonly close?: () => Promise<void>
}

const dialTimeoutMs = 10_000 // Longer than a machine under load needs.

/** What happens in one case: who listens, who dials whom; all of it ends with `end`. */
export class TransportScene {
  readonly harness: TransportHarness
  readonly #accepted: AcceptWitness[] = []
  readonly #dialled: Path[] = []

  constructor(harness: TransportHarness) {
    this.harness = harness
  }

  /** Listens on a new address, or on the given one. */
  async listen(address = this.harness.listenAddress()): Promise<AcceptWitness> {
    const accepted = await AcceptWitness.listen(this.harness.accepter, address)
    this.#accepted.push(accepted)
    return accepted
  }

  /** Dials, with time enough. */
  async dial(address: string, options: Partial<DialOptions> = {}): Promise<Path> {
    const path = await this.harness.dialler.dial(address, { timeoutMs: dialTimeoutMs, ...options })
    this.#dialled.push(path)
    return path
  }

  /** Makes a path to a new listener, and binds neither end. */
  async connectUnbound(options?: Partial<DialOptions>): Promise<Unbound> {
    const accepted = await this.listen()
    const path = await this.dial(accepted.address, options)
    return { accepted, path, inbound: await accepted.path(0) }
  }

  /** Makes a path to a new listener, with a witness at each end. */
  async connect(options?: Partial<DialOptions>): Promise<Connected> {
    const { accepted, path, inbound } = await this.connectUnbound(options)
    return { accepted, near: new PathWitness(path), far: new PathWitness(inbound) }
  }

  /** A whole exchange on a path of its own: what was under way elsewhere has had its turn. */
  async barrier(accepted: AcceptWitness): Promise<void> {
    const index = accepted.paths.length
    const near = new PathWitness(await this.dial(accepted.address))
    const far = new PathWitness(await accepted.path(index))
    far.react = (bytes) => far.path.write(bytes)
    near.path.write(utf8('?'))
    await near.until(() => near.text === '?')
    near.path.destroy('the barrier is passed')
    await Promise.all([near.closed(), far.closed()])
  }

  /** Ends all of it. */
  async end(): Promise<void> {
    for (const path of this.#dialled) path.destroy('the test is over')
    for (const accepted of this.#accepted) await accepted.end()
    await this.harness.close?.()
  }
}

interface Unbound {
  readonly accepted: AcceptWitness
  readonly path: Path
  readonly inbound: Path
}

interface Connected {
  readonly accepted: AcceptWitness
  /** The end that dialled. */
  readonly near: PathWitness
  /** The end that accepted. */
  readonly far: PathWitness
}

/** Fails unless the paths of these witnesses were closed once, and all calls came in their place. */
export function checkQuiet(...witnesses: readonly PathWitness[]): void {
  for (const { closes, misplaced } of witnesses) {
    check(closes.length === 1, `onClose comes once, not with ${closes.join(' / ') || 'nothing'}`)
    check(misplaced.length === 0, `no call is out of place, as ${misplaced.join(', ')}`)
  }
}

/** Text as bytes. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
