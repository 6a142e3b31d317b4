/**
 * Reads the command line of `skein`:
 *
 *     skein [our flags] COMMAND [our flags and words]
 *     skein [our flags] @PEER COMMAND [whatever COMMAND takes]
 *
 * Our flags end at `@PEER` (or behind `on` at the peer): what follows is sent as it is, `--json` too.
 * `--` ends them as well. The table of commands is in `arguments-commands.ts`.
 *
 * **Invariant**: imports nothing that takes time to load; every `skein @bob add` waits for it.
 */
import { parseDuration } from '../base/duration.ts'
import { nearestWord } from '../base/text.ts'
import {
  type CommandName,
  type CommandSpec,
  commandSpecs,
  commonFlags,
  findCommand,
  flagSpecs,
  type FlagName,
  type FlagSpec,
} from './arguments-commands.ts'
import { formatCommandHelp, formatHelp } from './arguments-help.ts'
import {
  combinationProblem,
  repetitionProblem,
  targetProblem,
  valueProblem,
  wordProblem,
} from './arguments-values.ts'

/** What our flags said. */
export interface Flags {
  /** `-c`: the configuration folder. */
  readonly configFolder?: string
  /** `-p`. */
  readonly profile?: string
  /** `-s`, in order; each has its `=`. */
  readonly settings: readonly string[]
  /** `--json`. */
  readonly isJson: boolean
  /** `--d2`, `--svg`: how the map is drawn; absent: for the terminal. */
  readonly drawing?: 'd2' | 'svg'
  /** `--watch`. */
  readonly isWatching: boolean
  /** `--open`. */
  readonly isOpening: boolean
  /** `--timeout`: a hard limit. */
  readonly timeoutMs?: number
  /** `--no-prompt` makes it false. */
  readonly hasPrompt: boolean
  /** `--yes`. */
  readonly isConfirmed: boolean
  /** `--forget-key`. */
  readonly forgetsKey: boolean
  /** `--for`. */
  readonly forMs?: number
  /** Flags as they were written, for the node to read: `--role`, `--search`, `--follow` and the like. */
  readonly terms: readonly string[]
  /** `--history`: how many of the last lines. */
  readonly historyCount?: number
}

/** A command to run. */
export interface Invocation {
  readonly kind: 'run'
  readonly command: CommandName
  readonly flags: Flags
  /** What follows the command's name; for `on` what the peer gets, never empty. */
  readonly words: readonly string[]
  /** For `on`: whom, without the `@`: a name, `all`, `role:NAME`, or a list with commas. */
  readonly to?: string
}

/** What a command line asks for. A wrong one is a text for standard error and exit code 2. */
export type CommandLine =
  | Invocation
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly text: string }

/** Reads the arguments behind `skein`. Never throws. */
export function parseArguments(argv: readonly string[]): CommandLine {
  try {
    return interpret(scan(argv))
  } catch (thrown) {
    if (thrown instanceof Wrong) return { kind: 'wrong', text: thrown.message }
    throw thrown
  }
}

/** A command line that says something wrong. */
class Wrong extends Error {}

/** A command line taken apart, not yet understood. */
interface Scanned {
  /** The values of each flag that was given; '' for those without one. */
  readonly flags: ReadonlyMap<FlagName, readonly string[]>
  /** Words that are no flags, up to the peer. */
  readonly words: readonly string[]
  /** What follows the peer, as it is. */
  readonly rest: readonly string[]
}

/** Commands whose next word is a peer, with words of its own behind it. */
const takesPeer: ReadonlySet<string> = new Set(['on', 'call'])

/** Separates flags from words. Stops behind the peer. */
function scan(argv: readonly string[]): Scanned {
  const flags = new Map<FlagName, string[]>()
  const words: string[] = []
  let areFlagsOver = false
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (!areFlagsOver && word === '--') areFlagsOver = true
    else if (!areFlagsOver && word.startsWith('-') && word !== '-') {
      const { spec, value } = readFlag(word)
      const needsNext = spec.value !== undefined && value === undefined
      if (needsNext) at++
      const taken = needsNext ? argv[at] : value
      if (taken === undefined && needsNext) throw new Wrong(`${word} needs a value: ${spec.value}`)
      flags.set(spec.name, [...(flags.get(spec.name) ?? []), taken ?? ''])
    } else {
      words.push(word)
      const isPeer =
        words.length === 1
          ? word.startsWith('@')
          : words.length === 2 && takesPeer.has(words[0] ?? '')
      if (isPeer) return { flags, words, rest: argv.slice(at + 1) }
    }
  }
  return { flags, words, rest: [] }
}

/** Reads `--flag`, `--flag=value`, `-f` and `-fvalue`. */
function readFlag(word: string): { spec: FlagSpec; value: string | undefined } {
  const isLong = word.startsWith('--')
  const equals = isLong ? word.indexOf('=') : -1
  const name = isLong ? word.slice(2, equals < 0 ? undefined : equals) : word.slice(1, 2)
  const spec = flagSpecs.find((flag) => (isLong ? flag.name : flag.short) === name)
  if (spec === undefined) throw new Wrong(unknownFlag(isLong ? name : word.slice(1), word))
  const attached = isLong ? word.slice(equals + 1) : word.slice(2)
  const value = (isLong ? equals < 0 : attached === '') ? undefined : attached
  if (spec.value === undefined && value !== undefined)
    throw new Wrong(`${word}: --${spec.name} takes no value`)
  return { spec, value }
}

function unknownFlag(name: string, word: string): string {
  const nearest = nearestWord(
    name,
    flagSpecs.map((flag) => flag.name),
  )
  const hint = nearest === undefined ? 'see skein --help' : `did you mean --${nearest}?`
  return `unknown flag ${word.split('=')[0]}; ${hint}`
}

