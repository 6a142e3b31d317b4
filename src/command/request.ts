/**
 * Asks a peer to run a command: the caller's side of `command/1`.
 *
 * Three limits. *Silence*: nothing at all came for `silenceMs`; a running command sends a sign of life
 * every 3 s, so silence means that it, or its node, is stuck. While the connection is suspended, we
 * ourselves do not read, or this process sleeps, silence does not count. *`patienceMs`* counts just the
 * suspension, until the far side first answered. *`timeoutMs`* of the request counts everything.
 *
 *   running ──exit, error──▶ ending ──all output handed out──▶ over
 *      └── violation, silence, limit, abort, stream lost ────────▲
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SkeinError, toSkeinError, type ErrorCode } from '../base/errors.ts'
import type { Stream } from '../connection/contract.ts'
import { MessageStream, type MessageHandler } from '../connection/message-stream.ts'
import { readAnswer, requestProblem } from './messages.ts'
import type { AnswerMessage, CommandRequest, Ending } from './messages.ts'
import { defaultSilenceMs, maxChunkBytes, maxMessageBytes } from './options.ts'

/** How to ask. */
export interface RequestOptions {
  readonly clock: Clock
  /** Who is asked, for messages to people; `the peer` where absent. */
  readonly name?: string
  /** Takes the command back: the far side ends it. */
  readonly signal?: AbortSignal | undefined
  /**
   * Standard input of the command; none where absent. It is read no further once the command ended,
   * and told so by `return()`.
   */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined
  /** Takes standard output, in order. While a returned promise is pending, no more is read. */
  readonly onOut?: OutputHandler | undefined
  /** Takes standard error; otherwise as `onOut`. */
  readonly onErr?: OutputHandler | undefined
  /** Give up after this long without any message; 10 s where absent. `Infinity` is never. */
  readonly silenceMs?: number | undefined
  /** Tells whether the connection is suspended: then silence does not count. */
  readonly isSuspended?: (() => boolean) | undefined
  /**
   * Give up when the connection was suspended for this long, in ms, before any message came; never
   * where absent. For people who wait: a command that has answered once is let be, as it runs.
   */
  readonly patienceMs?: number | undefined
}

/** Takes a chunk of output. One that throws or rejects ends the command. */
export type OutputHandler = (chunk: Uint8Array) => void | Promise<void>

/** How a command ended that ran. */
export interface CommandOutcome {
  /** 0 to 255. */
  readonly exit: number
}

/**
 * Sends a request on `stream`, opened for `command/1`, and waits for the command's end.
 *
 * Everything that was printed has been handed out when it resolves. When it rejects, the stream is
 * over and the far side stops the command.
 *
 * @throws {SkeinError} The far side's code where it refuses or fails (`UNKNOWN_COMMAND`, `DENIED`, …).
 * @throws {SkeinError} `LIMIT_EXCEEDED`, `INVALID` the command is too long or empty; nothing was sent.
 * @throws {SkeinError} `TIMED_OUT` silence, or `patienceMs` or `timeoutMs` is over; the command may have
 *   run.
 * @throws {SkeinError} `VIOLATION` what came back is not `command/1`.
 * @throws {SkeinError} `CONNECTION_CLOSED` and its kin: the stream was lost; the command may have run.
 * @throws {SkeinError} `CANCELLED` `signal` aborted, unless its reason is a `SkeinError` itself.
 * @example
 * const { exit } = await requestCommand(stream, { argv: ['add'] }, { clock, onOut: print })
 */
export function requestCommand(
  stream: Stream,
  request: CommandRequest,
  options: RequestOptions,
): Promise<CommandOutcome> {
  const problem = requestProblem(request.argv)
  if (problem !== undefined) return refuse(stream, problem)
  return new Promise((resolve, reject) => {
    new Caller(stream, { ...options, request, resolve, reject }).start()
  })
}

function refuse(stream: Stream, problem: SkeinError): Promise<never> {
  stream.reset('CANCELLED', 'there is no command to send')
  return Promise.reject(problem)
}

