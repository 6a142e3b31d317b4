/**
 * What ends once and is told once: promises and AbortSignals, ours that a peer was given, and its that
 * we were given.
 *
 *   ours    given ──settled, aborted──▶ SETTLE
 *             └────collected──────────▶ FORGET      (a signal that nobody can abort any more)
 *   theirs  awaited ──SETTLE, FORGET, end of the session──▶ over
 *
 * **Invariant**: what is given is held weakly: a signal that a program has let go of is collected, and
 * the peer is told.
 */
import { offAbort, onAbort } from '../base/on-abort.ts'
import { SkeinError } from '../base/errors.ts'
import { describeFailure, readFailure } from './failure.ts'
import { violation } from './frame-reader.ts'
import type { Collector } from './imports.ts'
import { referenceType } from './messages.ts'
import type { ObjectTable } from './object-table.ts'

/** What is asked of the session. */
export interface EndingsOwner {
  readonly table: ObjectTable
  readonly collector: Collector
  readonly outbound: EndingsOutlet
}

/** How the peer hears of endings. */
export interface EndingsOutlet {
  sendSettle(number: number, value: unknown, isError: boolean): void
  sendForget(number: number): void
}

/** Something of the peer's that ends once. */
interface Awaited {
  settle(value: unknown, isError: boolean): void
  /** The peer has let it go: it never ends. */
  forget(): void
}

/** See the file's head. */
export class Endings {
  readonly #owner: EndingsOwner
  readonly #awaited = new Map<number, Awaited>()
  readonly #signals = new WeakMap<AbortSignal, SignalWatch>()
  readonly #watches = new Set<SignalWatch>()
  #promises = 0
  /** Signals that the decoding at hand made. */
  #arrived: AbortController[] = []

  constructor(owner: EndingsOwner) {
    this.#owner = owner
  }

  /** Of ours, those that the peer waits for. */
  get givenCount(): number {
    return this.#promises + this.#watches.size
  }

  /** Of the peer's, those that we wait for. */
  get awaitedCount(): number {
    return this.#awaited.size
  }

  /** Gives the peer a promise; returns its number and how to take it back. */
  givePromise(promise: Promise<unknown>): { readonly number: number; readonly undo: () => void } {
    const number = this.#owner.table.nextNumber()
    this.#promises++
    let isGiven = true
    const tell = (value: unknown, isError: boolean): void => {
      if (!isGiven) return
      this.#promises--
      this.#owner.outbound.sendSettle(number, value, isError)
    }
    promise.then(
      (value) => tell(value, false),
      (reason: unknown) => tell(reason, true),
    )
    const undo = (): void => {
      isGiven = false
      this.#promises--
    }
    return { number, undo }
  }

  /** Whether the peer waits for a signal already. */
  isWatched(signal: AbortSignal): boolean {
    return this.#signals.has(signal)
  }

