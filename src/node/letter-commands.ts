/** Commands of the owner that write and read messages and posts. */
import { parseDuration } from '../base/duration.ts'
import { SkeinError } from '../base/errors.ts'
import { jsonLine, sanitizeText, shortenText } from '../base/text.ts'
import { defaultMailOptions } from '../mail/options.ts'
import { maxListed, notWithId } from './command-limits.ts'
import { required } from './command-words.ts'
import { follow, onward, printLines, whileOpen } from './following.ts'
import {
  cutLength,
  formatMessage,
  formatPost,
  formatSent,
  showMessage,
  showPost,
  showSent,
  shownName,
} from './letter-format.ts'
import { stateText } from './letter-lines.ts'
import { recipientProblem } from './one-peer.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Rule } from '../base/policy.ts'
import type { Command, CommandContext } from '../command/command.ts'
import type { SentMessage } from '../mail/outgoing.ts'
import type { ReceivedMessage } from '../mail/received.ts'
import type { WallPost } from '../mail/wall.ts'
import type { Followed } from './following.ts'
import type { NamingHost } from './letter-format.ts'
import type { Inbox, ListOptions, Outbox, Wall } from './letters.ts'

/** What these commands ask of their node. */
export interface LetterHost extends NamingHost {
  readonly inbox: Inbox
  readonly outbox: Outbox
  readonly wall: Wall
  resolve(name: string): PeerId
}

const forOwner: readonly Rule[] = [] // The owner may everything; nobody else is named.
const flagsWithValue = new Set(['type', 'expires', 'search', 'limit', 'after', 'before', 'id'])
const listFlags = ['search', 'limit', 'after', 'before', 'follow', 'brief', 'json']
const briefLength = 400 // Characters; guess: what a list shows of a message.

/** See the file's head. */
export function letterCommands(node: LetterHost): Readonly<Record<string, Command>> {
  const rows: readonly (readonly [usage: string, summary: string, run: Command['run']])[] = [
    ['send PEER TEXT|-', 'Send a message to a peer', (context) => send(node, context)],
    ['sent [--follow]', 'List what was sent, and how far it got', (context) => sent(node, context)],
    ['inbox [--follow]', 'List the messages that came', (context) => inbox(node, context)],
    ['post TEXT|-', 'Write on the wall', (context) => post(node, context)],
    ['wall [--follow]', 'Read the wall', (context) => wall(node, context)],
    [
      'block [PEER]',
      'Take no messages, posts and chat of a peer',
      (context) => block(node, context),
    ],
    ['unblock PEER', 'Take them again', (context) => unblock(node, context)],
  ]
  return Object.fromEntries(
    rows.map(([usage, summary, run]) => [
      usage.split(' ')[0] ?? '',
      { usage, summary, allow: forOwner, run },
    ]),
  )
}

/** Flags and words of a command; behind `--` everything is a word. */
interface Line {
  readonly words: readonly string[]
  readonly has: (flag: string) => boolean
  readonly value: (flag: string) => string | undefined
}

function readLine(args: readonly string[], known: readonly string[]): Line {
  const flags = new Map<string, string>()
  const words: string[] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? ''
    if (word === '--') {
      words.push(...args.slice(at + 1))
      break
    }
    const name = word.slice(2)
    if (!word.startsWith('--')) words.push(word)
    else if (!known.includes(name)) throw new SkeinError('INVALID', `it takes no ${word}`)
    else flags.set(name, flagsWithValue.has(name) ? required(args[++at], `${word} VALUE`) : '')
  }
  return { words, has: (flag) => flags.has(flag), value: (flag) => flags.get(flag) }
}

