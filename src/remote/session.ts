/**
 * All that two nodes share of objects: calls both ways, references, promises, iterations. A protocol
 * machine: bytes in, bytes out, with a clock to look at.
 *
 *   program ──▶ Calls ───▶ Outbound ──▶ our stream ──▶ peer
 *               Marshal (what was given, what is held)
 *   methods ◀── Answers ◀── Inbound ◀── its stream ◀── peer
 *
 * It makes the parts, is what each of them asks of the others, takes the program's questions, and ends all
 * of them together. How a message is read and written is the business of `Inbound` and `Outbound`.
 *
 * Each side writes on a stream that it opened and reads the other's: so nobody has to agree who opens,
 * and messages of one side come in the order in which they left.
 *
 * **Invariant**: what a peer does wrong ends the session with a reason, and harms nobody else.
 */
import { SkeinError } from '../base/errors.ts'
import { shortPeerId } from '../base/peer-id.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import type { DecodedValue } from '../codec/value-codec.ts'
import type { Stream } from '../connection/contract.ts'
import { Answers } from './answers.ts'
import type { AnswersOwner } from './answers.ts'
import { Calls } from './calls.ts'
import type { CallsOwner, PendingCall } from './calls.ts'
import type { Collector } from './imports.ts'
import { Inbound } from './inbound.ts'
import type { InboundOwner } from './inbound.ts'
import { Consumer, RemoteIterator } from './iteration.ts'
import { LargeInbox } from './large-messages.ts'
import { Marshal } from './marshal.ts'
import type { MarshalOwner, ThirdReference } from './marshal.ts'
import type { Entry, ObjectTable } from './object-table.ts'
import { Outbound } from './outbound.ts'
import type { OutboundOwner } from './outbound.ts'
import { abortError, BrokenIterator, closedError, notAsked } from './over.ts'
import { markHandled } from './proxy.ts'
import type { CallOptions, Reference, SessionFinder, WireTarget } from './reference.ts'
import type { SessionCounts, SessionSetup } from './session-setup.ts'
import { SessionValues } from './session-values.ts'

