/** Two connections joined by hand, without handshakes, over a memory network in virtual time. */
import { MemoryNetwork } from '../transport/memory.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Connection } from './connection.ts'
import { defaultConnectionOptions } from './options.ts'
import type { SkeinError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MemoryPath } from '../transport/memory-path.ts'
import type { Path } from '../transport/contract.ts'
import type { Stream, StreamHandler } from './contract.ts'
import type { ConnectionOptions } from './options.ts'

export interface Side {
  readonly connection: Connection
  readonly opened: Stream[]
  readonly violations: string[]
  readonly lost: string[]
  doubts: number
  /** How often somebody began to wait for a path. */
  waits: number
  closed: SkeinError | undefined
  /** Serves streams that the other side opens; they are collected in `opened` in any case. */
  serve: (stream: Stream) => boolean
}

/** See the file's head. */
export class Duo {
  readonly clock = new VirtualClock()
  readonly network: MemoryNetwork
  readonly a: Side
  readonly b: Side
  readonly #latencyMs: number
  #inbound: Path | undefined
  #path: MemoryPath | undefined
  readonly #joins = new Map<MemoryPath, () => void>()

  constructor(options: Partial<ConnectionOptions> & { readonly latencyMs?: number } = {}) {
    const { latencyMs = 1, ...connectionOptions } = options
    this.#latencyMs = latencyMs
    this.network = new MemoryNetwork(this.clock, () => latencyMs)
    this.a = this.#side(true, connectionOptions)
    this.b = this.#side(false, connectionOptions)
    void this.network.transport('b', 'b' as PeerId).listen({
      address: 'memory://b',
      maxHalfOpen: 1_000,
      handshakeTimeoutMs: 1_000,
      onPath: (path) => {
        this.#inbound = path
      },
      onRejected: () => undefined,
    })
  }

  /** The path that was attached last, from a's side. */
  get path(): MemoryPath {
    if (this.#path === undefined) throw new RangeError('no path yet')
    return this.#path
  }

  /**
   * Makes a new path, gives each end the numbers that a handshake would have told, attaches both.
   *
   * @param options - With `isWelcomeLate` only b, who accepts, knows of the path until {@link join}.
   */
  async attach(
    prepare: (path: MemoryPath) => void = () => undefined,
    { isWelcomeLate = false }: { readonly isWelcomeLate?: boolean } = {},
  ): Promise<MemoryPath> {
    const dial = this.network.transport('a', 'a' as PeerId).dial('memory://b', { timeoutMs: 1_000 })
    await this.clock.advance(2 * this.#latencyMs + 1)
    const path = (await dial) as MemoryPath
    const far = this.#inbound
    if (far === undefined) throw new RangeError('the listener was told')
    const { a, b } = this
    const [aHas, bHas] = [a.connection.receivedNumber, b.connection.receivedNumber]
    this.#path = path
    prepare(path)
    b.connection.attach(far, { peerReceived: aHas, toldReceived: bHas })
    const join = (): void => {
      a.connection.attach(path, { peerReceived: bHas, toldReceived: aHas })
    }
    if (isWelcomeLate) this.#joins.set(path, join)
    else join()
    return path
  }

  /** The WELCOME of a path reaches a, who dialled it. */
  join(path: MemoryPath): void {
    this.#joins.get(path)?.()
  }

  /** Attaches again and again while both live, until `isSo`; gives up after `rounds`. */
  async attachUntil(isSo: () => boolean, rounds = 50): Promise<boolean> {
    for (let round = 0; round < rounds && !isSo(); round++) {
      if (this.a.connection.state === 'suspended') await this.attach()
      await this.clock.until(isSo, 1_000)
    }
    return isSo()
  }

  #side(isLower: boolean, options: Partial<ConnectionOptions>): Side {
    const side: Side = {
      opened: [],
      violations: [],
      lost: [],
      doubts: 0,
      waits: 0,
      closed: undefined,
      serve: () => true,
      connection: new Connection({
        epoch: 1,
        isLower,
        peerWindowBytes: options.initialWindowBytes ?? defaultConnectionOptions.initialWindowBytes,
        clock: this.clock,
        options: { ...defaultConnectionOptions, ...options },
        handler: {
          onStream: (stream) => {
            side.opened.push(stream)
            return side.serve(stream)
          },
          onPathAttached: () => undefined,
          onPathLost: (_path, reason) => void side.lost.push(reason),
          onDoubt: () => void side.doubts++,
          onWait: () => void side.waits++,
          onRtt: () => undefined,
          onViolation: (rule) => void side.violations.push(rule),
          onClose: (error) => {
            side.closed = error
          },
        },
      }),
    }
    return side
  }
}

/** Collects what a stream brings. */
export class Collector implements StreamHandler {
  readonly parts: Uint8Array[] = []
  isEnded = false
  isClosed = false
  error: SkeinError | undefined
  drains = 0

  get length(): number {
    return this.parts.reduce((sum, part) => sum + part.length, 0)
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.parts.flatMap((part) => [...part]))
  }

  onData(bytes: Uint8Array): void {
    this.parts.push(bytes)
  }

  onEnd(): void {
    this.isEnded = true
  }

  onDrain(): void {
    this.drains++
  }

  onClose(error: SkeinError | undefined): void {
    this.isClosed = true
    this.error = error
  }
}

/** Sends back whatever comes, then ends. */
export function echo(stream: Stream): boolean {
  stream.bind({
    onData: (bytes) => void stream.write(bytes),
    onEnd: () => stream.end(),
    onDrain: () => undefined,
    onClose: () => undefined,
  })
  return true
}
