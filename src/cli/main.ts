/** What the front loads only when it has to: what runs a node in this process, and what draws. */
import { chat } from './chat-command.ts'
import { config } from './config-command.ts'
import { demo } from './demo/demo.ts'
import { invite } from './invite.ts'
import { leave } from './leave.ts'
import { map } from './map-command.ts'
import { up } from './up.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

/** Runs a command of this half. */
export function runMain(invocation: Invocation, context: Context): Promise<ExitCode> {
  switch (invocation.command) {
    case 'chat':
      return chat(invocation, context)
    case 'config':
      return config(invocation, context)
    case 'map':
      return map(invocation, context)
    case 'invite':
      return invite(invocation, context)
    case 'leave':
      return leave(invocation, context)
    case 'demo':
      return demo(invocation, context)
    default:
      return up(invocation, context)
  }
}
