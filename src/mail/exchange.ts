/**
 * Questions and answers of `mail/1` over streams: one stream a peer for what this node asks, one for
 * what it is asked.
 *
 * **Invariant**: of one peer at most eight questions are worked at; it is not read from meanwhile.
 */
import { MessageStream } from '../connection/message-stream.ts'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { maxMessageBytes, readAnswer, readRequest, writeAnswer, writeRequest } from './messages.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Stream } from '../connection/contract.ts'
import type { MailAnswer, MailRequest } from './messages.ts'

/** The name under which streams are opened. */
export const mailProtocol = 'mail/1'

/** What the exchange works with. */
export interface ExchangeSetup {
  readonly clock: Clock
  /** Opens a stream to a peer, dialling it if need be. */
  readonly open: (to: PeerId) => Promise<Stream>
  /** Answers a question. What it throws is what the other side is told. */
  readonly answer: (from: PeerId, request: MailRequest) => Promise<Partial<MailAnswer>>
  /** A peer broke the protocol. */
  readonly onViolation: () => void
}

interface Waiting {
  readonly resolve: (answer: MailAnswer) => void
  readonly reject: (error: SkeinError) => void
  readonly timer: Timer
}

const answerMs = 15_000 // Guess: a megabyte on a slow line, and a slow disk.
const maxAtOnce = 8 // Guess: 20 MB of a peer in memory at most.

/** See the file's head. */
export class Exchange {
  readonly #setup: ExchangeSetup
  readonly #asking = new Map<PeerId, Promise<Asking>>()
  readonly #answering = new Set<Stream>()
  #isClosed = false

  constructor(setup: ExchangeSetup) {
    this.#setup = setup
  }

  /**
   * Asks a peer.
   *
   * @throws {SkeinError} What its node said, or why it cannot be reached; `TIMED_OUT`.
   */
  async ask(to: PeerId, request: MailRequest): Promise<MailAnswer> {
    if (this.#isClosed) throw new SkeinError('NODE_CLOSED', 'this node was closed')
    const asking = await this.#connect(to)
    return asking.ask(request)
  }

  /** Takes a stream that a peer opened. */
  accept(stream: Stream, from: PeerId): void {
    stream.isBackground = true
    this.#answering.add(stream)
    const messages = new MessageStream(stream, { maxMessageBytes })
    let working = 0
    const work = async (number: number, request: MailRequest): Promise<void> => {
      stream.setReading(++working < maxAtOnce)
      const answer = await this.#setup.answer(from, request).catch((thrown: unknown) => {
        const { code, message } = toSkeinError(thrown)
        return { code, message }
      })
      if (--working < maxAtOnce && !stream.isClosed) stream.setReading(true)
      if (!stream.isClosed) messages.send(writeAnswer(number, answer))
    }
    messages.bind({
      onMessage: (value) => {
        const read = readRequest(value)
        if (typeof read === 'string') {
          this.#setup.onViolation()
          stream.reset('VIOLATION', `mail/1: ${read}`)
        } else void work(...read)
      },
      onEnd: () => stream.end(),
      onDrain: () => undefined,
      onClose: () => void this.#answering.delete(stream),
    })
  }

  /** Asks and answers nobody any more. */
  close(): void {
    this.#isClosed = true
    for (const stream of this.#answering) stream.reset('NODE_CLOSED', 'this node was closed')
    for (const asking of this.#asking.values()) {
      void asking.then(({ stream }) => stream.reset('NODE_CLOSED', 'this node was closed'), nothing)
    }
  }

  #connect(to: PeerId): Promise<Asking> {
    const known = this.#asking.get(to)
    if (known !== undefined) return known
    const drop = (): void => {
      if (this.#asking.get(to) === asking) this.#asking.delete(to)
    }
    const asking = this.#setup
      .open(to)
      .then((stream) => new Asking(stream, this.#setup.clock, drop))
    this.#asking.set(to, asking)
    asking.catch(drop)
    return asking
  }
}

const nothing = (): void => undefined

/** The side of a stream that asks. */
class Asking {
  readonly stream: Stream
  readonly #messages: MessageStream
  readonly #clock: Clock
  readonly #waiting = new Map<number, Waiting>()
  #number = 0

  constructor(stream: Stream, clock: Clock, onClose: () => void) {
    this.stream = stream
    this.#clock = clock
    stream.isBackground = true
    this.#messages = new MessageStream(stream, { maxMessageBytes })
    this.#messages.bind({
      onMessage: (value) => this.#receive(value),
      onEnd: () => stream.end(),
      onDrain: () => undefined,
      onClose: (error) => {
        onClose()
        const why = error ?? new SkeinError('STREAM_RESET', 'the peer ended the exchange')
        for (const number of [...this.#waiting.keys()]) this.#finish(number, why)
      },
    })
  }

  ask(request: MailRequest): Promise<MailAnswer> {
    return new Promise((resolve, reject) => {
      if (this.stream.isClosed) {
        reject(new SkeinError('STREAM_RESET', 'the peer ended the exchange'))
        return
      }
      const number = ++this.#number
      const timer = this.#clock.after(answerMs, () => {
        // A peer that does not answer one question is not worth the others.
        this.stream.reset('TIMED_OUT', `no answer to ${request.kind} within ${answerMs / 1_000} s`)
        this.#finish(number, new SkeinError('TIMED_OUT', `no answer within ${answerMs / 1_000} s`))
      })
      this.#waiting.set(number, { resolve, reject, timer })
      this.stream.isBackground = false // The connection stays while somebody waits.
      this.#messages.send(writeRequest(number, request))
    })
  }

  #receive(value: unknown): void {
    const read = readAnswer(value)
    if (typeof read === 'string') {
      this.stream.reset('VIOLATION', `mail/1: ${read}`)
      return
    }
    const [number, answer] = read
    this.#finish(number, 'code' in answer ? new SkeinError(answer.code, answer.message) : answer)
  }

  #finish(number: number, end: MailAnswer | SkeinError): void {
    const waiting = this.#waiting.get(number)
    if (waiting === undefined) return
    this.#waiting.delete(number)
    waiting.timer.cancel()
    if (this.#waiting.size === 0) this.stream.isBackground = true
    if (end instanceof SkeinError) waiting.reject(end)
    else waiting.resolve(end)
  }
}
