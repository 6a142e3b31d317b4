/**
 * What this node can run, and for whom: processors, programs and aliases under one set of names.
 *
 * A name means one thing. A second definition is an error when the node starts, never a silent
 * override: an alias of the configuration cannot take the place of `status`, and `commands.builtin`
 * is how a built-in name is made free.
 *
 * **Invariant**: the right to run is decided on the name that was asked for. What an alias expands to
 * is the owner's choice and is not checked again, so an alias can lend one use of a command.
 */
import type { Unsubscribe } from '../base/emitter.ts'
import { SkeinError } from '../base/errors.ts'
import { shortenText } from '../base/text.ts'
import type { Rule, Subject } from '../base/policy.ts'
import { expandAlias, parseAlias, type Alias } from './alias.ts'
import type { Command, CommandInfo } from './command.ts'
import { checkRules, denied, forIntroduced, mayRun } from './permission.ts'

/** An alias as the configuration has it. */
export interface AliasConfig {
  /** The command with its arguments, such as `calc $1+$2`. */
  readonly run: string
  /** Who may run it; `known`, `member` and `local` where absent. */
  readonly allow?: readonly string[]
}

/** What is to be run: a command and the words for it. */
export interface ResolvedCommand {
  readonly command: Command
  readonly args: readonly string[]
}

type Entry =
  | { readonly kind: 'command'; readonly command: Command; readonly allow: readonly Rule[] }
  | { readonly kind: 'alias'; readonly alias: Alias; readonly allow: readonly Rule[] }

const maxChain = 8 // Guess: who needs more wants a program.
const namePattern = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.:+-]{0,63}$/u

/** The commands of one node. */
export class CommandRegistry {
  readonly #entries = new Map<string, Entry>()

  /**
   * Offers a command.
   *
   * @returns Takes it away again.
   * @throws {SkeinError} `CONFIG_INVALID` the name is taken or no name, or a rule is wrong.
   */
  add(name: string, command: Command): Unsubscribe {
    const allow = checkRules(name, command.allow ?? forIntroduced)
    return this.#set(name, { kind: 'command', command, allow })
  }

  /**
   * Offers an alias. What it expands to may come later, and is looked for when it runs.
   *
   * @returns Takes it away again.
   * @throws {SkeinError} `CONFIG_INVALID` as {@link add}, and where its text is wrong.
   */
  addAlias(name: string, config: AliasConfig | string): Unsubscribe {
    const { run, allow = forIntroduced } = typeof config === 'string' ? { run: config } : config
    const rules = checkRules(name, allow)
    return this.#set(name, { kind: 'alias', alias: parseAlias(name, run), allow: rules })
  }

  /** The names that `subject` may use, in order, for `help` and completion. */
  list(subject: Subject): CommandInfo[] {
    return [...this.#entries]
      .filter(([, entry]) => mayRun(entry.allow, subject))
      .map(([name, entry]) => describe(name, entry))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  /**
   * Finds what `argv` runs for `subject`, through aliases.
   *
   * @throws {SkeinError} `UNKNOWN_COMMAND` there is no such command; `DENIED` the asker may not run it;
   *   `INVALID` an alias is given wrong arguments, or leads back to itself or through too many others.
   */
  resolve(argv: readonly string[], subject: Subject): ResolvedCommand {
    const [name = ''] = argv
    const entry = this.#entries.get(name)
    if (entry === undefined) {
      throw new SkeinError('UNKNOWN_COMMAND', `Unknown command: ${shortenText(name)}`)
    }
    if (!mayRun(entry.allow, subject)) throw denied(name, entry.allow, subject)
    return this.#follow(entry, argv, [name])
  }

  /** What is wrong with aliases all told: loops and names of nothing. For the log at start. */
  problems(): string[] {
    const owner: Subject = { name: 'owner', roles: new Set(['owner']) }
    return [...this.#entries].flatMap(([name, entry]) => {
      if (entry.kind === 'command') return []
      const args = Array.from({ length: entry.alias.required }, () => '')
      try {
        this.resolve([name, ...args], owner)
        return []
      } catch (thrown) {
        return thrown instanceof SkeinError ? [thrown.message] : []
      }
    })
  }

  #follow(entry: Entry, argv: readonly string[], chain: readonly string[]): ResolvedCommand {
    const args = argv.slice(1)
    if (entry.kind === 'command') return { command: entry.command, args }
    const words = expandAlias(entry.alias, args)
    const [next = ''] = words
    const path = [...chain, next]
    if (chain.includes(next)) {
      const loop = `alias '${next}' leads back to itself: ${path.join(' → ')}`
      throw new SkeinError('INVALID', `${loop}; change it in [commands]`)
    }
    if (chain.length > maxChain) {
      const limit = `at most ${maxChain} aliases may lead to one another`
      throw new SkeinError('INVALID', `${limit}: ${path.join(' → ')}`)
    }
    const target = this.#entries.get(next)
    if (target === undefined) {
      const text = `alias '${chain.at(-1)}' runs '${shortenText(next)}', which this peer does not have`
      throw new SkeinError('UNKNOWN_COMMAND', text)
    }
    return this.#follow(target, words, path)
  }

  #set(name: string, entry: Entry): Unsubscribe {
    if (!namePattern.test(name)) {
      const form =
        'a name is 1 to 64 letters, digits and _ . : + -, and begins with none of the last'
      throw new SkeinError(
        'CONFIG_INVALID',
        `'${shortenText(name)}' cannot name a command: ${form} four`,
      )
    }
    const other = this.#entries.get(name)
    if (other !== undefined) {
      const what = other.kind === 'alias' ? 'an alias' : `a command (${other.command.summary})`
      const advice = 'choose another name'
      throw new SkeinError('CONFIG_INVALID', `'${name}' is defined twice: it is ${what}; ${advice}`)
    }
    this.#entries.set(name, entry)
    return () => {
      if (this.#entries.get(name) === entry) this.#entries.delete(name)
    }
  }
}

function describe(name: string, entry: Entry): CommandInfo {
  if (entry.kind === 'alias') return { name, summary: `alias of: ${entry.alias.text}`, usage: name }
  return { name, summary: entry.command.summary, usage: entry.command.usage ?? name }
}
