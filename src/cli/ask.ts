/** Commands that the running node answers: status, peers, send, inbox, allow, down and their kin. */
import { isatty } from 'node:tty'
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
  const json = flags.isJson ? ['--json'] : []
  // What a person wrote may begin with dashes.
  const cut = command === 'inbox' && !flags.isJson && isatty(1) ? ['--cut'] : []
  const argv = isLetter(command)
    ? [command, ...flags.terms, ...cut, ...json, '--', ...words]
    : [command, ...words, ...waiting, ...json]
  const readsInput = isLetter(command) && words.at(-1) === '-'
  const exit = await node.run(timeoutMs === undefined ? { argv } : { argv, timeoutMs }, {
    signal: context.signal,
    ...(readsInput && { stdin: context.stdin ?? nothing() }),
    onOut: (chunk) => context.outBytes(chunk),
    onErr: (chunk) => context.errBytes(chunk),
  })
  if (command === 'down') await node.closed
  else node.close()
  return exit
}

const letterCommands = new Set<string>([
  'send',
  'sent',
  'inbox',
  'post',
  'wall',
  'block',
  'unblock',
])

/** Whether a command is one of mail, whose flags and words the node reads. */
function isLetter(command: string): boolean {
  return letterCommands.has(command)
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // On a terminal nothing is piped in.
}
