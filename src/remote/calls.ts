/**
 * The calling side: questions that were asked and not answered yet.
 *
 * A question has a number, the index of its slot; slots are used again, so the table is as large as
 * the most calls that were ever under way. Deadlines stand in the slots and are looked through by one
 * timer, which is set only while a call with a deadline is under way: a timer a call costs more than
 * the call.
 */
import { SkeinError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import { offAbort, onAbort } from '../base/on-abort.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import type { Consumer } from './iteration.ts'
import { abortError } from './over.ts'
import { bindPromise, markHandled, RemotePromise } from './proxy.ts'
import type { Remotely } from './proxy.ts'
import type { CallOptions, Calling, Reference, WireTarget } from './reference.ts'

/** What the calls ask of their session. */
export interface CallsOwner extends Calling {
  readonly clock: Clock
  /** Names the peer, for messages to people. */
  readonly peerName: string
  readonly outbound: { sendCancel(question: number): void }
}

/** A question that was asked. */
export class PendingCall implements Remotely, WireTarget {
  readonly question: number
  readonly wire: number
  readonly options: CallOptions | undefined
  readonly promise: RemotePromise
  /** When it is given up, ms of the clock; never where absent. */
  deadlineMs: number | undefined
  /** Where items go; answers of other questions have none. */
  consumer: Consumer | undefined
  /** Who is told of an object that was asked for. */
  reference: Reference | undefined
  /** True once its promise is settled; an answer may still come. */
  isSettled = false
  /** Listens to the signal of its options. */
  onAbort: (() => void) | undefined
  readonly #session: Calling
  #resolve!: (value: unknown) => void
  #reject!: (reason: unknown) => void

  constructor(session: Calling, question: number, options: CallOptions | undefined) {
    this.#session = session
    this.question = question
    this.wire = 2 * question + 1
    this.options = options
    this.promise = new RemotePromise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    bindPromise(this.promise, this)
  }

  /** Tells how it went; only the first time counts. */
  settle(value: unknown, isError: boolean): void {
    if (this.isSettled) return
    this.isSettled = true
    const signal = this.options?.signal
    if (this.onAbort !== undefined && signal !== undefined) offAbort(signal, this.onAbort)
    if (!isError) return this.#resolve(value)
    // A callback is called as if it were here, and nobody waits for it: its failure ends no process.
    markHandled(this.promise)
    this.#reject(value)
  }

  call(path: readonly string[], args: readonly unknown[]): Promise<unknown> {
    if (!this.isSettled) return this.#session.call(this, path, args)
    return this.#later((value) => callHere(value, path, args))
  }

  read(path: readonly string[]): Promise<unknown> {
    if (!this.isSettled) return this.#session.read(this, path)
    return this.#later((value) => readHere(value, path))
  }

  iterate(path: readonly string[]): AsyncIterableIterator<unknown> {
    if (!this.isSettled) return this.#session.iterate(this, path)
    return iterateLater(this.promise, path)
  }

  release(): void {
    // A promise holds nothing at the peer; what it resolves to does.
  }

  describe(): string {
    return '[a result of a remote call]'
  }

  /** Works on the result that is there: at the peer where it is a proxy, else here. */
  #later(use: (value: unknown) => unknown): Promise<unknown> {
    const later = new RemotePromise((resolve) => resolve(this.promise.then(use)))
    bindPromise(later, new Settled(later))
    return later
  }
}

/** A promise of something that is made here. */
class Settled implements Remotely {
  readonly #promise: Promise<unknown>

  constructor(promise: Promise<unknown>) {
    this.#promise = promise
  }

  call(path: readonly string[], args: readonly unknown[]): Promise<unknown> {
    return this.#later((value) => callHere(value, path, args))
  }

  read(path: readonly string[]): Promise<unknown> {
    return this.#later((value) => readHere(value, path))
  }

