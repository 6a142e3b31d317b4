/** What the front loads when the short way is none: all layers, to talk to the running node. */
import { ask } from './ask.ts'
import { runToExit } from './ending.ts'
import { on } from './on.ts'
import type { Invocation } from './arguments.ts'
import type { Handed } from './control-client.node.ts'

/**
 * Runs a command that the running node answers, and ends the process with its exit code.
 *
 * @param handed - The node was asked already; this goes on from there.
 */
export function runAsking(invocation: Invocation, handed?: Handed): Promise<void> {
  const run = invocation.command === 'on' ? on : ask
  return runToExit((context) => run(invocation, context, handed))
}
