/**
 * Asks a peer to run a command: the caller's side of `commands.run`.
 *
 * Three limits. *Silence*: nothing at all came for `silenceMs`; a running command sends a sign of life
 * every 3 s, so silence means that it, or its node, is stuck. While the connection is suspended, we
 * ourselves do not read, or this process sleeps, silence does not count. *`patienceMs`* counts just the
 * suspension, until the far side first answered. *`timeoutMs`* of the request counts everything.
 *
 *   running ──exit, error──▶ ending ──all output handed out──▶ over
 *      └── violation, silence, limit, abort, session lost ───────▲
 */
import type { Clock, Timer } from '../base/clock.ts'
import { SkeinError, toSkeinError, type ErrorCode } from '../base/errors.ts'
import { InputSource } from './input-source.ts'
import { errorEnding, readExit, readPart, requestProblem } from './messages.ts'
import type { CommandPart, CommandRequest } from './messages.ts'
import { absencePatienceMs, defaultSilenceMs } from './options.ts'

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
  /**
   * Why nobody expects the far side back (`is gone`): `patienceMs` is 3 s then, if it is no less. Where
   * absent, and while it gives `undefined`, it is expected.
   */
  readonly absence?: (() => string | undefined) | undefined
  /** Tells whether the request can have left; where absent it can. What has not left has not run. */
  readonly canHaveLeft?: (() => boolean) | undefined
}

/** Calls `commands.run` at the far side, and iterates over what it gives. */
export type AskForCommand = (
  request: CommandRequest,
  input: AsyncIterable<Uint8Array> | undefined,
) => AsyncIterator<unknown, unknown>

/** Takes a chunk of output. One that throws or rejects ends the command. */
export type OutputHandler = (chunk: Uint8Array) => void | Promise<void>

/** How a command ended that ran. */
export interface CommandOutcome {
  /** 0 to 255. */
  readonly exit: number
}

/**
 * Runs a command at the far side, and waits for its end.
 *
 * Everything that was printed has been handed out when it resolves. When it rejects, the far side is
 * told to stop the command.
 *
 * @throws {SkeinError} The far side's code where it refuses or fails (`UNKNOWN_COMMAND`, `DENIED`, …).
 * @throws {SkeinError} `LIMIT_EXCEEDED`, `INVALID` the command is too long or empty; nothing was sent.
 * @throws {SkeinError} `TIMED_OUT` silence, or `patienceMs` or `timeoutMs` is over; the command may have
 *   run.
 * @throws {SkeinError} `VIOLATION` what came back is none of what a command gives.
 * @throws {SkeinError} `CONNECTION_CLOSED` and its kin: the connection was lost; the command may have
 *   run.
 * @throws {SkeinError} `CANCELLED` `signal` aborted, unless its reason is a `SkeinError` itself.
 * @example
 * const { exit } = await requestCommand(askBy(commands), { argv: ['add'] }, { clock, onOut: print })
 */
export function requestCommand(
  ask: AskForCommand,
  request: CommandRequest,
  options: RequestOptions,
): Promise<CommandOutcome> {
  const problem = requestProblem(request.argv)
  if (problem !== undefined) return Promise.reject(problem)
  return new Promise((resolve, reject) => {
    new Caller({ ...options, request, resolve, reject }).start(ask)
  })
}

/** What a caller stands on. */
interface CallerOptions extends RequestOptions {
  readonly request: CommandRequest
  readonly resolve: (outcome: CommandOutcome) => void
  readonly reject: (error: SkeinError) => void
}

const ticksPerLimit = 8 // So silence and suspension are told apart to an eighth.

/** Sends a request and its input, and hands out what comes back. */
class Caller {
  readonly #options: CallerOptions
  readonly #onAbort = (): void => this.#abort()
  #parts: AsyncIterator<unknown, unknown> | undefined
  #source: InputSource | undefined
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

  constructor(options: CallerOptions) {
    this.#options = options
  }

  /** Sends the request. Called once. */
  start(ask: AskForCommand): void {
    const { signal, request, stdin, clock } = this.#options
    if (signal?.aborted === true) return this.#abort()
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (request.timeoutMs !== undefined) {
      this.#limit = clock.after(request.timeoutMs, () => this.#timeOut(request.timeoutMs ?? 0))
    }
    this.#hear()
    this.#armLimits()
    if (stdin !== undefined) {
      this.#source = new InputSource(stdin, (thrown) => this.#giveUp(thrown))
    }
    this.#parts = ask(toMessage(request), this.#source)
    void this.#read(this.#parts)
  }

