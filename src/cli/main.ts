/** What the front loads only when it has to: what runs a node in this process, and what draws. */
import { chat } from './chat-command.ts'
import { config } from './config-command.ts'
import { demo } from './demo/demo.ts'
import { runToExit } from './ending.ts'
import { invite } from './invite.ts'
import { leave } from './leave.ts'
import { map } from './map-command.ts'
import { up } from './up.ts'
import type { Invocation } from './arguments.ts'
import type { MainCommand } from './main-commands.ts'
import type { Context, ExitCode } from './context.ts'

const commands: Readonly<
  Record<MainCommand, (invocation: Invocation, context: Context) => Promise<ExitCode>>
> = { chat, config, demo, invite, leave, map, up }

/** Runs a command of this half, and ends the process with its exit code. */
export function runMain(invocation: Invocation, command: MainCommand): Promise<void> {
  return runToExit((context) => {
    context.out('') // They print for themselves, too: then the end waits for both outputs.
    context.err('')
    return commands[command](invocation, context)
  })
}
