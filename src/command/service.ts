/** The commands of one node, offered to each session under a reserved name: see `agent.ts`. */
import type { Clock } from '../base/clock.ts'
import { SkeinError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { BuiltIn, BuiltInSession } from '../remote/built-in.ts'
import { CommandAgent } from './agent.ts'
import type { Answerer } from './answerer.ts'
import { defaultCommandLimits, type CommandLimits } from './options.ts'
import type { CommandRegistry } from './registry.ts'
import type { Relay } from './runner.ts'
import type { RunReport } from './report.ts'
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
  /** Carries on what the owner's own programs send to others. Absent, they are refused. */
  readonly relay?: Relay | undefined
  /** Told of every command that ended, beside the log. */
  readonly onRun?: (report: RunReport) => void
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

  /** Makes what a session finds under `commands`. */
  builtIn({ subject, isDirect, isTheirs }: BuiltInSession): BuiltIn {
    const { registry, clock, log, tracer, relay } = this.#options
    const agent = new CommandAgent({
      ...{ registry, clock, log, tracer, subject, isTheirs },
      relay: isDirect ? relay : undefined,
      limits: this.#limits,
      slots: this.#slots,
      all: this.#answerers,
      isClosed: () => this.#isClosed,
      onRun: (report) => this.#report(report),
    })
    return {
      target: agent,
      members: CommandAgent.members,
      close: (error) => agent.close(error),
    }
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