async function send(node: LetterHost, { args, stdin }: CommandContext): Promise<string> {
  const line = readLine(args, ['type', 'read', 'expires', 'json'])
  const [name, ...rest] = line.words
  const to = resolveRecipient(node, required(name, 'send PEER TEXT'))
  const body = await readBody(rest, stdin, defaultMailOptions.maxBodyBytes)
  const expires = line.value('expires')
  const expiryMs = expires === undefined ? undefined : parseDuration(expires)
  if (expires !== undefined && expiryMs === undefined) {
    throw new SkeinError('INVALID', `--expires must be a time such as 2h or 30d, not '${expires}'`)
  }
  const type = line.value('type') ?? 'text/plain'
  const options = { type, wantsRead: line.has('read'), ...(expiryMs !== undefined && { expiryMs }) }
  const result = await node.outbox.send(to, body, options)
  if (line.has('json')) return jsonLine(showSent(node, result))
  if (result.state === 'refused') {
    throw new SkeinError('DENIED', `${node.nameOf(to)} refused it: ${sanitizeText(result.reason)}`)
  }
  return sanitizeText(stateText(result))
}

async function sent(node: LetterHost, context: CommandContext): Promise<string | undefined> {
  const line = readLine(context.args, listFlags)
  const options = readListOptions(line)
  const show = (each: SentMessage): string =>
    line.has('json') ? jsonLine(showSent(node, each)) : formatSent(node, each)
  // From before the first look: what changes meanwhile is printed again.
  const changed = new Set<number>()
  let wake: () => void = () => undefined
  const off = node.outbox.on('sent', (id) => {
    changed.add(id)
    wake()
  })
  try {
    const first = await node.outbox.list(options)
    await printLines(context, first, show)
    if (!line.has('follow')) {
      return first.length === 0 && !line.has('json') ? 'nothing was sent' : undefined
    }
    const shared = onward(options)
    await whileOpen(
      context.signal,
      (tell) => (wake = tell),
      async () => {
        const [id] = changed
        if (id === undefined) return false
        changed.delete(id)
        const now = await node.outbox.list({ ...shared, after: id - 1, before: id + 1 })
        await printLines(context, now, show)
        return true
      },
    )
  } finally {
    off()
  }
  return undefined
}

async function inbox(node: LetterHost, context: CommandContext): Promise<string | undefined> {
  const line = readLine(context.args, ['unread', 'keep', 'id', 'cut', ...listFlags])
  const isCut = line.has('cut') && !line.has('json') && !line.has('id')
  const options = {
    ...readListOptions(line),
    isUnread: line.has('unread'),
    ...(isCut && { maxLength: cutLength + 1 }),
  }
  const marksRead = !line.has('keep') && !line.has('search')
  const show = (message: ReceivedMessage): string =>
    line.has('json')
      ? jsonLine(showMessage(node, message))
      : formatMessage(node, message, { isCut })
  const print = async (messages: readonly ReceivedMessage[]): Promise<void> => {
    if (line.has('id') && messages.length === 0) {
      throw new SkeinError('INVALID', `there is no message ${line.value('id')} in the inbox`)
    }
    await printLines(context, messages, show)
    const ids = messages.filter(({ readMs }) => readMs === undefined).map(({ id }) => id)
    if (marksRead && ids.length > 0) await node.inbox.markRead(ids)
  }
  return printList(context, line, {
    on: (tell) => node.inbox.on('message', tell),
    list: (wanted) => node.inbox.list(wanted),
    print,
    options,
    none: 'no messages',
  })
}

async function post(node: LetterHost, { args, stdin }: CommandContext): Promise<string> {
  const line = readLine(args, ['json'])
  const body = await readBody(line.words, stdin, defaultMailOptions.maxPostBytes)
  const text = typeof body === 'string' ? body : decodeText(body)
  const written = await node.wall.post(text)
  return line.has('json') ? jsonLine(showPost(node, written)) : 'posted'
}

async function wall(node: LetterHost, context: CommandContext): Promise<string | undefined> {
  const line = readLine(context.args, listFlags)
  const show = (each: WallPost): string =>
    line.has('json') ? jsonLine(showPost(node, each)) : formatPost(node, each)
  return printList(context, line, {
    on: (tell) => node.wall.on('post', tell),
    list: (options) => node.wall.list(options),
    print: (posts) => printLines(context, posts, show),
    options: readListOptions(line),
    none: 'the wall is empty',
  })
}

interface Listed<Item extends { readonly id: number }> extends Followed<Item> {
  readonly options: ListOptions
  /** What is said where there is nothing. */
  readonly none: string
}

