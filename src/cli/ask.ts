/** Commands that the running node answers: status, peers, discover, id, logs, allow, deny, down. */
import { ControlClient } from './control-client.node.ts'
import { findNode } from './find-node.node.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

/** Sends the command to the node and prints its answer. */
export async function ask(invocation: Invocation, context: Context): Promise<ExitCode> {
  const { command, flags, words } = invocation
  const node = await ControlClient.connect(findNode(flags.profile), flags.timeoutMs)
  const { timeoutMs, forMs } = flags
  const waiting = forMs === undefined ? [] : ['--for', `${forMs}ms`]
  const argv = [command, ...words, ...waiting, ...(flags.isJson ? ['--json'] : [])]
  const exit = await node.run(timeoutMs === undefined ? { argv } : { argv, timeoutMs }, {
    signal: context.signal,
    onOut: (chunk) => context.outBytes(chunk),
    onErr: (chunk) => context.errBytes(chunk),
  })
  if (command === 'down') await node.closed
  else node.close()
  return exit
}
