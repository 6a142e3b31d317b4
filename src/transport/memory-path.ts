/** One end of a path on the memory network. */
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Path, PathHandler } from './contract.ts'
import type { MemoryProcess } from './memory-process.ts'

/** Where an end of a path stands. */
export interface MemoryPathEnds {
  readonly near: MemoryProcess
  readonly far: MemoryProcess
  /** What the far end is called: the address that was dialled, or one of the dialler's. */
  readonly remoteAddress: string
}

/** What a path asks of the network that it lies in. */
export interface MemoryWires {
  readonly clock: Clock
  isSilent(from: string, to: string): boolean
  latencyMs(from: string, to: string): number
  /** Bytes a second. */
  rate(from: string, to: string): number
  /** Something came for an end that is no more: its host says so, if it can. */
  answerFor(end: MemoryPath): void
  /** Something is held at this end until the network lets it through. */
  hold(end: MemoryPath): void
  /** The path lives no longer. */
  drop(path: MemoryPath): void
}

const bufferBytes = 65_536 // Like a small socket buffer: `write` answers false above it.

/** One end of a path in memory. */
export class MemoryPath implements Path {
  readonly kind = 'memory'
  readonly remoteAddress: string
  readonly remoteId: PeerId | undefined
  readonly isLocal = false
  readonly from: string
  readonly to: string
  bufferedBytes = 0

  readonly #network: MemoryWires
  readonly #process: MemoryProcess
  #far: MemoryPath | undefined
  #handler: PathHandler | undefined
  #isReading = true
  #isOver = false
  #isClosing = false
  #isDrainDue = false
  #isSilent = false
  #latencyMs: number | undefined
  #bytesPerSecond = Number.POSITIVE_INFINITY
  /** When the wire is free for the next byte, and when the last one arrives. */
  #freeAtMs = 0
  #lastArrivalMs = 0
  #arrived: (Uint8Array | string)[] = []
  /** What is on the wire, in order. */
  readonly #onTheWay: (Uint8Array | string)[] = []
  #held: (Uint8Array | string)[] = []
  #budgetBytes = Number.POSITIVE_INFINITY

  constructor(network: MemoryWires, { near, far, remoteAddress }: MemoryPathEnds) {
    this.#network = network
    this.#process = near
    this.from = near.host
    this.to = far.host
    this.remoteId = far.id
    this.remoteAddress = remoteAddress
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

  /** Lets nothing out of this end, and tells nobody, as a NAT that forgot the path; `false` heals. */
  setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent
    if (!isSilent) this.flushHeld()
  }

  /** Lets at most so many bytes a second out of this end: a slow link, or a slow reader. */
  limitRate(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Ends the path for both sides, as a reset does. */
  breakOff(reason: string): void {
    this.#network.drop(this)
    this.#process.run(() => this.#end(reason))
    this.far.#process.run(() => this.far.#end(reason))
  }

  /** @internal Ends without telling its own side, which is no more. */
  vanish(): void {
    this.#isOver = true
    if (this.far.#isOver) this.#network.drop(this)
  }

  /** @internal Tells the other end, if a word can get there, that nobody is here. */
  refuse(): void {
    if (this.#isBlocked() || this.far.#isOver) return
    this.#network.clock.after(this.#travelMs(), () => {
      this.#network.drop(this)
      this.far.#process.run(() => this.far.#end('reset by peer'))
    })
  }

  bind(handler: PathHandler): void {
    this.#handler = handler
    this.#deliverSoon()
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
    if (isReading) this.#deliverSoon()
  }

  close(): void {
    if (this.#isOver || this.#isClosing) return
    this.#isClosing = true
    this.#transmit('ended by peer')
    this.#network.drop(this)
    this.#network.clock.after(0, () => this.#process.run(() => this.#end('closed')))
  }

  destroy(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#network.drop(this)
    this.#network.clock.after(0, () => this.#process.run(() => this.#handler?.onClose(reason)))
    this.refuse()
  }

  /** @internal Lets through what was held, if it may pass now. */
  flushHeld(): void {
    const held = this.#held
    this.#held = []
    for (const item of held) this.#arrive(item)
  }

  #travelMs(): number {
    return this.#latencyMs ?? this.#network.latencyMs(this.from, this.to)
  }

  #isBlocked(): boolean {
    return this.#isSilent || this.#network.isSilent(this.from, this.to)
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
    const nowMs = clock.nowMs()
    const rate = Math.min(this.#bytesPerSecond, this.#network.rate(this.from, this.to))
    const wireMs = typeof item === 'string' ? 0 : (item.length * 1_000) / rate
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + wireMs
    const arrivalMs = this.#freeAtMs + this.#travelMs()
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivalMs)
    this.#onTheWay.push(item)
    clock.after(this.#lastArrivalMs - nowMs, () => {
      // The first that is under way: rounding can turn the timers of one moment round.
      const first = this.#onTheWay.shift()
      if (first !== undefined) this.#arrive(first)
    })
  }

  #arrive(item: Uint8Array | string): void {
    if (this.#isBlocked()) {
      this.#held.push(item)
      this.#network.hold(this)
      return
    }
    if (item === 'cut') {
      this.breakOff('cut')
      return
    }
    if (typeof item !== 'string') this.bufferedBytes -= item.length
    const { far } = this
    const taken = typeof item === 'string' ? item : item.slice()
    if (far.#process.isDead || far.#isOver) this.#network.answerFor(far)
    else if (far.#process.isAwake) far.#take(taken)
    else far.#process.run(() => far.#take(taken))
    this.#drain()
  }

  #take(item: Uint8Array | string): void {
    this.#arrived.push(item)
    this.#deliver()
  }

  #drain(): void {
    if (!this.#isDrainDue || this.bufferedBytes > 0) return
    this.#isDrainDue = false
    this.#process.run(() => {
      if (!this.#isOver) this.#handler?.onDrain()
    })
  }

  #deliverSoon(): void {
    if (this.#arrived.length === 0) return
    this.#network.clock.after(0, () => this.#process.run(() => this.#deliver()))
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
