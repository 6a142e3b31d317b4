/** What a command line asks of our node. */
import type { CommandName } from './arguments-commands.ts'
import type { Invocation } from './arguments.ts'

/** A request, as the node reads it. */
export interface NodeRequest {
  readonly argv: readonly string[]
  readonly to?: string
  readonly timeoutMs?: number
}

/** Whether `@…` means one peer at most: `all`, a role and a list can be many. */
export function isOnePeer(to: string): boolean {
  return !/^all$|^role:|,/.test(to)
}

/** The request of `@PEER COMMAND`. */
export function peerRequest({ words, flags: { timeoutMs } }: Invocation, to: string): NodeRequest {
  return { argv: words, to, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
}

/**
 * The request of a command that the node itself answers.
 *
 * @param isForPerson - Whether the output is a terminal: long messages are cut there.
 */
export function nodeRequest(
  { command, flags, words }: Invocation,
  isForPerson: boolean,
): NodeRequest {
  const { timeoutMs, forMs } = flags
  const waiting = forMs === undefined ? [] : ['--for', `${forMs}ms`]
  const json = flags.isJson ? ['--json'] : []
  const cut = command === 'inbox' && !flags.isJson && isForPerson ? ['--cut'] : []
  // What a person wrote may begin with dashes.
  const argv = isLetter(command)
    ? [command, ...flags.terms, ...cut, ...json, '--', ...words]
    : [command, ...words, ...waiting, ...json]
  return { argv, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
}

/** Whether it takes what is written from standard input. */
export function readsLetter({ command, words }: Invocation): boolean {
  return isLetter(command) && words.at(-1) === '-'
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
function isLetter(command: CommandName): boolean {
  return letterCommands.has(command)
}