/** See the file's head. */
export class Session
  implements CallsOwner, AnswersOwner, MarshalOwner, InboundOwner, OutboundOwner
{
  readonly peer: PeerId
  readonly self: PeerId
  readonly clock: Clock
  readonly table: ObjectTable
  readonly collector: Collector
  readonly find: SessionFinder
  readonly maxCalls: number
  readonly maxIterations: number
  readonly maxReferences: number
  readonly maxLeaseMs: number
  readonly maxValueBytes: number
  readonly calls: Calls
  readonly answers: Answers
  readonly marshal: Marshal
  readonly values: SessionValues
  readonly outbound: Outbound
  readonly large: LargeInbox
  isClosed = false

  readonly #setup: SessionSetup
  readonly #inbound: Inbound

  constructor(setup: SessionSetup) {
    const { limits } = setup
    this.#setup = setup
    this.peer = setup.peer
    this.self = setup.self
    this.clock = setup.clock
    this.table = setup.table
    this.collector = setup.collector
    this.find = setup.find
    this.maxCalls = limits.objectCallsPerPeer
    this.maxIterations = limits.objectIterationsPerPeer
    this.maxReferences = limits.objectReferencesPerPeer
    this.maxLeaseMs = limits.objectLeaseMs
    this.maxValueBytes = limits.objectValueBytes
    this.marshal = new Marshal(this)
    this.calls = new Calls(this)
    this.answers = new Answers(this)
    this.values = new SessionValues({ marshal: this.marshal, limits, classes: setup.classes })
    this.outbound = new Outbound(this, setup)
    this.#inbound = new Inbound(this)
    this.large = new LargeInbox({
      maxIncomingBytes: limits.objectIncomingBytes,
      deliver: (message) => {
        this.#guard(() => this.#inbound.release(message))
        this.outbound.flush()
      },
      violate: (error) => this.close(error, true),
    })
  }

  /** For people. */
  get peerName(): string {
    return shortPeerId(this.peer)
  }

  /** Whether either side waits for or holds anything of the other. */
  get isNeeded(): boolean {
    const { calls, answers, held } = this.counts
    return calls > 0 || answers > 0 || held > 0 || this.marshal.isHeld
  }

  /** Numbers for tests, benchmarks and people. */
  get counts(): SessionCounts {
    return {
      calls: this.calls.size,
      answers: this.answers.size,
      given: this.marshal.givenCount,
      held: this.marshal.heldCount,
    }
  }

  call(target: WireTarget, path: readonly string[], args: readonly unknown[]): Promise<unknown> {
    const problem = this.#problem(target.options)
    if (problem !== undefined) return notAsked(problem)
    const pending = this.calls.ask(target.options)
    this.outbound.sendCall(pending, { target, path, args })
    return pending.promise
  }

  read(target: WireTarget, path: readonly string[]): Promise<unknown> {
    const problem = this.#problem(target.options)
    if (problem !== undefined) return notAsked(problem)
    const pending = this.calls.ask(target.options)
    this.outbound.sendRead(pending, target, path)
    return pending.promise
  }

  iterate(
    target: WireTarget,
    path: readonly string[],
    args?: readonly unknown[],
  ): AsyncIterableIterator<unknown> {
    const problem = this.#problem(target.options)
    if (problem !== undefined) return new BrokenIterator(problem)
    const pending = this.calls.ask(target.options)
    const { question } = pending
    const windowBytes = this.#setup.limits.objectWindowBytes
    const consumer = new Consumer(this, { question, windowBytes })
    pending.consumer = consumer
    pending.promise.then(
      (value) => consumer.end(value, false),
      (reason: unknown) => consumer.end(reason, true),
    )
    const iterator = new RemoteIterator(consumer)
    this.outbound.sendIterate(pending, { target, path, ...(args && { args }) }, windowBytes)
    this.collector.watch(iterator, () => consumer.stop())
    return iterator
  }

  /** What is exposed to us. */
  list(options?: CallOptions): Promise<unknown> {
    const problem = this.#problem(options)
    if (problem !== undefined) return notAsked(problem)
    const pending = this.calls.ask(options)
    this.outbound.sendList(pending)
    return pending.promise
  }

  ask(reference: Reference): number {
    const pending = this.calls.ask(undefined)
    pending.reference = reference
    markHandled(pending.promise)
    this.outbound.sendAsk(pending, reference)
    return pending.wire
  }

  /** Bytes of the peer's stream, in order. */
  receive(bytes: Uint8Array): void {
    if (this.isClosed) return
    this.#guard(() => this.#inbound.receive(bytes))
    this.outbound.flushUrgent()
  }

  /** A stream with a long message. */
  receiveLarge(stream: Stream): void {
    this.large.accept(stream)
  }

  /** Ends it: calls fail with the error, references of both sides end. */
  close(error: SkeinError, isViolation = false): void {
    if (this.isClosed) return
    this.isClosed = true
    this.outbound.close()
    this.#setup.onClose(error, isViolation)
    this.calls.close(error)
    this.answers.close(error)
    this.large.close(error)
    this.marshal.close(error, this.#setup.limits.objectLeaseMs)
  }

  subject(): Subject {
    return this.#setup.subject()
  }

  given(number: number): Entry | undefined {
    return this.marshal.given(number)
  }

  isData(value: object): boolean {
    return this.#setup.isData(value)
  }

  mayFind(entry: Entry): boolean {
    try {
      return this.#setup.findNamed(entry.exposure.name ?? '', this.subject()) === entry
    } catch (thrown) {
      ignore(thrown) // Denied, or unknown.
      return false
    }
  }

  proxyOf(third: ThirdReference): object {
    return this.#setup.proxyOf(third)
  }

  namedProxy(name: string): object | undefined {
    return this.#setup.namedProxy(name)
  }

  lease(reference: Reference): void {
    this.#setup.lease(reference)
  }

  cancel(question: number): void {
    const pending = this.calls.find(question)
    if (pending === undefined) return
    pending.settle(undefined, false)
    this.outbound.sendCancel(question)
  }

  sendRelease(number: number, count: number): void {
    this.outbound.sendRelease(number, count)
  }

  sendCredit(question: number, offset: number): void {
    this.outbound.sendCredit(question, offset)
  }

  onUnsent(pending: PendingCall, reason: unknown): void {
    this.calls.forget(pending.question)
    pending.settle(reason, true)
  }

  decode(bytes: Uint8Array, from: number, end: number): DecodedValue {
    return this.values.decode(bytes, from, end)
  }

  findNamed(name: string): Entry {
    return this.#setup.findNamed(name, this.subject())
  }

  exposed(): unknown {
    return this.#setup.list(this.subject())
  }

  /** Why nothing can be asked with these options; `undefined` where it can. */
  #problem(options: CallOptions | undefined): SkeinError | undefined {
    if (this.isClosed) return closedError()
    const signal = options?.signal
    if (signal?.aborted !== true) return undefined
    return abortError(signal, 'its signal was aborted before: nothing was asked')
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (thrown) {
      if (!(thrown instanceof SkeinError) || thrown.code !== 'VIOLATION') throw thrown
      this.close(thrown, true)
    }
  }
}

function ignore(_what: unknown): void {
  // Said where it is used.
}