  /** Takes what comes, one part after the other, as fast as the handlers take it. Never rejects. */
  async #read(parts: AsyncIterator<unknown, unknown>): Promise<void> {
    while (!this.#isOver) {
      let next: IteratorResult<unknown, unknown>
      try {
        next = await parts.next()
      } catch (thrown) {
        return this.#fail(failureOf(thrown))
      }
      if (this.#isOver) return
      this.#hear()
      this.#hasAnswered = true
      if (next.done === true) return this.#finish(next.value)
      const part = readPart(next.value)
      if (!part.ok) return this.#violate(part.violation)
      const handing = this.#handOut(part.value)
      if (handing !== undefined) await this.#waitFor(handing)
    }
  }

  #handOut(part: CommandPart): Promise<void> | undefined {
    try {
      const { onOut, onErr } = this.#options
      const pending =
        'out' in part ? onOut?.(part.out) : 'err' in part ? onErr?.(part.err) : undefined
      return pending instanceof Promise ? pending : undefined
    } catch (thrown) {
      this.#giveUp(thrown)
      return undefined
    }
  }

  async #waitFor(handing: Promise<void>): Promise<void> {
    this.#isHandingOut = true
    try {
      await handing
    } catch (thrown) {
      this.#giveUp(thrown)
    }
    this.#isHandingOut = false
    this.#hear()
  }

  #finish(value: unknown): void {
    const exit = readExit(value)
    if (!exit.ok) return this.#violate(exit.violation)
    this.#stop()
    this.#options.resolve({ exit: exit.value })
  }

  #armLimits(): void {
    const { silenceMs = defaultSilenceMs, clock } = this.#options
    const absence = this.#options.absence?.()
    const patienceMs = this.#patienceMs(absence)
    const limitMs = Math.min(silenceMs, patienceMs)
    if (limitMs === Infinity) return
    const leftMs = Math.max(
      0, // Who is called gone may have been waited for longer already.
      Math.min(silenceMs - this.#silentMs, patienceMs - this.#suspendedMs),
    )
    const tickMs = Math.min(limitMs / ticksPerLimit, leftMs)
    this.#tick = clock.after(tickMs, () => {
      this.#count(tickMs)
      const name = this.#name
      if (this.#silentMs >= silenceMs) {
        this.#abandon('TIMED_OUT', `no answer from ${name} for ${silenceMs / 1_000} s`)
      } else if (this.#suspendedMs >= patienceMs) {
        const why = absence ?? 'may be down'
        const text = `${name} could not be reached for ${patienceMs / 1_000} s and ${why}`
        const fate = this.#canHaveLeft ? '. The command may have run there' : ''
        this.#giveUp(new SkeinError('TIMED_OUT', `${text}; see: skein nodes${fate}`))
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
    const fate = this.#canHaveLeft ? '; it may have run there' : ''
    this.#giveUp(new SkeinError(code, `${text}${fate}`))
  }

  get #canHaveLeft(): boolean {
    return this.#hasAnswered || this.#options.canHaveLeft?.() !== false
  }

  #patienceMs(absence: string | undefined): number {
    const { patienceMs = Infinity } = this.#options
    if (absence === undefined || patienceMs === Infinity) return patienceMs
    return Math.min(patienceMs, absencePatienceMs)
  }

  /** Ends the command from our side: the far side is told to stop it. */
  #giveUp(thrown: unknown): void {
    this.#fail(toSkeinError(thrown, 'CANCELLED'))
    this.#takeBack()
  }

  #violate(rule: string): void {
    this.#fail(new SkeinError('VIOLATION', `${this.#name} broke a rule of commands: ${rule}`))
    this.#takeBack()
  }

  #takeBack(): void {
    this.#parts?.return?.().catch(ignore)
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
    this.#source?.close()
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }

  get #name(): string {
    return this.#options.name ?? 'the peer'
  }
}

/** Why the far side failed, in a line of bounded length. */
function failureOf(thrown: unknown): SkeinError {
  const error = toSkeinError(thrown)
  const { error: code, message } = errorEnding(error)
  return message === error.message ? error : new SkeinError(code, message, { cause: error })
}

function ignore(_thrown: unknown): void {
  // Who gave it up is not interested any more.
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
