/**
 * Paths inside one process, over a network that can be told to misbehave: latency, slow links, silence,
 * partitions, resets, a cut after an exact number of bytes, hosts that stall or lose their power. With
 * a virtual clock every run is a function of its seed.
 *
 * Bytes are copied when they arrive and not when they are sent, as a socket may do: code that changes
 * what it has sent is found out.
 */
import { SkeinError } from '../base/errors.ts'
import { MemoryPath } from './memory-path.ts'
import { MemoryProcess } from './memory-process.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { DialOptions, ListenOptions, Listener, Path, Transport } from './contract.ts'
import type { MemoryWires } from './memory-path.ts'

/** One-way latency in milliseconds between two hosts. */
export type Latency = (from: string, to: string) => number

interface Partition {
  readonly from: ReadonlySet<string>
  readonly to: ReadonlySet<string>
}

/** All hosts, and what lies between them. */
export class MemoryNetwork implements MemoryWires {
  readonly clock: Clock
  readonly #latency: Latency
  readonly #listeners = new Map<string, MemoryListener>()
  readonly #silent = new Set<string>()
  readonly #partitions = new Set<Partition>()
  readonly #rates = new Map<string, number>()
  readonly #paths = new Set<MemoryPath>()
  /** Ends of paths, living or not, from which something is under way that may not pass. */
  readonly #holding = new Set<MemoryPath>()
  readonly #processes = new Set<MemoryProcess>()
  /** Hosts without power: they do not even say that nobody is there. */
  readonly #dark = new Set<string>()
  #nextPort = 1

  constructor(clock: Clock, latency: Latency = () => 0) {
    this.clock = clock
    this.#latency = latency
  }