/** What a caller stands on. */
interface CallerOptions extends RequestOptions {
  readonly request: CommandRequest
  readonly resolve: (outcome: CommandOutcome) => void
  readonly reject: (error: SkeinError) => void
}

const ticksPerLimit = 8 // So silence and suspension are told apart to an eighth.

/** Sends a request and its input, and hands out what comes back. */
class Caller implements MessageHandler {
  readonly #stream: Stream
  readonly #messages: MessageStream
  readonly #options: CallerOptions
  readonly #queue: AnswerMessage[] = []
  readonly #onAbort = (): void => this.#abort()
  #ending: Ending | undefined
  #isOver = false
  #isHandingOut = false
  #silentMs = 0
  /** How long it was suspended so far; not counted any more once something came. */
  #suspendedMs = 0
  #hasAnswered = false
  /** Up to when both were counted. */
  #countedMs = 0
  #tick: Timer | undefined
  #limit: Timer | undefined
  #wakeWriter: (() => void) | undefined

  constructor(stream: Stream, options: CallerOptions) {
    this.#stream = stream
    this.#options = options
    this.#messages = new MessageStream(stream, { maxMessageBytes })
  }

  /** Sends the request. Called once. */
  start(): void {
    const { signal, request, stdin, clock } = this.#options
    if (signal?.aborted === true) return this.#abort()
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (request.timeoutMs !== undefined) {
      this.#limit = clock.after(request.timeoutMs, () => this.#timeOut(request.timeoutMs ?? 0))
    }
    this.#hear()
    this.#armLimits()
    this.#messages.bind(this)
    if (this.#isOver) return
    this.#messages.send(toMessage(request))
    if (stdin === undefined) this.#stream.end()
    else this.#sendInput(stdin).catch((thrown: unknown) => this.#giveUp(thrown))
  }

  onMessage(message: unknown): void {
    if (this.#isOver) return
    this.#hear()
    this.#hasAnswered = true
    const answer = readAnswer(message)
    if (!answer.ok) return this.#violate(answer.violation)
    if (this.#ending !== undefined) return this.#violate('nothing follows exit or error')
    if ('exit' in answer.value || 'error' in answer.value) this.#ending = answer.value
    this.#queue.push(answer.value)
    this.#handOut()
  }

  onEnd(): void {
    if (this.#ending === undefined) this.#violate('the answer ended without exit or error')
  }

  onDrain(): void {
    this.#wakeWriter?.()
  }

  onClose(error: SkeinError | undefined): void {
    if (this.#ending !== undefined) return // What it printed is still being handed out.
    this.#fail(error ?? new SkeinError('STREAM_RESET', `${this.#name} ended without an answer`))
  }

  /** Hands out what waits, one after the other, as fast as the handlers take it. */
  #handOut(): void {
    while (!this.#isHandingOut && !this.#isOver) {
      const answer = this.#queue.shift()
      if (answer === undefined) return
      if ('exit' in answer || 'error' in answer) return this.#finish(answer)
      let pending: void | Promise<void> = undefined
      try {
        if ('out' in answer) pending = this.#options.onOut?.(answer.out)
        if ('err' in answer) pending = this.#options.onErr?.(answer.err)
      } catch (thrown) {
        return this.#giveUp(thrown)
      }
      if (pending instanceof Promise) this.#waitFor(pending)
    }
  }

  #waitFor(pending: Promise<void>): void {
    this.#isHandingOut = true
    this.#stream.setReading(false)
    pending
      .then(() => {
        this.#isHandingOut = false
        this.#hear()
        this.#handOut()
        if (!this.#isHandingOut) this.#stream.setReading(true)
      })
      .catch((thrown: unknown) => this.#giveUp(thrown))
  }

  #finish(ending: Ending): void {
    this.#stop()
    this.#stream.end()
    if ('exit' in ending) this.#options.resolve({ exit: ending.exit })
    else this.#options.reject(new SkeinError(ending.error, ending.message))
  }

  async #sendInput(stdin: AsyncIterable<Uint8Array>): Promise<void> {
    const iterator = stdin[Symbol.asyncIterator]()
    while (!this.#isOver) {
      const next = await iterator.next()
      if (next.done === true) return this.#stream.end()
      for (let at = 0; at < next.value.length && !this.#isOver; at += maxChunkBytes) {
        const isWritable = this.#messages.send({ in: next.value.subarray(at, at + maxChunkBytes) })
        if (!isWritable) await this.#drained()
      }
    }
    await iterator.return?.()
  }

  #drained(): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    return new Promise((resolve) => (this.#wakeWriter = resolve))
  }

  #armLimits(): void {
    const { silenceMs = defaultSilenceMs, patienceMs = Infinity, clock } = this.#options
    const limitMs = Math.min(silenceMs, patienceMs)
    if (limitMs === Infinity) return
    const leftMs = Math.min(silenceMs - this.#silentMs, patienceMs - this.#suspendedMs)
    const tickMs = Math.min(limitMs / ticksPerLimit, leftMs)
    this.#tick = clock.after(tickMs, () => {
      this.#count(tickMs)
      const name = this.#name
      if (this.#silentMs >= silenceMs) {
        this.#abandon('TIMED_OUT', `no answer from ${name} for ${silenceMs / 1_000} s`)
      } else if (this.#suspendedMs >= patienceMs) {
        const text = `${name} could not be reached for ${patienceMs / 1_000} s and may be down`
        const advice = 'see: skein nodes. The command may have run there'
        this.#giveUp(new SkeinError('TIMED_OUT', `${text}; ${advice}`))
      } else this.#armLimits()
    })
  }

