/**
 * The part of `object/1` that a program needs which does nothing but ask: it finds what a node has under
 * a name, calls a method, and iterates over what that gives; and gives async iterables of its own.
 *
 *   find name ──▶ stream method(args)      in one write, the second does not wait for the first
 *
 * The command line is such a program. It starts anew for every command, and the whole layer costs it a
 * fifth of its time (docs/decisions/one-layer.md); whoever stays longer has that.
 *
 * **Invariant**: what the node does wrong ends the session: everything asked for fails with the rule.
 */
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { ValueCodec } from '../codec/value-codec.ts'
import type { Stream, StreamHandler } from '../connection/contract.ts'
import { describeAsText, readFailure } from './failure.ts'
import { FieldReader, FrameSplitter, violation } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { Consumer, iteratorOf, Producer, RemoteIterator } from './iteration.ts'
import { sendLarge } from './large-sending.ts'
import {
  isObjectStream,
  largeProtocol,
  messageType,
  objectProtocol,
  referenceType,
  tokenBytes,
} from './messages.ts'
import {
  defaultObjectLimits,
  largeMessageBytes,
  maxNameLength,
  maxPathNames,
  pieceBytes,
} from './options.ts'
import type { ObjectConnection } from './connection.ts'

/** A question that the node has not answered. */
type Question =
  | { readonly type: 'find'; readonly name: string }
  | { readonly type: 'iterate'; readonly consumer: Consumer }

interface Asked {
  readonly question: number
  readonly wire: number
  readonly method: string
  readonly args: readonly unknown[]
}

const { objectWindowBytes: windowBytes } = defaultObjectLimits
const messageBytes = largeMessageBytes + maxPathNames * (maxNameLength + 2) + 64

