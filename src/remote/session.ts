/**
 * All that two nodes share of objects: calls both ways, references, promises, iterations. A protocol
 * machine: bytes in, bytes out, with a clock to look at.
 *
 *   program ──▶ Calls ───▶ FrameWriter ──▶ our stream ──▶ peer
 *               Marshal (what was given, what is held)
 *   methods ◀── Answers ◀── FrameSplitter ◀── its stream ◀── peer
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
import { describeAsText, describeFailure } from './failure.ts'
import { FrameWriter } from './frame-writer.ts'
import type { Collector } from './imports.ts'
import { Inbound } from './inbound.ts'
import type { InboundOwner } from './inbound.ts'
import { Consumer, RemoteIterator } from './iteration.ts'
import { LargeInbox } from './large-messages.ts'
import { Marshal } from './marshal.ts'
import type { MarshalOwner, ThirdReference } from './marshal.ts'
import { messageType, referenceType } from './messages.ts'
import type { Entry, ObjectTable } from './object-table.ts'
import { largeMessageBytes, pieceBytes } from './options.ts'
import { abortError, BrokenIterator, closedError, congested, notAsked } from './over.ts'
import { markHandled } from './proxy.ts'
import type { CallOptions, Reference, SessionFinder, WireTarget } from './reference.ts'
import type { Asking, SessionCounts, SessionSetup } from './session-setup.ts'
import { SessionValues } from './session-values.ts'

/** See the file's head. */
export class Session implements CallsOwner, AnswersOwner, MarshalOwner, InboundOwner {
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
  readonly large: LargeInbox
  isClosed = false

