/**
 * Runs one command: finds it, checks the right, runs it under a signal, and says how it ended.
 *
 *   resolve ──▶ run ──▶ {exit}
 *      │         ├─ it threw, or its signal aborted ──▶ {error}
 *      └─ unknown, denied, invalid ──▶ {error}
 *
 * A command that does not listen to its signal cannot be stopped; its caller is answered all the same,
 * and {@link CommandRun.settled} says when it is really over.
 */
import type { Clock } from '../base/clock.ts'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import type { Subject } from '../base/policy.ts'
import type { CommandContext, CommandResult } from './command.ts'
import { errorEnding, requestProblem, type CommandRequest, type Ending } from './messages.ts'
import type { CommandRegistry } from './registry.ts'

/** Where a command's input comes from and its output goes. */
export type CommandIo = Pick<CommandContext, 'stdin' | 'out' | 'err' | 'drained'>

/** Carries a request to the peers that its `to` names, with the command's own context. */
export type Relay = (
  request: CommandRequest & { readonly to: string },
  context: CommandContext,
) => CommandResult | Promise<CommandResult>

/** How to run a command. */
export interface RunOptions {
  readonly registry: CommandRegistry
  readonly clock: Clock
  /** Who asks. */
  readonly subject: Subject
  readonly io: CommandIo
  /** Stops the command; the reason is a `SkeinError`. */
  readonly signal: AbortSignal
  /** Only on the control channel: requests with `to` are refused without it. */
  readonly relay?: Relay | undefined
}

/** A command that was started. */
export interface CommandRun {
  /** How it ended; never rejects. Comes at once when its signal aborts. */
  readonly ending: Promise<Ending>
  /** Nothing of it runs any more; never rejects. */
  readonly settled: Promise<void>
}

/** Starts what `request` asks for. Never throws: what is wrong is the run's ending. */
export function runCommand(request: CommandRequest, options: RunOptions): CommandRun {
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(options.signal.reason)
  if (options.signal.aborted) onAbort()
  else options.signal.addEventListener('abort', onAbort, { once: true })
  const timer =
    request.timeoutMs === undefined
      ? undefined
      : options.clock.after(request.timeoutMs, () => stop.abort(timedOut(request)))

  const work = execute(request, options, stop.signal)
  const settled = work.then(ignore, ignore).then(() => {
    options.signal.removeEventListener('abort', onAbort)
    timer?.cancel()
  })
  return { ending: Promise.race([work, aborted(stop.signal)]).catch(toEnding), settled }
}

async function execute(
  request: CommandRequest,
  options: RunOptions,
  signal: AbortSignal,
): Promise<Ending> {
  signal.throwIfAborted()
  const problem = requestProblem(request.argv)
  if (problem !== undefined) throw problem
  const context = createContext(request, options, signal)
  const result = await start(request, options, context)
  if (typeof result === 'string' && result !== '') context.out(endLine(result))
  if (typeof result !== 'object') return { exit: 0 }
  if (Number.isInteger(result.exit) && result.exit >= 0 && result.exit <= 255) return result
  throw new SkeinError('INTERNAL', `the command left ${result.exit}, which is no exit code`)
}

function start(
  request: CommandRequest,
  { registry, subject, relay }: RunOptions,
  context: CommandContext,
): CommandResult | Promise<CommandResult> {
  const { to } = request
  if (to === undefined) {
    const { command, args } = registry.resolve(request.argv, subject)
    return command.run({ ...context, args })
  }
  if (relay === undefined) {
    throw new SkeinError('DENIED', "only a node's own owner can send commands on through it")
  }
  return relay({ ...request, to }, { ...context, args: request.argv.slice(1) })
}

/** What the command sees; its output ends with its signal. */
function createContext(
  request: CommandRequest,
  { subject, io }: RunOptions,
  signal: AbortSignal,
): CommandContext {
  const waiting = new Set<() => void>()
  signal.addEventListener('abort', () => waiting.forEach((wake) => wake()), { once: true })
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        waiting.delete(wake)
        resolve()
      }
      waiting.add(wake)
      if (signal.aborted) wake()
      else void io.drained().then(wake)
    })
  return {
    args: request.argv.slice(1),
    subject,
    signal,
    stdin: io.stdin,
    out: (chunk) => signal.aborted || io.out(chunk),
    err: (chunk) => signal.aborted || io.err(chunk),
    drained,
  }
}

/** Rejects with the signal's reason when it aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(toSkeinError(signal.reason, 'CANCELLED'))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Text that a command returns is for people and ends its line; what it prints itself is bytes. */
function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}

function toEnding(thrown: unknown): Ending {
  return errorEnding(toSkeinError(thrown))
}

function timedOut({ argv, timeoutMs = 0 }: CommandRequest): SkeinError {
  const name = (argv[0] ?? '').slice(0, 64)
  return new SkeinError('TIMED_OUT', `'${name}' did not end within ${timeoutMs / 1_000} s`)
}

const ignore = (): void => undefined