  /**
   * Gives the peer a signal.
   *
   * @returns Its description, and how to take it back where it was not given before.
   */
  giveSignal(signal: AbortSignal): {
    readonly description: readonly unknown[]
    readonly undo: (() => void) | undefined
  } {
    const { aborted } = signal
    const reason: unknown = signal.reason
    const known = this.#signals.get(signal)
    const number = known?.number ?? this.#owner.table.nextNumber()
    const failure = aborted ? describeFailure(plainReason(reason)) : undefined
    const description = [referenceType.signal, number, aborted, failure]
    if (known !== undefined || aborted) return { description, undo: undefined }
    const watch = new SignalWatch(signal, { number, owner: this.#owner, watches: this.#watches })
    this.#signals.set(signal, watch)
    const undo = (): void => {
      watch.end()
      const given = watch.signal
      if (given !== undefined) this.#signals.delete(given)
    }
    return { description, undo }
  }

  /** A promise of the peer's. */
  revivePromise(number: number): Promise<unknown> {
    const promise = new Promise((resolve, reject) => {
      const settle = (value: unknown, isError: boolean): void => {
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- as it was there
        if (isError) reject(value)
        else resolve(value)
      }
      this.#awaited.set(number, { settle, forget: () => undefined })
    })
    promise.catch(() => undefined) // Whoever uses it is told; nobody has to.
    return promise
  }

  /** A signal of the peer's that came before. */
  knownSignal(number: number): AbortSignal | undefined {
    const known = this.#awaited.get(number)
    return known instanceof ArrivedSignal ? known.controller.signal : undefined
  }

  /** A signal of the peer's. */
  reviveSignal(number: number, isAborted: boolean, reason: unknown): AbortSignal {
    const arrived = new ArrivedSignal()
    if (isAborted) arrived.settle(readFailure(reason))
    else this.#awaited.set(number, arrived)
    this.#arrived.push(arrived.controller)
    return arrived.controller.signal
  }

  /** The signals of the values that were decoded since. */
  takeSignals(): readonly AbortController[] | undefined {
    if (this.#arrived.length === 0) return undefined
    const arrived = this.#arrived
    this.#arrived = []
    return arrived
  }

  isAwaited(number: number): boolean {
    return this.#awaited.has(number)
  }

  /** One of the peer's ended. @throws {SkeinError} `VIOLATION`. */
  settle(number: number, value: unknown, isError: boolean): void {
    this.#take(number).settle(value, isError)
  }

  /** A signal of the peer's is no more. @throws {SkeinError} `VIOLATION`. */
  forget(number: number): void {
    this.#take(number).forget()
  }

  /** The session is over. */
  close(error: SkeinError): void {
    for (const watch of [...this.#watches]) watch.end()
    const awaited = [...this.#awaited.values()]
    this.#awaited.clear()
    for (const each of awaited) each.settle(error, true)
  }

  #take(number: number): Awaited {
    const awaited = this.#awaited.get(number)
    if (awaited === undefined) throw violation(`O25: the end of ${number}, which nobody awaits`)
    this.#awaited.delete(number)
    return awaited
  }
}

/** Sees to it that the peer hears of a signal of ours, and forgets it when there is nothing to hear. */
class SignalWatch {
  readonly number: number
  readonly #owner: EndingsOwner
  readonly #watches: Set<SignalWatch>
  readonly #signal: WeakRef<AbortSignal>
  readonly #onAbort = (): void => {
    const reason: unknown = this.#signal.deref()?.reason
    if (this.end()) this.#owner.outbound.sendSettle(this.number, plainReason(reason), true)
  }

  constructor(
    signal: AbortSignal,
    about: {
      readonly number: number
      readonly owner: EndingsOwner
      readonly watches: Set<SignalWatch>
    },
  ) {
    this.number = about.number
    this.#owner = about.owner
    this.#watches = about.watches
    this.#signal = new WeakRef(signal)
    this.#watches.add(this)
    onAbort(signal, this.#onAbort)
    this.#owner.collector.watch(signal, () => {
      if (this.end()) this.#owner.outbound.sendForget(this.number)
    })
  }

  /** The signal, while anybody has it. */
  get signal(): AbortSignal | undefined {
    return this.#signal.deref()
  }

  /** Ends it; false where it was over. */
  end(): boolean {
    if (!this.#watches.delete(this)) return false
    const signal = this.#signal.deref()
    if (signal !== undefined) offAbort(signal, this.#onAbort)
    return true
  }
}

/** A signal of the peer's. */
class ArrivedSignal implements Awaited {
  readonly controller = new AbortController()

  settle(reason: unknown): void {
    this.controller.abort(reason)
  }

  forget(): void {
    // Nobody can abort it any more.
  }
}

/** The platform's own reason travels as an error of ours: not every platform has its class. */
function plainReason(reason: unknown): unknown {
  const isPlatforms = typeof DOMException === 'function' && reason instanceof DOMException
  if (!isPlatforms) return reason
  return new SkeinError(reason.name === 'TimeoutError' ? 'TIMED_OUT' : 'CANCELLED', reason.message)
}
