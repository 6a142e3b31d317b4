/** Commands of the owner that write and read messages and posts. */
import { parseDuration } from '../base/duration.ts'
import { SkeinError } from '../base/errors.ts'
import { jsonLine, sanitizeText, shortenText } from '../base/text.ts'
import { defaultMailOptions } from '../mail/options.ts'
import { required } from './command-words.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Rule } from '../base/policy.ts'
import type { Command, CommandContext } from '../command/command.ts'
import type { SentMessage } from '../mail/outgoing.ts'
import type { ReceivedMessage } from '../mail/received.ts'
import type { WallPost } from '../mail/wall.ts'
import type { Inbox, ListOptions, Outbox, Wall } from './letters.ts'

/** What these commands ask of their node. */
export interface LetterHost {
  readonly id: PeerId
  readonly label: string
  readonly inbox: Inbox
  readonly outbox: Outbox
  readonly wall: Wall
  resolve(name: string): PeerId
  nameOf(id: PeerId): string
}

const forOwner: readonly Rule[] = [] // The owner may everything; nobody else is named.
const flagsWithValue = new Set(['type', 'expires', 'search', 'limit', 'after', 'before'])
const listFlags = ['search', 'limit', 'after', 'before', 'follow', 'brief', 'json']
const followChunk = 100 // Messages read at a time while following.
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
  const to = node.resolve(required(name, 'send PEER TEXT').replace(/^@/, ''))
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
  return describeState(result)
}

async function sent(node: LetterHost, context: CommandContext): Promise<string | undefined> {
  const line = readLine(context.args, listFlags)
  const options = readListOptions(line)
  const print = async (list: readonly SentMessage[]): Promise<void> => {
    for (const each of list) {
      const shown = line.has('json') ? jsonLine(showSent(node, each)) : formatSent(node, each)
      if (!context.out(`${shown}\n`)) await context.drained()
    }
  }
  // From before the first look: what changes meanwhile is printed again.
  const changed = new Set<number>()
  let wake: () => void = () => undefined
  const off = node.outbox.on('sent', (id) => {
    changed.add(id)
    wake()
  })
  try {
    const first = await node.outbox.list(options)
    await print(first)
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
        await print(await node.outbox.list({ ...shared, after: id - 1, before: id + 1 }))
        return true
      },
    )
  } finally {
    off()
  }
  return undefined
}

function formatSent(node: LetterHost, each: SentMessage): string {
  const { id, timeMs, to, body, type } = each
  const who = sanitizeText(node.nameOf(to))
  return `${id}  ${when(timeMs)}  to ${who}  ${describeState(each)}  ${firstLine(body, type)}`
}

async function inbox(node: LetterHost, context: CommandContext): Promise<string | undefined> {
  const line = readLine(context.args, ['unread', 'keep', ...listFlags])
  const options = { ...readListOptions(line), isUnread: line.has('unread') }
  const marksRead = !line.has('keep') && !line.has('search')
  const print = async (messages: readonly ReceivedMessage[]): Promise<void> => {
    for (const message of messages) {
      const shown = line.has('json')
        ? jsonLine(showMessage(node, message))
        : formatMessage(node, message)
      if (!context.out(`${shown}\n`)) await context.drained()
    }
    const ids = messages.filter(({ readMs }) => readMs === undefined).map(({ id }) => id)
    if (marksRead && ids.length > 0) await node.inbox.markRead(ids)
  }
  const first = await node.inbox.list(options)
  await print(first)
  if (!line.has('follow')) {
    return first.length === 0 && !line.has('json') ? 'no messages' : undefined
  }
  await follow(context, {
    on: (tell) => node.inbox.on('message', tell),
    list: (after) => node.inbox.list({ ...onward(options), after, limit: followChunk }),
    print,
    from: first.at(-1)?.id ?? (await node.inbox.list({ limit: 1 })).at(-1)?.id ?? 0,
  })
  return undefined
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
  const options = readListOptions(line)
  const print = async (posts: readonly WallPost[]): Promise<void> => {
    for (const each of posts) {
      const { author, text, timeMs } = each
      const shown = line.has('json')
        ? jsonLine(showPost(node, each))
        : `${when(timeMs)}  ${nameOf(node, author)}: ${sanitizeText(text)}`
      if (!context.out(`${shown}\n`)) await context.drained()
    }
  }
  const first = await node.wall.list(options)
  await print(first)
  if (!line.has('follow')) {
    return first.length === 0 && !line.has('json') ? 'the wall is empty' : undefined
  }
  await follow(context, {
    on: (tell) => node.wall.on('post', tell),
    list: (after) => node.wall.list({ ...onward(options), after, limit: followChunk }),
    print,
    from: first.at(-1)?.id ?? (await node.wall.list({ limit: 1 })).at(-1)?.id ?? 0,
  })
  return undefined
}

interface Followed<Item extends { readonly id: number }> {
  readonly on: (tell: () => void) => Unsubscribe
  readonly list: (after: number) => Promise<readonly Item[]>
  readonly print: (items: readonly Item[]) => Promise<void>
  /** The last one that was printed. */
  readonly from: number
}