  iterate(path: readonly string[]): AsyncIterableIterator<unknown> {
    return iterateLater(this.#promise, path)
  }

  release(): void {
    // As a pending call.
  }

  describe(): string {
    return '[a result of a remote call]'
  }

  #later(use: (value: unknown) => unknown): Promise<unknown> {
    const later = new RemotePromise((resolve) => resolve(this.#promise.then(use)))
    bindPromise(later, new Settled(later))
    return later
  }
}

type Members = Readonly<Record<string, unknown>>

function readHere(value: unknown, path: readonly string[]): unknown {
  return path.reduce((at: unknown, name) => (at as Members)[name], value)
}

function callHere(value: unknown, path: readonly string[], args: readonly unknown[]): unknown {
  if (path.length === 0) return (value as (...args: readonly unknown[]) => unknown)(...args)
  const holder = readHere(value, path.slice(0, -1))
  const method = (holder as Members)[path.at(-1) ?? '']
  return Reflect.apply(method as (...args: unknown[]) => unknown, holder, args)
}

async function* iterateLater(promise: Promise<unknown>, path: readonly string[]): AsyncGenerator {
  yield* readHere(await promise, path) as AsyncIterable<unknown>
}

/** The questions of one session. */
export class Calls {
  readonly #owner: CallsOwner
  readonly #slots: (PendingCall | undefined)[] = []
  readonly #free: number[] = []
  readonly #deadlines: DeadlineTimer

  constructor(owner: CallsOwner) {
    this.#owner = owner
    this.#deadlines = new DeadlineTimer(owner.clock, (nowMs) => this.#giveUpLate(nowMs))
  }

  /** Questions without an answer. */
  get size(): number {
    return this.#slots.length - this.#free.length
  }

  /** Takes a slot for a question that is about to be asked. */
  ask(options: CallOptions | undefined): PendingCall {
    const question = this.#free.pop() ?? this.#slots.length
    const pending = new PendingCall(this.#owner, question, options)
    this.#slots[question] = pending
    if (options !== undefined) this.#watch(pending, question, options)
    return pending
  }

  /** The question of a number that the peer answers; `undefined` where none was asked. */
  find(question: number): PendingCall | undefined {
    return this.#slots[question]
  }

  /** Forgets a question: it was answered, or could not be asked. Its number is free. */
  forget(question: number): void {
    if (this.#slots[question] === undefined) return
    this.#slots[question] = undefined
    this.#free.push(question)
  }

  /** Fails all. */
  close(error: SkeinError): void {
    this.#deadlines.cancel()
    const slots = this.#slots.splice(0)
    this.#free.length = 0
    for (const pending of slots) {
      if (pending === undefined) continue
      pending.reference?.lose()
      pending.consumer?.end(error, true)
      pending.settle(error, true)
    }
  }

  #watch(pending: PendingCall, question: number, { timeoutMs, signal }: CallOptions): void {
    if (timeoutMs !== undefined) {
      pending.deadlineMs = this.#owner.clock.nowMs() + timeoutMs
      this.#deadlines.wakeAt(pending.deadlineMs)
    }
    if (signal === undefined) return
    pending.onAbort = () =>
      this.#giveUp(pending, question, abortError(signal, 'the call was cancelled; it may have run'))
    onAbort(signal, pending.onAbort)
  }

  #giveUp(pending: PendingCall, question: number, error: unknown): void {
    if (pending.isSettled || this.#slots[question] !== pending) return
    pending.consumer?.end(error, true)
    pending.settle(error, true)
    this.#owner.outbound.sendCancel(question)
  }

  /** Gives up what is due; returns when the next one is. */
  #giveUpLate(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const [question, pending] of this.#slots.entries()) {
      if (pending?.deadlineMs === undefined || pending.isSettled) continue
      if (pending.deadlineMs > nowMs) nextMs = Math.min(nextMs, pending.deadlineMs)
      else this.#giveUp(pending, question, this.#timedOut(pending))
    }
    return nextMs
  }

  #timedOut({ options }: PendingCall): SkeinError {
    const seconds = (options?.timeoutMs ?? 0) / 1_000
    const text = `no answer from ${this.#owner.peerName} within ${seconds} s; the call may have run`
    return new SkeinError('TIMED_OUT', text)
  }
}
