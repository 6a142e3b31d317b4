/**
 * What can be said of the values of our flags, and of the words of our commands, before any node is
 * asked: a wrong one is a wrong command line, exit code 2, whether a node runs or not.
 *
 * **Invariant**: as `arguments.ts`, it imports nothing that takes time to load.
 */
import { parseDuration } from '../base/duration.ts'
import { labelProblem } from '../base/label.ts'
import { maxPassRoles, roleProblem } from '../base/role.ts'
import { shortenText } from '../base/text.ts'
import { isContentType } from '../mail/content-type.ts'
import { defaultMailOptions } from '../mail/options.ts'
import { maxPassMs, maxTicketMs } from '../node/admission-limits.ts'
import { maxListed, maxLookMs, maxSearchLength, notWithId } from '../node/command-limits.ts'
import { maxChatHistory } from '../node/chat-news.ts'
import { onePeerProblem, recipientProblem } from '../node/one-peer.ts'
import { ticketProblem } from '../node/ticket-form.ts'
import { topicProblem } from '../topic/topic-name.ts'
import { profileProblem } from './config/profile-name.ts'
import type { CommandName, FlagName } from './arguments-commands.ts'

const dayMs = 86_400_000
const maxTimeMs = 24 * dayMs // What setTimeout can take, in whole days.
const maxTargetLength = 4_096 // src/command/messages.ts

/** What is wrong with the value of a flag, as a whole sentence; `undefined` where nothing is. */
export function valueProblem(
  flag: FlagName,
  value: string,
  command: CommandName,
): string | undefined {
  switch (flag) {
    case 'config':
      return value === '' ? '-c needs the name of a folder' : undefined
    case 'profile':
      return profileProblem(value)
    case 'set':
      if (/^[^=]+=/.test(value)) return undefined
      return `-s ${shown(value)}: must be KEY=VALUE, for example -s network.listen.port=9000`
    case 'timeout':
      return timeProblem(flag, value, maxTimeMs)
    case 'for':
      return timeProblem(flag, value, command === 'discover' ? maxLookMs : maxTimeMs)
    case 'within':
      return timeProblem(flag, value, maxTicketMs)
    case 'expires':
      return timeProblem(
        flag,
        value,
        command === 'send' ? defaultMailOptions.maxExpiryMs : maxPassMs,
      )
    case 'role':
      return prefixed(`--role ${quote(value)}`, roleProblem(value))
    case 'type':
      if (isContentType(value)) return undefined
      return `--type must be a content type such as text/plain, not ${quote(value)}`
    case 'search':
      if (value.trim() !== '' && value.length <= maxSearchLength) return undefined
      return `--search must be 1 to ${maxSearchLength} characters with a word among them`
    case 'history':
      return countProblem(flag, value, [0, maxChatHistory])
    case 'limit':
      return countProblem(flag, value, [1, maxListed])
    case 'after':
      return countProblem(flag, value, [0, Number.MAX_SAFE_INTEGER])
    case 'before':
    case 'id':
      return countProblem(flag, value, [1, Number.MAX_SAFE_INTEGER])
    default:
      return undefined // It is on or off.
  }
}

/** What is wrong with how often a flag was given. */
export function repetitionProblem(flag: FlagName, count: number): string | undefined {
  if (flag !== 'role' || count <= maxPassRoles) return undefined
  return `--role is given ${count} times; a pass holds ${maxPassRoles} roles`
}

/** What is wrong with flags beside each other. */
export function combinationProblem(flags: ReadonlySet<FlagName>): string | undefined {
  if (flags.has('open') && flags.has('watch'))
    return '--open and --watch exclude each other; choose one'
  const other = flags.has('id') ? notWithId.find((flag) => flags.has(flag)) : undefined
  return other === undefined ? undefined : `--id names one message; it does not go with --${other}`
}

/** What is wrong with the words behind a command's name; `undefined` where only a node can tell. */
export function wordProblem(command: CommandName, words: readonly string[]): string | undefined {
  const [first = '', second] = words
  switch (command) {
    case 'send':
      return missingPeer(command, first) ?? recipientProblem(bare(first)) ?? textProblem(words, 1)
    case 'post':
      return textProblem([words.join(' ').trim()], 0)
    case 'allow':
      return peerProblem(command, first) ?? (second === undefined ? undefined : named(second))
    case 'deny':
    case 'forget':
    case 'unblock':
      return peerProblem(command, first)
    case 'call':
      if (second === '') return `call: name an object, or leave it out: skein call ${first}`
      return peerProblem(command, first)
    case 'block':
      return words.length === 0 ? undefined : peerProblem(command, first)
    case 'invite':
      return words.length === 0 ? undefined : named(first)
    case 'join':
      return prefixed('join', ticketProblem(first))
    case 'chat':
      return words.length === 0 ? undefined : prefixed(quote(first), topicProblem(first))
    case 'up':
    case 'config':
      return words.length > 0 && first === '' ? `${command}: name a JSON file` : undefined
    default:
      return undefined
  }
}

/** What is wrong with whom a command is for. */
export function targetProblem(to: string): string | undefined {
  if (to.length <= maxTargetLength) return undefined
  return `@${shortenText(to, 40)} is ${to.length} characters long; at most ${maxTargetLength} are taken`
}

/** Reads `10` (seconds), `1.5`, `500ms`, `2s`, `5m`, `1h` or `30d`, as {@link valueProblem} checked it. */
function timeProblem(flag: FlagName, text: string, maxMs: number): string | undefined {
  const timeMs = parseDuration(text)
  if (timeMs !== undefined && timeMs <= maxMs) return undefined
  const most = maxMs % dayMs === 0 ? `${maxMs / dayMs}d` : `${maxMs / 60_000}m`
  return `--${flag} must be a time up to ${most}, such as 10 (seconds), 500ms or 2h, not ${quote(text)}`
}

function countProblem(
  flag: FlagName,
  text: string,
  [least, most]: readonly [number, number],
): string | undefined {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= least && count <= most) return undefined
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`
  return `--${flag} must be a whole number ${range}, not ${quote(text)}`
}

function peerProblem(command: CommandName, word: string): string | undefined {
  return missingPeer(command, word) ?? prefixed(command, onePeerProblem(bare(word)))
}

function missingPeer(command: CommandName, word: string): string | undefined {
  if (bare(word).trim() !== '') return undefined
  return `${command}: name a peer, for example skein ${examples[command] ?? `${command} bob`}`
}

const examples: Partial<Record<CommandName, string>> = {
  send: 'send @bob TEXT',
  call: 'call @bob',
  allow: 'allow ID bob',
}

function textProblem(words: readonly string[], from: number): string | undefined {
  if (words.slice(from).join(' ') !== '') return undefined
  return 'there is no text; write it behind, or - for what is piped in'
}

function named(label: string): string | undefined {
  return prefixed(quote(label), labelProblem(label))
}

function prefixed(what: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${what}: ${problem}`
}

function bare(peer: string): string {
  return peer.replace(/^@/, '')
}

function shown(text: string): string {
  return shortenText(text, 40)
}

function quote(text: string): string {
  return JSON.stringify(shown(text))
}
