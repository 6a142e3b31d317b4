/** `skein chat`: people talk on a topic, through the running node. */
import { SkeinError, messageOf } from '../base/errors.ts'
import { sanitizeText } from '../base/text.ts'
import { ChatInput } from './chat-input.node.ts'
import { chatCommands, readChatLine } from '../node/chat-line.ts'
import { OrderQueue } from '../node/order-queue.ts'
import { ChatView } from './chat-view.ts'
import { ControlClient } from './control-client.node.ts'
import { findNode } from './find-node.node.ts'
import type { ChatNews } from '../node/chat-news.ts'
import type { Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'

const defaultTopic = 'chat'
const terminalHistory = 20 // Lines; in a pipe none.

/** Takes part until the input ends, `/quit` or Ctrl-C. */
export async function chat(invocation: Invocation, context: Context): Promise<ExitCode> {
  const { flags, words } = invocation
  const node = await ControlClient.connect(findNode(flags.profile), flags.timeoutMs)
  const talk = new Talk(node, { topic: words[0] ?? defaultTopic, flags, context })
  try {
    return await talk.run()
  } finally {
    node.close()
  }
}

interface TalkOptions {
  readonly topic: string
  readonly flags: Invocation['flags']
  readonly context: Context
}

/** One person in one chat. */
class Talk {
  readonly #node: ControlClient
  readonly #options: TalkOptions
  readonly #input: ChatInput
  readonly #view: ChatView
  readonly #orders = new OrderQueue()
  readonly #decoder = new TextDecoder()
  readonly #names = new Set<string>()
  #rest = ''
  /** Something of a script was not done. */
  #hasFailed = false

  constructor(node: ControlClient, options: TalkOptions) {
    this.#node = node
    this.#options = options
    this.#input = new ChatInput({ complete: (line) => this.#complete(line) })
    const hasColour = this.#input.isTerminal && (process.env['NO_COLOR'] ?? '') === ''
    this.#view = new ChatView({ isColoured: hasColour, now: () => Date.now() })
  }

  async run(): Promise<ExitCode> {
    const { topic, flags, context } = this.#options
    const { isTerminal } = this.#input
    const history = flags.historyCount ?? (isTerminal ? terminalHistory : 0)
    const argv = ['chat', topic, '--history', String(history)]
    const leaving = new AbortController()
    const { timeoutMs } = flags
    const running = this.#node.run(timeoutMs === undefined ? { argv } : { argv, timeoutMs }, {
      signal: AbortSignal.any([context.signal, leaving.signal]),
      stdin: this.#orders,
      onOut: (chunk) => this.#hear(chunk),
      onErr: (chunk) => context.errBytes(chunk),
    })
    const reading = this.#read()
    reading.catch((thrown: unknown) => leaving.abort(thrown))
    try {
      const exit = await running
      return this.#hasFailed ? 1 : exit
    } finally {
      this.#input.close()
    }
  }

  /** Does what is typed, until it ends; then says so to the node, which ends when all is done. */
  async #read(): Promise<void> {
    for await (const line of this.#input.lines()) {
      const order = readChatLine(line)
      if (order.kind === 'quit') break
      if (order.kind === 'say') this.#orders.add({ say: order.text })
      else if (order.kind === 'tell') this.#orders.add(order.order)
      else if (order.kind === 'show') this.#input.print(order.lines)
      else if (order.kind === 'refuse') this.#refuse(order.lines)
      else if (order.kind === 'run') await this.#runHere(order.argv)
    }
    this.#orders.end()
  }

  /** To a person as any line; a script is told that it went wrong, and goes on. */
  #refuse(lines: readonly string[]): void {
    if (this.#input.isTerminal) return this.#input.print(lines)
    this.#hasFailed = true
    for (const line of lines) this.#options.context.err(`skein: ${sanitizeText(line)}\n`)
  }

  async #runHere(argv: readonly string[]): Promise<void> {
    const decoder = new TextDecoder()
    let text = ''
    try {
      await this.#node.run(
        { argv },
        { onOut: (chunk) => void (text += decoder.decode(chunk, { stream: true })) },
      )
    } catch (thrown) {
      text = messageOf(thrown)
    }
    this.#input.print(sanitizeText(text).trimEnd().split('\n'))
  }

  #hear(chunk: Uint8Array): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true })
    const lines = this.#rest.split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#show(line)
  }

  #show(line: string): void {
    if (this.#options.flags.isJson) {
      this.#input.print([line])
      return
    }
    const news = readNews(line)
    if ('name' in news) this.#names.add(news.name)
    if (news.event === 'who') for (const { name } of news.people) this.#names.add(name)
    const { isTerminal } = this.#input
    const isEcho = news.event === 'line' && news.isOwn && !news.isPast
    if (!isTerminal && (isEcho || news.event === 'ready')) return
    if (!isTerminal && news.event === 'problem') return this.#refuse(news.message.split('\n'))
    this.#input.print(this.#view.format(news))
    if (news.event === 'ready' && isTerminal) this.#orders.add({ who: true })
  }

  #complete(line: string): [string[], string] {
    const [, before, start = ''] = /^(\/msg\s+)(\S*)$/.exec(line) ?? []
    const names = [...this.#names]
    if (before !== undefined) {
      const hits = names.filter((name) => name.startsWith(start))
      return [hits.map((name) => `${before}${name} `), line]
    }
    const words = line.startsWith('/') ? chatCommands : names.map((name) => `${name}: `)
    return [words.filter((word) => word.startsWith(line)), line]
  }
}

function readNews(line: string): ChatNews {
  try {
    return JSON.parse(line) as ChatNews // Of our own node.
  } catch (cause) {
    throw new SkeinError('VIOLATION', 'the node answered what is no chat', { cause })
  }
}
