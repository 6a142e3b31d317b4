/** Reads the messages of a peer and gives each to what it is for. */
import { SkeinError } from '../base/errors.ts'
import type { DecodedValue } from '../codec/value-codec.ts'
import type { Answers } from './answers.ts'
import type { Calls, PendingCall } from './calls.ts'
import { readFailure } from './failure.ts'
import { FieldReader, FrameSplitter, violation } from './frame-reader.ts'
import type { LargeInbox } from './large-messages.ts'
import type { Marshal } from './marshal.ts'
import { messageType, referenceKinds, tokenBytes } from './messages.ts'
import type { Entry, ObjectTable } from './object-table.ts'
import { largeMessageBytes, maxNameLength, maxPathNames } from './options.ts'

/** What the messages are given to. */
export interface InboundOwner {
  readonly calls: Calls
  readonly answers: Answers
  readonly marshal: Marshal
  readonly large: LargeInbox
  readonly table: ObjectTable
  readonly maxLeaseMs: number
  readonly maxValueBytes: number
  readonly isClosed: boolean
  decode(bytes: Uint8Array, from: number, end: number): DecodedValue
  findNamed(name: string): Entry
  exposed(): unknown
  readonly outbound: {
    sendFinish(question: number): void
    sendCancel(question: number): void
  }
}

/** What a message has at most before its value. */
const headBytes = maxPathNames * (maxNameLength + 2) + 64

