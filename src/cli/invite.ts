/** `skein invite`: the ticket on a line, and on a terminal as a QR code, too. */
import { Collector } from './collector.ts'
import { ControlClient } from './control-client.node.ts'
import { findNode } from './find-node.node.ts'
import { formatOutsiders } from '../node/invite-words.ts'
import type { Invited } from '../node/enrolment.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

/** Asks the node for a ticket and prints it; a pipe gets nothing but the line. */
export async function invite(invocation: Invocation, context: Context): Promise<ExitCode> {
  const { flags, words } = invocation
  const node = await ControlClient.connect(findNode(flags.profile), flags.timeoutMs)
  const answer = new Collector()
  const argv = ['invite', ...words, ...flags.terms, '--json']
  const { timeoutMs } = flags
  const exit = await node.run(timeoutMs === undefined ? { argv } : { argv, timeoutMs }, {
    signal: context.signal,
    onOut: (chunk) => answer.add(chunk),
    onErr: (chunk) => context.errBytes(chunk),
  })
  node.close()
  if (exit !== 0) return exit
  if (flags.isJson) {
    context.out(`${answer.text.trimEnd()}\n`)
    return exit
  }
  const invited = JSON.parse(answer.text) as Invited
  const { ticket, expiresMs } = invited
  const outsiders = formatOutsiders(invited)
  if (process.stdout.isTTY) await explain(ticket, expiresMs, context)
  context.out(`${ticket}\n`)
  if (outsiders !== undefined) context.err(`\n${outsiders}\n`)
  return exit
}

async function explain(ticket: string, expiresMs: number, context: Context): Promise<void> {
  const until = new Date(expiresMs).toLocaleString()
  const { renderUnicodeCompact } = await import('uqr')
  // In capitals it is a smaller code, and means the same.
  const code = renderUnicodeCompact(ticket.toUpperCase(), { ecc: 'L', border: 2 })
  const width = code.indexOf('\n')
  if (width <= process.stdout.columns) context.err(`${code}\n\n`)
  context.err(
    `A ticket for one node, until ${until}. On the other machine, with a node running:\n\n`,
  )
  context.err(`  skein join TICKET\n\n`)
}
