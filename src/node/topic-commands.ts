/**
 * The owner's commands about topics, for our own programs: each value a line of JSON. `chat` reads what
 * its user does as lines of JSON from its input and tells what happens as lines of JSON.
 *
 *   in    {say} · {msg: [peer, text]} · {who: true} · {history: count}
 *   out   `ChatNews`
 */
import { jsonLine } from '../base/text.ts'
import { SkeinError, messageOf } from '../base/errors.ts'
import { topicProblem } from '../topic/topic-name.ts'
import { maxChatHistory } from './chat-news.ts'
import { readWords, required } from './command-words.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Command, CommandContext } from '../command/command.ts'
import type { Received } from '../topic/delivery.ts'
import type { Topic } from '../topic/topic.ts'
import type { Chat, ChatEvent } from './chat.ts'
import type { ChatNews } from './chat-news.ts'

/** What the commands ask of their node. */
export interface TopicHost {
  readonly id: PeerId
  readonly label: string
  readonly talk: { status(): object; readonly chat: Chat }
  topic(name: string): Topic
  nameOf(id: PeerId): string
}

const usages = {
  publish: 'publish TOPIC TEXT | publish TOPIC --json VALUE',
  subscribe: 'subscribe TOPIC [--history COUNT]',
  chat: 'chat TOPIC [--history COUNT]',
}
const maxLineBytes = 256 * 2 ** 10 // A line of 64 KiB with every character escaped.

/** The commands by name. */
export function topicCommands(node: TopicHost): Readonly<Record<string, Command>> {
  return {
    topics: {
      summary: 'Show what happened on topics so far, as JSON',
      allow: [],
      run: () => JSON.stringify(node.talk.status()),
    },
    publish: {
      summary: 'Publish a text, or a value of JSON, on a topic',
      usage: usages.publish,
      allow: [],
      async run({ args }) {
        const isJson = args[1] === '--json'
        const [name, text] = [args[0], isJson ? args[2] : args.slice(1).join(' ')]
        const topic = node.topic(required(name, usages.publish))
        const value = isJson
          ? readJson(required(text, usages.publish))
          : required(text, usages.publish)
        const { peers } = await topic.publish(value)
        return peers === 0 ? 'published; nobody is connected yet' : `published to ${peers} peers`
      },
    },
    subscribe: {
      summary: 'Print what is published on a topic, a JSON object a line, until it is ended',
      usage: usages.subscribe,
      allow: [],
      async run(context) {
        const { words, values } = readWords(context.args, ['history'], {
          most: 1,
          usage: usages.subscribe,
        })
        const topic = node.topic(required(words[0], usages.subscribe))
        const history = readCount(values('history')[0], 0)
        await follow(topic, history, {
          context,
          write: (message) => context.out(formatReceived(node, message)),
        })
      },
    },
    chat: {
      summary: 'Take part in a chat, by lines of JSON; skein chat is for people',
      usage: usages.chat,
      allow: [],
      run: (context) => chat(node, context),
    },
  }
}

