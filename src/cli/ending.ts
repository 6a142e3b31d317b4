/** How a command of this process ends: its exit code, or one clear line a problem. */
import { messageOf } from '../base/errors.ts'
import { sanitizeText } from '../base/text.ts'
import { exit, processContext } from './terminal.node.ts'
import type { Context, ExitCode } from './context.ts'

/** Runs a command with this process's own input and output; returns when its end is under way. */
export async function runToExit(run: (context: Context) => Promise<ExitCode>): Promise<void> {
  const context = processContext()
  exit(await run(context).catch((thrown: unknown) => report(thrown, context)))
}

/** One clear line a problem, and the exit code that goes with it. */
function report(thrown: unknown, context: Context): ExitCode {
  const text = sanitizeText(messageOf(thrown)) // It may be a peer's.
  for (const line of text.split('\n')) context.err(`skein: ${line}\n`)
  // Not `instanceof`: what the other bundle throws is of the same classes, made a second time.
  const { code, exitCode } = thrown as { readonly code?: unknown; readonly exitCode?: unknown }
  if (exitCode === 2) return 2
  if (context.signal.aborted) return 130
  return code === 'NODE_NOT_RUNNING' ? 3 : 1
}
