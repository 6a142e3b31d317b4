/** Asks for commands through a proxy of a node's `commands`. */
import { remoteOf } from '../remote/proxy.ts'
import type { Remote } from '../remote/remote-type.ts'
import type { Commands } from './messages.ts'
import type { AskForCommand } from './request.ts'

/** What `requestCommand` asks by. */
export function askBy(commands: Remote<Commands>): AskForCommand {
  return (request, input) => {
    const running = input === undefined ? commands.run(request) : commands.run(request, input)
    const items = running[Symbol.asyncIterator]()
    // What it gives is iterated over already, and is needed no more.
    return { items, accepted: running.then((given) => remoteOf(given)?.release()) }
  }
}
