/**
 * Paths inside one process, over a network that can be told to misbehave: latency, silence, resets,
 * a cut after an exact number of bytes. With a virtual clock every run is a function of its seed.
 *
 * Bytes are copied when they arrive and not when they are sent, as a socket may do: code that changes
 * what it has sent is found out.
 */
import { SkeinError } from '../base/errors.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type {
  DialOptions,
  ListenOptions,
  Listener,
  Path,
  PathHandler,
  Transport,
} from './contract.ts'

/** One-way latency in milliseconds between two hosts. */
export type Latency = (from: string, to: string) => number

const bufferBytes = 65_536 // Like a small socket buffer: `write` answers false above it.

/** All hosts, and what lies between them. */
export class MemoryNetwork {
  readonly clock: Clock
  readonly #latency: Latency
  readonly #listeners = new Map<string, MemoryListener>()
  readonly #silent = new Set<string>()
  readonly #paths = new Set<MemoryPath>()
  #nextPort = 1

  constructor(clock: Clock, latency: Latency = () => 0) {
    this.clock = clock
    this.#latency = latency
  }

  /** The transport of one host. Whoever uses it is believed to be `id`. */
  transport(host: string, id: PeerId | undefined): Transport {
    return {
      scheme: 'memory',
      dial: (address, options) => this.#dial({ host, id }, address, options),
      listen: (options) => Promise.resolve(this.#listen(id, options)),
    }
  }

  /** Living paths between two hosts, each once, from the side that dialled. */
  pathsBetween(a: string, b: string): readonly MemoryPath[] {
    return [...this.#paths].filter(
      ({ from, to }) => (from === a && to === b) || (from === b && to === a),
    )
  }

  /** Every living path, from the side that dialled. */
  get paths(): readonly MemoryPath[] {
    return [...this.#paths]
  }

  /** Lets nothing through from one host to the other, and tells nobody; `false` heals. */
  setSilent(from: string, to: string, isSilent: boolean): void {
    if (isSilent) this.#silent.add(`${from}>${to}`)
    else this.#silent.delete(`${from}>${to}`)
    if (isSilent) return
    for (const path of this.#paths) {
      path.flushHeld()
      path.far.flushHeld()
    }
  }

  /** Breaks every path between two hosts; both ends are told. */
  reset(a: string, b: string): void {
    for (const path of this.pathsBetween(a, b)) path.breakOff('reset')
  }

  /** Takes a host's listener away, so that another process can listen there. */
  forget(host: string): void {
    this.#listeners.delete(host)
  }

  /** Ends a host: it hears and says nothing more, its paths break at their other ends. */
  crash(host: string): void {
    this.#listeners.delete(host)
    for (const path of [...this.#paths]) {
      if (path.from !== host && path.to !== host) continue
      this.drop(path)
      const near = path.from === host ? path : path.far
      near.vanish()
      near.far.breakOff('reset')
    }
  }

  /** @internal */
  isSilent(from: string, to: string): boolean {
    return this.#silent.has(`${from}>${to}`)
  }

  /** @internal */
  latencyMs(from: string, to: string): number {
    return this.#latency(from, to)
  }

  /** @internal */
  drop(path: MemoryPath): void {
    this.#paths.delete(path)
    this.#paths.delete(path.far)
  }

  #listen(id: PeerId | undefined, options: ListenOptions): Listener {
    const host = hostOf(options.address)
    if (this.#listeners.has(host)) {
      throw new SkeinError('ADDRESS_IN_USE', `${options.address} is taken; choose another name`)
    }
    const listener = { id, options }
    this.#listeners.set(host, listener)
    return {
      addresses: [options.address],
      close: () => {
        if (this.#listeners.get(host) === listener) this.#listeners.delete(host)
        return Promise.resolve()
      },
    }
  }

  #dial(
    from: { readonly host: string; readonly id: PeerId | undefined },
    address: string,
    { expectedId, signal, timeoutMs }: DialOptions,
  ): Promise<Path> {
    const to = hostOf(address)
    return new Promise((resolve, reject) => {
      const timers: Timer[] = []
      const settle = (act: () => void): void => {
        for (const timer of timers) timer.cancel()
        signal?.removeEventListener('abort', onAbort)
        act()
      }
      const fail = (error: SkeinError): void => settle(() => reject(error))
      const onAbort = (): void => fail(signal?.reason as SkeinError)
      if (signal?.aborted === true) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      const onDeadline = (): void => fail(new SkeinError('TIMED_OUT', `${address}: no answer`))
      timers.push(this.clock.after(timeoutMs, onDeadline))
      if (this.isSilent(from.host, to) || this.isSilent(to, from.host)) return
      const roundTripMs = this.latencyMs(from.host, to) + this.latencyMs(to, from.host)
      const onArrival = (): void => {
        const listener = this.#listeners.get(to)
        if (listener === undefined) {
          fail(new SkeinError('DIAL_FAILED', `${address}: nobody listens`))
        } else if (expectedId !== undefined && listener.id !== expectedId) {
          fail(new SkeinError('PEER_MISMATCH', `${address} proved another key than expected`))
        } else settle(() => resolve(this.#connect(from, to, listener)))
      }
      timers.push(this.clock.after(roundTripMs, onArrival))
    })
  }

  #connect(
    from: { readonly host: string; readonly id: PeerId | undefined },
    to: string,
    listener: MemoryListener,
  ): Path {
    const port = this.#nextPort++
    const near = new MemoryPath(this, { from: from.host, to, remoteId: listener.id, port: 0 })
    const far = new MemoryPath(this, { from: to, to: from.host, remoteId: from.id, port })
    near.join(far)
    this.#paths.add(near)
    listener.options.onPath(far)
    return near
  }
}

interface MemoryListener {
  readonly id: PeerId | undefined
  readonly options: ListenOptions
}

/** One end of a path in memory. */
export class MemoryPath implements Path {
  readonly kind = 'memory'
  readonly remoteAddress: string
  readonly remoteId: PeerId | undefined
  readonly isLocal = false
  readonly from: string
  readonly to: string
  bufferedBytes = 0

  readonly #network: MemoryNetwork
  #far: MemoryPath | undefined
  #handler: PathHandler | undefined
  #latencyMs: number | undefined
  #isReading = true
  #isOver = false
  #isClosing = false
  #isDrainDue = false
  #lastArrivalMs = 0
  #arrived: (Uint8Array | string)[] = []
  #held: (Uint8Array | string)[] = []
  #budgetBytes = Number.POSITIVE_INFINITY

  constructor(
    network: MemoryNetwork,
    ends: {
      readonly from: string
      readonly to: string
      readonly remoteId: PeerId | undefined
      readonly port: number
    },
  ) {
    this.#network = network
    this.from = ends.from
    this.to = ends.to
    this.remoteId = ends.remoteId
    this.remoteAddress = `memory://${ends.to}${ends.port === 0 ? '' : `#${ends.port}`}`
  }

  /** The other end. */
  get far(): MemoryPath {
    return this.#far ?? this
  }

  /** @internal */
  join(far: MemoryPath): void {
    this.#far = far
    far.#far = this
  }

  /** Gives this path, both ways, a one-way latency of its own. */
  setLatency(latencyMs: number): void {
    this.#latencyMs = latencyMs
    this.far.#latencyMs = latencyMs
  }

  /** Lets exactly so many more bytes out of this end, then breaks the path. */
  cutAfter(bytes: number): void {
    this.#budgetBytes = bytes
  }

  /** Ends the path for both sides, as a reset does. */
  breakOff(reason: string): void {
    this.#network.drop(this)
    this.#end(reason)
    this.far.#end(reason)
  }

  /** @internal Ends without telling its own side, which is no more. */
  vanish(): void {
    this.#isOver = true
  }

  bind(handler: PathHandler): void {
    this.#handler = handler
    if (this.#arrived.length > 0) this.#network.clock.after(0, () => this.#deliver())
  }

  write(bytes: Uint8Array, more?: Uint8Array): boolean {
    if (this.#isOver || this.#isClosing) return true
    this.#send(bytes)
    if (more !== undefined) this.#send(more)
    this.#isDrainDue ||= this.bufferedBytes > bufferBytes
    return !this.#isDrainDue
  }

  setReading(isReading: boolean): void {
    this.#isReading = isReading
    if (isReading && this.#arrived.length > 0) this.#network.clock.after(0, () => this.#deliver())
  }

  close(): void {
    if (this.#isOver || this.#isClosing) return
    this.#isClosing = true
    this.#transmit('ended by peer')
    this.#network.drop(this)
    this.#network.clock.after(0, () => this.#end('closed'))
  }

  destroy(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#network.drop(this)
    const { clock } = this.#network
    clock.after(0, () => this.#handler?.onClose(reason))
    if (this.#network.isSilent(this.from, this.to)) return
    clock.after(this.#network.latencyMs(this.from, this.to), () => this.far.#end('reset by peer'))
  }

  /** @internal */
  flushHeld(): void {
    const held = this.#held
    this.#held = []
    for (const item of held) this.#arrive(item)
  }

  #send(bytes: Uint8Array): void {
    const part = bytes.subarray(0, Math.min(bytes.length, this.#budgetBytes))
    this.#budgetBytes -= part.length
    this.bufferedBytes += part.length
    if (part.length > 0) this.#transmit(part)
    if (this.#budgetBytes === 0) this.#transmit('cut')
  }

  /** Puts bytes, or the reason of an end, on the wire. */
  #transmit(item: Uint8Array | string): void {
    const { clock } = this.#network
    const arrivalMs =
      clock.nowMs() + (this.#latencyMs ?? this.#network.latencyMs(this.from, this.to))
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivalMs)
    clock.after(this.#lastArrivalMs - clock.nowMs(), () => this.#arrive(item))
  }

  #arrive(item: Uint8Array | string): void {
    if (this.#network.isSilent(this.from, this.to)) {
      this.#held.push(item)
      return
    }
    if (item === 'cut') {
      this.breakOff('cut')
      return
    }
    if (typeof item !== 'string') this.bufferedBytes -= item.length
    this.far.#arrived.push(typeof item === 'string' ? item : item.slice())
    this.far.#deliver()
    if (!this.#isDrainDue || this.bufferedBytes > 0) return
    this.#isDrainDue = false
    if (!this.#isOver) this.#handler?.onDrain()
  }

  #deliver(): void {
    while (this.#isReading && !this.#isOver && this.#handler !== undefined) {
      const item = this.#arrived.shift()
      if (item === undefined) return
      if (typeof item === 'string') this.#end(item)
      else if (!this.#isClosing) this.#handler.onData(item)
    }
  }

  #end(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#handler?.onClose(reason)
  }
}

function hostOf(address: string): string {
  return address.slice('memory://'.length)
}