  /**
   * The transport of a process on a host. Whoever uses it is believed to be `id`. It may listen under
   * any name, its host's or another.
   */
  transport(host: string, id: PeerId | undefined): Transport {
    const process = new MemoryProcess(this.clock, host, id)
    this.#processes.add(process)
    this.#dark.delete(host)
    return {
      scheme: 'memory',
      dial: (address, options) => this.#dial(process, address, options),
      listen: (options) => Promise.resolve(this.#listen(process, options)),
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
    if (!isSilent) this.#flushHeld()
  }

  /**
   * Lets nothing through between two sets of hosts, and tells nobody. Partitions may overlap.
   *
   * @param options - `isOneWay` stops only what goes from the first set to the second.
   * @returns Heals this partition.
   */
  partition(
    some: Iterable<string>,
    others: Iterable<string>,
    { isOneWay = false }: { readonly isOneWay?: boolean } = {},
  ): () => void {
    const there = { from: new Set(some), to: new Set(others) }
    const back = { from: there.to, to: there.from }
    const parts = isOneWay ? [there] : [there, back]
    for (const part of parts) this.#partitions.add(part)
    return () => {
      for (const part of parts) this.#partitions.delete(part)
      this.#flushHeld()
    }
  }

  /**
   * Ends every silence and every partition, and sets all links back to full speed. What is on the wire
   * of a slow one by then arrives when it would have.
   */
  heal(): void {
    this.#silent.clear()
    this.#partitions.clear()
    this.#rates.clear()
    for (const path of this.#paths) {
      path.setSilent(false)
      path.far.setSilent(false)
    }
    this.#flushHeld()
  }

  /** Lets at most so many bytes a second from one host to the other on each path between them. */
  limitRate(from: string, to: string, bytesPerSecond: number): void {
    this.#rates.set(`${from}>${to}`, bytesPerSecond)
  }

  /** Breaks every path between two hosts; both ends are told. */
  reset(a: string, b: string): void {
    for (const path of this.pathsBetween(a, b)) path.breakOff('reset')
  }

  /** Takes a listener away by its name, so that another process can listen there. */
  forget(name: string): void {
    this.#listeners.delete(name)
  }

  /** Nothing arrives at a host any more, until {@link resume}: then all of it does, at once. */
  stall(host: string): void {
    for (const process of this.#processesOf(host)) process.stall()
  }

  /** Ends what {@link stall} began. */
  resume(host: string): void {
    for (const process of this.#processesOf(host)) process.resume()
  }

  /**
   * Ends the processes of a host: they hear and say nothing more.
   *
   * @param options - With `isPowerLoss` nobody is told, and dials find silence, until somebody uses
   *   the host again; otherwise its paths break at their other ends.
   */
  crash(host: string, { isPowerLoss = false }: { readonly isPowerLoss?: boolean } = {}): void {
    for (const [name, { process }] of this.#listeners) {
      if (process.host === host) this.#listeners.delete(name)
    }
    if (isPowerLoss) this.#dark.add(host)
    for (const process of this.#processesOf(host)) {
      process.kill()
      this.#processes.delete(process)
    }
    for (const path of this.#paths) {
      if (path.from !== host && path.to !== host) continue
      const near = path.from === host ? path : path.far
      near.vanish()
      if (isPowerLoss) continue
      this.drop(path)
      near.refuse()
    }
  }

  /** @internal */
  isSilent(from: string, to: string): boolean {
    if (this.#silent.size > 0 && this.#silent.has(`${from}>${to}`)) return true
    for (const part of this.#partitions) if (part.from.has(from) && part.to.has(to)) return true
    return false
  }

  /** @internal */
  latencyMs(from: string, to: string): number {
    return this.#latency(from, to)
  }

  /** @internal Bytes a second. */
  rate(from: string, to: string): number {
    if (this.#rates.size === 0) return Number.POSITIVE_INFINITY
    return this.#rates.get(`${from}>${to}`) ?? Number.POSITIVE_INFINITY
  }

  /** @internal Something came for an end that is no more: its host says so, if it has power. */
  answerFor(end: MemoryPath): void {
    if (!this.#dark.has(end.from)) end.refuse()
  }

  /** @internal */
  hold(end: MemoryPath): void {
    this.#holding.add(end)
  }

  /** @internal */
  drop(path: MemoryPath): void {
    this.#paths.delete(path)
    this.#paths.delete(path.far)
  }

  #flushHeld(): void {
    const ends = [...this.#holding]
    this.#holding.clear()
    for (const end of ends) end.flushHeld()
  }

  #processesOf(host: string): readonly MemoryProcess[] {
    return [...this.#processes].filter((process) => process.host === host)
  }

  #listen(process: MemoryProcess, options: ListenOptions): Listener {
    const name = nameOf(options.address)
    if (this.#listeners.has(name)) {
      throw new SkeinError('ADDRESS_IN_USE', `${options.address} is taken; choose another name`)
    }
    const listener = { process, options }
    this.#listeners.set(name, listener)
    return {
      addresses: [options.address],
      close: () => {
        if (this.#listeners.get(name) === listener) this.#listeners.delete(name)
        return Promise.resolve()
      },
    }
  }

  #dial(process: MemoryProcess, address: string, options: DialOptions): Promise<Path> {
    const { expectedId, signal, timeoutMs } = options
    const from = process.host
    const name = nameOf(address)
    const to = this.#listeners.get(name)?.process.host ?? name
    return new Promise((resolve, reject) => {
      const timers: Timer[] = []
      let isSettled = false
      const settle = (act: () => void): void => {
        isSettled = true
        for (const timer of timers) timer.cancel()
        signal?.removeEventListener('abort', onAbort)
        act()
      }
      const fail = (error: SkeinError): void => {
        process.run(() => {
          if (!isSettled) settle(() => reject(error))
        })
      }
      const onAbort = (): void => fail(signal?.reason as SkeinError)
      if (signal?.aborted === true) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      const onDeadline = (): void => fail(new SkeinError('TIMED_OUT', `${address}: no answer`))
      timers.push(this.clock.after(timeoutMs, onDeadline))
      const isReachable = (): boolean =>
        !this.#dark.has(to) && !this.isSilent(from, to) && !this.isSilent(to, from)
      if (!isReachable()) return
      const onArrival = (): void => {
        const listener = this.#listeners.get(name)
        if (!isReachable() || isSettled) return
        if (listener === undefined) {
          fail(new SkeinError('DIAL_FAILED', `${address}: nobody listens`))
        } else if (expectedId !== undefined && listener.process.id !== expectedId) {
          fail(new SkeinError('PEER_MISMATCH', `${address} proved another key than expected`))
        } else if (!process.isAwake) process.run(onArrival)
        else if (!listener.process.isAwake) listener.process.run(onArrival)
        else if (!process.isDead) settle(() => resolve(this.#connect(process, address, listener)))
      }
      const roundTripMs = this.latencyMs(from, to) + this.latencyMs(to, from)
      timers.push(this.clock.after(roundTripMs, onArrival))
    })
  }

  #connect(dialler: MemoryProcess, address: string, listener: MemoryListener): Path {
    const { process, options } = listener
    const port = `memory://${dialler.host}#${this.#nextPort++}`
    const near = new MemoryPath(this, { near: dialler, far: process, remoteAddress: address })
    const far = new MemoryPath(this, { near: process, far: dialler, remoteAddress: port })
    near.join(far)
    this.#paths.add(near)
    options.onPath(far)
    return near
  }
}

interface MemoryListener {
  readonly process: MemoryProcess
  readonly options: ListenOptions
}

function nameOf(address: string): string {
  return address.slice('memory://'.length)
}