/** Prints a list; with `--follow` what comes, too. */
async function printList<Item extends { readonly id: number }>(
  context: CommandContext,
  line: Line,
  { options, none, ...list }: Listed<Item>,
): Promise<string | undefined> {
  if (line.has('follow')) {
    await follow(context, list, options)
    return undefined
  }
  const items = await list.list(options)
  await list.print(items)
  return items.length === 0 && !line.has('json') ? none : undefined
}

async function block(node: LetterHost, { args }: CommandContext): Promise<string> {
  const line = readLine(args, ['json'])
  const [name] = line.words
  if (name === undefined) {
    const ids = await node.inbox.blocked()
    if (line.has('json')) return ids.map((id) => jsonLine({ id, name: node.nameOf(id) })).join('\n')
    return ids.map((id) => shownName(node, id)).join('\n') || 'nobody is blocked'
  }
  const id = node.resolve(name.replace(/^@/, ''))
  await node.inbox.block(id)
  return `nothing of ${shownName(node, id)} is taken from now on; skein unblock takes that back`
}

async function unblock(node: LetterHost, { args }: CommandContext): Promise<string> {
  const [name] = readLine(args, []).words
  const id = node.resolve(required(name, 'unblock PEER').replace(/^@/, ''))
  const wasBlocked = await node.inbox.unblock(id)
  const who = shownName(node, id)
  return wasBlocked
    ? `messages, posts and chat of ${who} are taken again`
    : `${who} was not blocked`
}

function readListOptions(line: Line): ListOptions {
  const id = readNumber(line, 'id', Number.MAX_SAFE_INTEGER)
  if (id !== undefined) {
    const other = notWithId.find((flag) => line.has(flag))
    if (other === undefined) return { after: id - 1, before: id + 1 }
    throw new SkeinError('INVALID', `--id names one message; it does not go with --${other}`)
  }
  const search = line.value('search')
  const [limit, after, before] = [
    readNumber(line, 'limit', maxListed),
    readNumber(line, 'after', Number.MAX_SAFE_INTEGER),
    readNumber(line, 'before', Number.MAX_SAFE_INTEGER),
  ]
  return {
    ...(search !== undefined && { search }),
    ...(limit !== undefined && { limit }),
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
    ...(line.has('brief') && { maxLength: briefLength }),
  }
}

function readNumber(line: Line, flag: string, max: number): number | undefined {
  const text = line.value(flag)
  if (text === undefined) return undefined
  const number = Number(text)
  const min = flag === 'after' ? 0 : 1
  if (/^\d+$/.test(text) && number >= min && number <= max) return number
  const shown = shortenText(text, 40)
  throw new SkeinError(
    'INVALID',
    `--${flag} must be a number from ${min} to ${max}, not '${shown}'`,
  )
}

/** The one peer that a message is for. @throws {SkeinError} `INVALID` it can mean several. */
export function resolveRecipient(node: Pick<LetterHost, 'resolve'>, written: string): PeerId {
  const name = written.replace(/^@/, '')
  const problem = recipientProblem(name)
  if (problem !== undefined) throw new SkeinError('INVALID', problem)
  return node.resolve(name)
}

/** The words as text, or with `-` what is piped in. */
async function readBody(
  words: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string | Uint8Array> {
  if (words.length !== 1 || words[0] !== '-') {
    const text = words.join(' ')
    if (text !== '') return text
    throw new SkeinError('INVALID', 'there is no text; write it behind, or - for what is piped in')
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of stdin) {
    bytes += chunk.length
    if (bytes > maxBytes) {
      const text = `more than ${maxBytes} bytes were piped in, and one message holds no more`
      throw new SkeinError('LIMIT_EXCEEDED', `${text}: send it in parts`)
    }
    chunks.push(chunk)
  }
  if (bytes === 0) throw new SkeinError('INVALID', 'nothing was piped in')
  return new Uint8Array(Buffer.concat(chunks))
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch (cause) {
    throw new SkeinError('INVALID', 'what was piped in is no text in UTF-8', { cause })
  }
}
