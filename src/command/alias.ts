/**
 * Aliases: short names for commands with arguments, from `[commands]` of the configuration.
 *
 *   add = "calc 1+2"        sum = "calc $1+$2"        say = "echo bob says: $*"
 *
 * `$1`…`$9` is one argument; `$*` alone is all of them, each a word of its own, and inside a word all
 * of them with blanks between; `$$` is a dollar. An alias takes exactly the arguments that its text
 * names: what was not asked for is an error, so that nobody adds words to a command by surprise.
 *
 * **Invariant**: the text is split before the arguments are put in. An argument is never split, never
 * read for `$`, and never the command.
 */
import { SkeinError } from '../base/errors.ts'
import { splitLine } from './split.ts'

/** An alias that was read. */
export interface Alias {
  readonly name: string
  /** As it was written, for people. */
  readonly text: string
  /** Split, with `$1` and `$*` still in; the first is a command as it is. */
  readonly words: readonly string[]
  /** The highest `$n`: that many arguments must be there. */
  readonly required: number
  /** Whether `$*` takes more of them. */
  readonly takesMore: boolean
}

const parameter = /\$([1-9*$])/g

/**
 * Reads the text of an alias.
 *
 * @throws {SkeinError} `CONFIG_INVALID` it is empty, has an open quote, or its command holds a `$`.
 */
export function parseAlias(name: string, text: string): Alias {
  const words = splitWords(name, text)
  const [command] = words
  if (command === undefined || command === '') {
    throw new SkeinError(
      'CONFIG_INVALID',
      `alias '${name}' is empty; write a command, as "calc 1+2"`,
    )
  }
  if (command.includes('$')) {
    const reason = 'an argument cannot be the command'
    throw new SkeinError('CONFIG_INVALID', `alias '${name}' runs '${command}': ${reason}`)
  }
  const found = words.flatMap((word) => [...word.matchAll(parameter)].map((match) => match[1]))
  const required = Math.max(0, ...found.map(Number).filter((digit) => digit > 0))
  return { name, text, words, required, takesMore: found.includes('*') }
}

/**
 * Puts arguments into an alias.
 *
 * @returns The words to run; the first is the command.
 * @throws {SkeinError} `INVALID` there are more or fewer arguments than it takes.
 */
export function expandAlias(alias: Alias, args: readonly string[]): string[] {
  const isEnough = args.length >= alias.required
  if (!isEnough || (args.length > alias.required && !alias.takesMore)) {
    const given = `${args.length} ${args.length === 1 ? 'was' : 'were'} given`
    throw new SkeinError('INVALID', `alias '${alias.name}' takes ${describeArity(alias)}; ${given}`)
  }
  return alias.words.flatMap((word) => (word === '$*' ? args : [fill(word, args)]))
}

function fill(word: string, args: readonly string[]): string {
  return word.replaceAll(parameter, (_match, what: string) => {
    if (what === '$') return '$'
    return what === '*' ? args.join(' ') : (args[Number(what) - 1] ?? '')
  })
}

function describeArity({ required, takesMore }: Alias): string {
  if (takesMore) return `at least ${required} ${required === 1 ? 'argument' : 'arguments'}`
  if (required === 0) return 'no arguments'
  return `${required} ${required === 1 ? 'argument' : 'arguments'}`
}

function splitWords(name: string, text: string): string[] {
  try {
    return splitLine(text)
  } catch (thrown) {
    const problem = thrown instanceof SkeinError ? thrown.message : 'it cannot be split'
    throw new SkeinError('CONFIG_INVALID', `alias '${name}': ${problem}`, { cause: thrown })
  }
}