  /** Adds the time since it was last counted. More than a tick means that this process slept. */
  #count(tickMs: number): void {
    const { clock, isSuspended } = this.#options
    const nowMs = clock.nowMs()
    const passedMs = Math.min(nowMs - this.#countedMs, tickMs)
    this.#countedMs = nowMs
    if (this.#isHandingOut) return
    if (isSuspended?.() !== true) this.#silentMs += passedMs
    else if (!this.#hasAnswered) this.#suspendedMs += passedMs
  }

  #hear(): void {
    this.#silentMs = 0
    this.#countedMs = this.#options.clock.nowMs()
  }

  #timeOut(timeoutMs: number): void {
    this.#abandon('TIMED_OUT', `no result from ${this.#name} within ${timeoutMs / 1_000} s`)
  }

  #abort(): void {
    const reason: unknown = this.#options.signal?.reason
    if (reason instanceof SkeinError) this.#giveUp(reason)
    else this.#abandon('CANCELLED', `the command on ${this.#name} was cancelled`)
  }

  #abandon(code: ErrorCode, text: string): void {
    const mayHaveRun = 'it may have run there'
    this.#giveUp(new SkeinError(code, `${text}; ${mayHaveRun}`))
  }

  /** Ends the command from our side: the far side is told to stop it. */
  #giveUp(thrown: unknown): void {
    const error = toSkeinError(thrown, 'CANCELLED')
    this.#fail(error)
    this.#stream.reset('CANCELLED', error.message)
  }

  #violate(rule: string): void {
    this.#fail(new SkeinError('VIOLATION', `${this.#name} broke a rule of command/1: ${rule}`))
    this.#stream.reset('VIOLATION', rule)
  }

  #fail(error: SkeinError): void {
    if (this.#isOver) return
    this.#stop()
    this.#options.reject(error)
  }

  #stop(): void {
    this.#isOver = true
    this.#tick?.cancel()
    this.#limit?.cancel()
    this.#wakeWriter?.()
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }

  get #name(): string {
    return this.#options.name ?? 'the peer'
  }
}

/** The request without what is absent, or is none of it. */
function toMessage({ argv, to, timeoutMs, traceparent }: CommandRequest): CommandRequest {
  return {
    argv,
    ...(to === undefined ? {} : { to }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}
