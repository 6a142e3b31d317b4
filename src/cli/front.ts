/**
 * The entry of `skein`. Small, because every `skein @bob add` waits for it to load: it parses, talks to
 * the running node, and loads the rest only for what runs a node itself.
 */
import { SkeinError, messageOf } from '../base/errors.ts'
import { sanitizeText } from '../base/text.ts'
import { version } from '../base/version.ts'
import { parseArguments } from './arguments.ts'
import { ask } from './ask.ts'
import { SeveralNodes } from './find-node.node.ts'
import { on } from './on.ts'
import { exit, processContext } from './terminal.node.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

async function main(argv: readonly string[]): Promise<ExitCode> {
  const line = parseArguments(argv)
  switch (line.kind) {
    case 'version':
      process.stdout.write(`${version}\n`)
      return 0
    case 'help':
      process.stdout.write(`${line.text}\n`)
      return 0
    case 'wrong':
      process.stderr.write(`skein: ${line.text}\n`)
      return 2
    case 'run':
      return run(line, processContext())
    default:
      return line satisfies never
  }
}

async function run(invocation: Invocation, context: Context): Promise<ExitCode> {
  try {
    switch (invocation.command) {
      case 'up':
      case 'demo':
      case 'config': {
        const { runMain } = await import('./main.ts')
        return await runMain(invocation, context)
      }
      case 'on':
        return await on(invocation, context)
      case 'status':
      case 'peers':
      case 'id':
      case 'logs':
      case 'down':
      case 'allow':
      case 'deny':
      case 'help':
        return await ask(invocation, context)
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
  if (thrown instanceof SeveralNodes) return 2
  if (!(thrown instanceof SkeinError)) return 1
  if (context.signal.aborted) return 130
  return thrown.code === 'NODE_NOT_RUNNING' ? 3 : 1
}

void main(process.argv.slice(2)).then(exit)