function interpret(scanned: Scanned): CommandLine {
  const [name, ...words] = scanned.words
  if (scanned.flags.has('version')) return { kind: 'version' }
  if (name === undefined) {
    if (scanned.flags.size === 0 || scanned.flags.has('help'))
      return { kind: 'help', text: formatHelp() }
    throw new Wrong('there is no command; see skein --help')
  }
  const spec = findCommand(name) ?? unknownCommand(name)
  if (scanned.flags.has('help')) return { kind: 'help', text: formatCommandHelp(spec) }
  const flags = readFlags(scanned.flags, spec)
  if (spec.name === 'on') return readOn(scanned, flags)
  if (spec.name === 'call') words.push(...scanned.rest)
  checkWords(spec, words)
  refuse(wordProblem(spec.name, words))
  if (spec.name === 'help') return { kind: 'help', text: helpAbout(words[0]) }
  return { kind: 'run', command: spec.name, flags, words }
}

function helpAbout(name: string | undefined): string {
  if (name === undefined) return formatHelp()
  return formatCommandHelp(findCommand(name) ?? unknownCommand(name))
}

function unknownCommand(name: string): never {
  const nearest = nearestWord(
    name,
    commandSpecs.map((spec) => spec.name),
  )
  const hint = nearest === undefined ? 'see skein --help' : `did you mean ${nearest}?`
  throw new Wrong(`unknown command ${JSON.stringify(name)}; ${hint}`)
}

/** `@PEER COMMAND …` and `on PEER COMMAND …`. */
function readOn({ words, rest }: Scanned, flags: Flags): Invocation {
  const peer = (words[0] === 'on' ? words[1] : words[0]) ?? ''
  const to = peer.replaceAll(/(^|,)@/g, '$1')
  if (to.split(',').some((name) => name.trim() === ''))
    throw new Wrong(`${peer === '' ? 'on' : peer}: name a peer, for example skein @bob help`)
  refuse(targetProblem(to))
  const [command = ''] = rest
  if (command.trim() === '')
    throw new Wrong(`@${to}: there is no command, for example skein @${to} help`)
  const isOurs = flagSpecs.some(
    (flag) => command === `--${flag.name}` || command === `-${flag.short}`,
  )
  if (isOurs)
    throw new Wrong(`${command} has to stand before the peer: skein ${command} … @${to} …`)
  return { kind: 'run', command: 'on', flags, words: rest, to }
}

function checkWords(spec: CommandSpec, words: readonly string[]): void {
  const [least, most] = spec.words
  const usage = `usage: skein ${spec.usage}`
  if (words.length < least) throw new Wrong(`${spec.name} needs more words; ${usage}`)
  const extra = words[most]
  if (extra !== undefined)
    throw new Wrong(`${spec.name} takes no ${JSON.stringify(extra)}; ${usage}`)
  const [, port] = words
  const hasPort = spec.name === 'up' || spec.name === 'config'
  if (hasPort && port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535))
    throw new Wrong(`PORT must be a whole number from 0 to 65535, not ${JSON.stringify(port)}`)
}

/** @throws {Wrong} A value that no node need be asked about. */
function checkValues(given: Scanned['flags'], { name: command }: CommandSpec): void {
  for (const [flag, values] of given) {
    for (const value of values) refuse(valueProblem(flag, value, command))
    refuse(repetitionProblem(flag, values.length))
  }
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new Wrong(problem)
}

/** Flags that say what the output looks like. */
const forms: readonly FlagName[] = ['json', 'd2', 'svg', 'open']

function readFlags(given: Scanned['flags'], spec: CommandSpec): Flags {
  for (const name of given.keys())
    if (![...commonFlags, ...spec.flags].includes(name))
      throw new Wrong(`${spec.name} takes no --${name}; see skein ${spec.name} --help`)
  checkValues(given, spec)
  const [form, other] = forms.filter((name) => given.has(name))
  if (other !== undefined)
    throw new Wrong(`--${form} and --${other} exclude each other; choose one`)
  refuse(combinationProblem(new Set(given.keys())))
  const last = (name: FlagName): string | undefined => given.get(name)?.at(-1)
  const [configFolder, profile, history] = [last('config'), last('profile'), last('history')]
  const [timeoutMs, forMs] = [
    parseDuration(last('timeout') ?? ''),
    parseDuration(last('for') ?? ''),
  ]
  return {
    ...(history !== undefined && { historyCount: Number(history) }),
    ...(configFolder !== undefined && { configFolder }),
    ...(profile !== undefined && { profile }),
    settings: given.get('set') ?? [],
    isJson: given.has('json'),
    ...(given.has('d2') && { drawing: 'd2' as const }),
    ...(given.has('svg') && { drawing: 'svg' as const }),
    isWatching: given.has('watch'),
    isOpening: given.has('open'),
    ...(timeoutMs !== undefined && { timeoutMs }),
    hasPrompt: !given.has('no-prompt'),
    isConfirmed: given.has('yes'),
    forgetsKey: given.has('forget-key'),
    ...(forMs !== undefined && { forMs }),
    terms: termFlags.flatMap((name) =>
      (given.get(name) ?? []).flatMap((value) =>
        value === '' ? [`--${name}`] : [`--${name}`, value],
      ),
    ),
  }
}

const termFlags = [
  ...(['role', 'expires', 'within', 'type', 'search', 'limit', 'after', 'before', 'id'] as const),
  ...(['read', 'follow', 'unread', 'keep'] as const),
]
