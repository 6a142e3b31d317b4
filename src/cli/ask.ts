/** Commands that the running node answers: status, peers, id, logs, allow, deny, down. */
import { ControlClient } from './control-client.node.ts'
import { findNode } from './find-node.node.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

/** Sends the command to the node and prints its answer. */
export async function ask(invocation: Invocation, context: Context): Promise<ExitCode> {
  const { command, flags, words } = invocation
  const node = await ControlClient.connect(findNode(flags.profile))
  const printer = new LinePrinter(context)
  const argv = [command, ...words, ...(flags.isJson ? ['--json'] : [])]
  const { timeoutMs } = flags
  const exit = await node.run(timeoutMs === undefined ? { argv } : { argv, timeoutMs }, {
    signal: context.signal,
    onOut: (chunk) => printer.print(chunk),
    onErr: (chunk) => context.errBytes(chunk),
  })
  printer.end()
  if (command === 'down') await node.closed
  else node.close()
  return exit
}

/** Prints output as it comes, and a line break at the end where it has none. */
export class LinePrinter {
  readonly #context: Context
  #last: number | undefined

  constructor(context: Context) {
    this.#context = context
  }

  print(chunk: Uint8Array): void | Promise<void> {
    this.#last = chunk.at(-1) ?? this.#last
    return this.#context.outBytes(chunk)
  }

  end(): void {
    if (this.#last !== undefined && this.#last !== lineFeed) this.#context.out('\n')
  }
}

const lineFeed = 10
