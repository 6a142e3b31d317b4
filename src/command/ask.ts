/** Asks for commands through a proxy of a node's `commands`. */
import { remoteOf } from '../remote/proxy.ts'
import { Reference } from '../remote/reference.ts'
import type { Remote } from '../remote/remote-type.ts'
import type { Commands } from './messages.ts'
import type { AskForCommand } from './request.ts'

/**
 * What `requestCommand` asks by: `commands.run(request, input)`, iterated over. The call and the
 * iteration are one message, for nothing but its items is wanted of what the call gives.
 */
export function askBy(commands: Remote<Commands>): AskForCommand {
  return (request, input) => {
    const remote = remoteOf(commands)
    if (!(remote instanceof Reference)) return commands.run(request, input)[Symbol.asyncIterator]()
    return remote.iterate(['run'], input === undefined ? [request] : [request, input])
  }
}
