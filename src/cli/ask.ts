/** Commands that the running node answers: status, peers, send, inbox, allow, down and their kin. */
import { isatty } from 'node:tty'
import { ControlClient } from './control-client.node.ts'
import { findNode } from './find-node.node.ts'
import { nodeRequest, readsLetter } from './request.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'
import type { Handed } from './control-client.node.ts'

/** Sends the command to the node and prints its answer. */
export async function ask(
  invocation: Invocation,
  context: Context,
  handed?: Handed,
): Promise<ExitCode> {
  const { command, flags } = invocation
  const node = handed
    ? ControlClient.takeOver(handed)
    : await ControlClient.connect(findNode(flags.profile), flags.timeoutMs)
  const readsInput = readsLetter(invocation)
  const exit = await node.run(nodeRequest(invocation, isatty(1)), {
    signal: context.signal,
    ...(readsInput && { stdin: context.stdin ?? nothing() }),
    onOut: (chunk) => context.outBytes(chunk),
    onErr: (chunk) => context.errBytes(chunk),
  })
  if (command === 'down') await node.closed
  else node.close()
  return exit
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // On a terminal nothing is piped in.
}
