/** Runs a command that the front has read, and ends the process with its exit code. */
import { messageOf } from '../base/errors.ts'
import { sanitizeText } from '../base/text.ts'
import { exit, processContext } from './terminal.node.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'
import type { Handed } from './control-client.node.ts'

/**
 * Runs the command; returns when its end is under way.
 *
 * @param handed - The node was asked already; this goes on from there.
 */
export async function runToEnd(invocation: Invocation, handed?: Handed): Promise<void> {
  exit(await run(invocation, processContext(), handed))
}

async function run(
  invocation: Invocation,
  context: Context,
  handed: Handed | undefined,
): Promise<ExitCode> {
  try {
    switch (invocation.command) {
      case 'up':
      case 'demo':
      case 'map':
      case 'invite':
      case 'chat':
      case 'config': {
        context.out('') // They print for themselves, too: then `exit` waits for both outputs.
        context.err('')
        const { runMain } = await import('./main.ts')
        return await runMain(invocation, context)
      }
      case 'on': {
        const { on } = await import('./on.ts')
        return await on(invocation, context, handed)
      }
      case 'call':
      case 'status':
      case 'peers':
      case 'nodes':
      case 'discover':
      case 'id':
      case 'logs':
      case 'down':
      case 'allow':
      case 'deny':
      case 'join':
      case 'forget':
      case 'send':
      case 'sent':
      case 'inbox':
      case 'post':
      case 'wall':
      case 'block':
      case 'unblock':
      case 'help': {
        const { ask } = await import('./ask.ts')
        return await ask(invocation, context, handed)
      }
      default:
        return invocation.command satisfies never
    }
  } catch (thrown) {
    return report(thrown, context)
  }
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
