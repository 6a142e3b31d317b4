/** The processors that every node has, unless `commands.builtin` takes them away. */
import { SkeinError } from '../base/errors.ts'
import type { Command } from './command.ts'
import { forAnyone } from './permission.ts'
import type { CommandRegistry } from './registry.ts'

/** Prints its words with a blank between them. */
export const echo: Command = {
  summary: 'Print the words',
  usage: 'echo [WORD…]',
  allow: forAnyone,
  run: ({ args }) => args.join(' '),
}

/** Lists what the asker may run in `registry`, and nothing else. */
export function helpCommand(registry: CommandRegistry): Command {
  return {
    summary: 'List the commands that you may run, or explain one',
    usage: 'help [COMMAND]',
    allow: forAnyone,
    run({ args, subject }) {
      const commands = registry.list(subject)
      const [name] = args
      if (name === undefined) {
        const width = Math.max(...commands.map((command) => command.name.length))
        return commands.map((each) => `${each.name.padEnd(width)}  ${each.summary}`).join('\n')
      }
      const found = commands.find((command) => command.name === name)
      if (found !== undefined) return `${found.usage}\n${found.summary}`
      throw new SkeinError(
        'INVALID',
        `no command '${name.slice(0, 64)}' that you may run; try: help`,
      )
    },
  }
}