/** See the file's head. */
export class AskingSession {
  readonly #splitter = new FrameSplitter(messageBytes)
  readonly #fields = new FieldReader()
  readonly #writer = new FrameWriter({ send: (bytes) => this.#send(bytes) })
  readonly #codec = new ValueCodec({
    references: {
      describesPlain: false,
      describe: (value) => this.#describe(value),
      revive: (description) => description,
    },
  })
  readonly #questions = new Map<number, Question>()
  /** What names an object of the node: as in a message, see `WireTarget`. */
  readonly #found = new Map<string, number>()
  readonly #given = new Map<number, object>()
  readonly #producers = new Map<number, Producer>()
  readonly #blocked = new Set<Producer>()
  #connection: ObjectConnection | undefined
  #out: Stream | undefined
  #in: Stream | undefined
  #waiting: Uint8Array[] = []
  #isWritable = false
  #lastQuestion = 0
  #lastGiven = 0
  #lastKey = 0
  #closed: SkeinError | undefined

  /** There is a connection: what was asked before leaves. */
  attach(connection: ObjectConnection): void {
    this.#connection = connection
    this.#out = connection.open(objectProtocol)
    this.#out.bind(this.#handler({ onDrain: () => this.#drain() }))
    this.#writer.flush()
    this.#drain()
  }

  /** There will be no connection: what was asked fails. */
  fail(error: SkeinError): void {
    this.#close(error)
  }

  /** Takes a stream that the node opened; false for one of another layer. */
  accept(stream: Stream): boolean {
    if (!isObjectStream(stream)) return false
    if (this.#in !== undefined || stream.protocol !== objectProtocol) {
      stream.reset('VIOLATION', 'O1: one stream, and nothing large')
      this.#close(violation('O1: one stream, and nothing large'))
      return true
    }
    this.#in = stream
    stream.bind(this.#handler({ onData: (bytes) => this.#receive(bytes) }))
    return true
  }

  /** Sees to it that the first question is as good as asked: the rest is then a matter of bytes. */
  find(name: string): void {
    if (!this.#found.has(name)) this.#findTarget(name)
  }

  /** Calls a method of what the node has under a name, and iterates over what it gives. */
  iterate(
    name: string,
    method: string,
    args: readonly unknown[],
  ): AsyncIterableIterator<unknown, unknown> {
    const wire = this.#found.get(name) ?? this.#findTarget(name)
    const question = this.#nextQuestion()
    const cancel = (): void => this.#message(messageType.cancel, question)
    const sendCredit = (_question: number, offset: number): void =>
      this.#message(messageType.credit, question, offset)
    const consumer = new Consumer({ cancel, sendCredit }, { question, windowBytes })
    if (this.#closed === undefined) this.#ask(consumer, { question, wire, method, args })
    else consumer.end(this.#closed, true)
    return new RemoteIterator(consumer)
  }

  #ask(consumer: Consumer, { question, wire, method, args }: Asked): void {
    const writer = this.#writer
    writer.begin(messageType.stream)
    for (const field of [question, wire, 0, 1]) writer.number(field)
    writer.text(method)
    writer.number(windowBytes)
    try {
      writer.value(this.#codec, args)
    } catch (thrown) {
      return consumer.end(thrown, true) // It cannot travel, and nothing was written.
    }
    this.#questions.set(question, { type: 'iterate', consumer })
    this.#endCall(question, wire)
  }

  #findTarget(name: string): number {
    const question = this.#nextQuestion()
    this.#questions.set(question, { type: 'find', name })
    this.#writer.begin(messageType.find)
    this.#writer.number(question)
    this.#writer.text(name)
    this.#writer.end()
    const wire = 2 * question + 1
    this.#found.set(name, wire)
    return wire
  }

  #nextQuestion(): number {
    return this.#lastQuestion++
  }

  /** Ends a call, or sends it on a stream of its own where it is long. */
  #endCall(call: number, wire: number): void {
    const byteLength = this.#writer.messageBytes
    if (byteLength <= largeMessageBytes) return this.#writer.end()
    const parts = this.#writer.takeOut()
    const key = ++this.#lastKey
    this.#message(messageType.large, key, byteLength, messageType.stream, wire, call)
    this.#writer.flush()
    const connection = this.#connection
    if (connection === undefined)
      throw new SkeinError('CONNECTION_CLOSED', 'there is no connection')
    sendLarge(connection.open(largeProtocol, { priority: 'bulk' }), key, parts)
  }

  #describe(value: object): unknown {
    if (!(Symbol.asyncIterator in value)) return undefined
    const number = ++this.#lastGiven
    this.#given.set(number, value)
    return [referenceType.iterable, number, new Uint8Array(tokenBytes)] // Nobody else can reach us.
  }

  #message(type: number, ...numbers: readonly number[]): void {
    if (this.#closed !== undefined) return
    this.#writer.begin(type)
    for (const each of numbers) this.#writer.number(each)
    this.#writer.end()
  }

  #receive(bytes: Uint8Array): void {
    try {
      this.#splitter.read(bytes, (chunk, from, end) => {
        this.#fields.start(chunk, from, end)
        this.#handle()
        return this.#closed === undefined
      })
    } catch (thrown) {
      this.#close(toSkeinError(thrown))
    }
    if (this.#closed === undefined) this.#writer.flush()
  }

  /** @throws {SkeinError} `VIOLATION`. */
  #handle(): void {
    const fields = this.#fields
    const type = fields.byte()
    const number = fields.number()
    switch (type) {
      case messageType.answer:
      case messageType.keptAnswer:
      case messageType.fail:
        return this.#onAnswer(type, number)
      case messageType.item:
        return this.#onItem(number)
      case messageType.iterate:
        return this.#onIterate(number)
      case messageType.credit:
        return this.#producers.get(number)?.credit(fields.number())
      case messageType.cancel:
        return this.#onCancel(number)
      case messageType.release:
        return void this.#given.delete(number)
      case messageType.finish:
      case messageType.lease:
        return
      case messageType.call:
      case messageType.stream:
      case messageType.get:
      case messageType.find:
      case messageType.restore:
      case messageType.list:
        return this.#refuse(number, new SkeinError('UNKNOWN_OBJECT', 'a program offers nothing'))
      default:
        throw violation(`O2: a message of type ${type}`)
    }
  }

  #onAnswer(type: number, question: number): void {
    const asked = this.#questions.get(question)
    if (asked === undefined) throw violation(`O5: an answer to question ${question}, never asked`)
    this.#questions.delete(question)
    const isFailure = type === messageType.fail
    const isFound = asked.type === 'find' && !isFailure
    if (isFound) {
      this.#fields.number()
      this.#found.set(asked.name, 2 * this.#fields.number())
    }
    if (type !== messageType.answer) this.#message(messageType.finish, question)
    if (isFound) return
    const value = isFailure ? readFailure(this.#value()) : this.#value()
    switch (asked.type) {
      case 'find':
        return void this.#found.delete(asked.name)
      case 'iterate':
        return asked.consumer.end(value, isFailure)
      default:
        return asked satisfies never
    }
  }

  #onItem(question: number): void {
    const asked = this.#questions.get(question)
    if (asked?.type !== 'iterate') throw violation(`O12: an item for question ${question}`)
    const byteLength = this.#fields.end - this.#fields.at
    if (asked.consumer.take(this.#value(), byteLength)) return
    throw violation(`O13: an item beyond the credit of question ${question}`)
  }

  /** @throws {SkeinError} `VIOLATION` it is no value: nothing that a program asks for is so. */
  #value(): unknown {
    const { bytes, at, end } = this.#fields
    const decoded = this.#codec.decodeWithin(bytes, at, end)
    if (decoded.ok) return decoded.value
    throw violation(`O10: a value that did not arrive: ${decoded.violation}`)
  }

  #onIterate(question: number): void {
    const fields = this.#fields
    const given = this.#given.get(fields.number() / 2)
    fields.number()
    const isWhole = fields.number() === 0
    if (given === undefined || !isWhole) {
      return this.#refuse(question, new SkeinError('OBJECT_GONE', 'it was not given, or is over'))
    }
    const outlet = {
      sendItem: (value: unknown) => this.#sendItem(question, value),
      mayPump: (each: Producer) => this.#mayPump(each),
      finish: (value: unknown, isError: boolean) => {
        this.#producers.delete(question)
        if (isError) this.#refuse(question, value)
        else this.#answer(question)
      },
    }
    const producer = new Producer(outlet, iteratorOf(given), fields.number())
    this.#producers.set(question, producer)
    producer.pump()
  }

  #onCancel(question: number): void {
    const producer = this.#producers.get(question)
    if (producer === undefined) return
    this.#producers.delete(question)
    this.#blocked.delete(producer)
    this.#refuse(question, new SkeinError('CANCELLED', 'the node took it back'))
    producer.stop()
  }

  #sendItem(question: number, value: unknown): number {
    this.#writer.begin(messageType.item)
    this.#writer.number(question)
    const before = this.#writer.messageBytes
    this.#writer.value(this.#codec, value)
    const bytes = this.#writer.messageBytes - before
    this.#writer.end('stream')
    if (this.#writer.waitingBytes >= pieceBytes) this.#writer.flush()
    return bytes
  }

  #answer(question: number): void {
    if (this.#closed !== undefined) return
    this.#writer.begin(messageType.answer)
    this.#writer.number(question)
    this.#writer.value(this.#codec, undefined)
    this.#writer.end()
  }

  #refuse(question: number, reason: unknown): void {
    if (this.#closed !== undefined) return
    this.#writer.begin(messageType.fail)
    this.#writer.number(question)
    this.#writer.value(this.#codec, describeAsText(reason))
    this.#writer.end()
  }

  #mayPump(producer: Producer): boolean {
    if (!this.#isWritable) this.#blocked.add(producer)
    return this.#isWritable
  }

  #send(bytes: Uint8Array): void {
    if (this.#out === undefined || !this.#isWritable) this.#waiting.push(bytes)
    else this.#isWritable = this.#out.write(bytes)
  }

  #drain(): void {
    const out = this.#out
    if (out === undefined) return
    this.#isWritable = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const bytes of waiting) this.#isWritable = out.write(bytes)
    for (const producer of this.#blocked) {
      if (!this.#isWritable) return
      this.#blocked.delete(producer)
      producer.pump()
    }
  }

  #handler(handler: Partial<StreamHandler>): StreamHandler {
    const over = new SkeinError('STREAM_RESET', 'the node ended its stream')
    return {
      onData: () => undefined,
      onEnd: () => this.#close(over),
      onDrain: () => undefined,
      onClose: (error) => this.#close(error ?? over),
      ...handler,
    }
  }

  #close(error: SkeinError): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    const code = error.code === 'VIOLATION' ? error.code : 'STREAM_RESET'
    this.#in?.reset(code, error.message)
    this.#out?.reset(code, error.message)
    const questions = [...this.#questions.values()]
    this.#questions.clear()
    for (const asked of questions) {
      if (asked.type === 'iterate') asked.consumer.end(error, true)
    }
    for (const producer of this.#producers.values()) producer.stop()
    this.#producers.clear()
    this.#given.clear()
  }
}