/** See the file's head. */
export class Inbound {
  readonly #owner: InboundOwner
  readonly #splitter = new FrameSplitter(largeMessageBytes + headBytes)
  readonly #fields = new FieldReader()
  readonly #take = (bytes: Uint8Array, from: number, end: number): boolean => {
    this.#fields.start(bytes, from, end)
    this.#handle(false)
    return !this.#owner.isClosed
  }

  constructor(owner: InboundOwner) {
    this.#owner = owner
  }

  /** Takes bytes of the stream. @throws {SkeinError} `VIOLATION`. */
  receive(bytes: Uint8Array): void {
    this.#splitter.read(bytes, this.#take)
  }

  /** Carries out a message that waited for a long one before it, or is one. @throws {SkeinError} `VIOLATION`. */
  release(message: Uint8Array): void {
    this.#fields.start(message, 0, message.length)
    this.#handle(true)
  }

  #handle(isReleased: boolean): void {
    const type = this.#fields.byte()
    if (!isReleased && !this.#owner.large.isIdle && this.#mustWait(type)) return
    switch (type) {
      case messageType.call:
      case messageType.get:
      case messageType.iterate:
      case messageType.stream:
        return this.#onRequest(type)
      case messageType.answer:
      case messageType.keptAnswer:
        return this.#onAnswer(type === messageType.keptAnswer)
      case messageType.item:
        return this.#onItem()
      case messageType.fail:
        return this.#onFail()
      case messageType.find:
      case messageType.restore:
        return this.#onFind(type === messageType.restore)
      case messageType.large:
        return this.#onLarge()
      case messageType.settle:
        return this.#onSettle()
      default:
        return this.#onNumbers(type)
    }
  }

  /** Messages that are nothing but a type and numbers. */
  #onNumbers(type: number): void {
    const { answers, marshal, table } = this.#owner
    const first = this.#fields.number()
    switch (type) {
      case messageType.list:
        return answers.answer(first, () => this.#owner.exposed())
      case messageType.finish:
        return answers.finish(first)
      case messageType.cancel:
        return answers.cancel(first)
      case messageType.credit:
        return answers.credit(first, this.#fields.number())
      case messageType.release:
        return marshal.release(first, this.#fields.number())
      case messageType.forget:
        return marshal.endings.forget(first)
      case messageType.lease: {
        const entry = marshal.given(first)
        const leaseMs = Math.min(this.#fields.number(), this.#owner.maxLeaseMs)
        if (entry !== undefined) table.lease(entry, leaseMs)
        return
      }
      default:
        throw violation(`O2: a message of type ${type}`)
    }
  }

  #onRequest(type: number): void {
    const fields = this.#fields
    const question = fields.number()
    const wire = fields.number()
    const timeoutMs = fields.number()
    const path = this.#path()
    const isIteration = type === messageType.iterate || type === messageType.stream
    const creditBytes = isIteration ? fields.number() : undefined
    let args: unknown[] | undefined
    let signals: readonly AbortController[] | undefined
    if (type === messageType.call || type === messageType.stream) {
      const decoded = this.#decode()
      signals = this.#owner.marshal.endings.takeSignals()
      if (!decoded.ok || !Array.isArray(decoded.value)) {
        return this.#refuse(question, decoded.ok ? 'they are no list' : decoded.violation)
      }
      args = decoded.value as unknown[]
    }
    this.#owner.answers.take({ question, wire, timeoutMs, path, args, signals, creditBytes })
  }

  #refuse(question: number, problem: string): void {
    this.#owner.answers.answer(question, () => {
      throw new SkeinError('INVALID', `the arguments did not arrive: ${problem}`)
    })
  }

  #path(): readonly string[] {
    const count = this.#fields.number()
    if (count === 1) return [this.#fields.text(maxNameLength)]
    if (count > maxPathNames) throw violation(`O3: a path of ${count} names`)
    const path: string[] = []
    for (let index = 0; index < count; index++) path.push(this.#fields.text(maxNameLength))
    return path
  }

  #onAnswer(isKept: boolean): void {
    const question = this.#fields.number()
    const pending = this.#asked(question)
    if (isKept && pending.reference === undefined) this.#owner.outbound.sendFinish(question)
    if (pending.reference !== undefined) return this.#onFound(question, pending)
    const decoded = this.#decode()
    this.#owner.calls.forget(question)
    if (decoded.ok) pending.settle(decoded.value, false)
    else pending.settle(notArrived('result', decoded.violation), true)
  }

  /** The answer to find and restore: a description, not yet what it stands for. */
  #onFound(question: number, pending: PendingCall): void {
    const fields = this.#fields
    const kind = referenceKinds[fields.number()]
    const number = fields.number()
    const token = fields.raw(tokenBytes)
    if (kind === undefined || number === 0) throw violation('O20: a reference of an unknown type')
    this.#owner.outbound.sendFinish(question)
    this.#owner.calls.forget(question)
    pending.reference?.take(number, token)
    pending.settle(undefined, false)
  }

  #onItem(): void {
    const question = this.#fields.number()
    const pending = this.#asked(question)
    const { consumer } = pending
    if (consumer === undefined) throw violation(`O12: an item for question ${question}`)
    const byteLength = this.#fields.end - this.#fields.at
    const decoded = this.#decode()
    if (!consumer.take(decoded.ok ? decoded.value : undefined, byteLength)) {
      throw violation(`O13: an item beyond the credit of question ${question}`)
    }
    if (decoded.ok || pending.isSettled) return
    pending.settle(notArrived('item', decoded.violation), true)
    this.#owner.outbound.sendCancel(question)
  }

  #onFail(): void {
    const question = this.#fields.number()
    const pending = this.#asked(question)
    const decoded = this.#decode()
    this.#owner.outbound.sendFinish(question)
    this.#owner.calls.forget(question)
    pending.reference?.lose()
    const reason = decoded.ok ? readFailure(decoded.value) : notArrived('reason', decoded.violation)
    pending.settle(reason, true)
  }

  #asked(question: number): PendingCall {
    const pending = this.#owner.calls.find(question)
    if (pending === undefined) throw violation(`O5: an answer to question ${question}, never asked`)
    return pending
  }

  #onFind(isByToken: boolean): void {
    const { answers, table } = this.#owner
    const question = this.#fields.number()
    const number = isByToken ? this.#fields.number() : 0
    const token = isByToken ? this.#fields.raw(tokenBytes) : undefined
    const name = this.#fields.text(maxNameLength)
    answers.give(question, () => {
      const claimed = token === undefined ? undefined : table.claim(number, token)
      if (claimed !== undefined) return claimed
      if (name !== '') return this.#owner.findNamed(name)
      const text = 'the object is gone: its owner restarted, or let it go; ask for it anew'
      throw new SkeinError('OBJECT_GONE', text)
    })
  }

  #onSettle(): void {
    const number = this.#fields.number()
    const isError = this.#fields.number() !== 0
    const decoded = this.#decode()
    const { endings } = this.#owner.marshal
    if (!decoded.ok) endings.settle(number, notArrived('value', decoded.violation), true)
    else endings.settle(number, isError ? readFailure(decoded.value) : decoded.value, isError)
  }

  #onLarge(): void {
    const fields = this.#fields
    const [key, byteLength] = [fields.number(), fields.number()]
    const [type, subject] = [fields.number(), fields.number()]
    if (byteLength > this.#owner.maxValueBytes + headBytes) {
      throw violation(`O32: a value of ${byteLength} bytes; at most ${this.#owner.maxValueBytes}`)
    }
    const isRequest = type === messageType.call || type === messageType.stream
    const isWanted = !isRequest || this.#owner.answers.expect(fields.number(), subject)
    this.#owner.large.announce({ key, byteLength, order: orderOf(type, subject), isWanted })
  }

  /** Whether a message is about what a long one before it is about, or may be. */
  #mustWait(type: number): boolean {
    const { large } = this.#owner
    const fields = this.#fields
    switch (type) {
      case messageType.call:
      case messageType.get:
      case messageType.iterate:
      case messageType.stream: {
        const [question, wire] = [fields.number(), fields.number()]
        const order = orderOf(type, wire)
        const mustWait = large.isHolding(order)
        if (!mustWait) this.#restart()
        else if (this.#owner.answers.expect(question, wire)) {
          large.holdBack(order, fields.message())
        }
        return mustWait
      }
      case messageType.answer:
      case messageType.keptAnswer:
      case messageType.fail:
      case messageType.item: {
        const order = orderOf(type, fields.number())
        const mustWait = large.isHolding(order)
        if (mustWait) large.holdBack(order, fields.message())
        else this.#restart()
        return mustWait
      }
      case messageType.settle:
      case messageType.forget:
      case messageType.release:
        large.holdBackAll(fields.message())
        return true
      default:
        return false
    }
  }

  /** Back to what follows the type. */
  #restart(): void {
    this.#fields.restart()
    this.#fields.byte()
  }

  #decode(): DecodedValue {
    const { bytes, at, end } = this.#fields
    return this.#owner.decode(bytes, at, end)
  }
}

const requests: ReadonlySet<number> = new Set([
  messageType.call,
  messageType.get,
  messageType.iterate,
  messageType.stream,
])

/** What a message is about: messages with the same number keep their order. */
function orderOf(type: number, subject: number): number {
  return 2 * subject + (requests.has(type) ? 0 : 1)
}

function notArrived(what: string, problem: string): SkeinError {
  return new SkeinError('INVALID', `the ${what} did not arrive: ${problem}`)
}