  readonly #setup: SessionSetup
  readonly #writer: FrameWriter
  readonly #inbound: Inbound
  readonly #values: SessionValues
  #nextLargeKey = 1

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
    this.#values = new SessionValues({ marshal: this.marshal, limits, classes: setup.classes })
    this.#writer = new FrameWriter({ send: (bytes) => setup.send(bytes) })
    this.#inbound = new Inbound(this)
    this.large = new LargeInbox({
      maxIncomingBytes: limits.objectIncomingBytes,
      deliver: (message) => {
        this.#guard(() => this.#inbound.release(message))
        this.flush()
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
    if (this.#writer.isBusy)
      this.#writer.defer(() => this.#sendCall(pending, { target, path, args }))
    else this.#sendCall(pending, { target, path, args })
    return pending.promise
  }

  read(target: WireTarget, path: readonly string[]): Promise<unknown> {
    const problem = this.#problem(target.options)
    if (problem !== undefined) return notAsked(problem)
    const pending = this.calls.ask(target.options)
    this.#whenFree(() => {
      this.#writeHead(messageType.get, pending, { target, path })
      this.#writer.end()
    })
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
    this.#whenFree(() => {
      this.#writeHead(args ? messageType.stream : messageType.iterate, pending, { target, path })
      this.#writer.number(windowBytes)
      if (args === undefined) this.#writer.end()
      else this.#endWith(pending, { type: messageType.stream, target, args })
    })
    this.collector.watch(iterator, () => consumer.stop())
    return iterator
  }

  /** What is exposed to us. */
  list(options?: CallOptions): Promise<unknown> {
    const problem = this.#problem(options)
    if (problem !== undefined) return notAsked(problem)
    const pending = this.calls.ask(options)
    this.#whenFree(() => {
      this.#writer.begin(messageType.list)
      this.#writer.number(pending.question)
      this.#writer.end()
    })
    return pending.promise
  }

  ask(reference: Reference): number {
    const pending = this.calls.ask(undefined)
    pending.reference = reference
    const { number, token, name = '' } = reference
    markHandled(pending.promise)
    this.#whenFree(() => {
      const isByToken = number !== undefined && token !== undefined
      this.#writer.begin(isByToken ? messageType.restore : messageType.find)
      this.#writer.number(pending.question)
      if (isByToken) {
        this.#writer.number(number)
        this.#writer.raw(token)
      }
      this.#writer.text(name)
      this.#writer.end()
    })
    return pending.wire
  }

  /** Bytes of the peer's stream, in order. */
  receive(bytes: Uint8Array): void {
    if (this.isClosed) return
    this.#guard(() => this.#inbound.receive(bytes))
    if (!this.isClosed && !this.#writer.isBusy) this.#writer.flushUrgent()
  }

  /** A stream with a long message. */
  receiveLarge(stream: Stream): void {
    this.large.accept(stream)
  }

  get mayPump(): boolean {
    return this.#setup.isWritable()
  }

  /** Sends what was written so far, without waiting for the end of this turn. */
  flush(): void {
    if (!this.isClosed && !this.#writer.isBusy) this.#writer.flush()
  }

  /** Ends it: calls fail with the error, references of both sides end. */
  close(error: SkeinError, isViolation = false): void {
    if (this.isClosed) return
    this.isClosed = true
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

  sendAnswer(
    question: number,
    value: unknown,
    { isKept, giver }: { readonly isKept: boolean; readonly giver: Entry | undefined },
  ): void {
    if (this.#setup.isCongested()) throw congested()
    this.#writer.begin(isKept ? messageType.keptAnswer : messageType.answer)
    this.#writer.number(question)
    this.#values.write(this.#writer, value, giver)
    this.#end({ type: messageType.keptAnswer, question })
  }

  sendFail(question: number, reason: unknown, giver: Entry | undefined): void {
    this.#whenFree(() => {
      for (const failure of [describeFailure(reason), describeAsText(reason)]) {
        this.#writer.begin(messageType.fail)
        this.#writer.number(question)
        try {
          this.#values.write(this.#writer, failure, giver)
          return this.#end({ type: messageType.fail, question })
        } catch (thrown) {
          ignore(thrown) // A reason that cannot travel: its text can.
        }
      }
    })
  }

  sendItem(question: number, value: unknown, giver: Entry | undefined): number {
    this.#writer.begin(messageType.item)
    this.#writer.number(question)
    const before = this.#writer.messageBytes
    this.#values.write(this.#writer, value, giver)
    const bytes = this.#writer.messageBytes - before
    this.#end({ type: messageType.item, question }, 'stream')
    if (this.#writer.waitingBytes >= pieceBytes) this.flush() // So that `mayPump` is so.
    return bytes
  }

  sendCredit(question: number, offset: number): void {
    this.#send(messageType.credit, question, offset)
  }

  cancel(question: number): void {
    const pending = this.calls.find(question)
    if (pending === undefined) return
    pending.settle(undefined, false)
    this.sendCancel(question)
  }

  sendCancel(question: number): void {
    this.#send(messageType.cancel, question)
  }

  sendRelease(number: number, count: number): void {
    this.#sendIdly(messageType.release, number, count)
  }

  /** Asks the owner of an object to keep it for a while, whoever holds it. */
  sendLease(number: number, leaseMs: number): void {
    this.#send(messageType.lease, number, leaseMs)
  }

  sendForget(number: number): void {
    this.#sendIdly(messageType.forget, number)
  }

  sendSettle(number: number, value: unknown, isError: boolean): void {
    if (this.isClosed) return
    this.#whenFree(() => {
      for (const [failed, each] of [
        [isError, isError ? describeFailure(value) : value],
        [true, describeAsText(value)],
      ] as const) {
        this.#writer.begin(messageType.settle)
        this.#writer.number(number)
        this.#writer.number(failed ? 1 : 0)
        try {
          this.#values.write(this.#writer, each, undefined)
          return this.#end({ type: messageType.settle, question: number })
        } catch (thrown) {
          ignore(thrown) // As above.
        }
      }
    })
  }

  sendFound(question: number, entry: Entry): void {
    this.marshal.giveEntry(entry)
    const { number, token, kind } = entry
    this.#whenFree(() => {
      this.#writer.begin(messageType.keptAnswer)
      this.#writer.number(question)
      this.#writer.number(referenceType[kind])
      this.#writer.number(number)
      this.#writer.raw(token)
      this.#writer.end()
    })
  }

  sendFinish(question: number): void {
    this.#sendIdly(messageType.finish, question)
  }

  decode(bytes: Uint8Array, from: number, end: number): DecodedValue {
    return this.#values.decode(bytes, from, end)
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

  #sendCall(pending: PendingCall, { target, path, args }: Asking): void {
    this.#writeHead(messageType.call, pending, { target, path })
    this.#endWith(pending, { type: messageType.call, target, args })
  }

  /** Writes the arguments, and ends the message. */
  #endWith(
    pending: PendingCall,
    { type, target, args }: Omit<Asking, 'path'> & { readonly type: number },
  ): void {
    const { question } = pending
    try {
      this.#values.write(this.#writer, args, undefined)
    } catch (thrown) {
      this.calls.forget(question)
      return pending.settle(thrown, true)
    }
    this.#end({ type, question, wire: target.wire })
  }

  #writeHead(
    type: number,
    pending: PendingCall,
    { target, path }: { readonly target: WireTarget; readonly path: readonly string[] },
  ): void {
    const writer = this.#writer
    writer.begin(type)
    writer.number(pending.question)
    writer.number(target.wire)
    writer.number(Math.ceil(target.options?.timeoutMs ?? 0))
    writer.number(path.length)
    for (const name of path) writer.text(name)
  }

  /** Ends a message, or sends it another way where it is long. */
  #end(
    about: { readonly type: number; readonly question: number; readonly wire?: number },
    haste: 'now' | 'stream' = 'now',
  ): void {
    const byteLength = this.#writer.messageBytes
    if (byteLength <= largeMessageBytes) return this.#writer.end(haste)
    const parts = this.#writer.takeOut()
    const key = this.#nextLargeKey++
    const { type, question, wire } = about
    this.#writer.begin(messageType.large)
    this.#writer.number(key)
    this.#writer.number(byteLength)
    this.#writer.number(type)
    this.#writer.number(wire ?? question)
    this.#writer.number(question)
    this.#writer.end()
    this.flush()
    this.#setup.sendLarge(key, parts)
  }

  /** Sends what nobody waits for. */
  #sendIdly(type: number, first: number, second?: number): void {
    this.#whenFree(() => {
      this.#writeNumbers(type, first, second)
      this.#writer.end('idle')
    })
  }

  #send(type: number, first: number, second?: number): void {
    this.#whenFree(() => {
      this.#writeNumbers(type, first, second)
      this.#writer.end()
    })
  }

  #writeNumbers(type: number, first: number, second: number | undefined): void {
    this.#writer.begin(type)
    this.#writer.number(first)
    if (second !== undefined) this.#writer.number(second)
  }

  #whenFree(write: () => void): void {
    if (this.isClosed) return
    if (this.#writer.isBusy) this.#writer.defer(() => (this.isClosed ? undefined : write()))
    else write()
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
