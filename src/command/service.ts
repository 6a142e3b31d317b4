/**
 * Answers `command/1`: one stream, one command.
 *
 *   waiting ──request──▶ running ──ending──▶ answered ──both ended──▶ closed
 *      └──────── violation, reset, connection lost ──────────────────────▲
 *
 * **Invariant**: exactly one ending is sent, it is the last message, and a stream that closes stops
 * what runs on it.
 */
import type { Clock } from '../base/clock.ts'
import { SkeinError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Subject } from '../base/policy.ts'
import type { Stream } from '../connection/contract.ts'
import { Answerer } from './answerer.ts'
import type { CommandRequest, Ending } from './messages.ts'
import { defaultCommandLimits, type CommandLimits } from './options.ts'
import type { CommandRegistry } from './registry.ts'
import type { Relay } from './runner.ts'
import { CommandSlots } from './slots.ts'
import type { CommandTracer } from './tracing.ts'

/** What the command service of a node stands on. */
export interface CommandServiceOptions {
  readonly registry: CommandRegistry
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<CommandLimits>
  /** Follows commands across peers; nobody does where absent. */
  readonly tracer?: CommandTracer
  /** Told of every command that ended, beside the log. */
  readonly onRun?: (report: RunReport) => void
}

/** A command that ended: what was asked, by whom, and how it went. */
export interface RunReport {
  readonly subject: Subject
  readonly request: CommandRequest
  readonly ending: Ending
  readonly durationMs: number
}

/** Who is at the other end of a stream. */
export interface ServeOptions {
  /** The proved identity with its roles. */
  readonly subject: Subject
  /** Only for the control channel: carries requests with `to` on. Absent, they are refused. */
  readonly relay?: Relay | undefined
}

/** Runs the commands of the peers of one node. */
export class CommandService {
  readonly #options: CommandServiceOptions
  readonly #limits: CommandLimits
  readonly #slots: CommandSlots
  readonly #answerers = new Set<Answerer>()
  #isClosed = false

  constructor(options: CommandServiceOptions) {
    this.#options = options
    this.#limits = { ...defaultCommandLimits, ...options.limits }
    this.#slots = new CommandSlots(this.#limits)
  }

  /** Commands that run now. */
  get running(): number {
    return this.#slots.total
  }

  /** Answers a stream that a peer opened. Takes the stream over. */
  serve(stream: Stream, { subject, relay }: ServeOptions): void {
    if (this.#isClosed) {
      stream.reset('NODE_CLOSED', 'the node is closing')
      return
    }
    const { registry, clock, log, tracer } = this.#options
    const answerer: Answerer = new Answerer(stream, {
      registry,
      clock,
      log,
      subject,
      relay,
      limits: this.#limits,
      slots: this.#slots,
      tracer,
      onRun: (request, ending, durationMs) =>
        this.#report({ subject, request, ending, durationMs }),
      onOver: () => void this.#answerers.delete(answerer),
    })
    this.#answerers.add(answerer)
    answerer.start()
  }

  /**
   * Stops every command with `NODE_CLOSED` and waits until nothing of them runs, `closeTimeoutMs` at
   * most: what does not listen to its signal is left behind.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    const reason = new SkeinError('NODE_CLOSED', 'the node that ran the command was closed')
    const over = [...this.#answerers].map((answerer) => answerer.stop(reason))
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(this.#limits.closeTimeoutMs, resolve)
      void Promise.all(over).then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  #report(report: RunReport): void {
    const { subject, request, ending, durationMs } = report
    const fields = {
      peer: subject.name,
      command: request.argv.join(' ').slice(0, maxLoggedLength),
      ...(request.to === undefined ? {} : { to: request.to }),
      ...('exit' in ending ? { exit: ending.exit } : { error: ending.error, why: ending.message }),
      ms: Math.round(durationMs),
    }
    const text = 'exit' in ending ? 'ran a command' : 'could not run a command'
    // Our own programs ask this node all the time, such as for a map that moves.
    const isOwn = subject.peerId === undefined && request.to === undefined
    this.#options.log[isOwn ? 'debug' : 'info'](fields, text)
    this.#options.onRun?.(report)
  }
}

const maxLoggedLength = 200 // A log line stays a line.