/** Prints what comes, from the database and not from the event: who prints slowly misses nothing. */
async function follow<Item extends { readonly id: number }>(
  { signal }: CommandContext,
  { on, list, print, from }: Followed<Item>,
): Promise<void> {
  let wake: () => void = () => undefined
  const off = on(() => wake())
  let after = from
  try {
    await whileOpen(
      signal,
      (tell) => (wake = tell),
      async () => {
        const items = await list(after)
        await print(items)
        after = items.at(-1)?.id ?? after
        return items.length > 0
      },
    )
  } finally {
    off()
  }
}

/**
 * Calls `step` until the command ends; where it had nothing to do, again when it is woken.
 *
 * @param onWait - Takes what wakes it; called before each step.
 */
async function whileOpen(
  signal: AbortSignal,
  onWait: (wake: () => void) => void,
  step: () => Promise<boolean>,
): Promise<void> {
  let wake: () => void = () => undefined
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort)
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      onWait(wake)
      if (!(await step())) await woken
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function block(node: LetterHost, { args }: CommandContext): Promise<string> {
  const line = readLine(args, ['json'])
  const [name] = line.words
  if (name === undefined) {
    const ids = await node.inbox.blocked()
    if (line.has('json')) return ids.map((id) => jsonLine({ id, name: node.nameOf(id) })).join('\n')
    return ids.map((id) => nameOf(node, id)).join('\n') || 'nobody is blocked'
  }
  const id = node.resolve(name.replace(/^@/, ''))
  await node.inbox.block(id)
  return `nothing of ${nameOf(node, id)} is taken from now on; skein unblock takes that back`
}

async function unblock(node: LetterHost, { args }: CommandContext): Promise<string> {
  const [name] = readLine(args, []).words
  const id = node.resolve(required(name, 'unblock PEER').replace(/^@/, ''))
  const wasBlocked = await node.inbox.unblock(id)
  const who = nameOf(node, id)
  return wasBlocked
    ? `messages, posts and chat of ${who} are taken again`
    : `${who} was not blocked`
}

function readListOptions(line: Line): ListOptions {
  const search = line.value('search')
  const [limit, after, before] = [
    readNumber(line, 'limit', 1_000),
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

/** What of the options of a list holds for what comes later. */
function onward({ search, maxLength }: ListOptions): ListOptions {
  return { ...(search !== undefined && { search }), ...(maxLength !== undefined && { maxLength }) }
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

/** How far a message got, in a few words. */
function describeState({ state, heldBy, reason }: SentMessage): string {
  switch (state) {
    case 'held':
      return `held by ${heldBy} ${heldBy === 1 ? 'peer' : 'peers'}`
    case 'queued':
      if (reason === '') return 'kept here: nobody is up who could hold it'
      return `kept here, and tried again: ${sanitizeText(reason)}`
    case 'refused':
      return `refused: ${sanitizeText(reason)}`
    case 'delivered':
    case 'read':
    case 'expired':
      return state
    default:
      return state satisfies never
  }
}

/** A message as JSON shows it. */
export function showMessage(node: LetterHost, message: ReceivedMessage): Record<string, unknown> {
  const { id, author, timeMs, receivedMs, type, body, byteLength, readMs } = message
  const shown = typeof body === 'string' ? { text: body } : { base64: toBase64(body) }
  const from = node.nameOf(author)
  return {
    id,
    from,
    author,
    timeMs,
    receivedMs,
    type,
    ...shown,
    byteLength,
    isRead: readMs !== undefined,
  }
}

/** A sent message as JSON shows it. */
export function showSent(node: LetterHost, message: SentMessage): Record<string, unknown> {
  const { id, to, timeMs, type, body, byteLength, state, heldBy, reason } = message
  const shown = typeof body === 'string' ? { text: body } : { base64: toBase64(body) }
  const named = {
    id,
    to: node.nameOf(to),
    recipient: to,
    timeMs,
    type,
    ...shown,
    byteLength,
    state,
    heldBy,
  }
  return reason === '' ? named : { ...named, reason }
}

/** A post as JSON shows it. */
export function showPost(node: LetterHost, each: WallPost): Record<string, unknown> {
  const { id, author, timeMs, receivedMs, text } = each
  const from = author === node.id ? node.label : node.nameOf(author)
  return { id, from, author, timeMs, receivedMs, text }
}

function formatMessage(node: LetterHost, message: ReceivedMessage): string {
  const { author, timeMs, type, body, readMs } = message
  const mark = readMs === undefined ? '*' : ' '
  const shown =
    typeof body === 'string'
      ? sanitizeText(body.replace(/\r?\n$/, ''))
      : `${body.length} bytes of ${type}; --json prints them`
  return `${mark} ${when(timeMs)}  ${nameOf(node, author)}: ${shown}`
}

function nameOf(node: LetterHost, id: PeerId): string {
  return sanitizeText(id === node.id ? node.label : node.nameOf(id))
}

function firstLine(body: string | Uint8Array, type: string): string {
  if (typeof body !== 'string') return `${body.length} bytes of ${type}`
  const [line = ''] = body.split('\n')
  return sanitizeText(line.length > maxShown ? `${line.slice(0, maxShown)}…` : line)
}

const maxShown = 60 // Guess: with the rest it fits a line of most terminals.

function when(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 16).replace('T', ' ')
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
