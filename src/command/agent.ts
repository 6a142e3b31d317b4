/**
 * What a peer finds under `commands`: one for each session, so it knows who asks.
 *
 * **Invariant**: what one session asked for is bounded in number and bytes, whether it is read or not,
 * and ends with the session.
 */
import { SkeinError } from '../base/errors.ts'
import { Answerer, sizeOf } from './answerer.ts'
import type { AnswererOptions } from './answerer.ts'
import { errorEnding, readRequest, requestProblem } from './messages.ts'
import type { CommandPart, Commands } from './messages.ts'
import type { RunReport } from './report.ts'

/** What an agent stands on; the rest of an answerer's options are its own business. */
export interface AgentOptions extends Omit<
  AnswererOptions,
  'subject' | 'input' | 'onBegin' | 'onOver' | 'onRun'
> {
  readonly subject: () => AnswererOptions['subject']
  /** Those of all sessions. */
  readonly all: Set<Answerer>
  /** Whether a value is a reference that the very peer gave in this session. */
  readonly isTheirs: (value: unknown) => boolean
  readonly isClosed: () => boolean
  readonly onRun: (report: RunReport) => void
}

/** See the file's head. */
export class CommandAgent implements Commands {
  /** What of it peers may use. */
  static readonly members: readonly string[] = ['run']

  readonly #options: AgentOptions
  /** Commands that run, wait, or whose output was not taken. */
  readonly #open = new Set<Answerer>()
  /** Words of the requests that nobody iterates over yet. */
  #idleBytes = 0

  constructor(options: AgentOptions) {
    this.#options = options
  }

  /**
   * See {@link Commands.run}.
   *
   * @throws {SkeinError} `VIOLATION` it is no request; `LIMIT_EXCEEDED`, `INVALID`, `NODE_CLOSED`.
   */
  run(asked: unknown, input?: unknown): AsyncIterable<CommandPart, number> {
    const { all, isTheirs, isClosed, onRun, limits } = this.#options
    const subject = this.#options.subject()
    if (isClosed()) throw new SkeinError('NODE_CLOSED', 'the node is closing')
    const request = readRequest(asked)
    if (!request.ok) throw this.#violation(request.violation)
    // A reference to somebody else's would be read with our rights.
    if (input !== undefined && !isTheirs(input)) {
      throw this.#violation('D2: input is a reference to an async iterable of the caller’s own')
    }
    const problem = requestProblem(request.value.argv)
    if (problem !== undefined) {
      const refused = { argv: request.value.argv.slice(0, 1) }
      onRun({ subject, request: refused, ending: errorEnding(problem), durationMs: 0 })
      throw problem
    }
    const bytes = sizeOf(request.value)
    const isFull = this.#open.size >= limits.maxRunningPerPeer + limits.maxWaitingPerPeer
    if (isFull || this.#idleBytes + bytes > limits.maxWaitingBytesPerPeer) {
      const text = `${this.#open.size} of your commands run, wait or were not read, and no more may`
      throw new SkeinError('LIMIT_EXCEEDED', `${text}; wait for one to end`)
    }
    this.#idleBytes += bytes
    const answerer: Answerer = new Answerer(request.value, {
      ...{ ...this.#options, subject, input: input as object | undefined },
      onRun: (ran, ending, durationMs) => onRun({ subject, request: ran, ending, durationMs }),
      onBegin: () => void (this.#idleBytes -= bytes),
      onOver: () => {
        this.#open.delete(answerer)
        all.delete(answerer)
      },
    })
    this.#open.add(answerer)
    all.add(answerer)
    return answerer as unknown as AsyncIterable<CommandPart, number>
  }

  /** The session is over: whatever it asked for is stopped. */
  close(error: SkeinError): void {
    for (const answerer of this.#open) answerer.close(error)
  }

  #violation(rule: string): SkeinError {
    const { log } = this.#options
    log.warn({ peer: this.#options.subject().name, rule }, 'a peer broke the rules of commands')
    return new SkeinError('VIOLATION', rule)
  }
}
