import {
  type CommandSpec,
  commandSpecs,
  commonFlags,
  flagSpecs,
  formatFlag,
  type FlagSpec,
} from './arguments-commands.ts'

const opening = `Skein joins programs on different machines into one network of equals.

Usage: skein [FLAGS] COMMAND [ARGS]
       skein [FLAGS] @PEER COMMAND [ARGS]`

const closing = `Examples:
  skein demo                        five nodes on this machine
  skein up                          your node, with a prompt
  skein peers                       in another terminal: who is connected
  skein @bob add                    run bob's command add, print the result
  skein @all calc 1+2               a line a peer
  skein -p alice down               stop the node of the profile alice

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no node is running; for a program on one
peer, that program's own.`

/** What `skein --help` prints. */
export function formatHelp(): string {
  const width = Math.max(...commandSpecs.map((spec) => shortUsage(spec).length))
  const groups = [...new Set(commandSpecs.map((spec) => spec.group))].map((group) => {
    const ofGroup = commandSpecs.filter((spec) => spec.group === group)
    const lines = ofGroup.map((spec) => `  ${shortUsage(spec).padEnd(width)}  ${spec.summary}`)
    return [`${group}:`, ...lines].join('\n')
  })
  const hint = 'More about one command: skein help COMMAND'
  const flags = flagSpecs.map((flag) => ({ ...flag, summary: flag.summary + whoTakes(flag) }))
  return [opening, ...groups, `Flags:\n${formatFlags(flags)}`, closing, hint].join('\n\n')
}

/** What `skein help COMMAND` and `skein COMMAND --help` print. */
export function formatCommandHelp(spec: CommandSpec): string {
  const taken = flagSpecs.filter(
    ({ name }) => name !== 'version' && [...commonFlags, ...spec.flags].includes(name),
  )
  const usage = spec.usage
    .split(' | ')
    .map((form, index) => `${index === 0 ? 'Usage:' : '      '} skein ${form}`)
  const parts = [`${spec.summary}.`, usage.join('\n'), spec.details.join('\n')]
  return [...parts, `Flags:\n${formatFlags(taken)}`].filter((part) => part !== '').join('\n\n')
}

/** The commands of a flag that few take: ` (up, config)`. */
function whoTakes({ name }: FlagSpec): string {
  const takers = commandSpecs.filter(({ flags }) => flags.includes(name))
  const isCommon = takers.length === 0 || takers.length > mostNamed
  return isCommon ? '' : ` (${takers.map((spec) => spec.name).join(', ')})`
}

const mostNamed = 2 // Of a flag that more take, each command's own help tells.

/** The name with its words, without flags: `allow ID [LABEL]`. */
function shortUsage({ name, usage, words }: CommandSpec): string {
  return words[0] === 0 && name !== 'on' && name !== 'help' ? name : usage
}

function formatFlags(flags: readonly FlagSpec[]): string {
  const width = Math.max(...flags.map((flag) => formatFlag(flag).length))
  return flags.map((flag) => `  ${formatFlag(flag).padEnd(width)}  ${flag.summary}`).join('\n')
}
