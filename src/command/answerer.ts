/** One stream's answerer; see `service.ts` for its states. */
import type { Clock, Timer } from '../base/clock.ts'
import { messageOf, SkeinError, toSkeinError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Subject } from '../base/policy.ts'
import type { Stream } from '../connection/contract.ts'
import { MessageStream, type MessageHandler } from '../connection/message-stream.ts'
import { InputQueue } from './input-queue.ts'
import { errorEnding, readInput, readRequest } from './messages.ts'
import type { AnswerMessage, CommandRequest, Ending } from './messages.ts'
import { maxChunkBytes, maxMessageBytes, type CommandLimits } from './options.ts'
import type { CommandRegistry } from './registry.ts'
import { runCommand, type CommandIo, type Relay } from './runner.ts'
import type { CommandSlots } from './slots.ts'
import type { CommandTracer, Trace } from './tracing.ts'

/** What an answerer stands on. */
export interface AnswererOptions {
  readonly registry: CommandRegistry
  readonly clock: Clock
  readonly log: Log
  readonly subject: Subject
  readonly relay?: Relay | undefined
  readonly limits: CommandLimits
  readonly slots: CommandSlots
  readonly tracer?: CommandTracer | undefined
  /** Called once a command ended, also when the caller is gone. */
  readonly onRun: (request: CommandRequest, ending: Ending, durationMs: number) => void
  /** Called once nothing of this stream is left. */
  readonly onOver: () => void
}

/** Reads the request, runs it, sends what it prints. */
export class Answerer implements MessageHandler {
  readonly #stream: Stream
  readonly #messages: MessageStream
  readonly #options: AnswererOptions
  readonly #input: InputQueue
  readonly #stop = new AbortController()
  readonly #encoder = new TextEncoder()
  #status: 'waiting' | 'running' | 'answered' = 'waiting'
  #timer: Timer | undefined
  #trace: Trace | undefined
  #isClosed = false
  #isWritable = true
  #wakeWriters: (() => void)[] = []
  #work: Promise<void> = Promise.resolve()

  constructor(stream: Stream, options: AnswererOptions) {
    this.#stream = stream
    this.#options = options
    this.#messages = new MessageStream(stream, { maxMessageBytes })
    this.#input = new InputQueue((isReading) => stream.setReading(isReading))
  }

  /** Begins to listen. */
  start(): void {
    this.#timer = this.#options.clock.after(this.#options.limits.requestTimeoutMs, () => {
      this.#stream.reset('TIMED_OUT', 'the stream was opened, and no command came')
    })
    this.#messages.bind(this)
  }

  /** Stops what runs, and waits until nothing of it does. */
  async stop(reason: SkeinError): Promise<void> {
    this.#stop.abort(reason)
    if (this.#status === 'waiting') this.#stream.reset(reason.code, reason.message)
    await this.#work
  }

  onMessage(message: unknown): void {
    if (this.#status === 'answered') return // What was on its way when the command ended.
    if (this.#status === 'running') {
      const input = readInput(message)
      if (input.ok) this.#input.push(input.value.in)
      else this.#violate(input.violation)
      return
    }
    const request = readRequest(message)
    if (request.ok) this.#run(request.value)
    else this.#violate(request.violation)
  }

  onEnd(): void {
    if (this.#status === 'waiting') this.#violate('the stream ended before its request')
    else this.#input.end()
  }

  onDrain(): void {
    this.#isWritable = true
    const wake = this.#wakeWriters
    this.#wakeWriters = []
    for (const each of wake) each()
  }

  onClose(error: SkeinError | undefined): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#stop.abort(error ?? new SkeinError('CANCELLED', 'the caller is gone'))
    this.#input.discard()
    this.onDrain()
    void this.#work.then(this.#options.onOver)
  }

  #run(request: CommandRequest): void {
    const { slots, subject, clock, tracer } = this.#options
    this.#timer?.cancel()
    this.#trace = tracer?.answers(request, subject)
    const startMs = clock.nowMs()
    let giveBack: () => void
    try {
      giveBack = slots.take(subject.peerId ?? subject.name)
    } catch (thrown) {
      this.#finish(request, errorEnding(toSkeinError(thrown)), startMs)
      return
    }
    this.#status = 'running'
    this.#armAlive()
    const { signal } = this.#stop
    const begin = () => runCommand(request, { ...this.#options, signal, io: this.#createIo() })
    const run = this.#trace === undefined ? begin() : this.#trace.within(begin)
    const answered = run.ending.then((ending) => this.#finish(request, ending, startMs))
    this.#work = Promise.all([answered, run.settled]).then(giveBack)
  }

  #finish(request: CommandRequest, ending: Ending, startMs: number): void {
    this.#status = 'answered'
    this.#timer?.cancel()
    this.#input.discard()
    this.#send(ending)
    this.#stream.end()
    this.#trace?.end(ending)
    this.#report(request, ending, startMs)
  }

  #report(request: CommandRequest, ending: Ending, startMs: number): void {
    const { clock, log, onRun } = this.#options
    try {
      onRun(request, ending, clock.nowMs() - startMs)
    } catch (thrown) {
      log.error({ error: messageOf(thrown) }, 'could not report a command that ended')
    }
  }

  #createIo(): CommandIo {
    return {
      stdin: this.#input,
      out: (chunk) => this.#print('out', chunk),
      err: (chunk) => this.#print('err', chunk),
      drained: () => this.#drained(),
    }
  }

  #print(kind: 'out' | 'err', chunk: string | Uint8Array): boolean {
    if (this.#status !== 'running') return true
    const bytes = typeof chunk === 'string' ? this.#encoder.encode(chunk) : chunk
    for (let at = 0; at < bytes.length; at += maxChunkBytes) {
      const slice = bytes.subarray(at, at + maxChunkBytes)
      this.#send(kind === 'out' ? { out: slice } : { err: slice })
    }
    return this.#isWritable
  }

  #drained(): Promise<void> {
    if (this.#isWritable || this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => this.#wakeWriters.push(resolve))
  }

  #send(message: AnswerMessage): void {
    if (!this.#isClosed && !this.#messages.send(message)) this.#isWritable = false
  }

  /** Says again and again that the command runs; not while the caller takes nothing. */
  #armAlive(): void {
    this.#timer = this.#options.clock.after(this.#options.limits.aliveIntervalMs, () => {
      if (this.#isWritable) this.#send({ alive: true })
      this.#armAlive()
    })
  }

  #violate(rule: string): void {
    const { log, subject } = this.#options
    log.warn({ peer: subject.name, rule }, 'a peer broke the rules of command/1')
    this.#stream.reset('VIOLATION', rule)
  }
}