/** Prints messages at the pace at which they are taken, until the command ends. */
async function follow(
  topic: Topic,
  history: number,
  {
    context,
    write,
  }: { readonly context: CommandContext; readonly write: (message: Received) => boolean },
): Promise<void> {
  const stop = topic.subscribe((message) => (write(message) ? undefined : context.drained()), {
    history,
  })
  await ended(context.signal)
  stop()
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function formatReceived(node: TopicHost, message: Received): string {
  const { author, value, ...rest } = message
  return `${jsonLine({ author, name: node.nameOf(author), ...rest, value: toJson(value) })}\n`
}

async function chat(node: TopicHost, context: CommandContext): Promise<void> {
  const { words, values } = readWords(context.args, ['history'], { most: 1, usage: usages.chat })
  const [name = ''] = words
  const problem = topicProblem(name)
  if (problem !== undefined) throw new SkeinError('INVALID', `'${name.slice(0, 80)}': ${problem}`)
  const session = new ChatSession(node, context, name)
  session.open(readCount(values('history')[0], 0))
  try {
    await session.read()
  } finally {
    session.close()
  }
}

/** One program in one room. */
class ChatSession {
  readonly #node: TopicHost
  readonly #context: CommandContext
  readonly #name: string
  #entered: ReturnType<Chat['enter']> | undefined
  #isFull = false
  /** What was not told while the program took nothing. */
  #missed = 0

  constructor(node: TopicHost, context: CommandContext, name: string) {
    this.#node = node
    this.#context = context
    this.#name = name
  }

  open(history: number): void {
    const { id, label, talk } = this.#node
    this.#write({ event: 'ready', topic: this.#name, id, label })
    const listener = (event: ChatEvent): void => this.#tell(event)
    this.#entered = talk.chat.enter(this.#name, { history, listener })
  }

  /** Does what comes in, one after the other, until the input ends or the command does. */
  async read(): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of this.#context.stdin) {
      rest += decoder.decode(chunk, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > maxLineBytes) throw new SkeinError('LIMIT_EXCEEDED', 'a line is too long')
      for (const line of lines) await this.#do(line)
    }
  }

  close(): void {
    this.#entered?.leave()
  }

  async #do(line: string): Promise<void> {
    const order = readJson(line)
    try {
      if (await this.#obey(order)) return
      const message = `'${line.slice(0, 80)}' is no order; there are say, msg, who and history`
      this.#write({ event: 'problem', message })
    } catch (thrown) {
      this.#write({ event: 'problem', message: messageOf(thrown) })
    }
  }

  /** Does what an order says; false where it means nothing. */
  async #obey(order: unknown): Promise<boolean> {
    const { say, msg, who, history } = (order ?? {}) as Readonly<Record<string, unknown>>
    const room = this.#entered?.room
    if (typeof say === 'string') await room?.topic.publish(say)
    else if (isMessage(msg)) await this.#whisper(...msg)
    else if (who === true) this.#write({ event: 'who', people: room?.people ?? [] })
    else if (Number.isInteger(history) && (history as number) > 0) {
      const count = Math.min(history as number, maxChatHistory)
      for (const message of room?.topic.history(count) ?? []) {
        this.#tell({ event: 'line', message, name: room?.nameOf(message.author) ?? '' })
      }
      this.#write({ event: 'history' })
    } else return false
    return true
  }

  async #whisper(target: string, text: string): Promise<void> {
    const { name, problem } = await this.#node.talk.chat.whisper(target, text)
    if (problem === undefined) this.#write({ event: 'sent', name, text })
    else this.#write({ event: 'problem', message: problem })
  }

  #tell(event: ChatEvent): void {
    if (event.event !== 'line') return this.#write(event)
    const { author, value, ...rest } = event.message
    const { time, incarnation, sequence, isOwn, isPast, missed } = rest
    const text = typeof value === 'string' ? value : JSON.stringify(toJson(value))
    const place = { time, incarnation, sequence, isOwn, isPast, missed }
    this.#write({ event: 'line', id: author, name: event.name, text, ...place })
  }

  /** A program that does not read, a stopped terminal for one, misses what comes meanwhile. */
  #write(news: ChatNews): void {
    if (this.#isFull) {
      this.#missed++
      return
    }
    if (this.#context.out(`${jsonLine(news)}\n`)) return
    this.#isFull = true
    void this.#context.drained().then(() => {
      this.#isFull = false
      const count = this.#missed
      this.#missed = 0
      if (count > 0) this.#write({ event: 'missed', count })
    })
  }
}

/** A peer, and what to tell it. */
function isMessage(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new SkeinError('INVALID', `'${text.slice(0, 80)}' is no JSON`, { cause })
  }
}

function readCount(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const count = Number(text)
  if (Number.isInteger(count) && count >= 0 && count <= maxChatHistory) return count
  throw new SkeinError(
    'INVALID',
    `--history takes a number from 0 to ${maxChatHistory}, not '${text.slice(0, 40)}'`,
  )
}

/** A value as JSON can say it: bytes as a list of numbers, big integers as texts. */
function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]))
}
