/**
 * The prompt of a running node: what a line does, apart from where lines come from.
 *
 * Lines run one after the other. In the first 5 s of the node, `peers`, `map` and `@…` first wait for
 * the configured dials, so that a script that starts with them finds its peers.
 */
import { messageOf } from '../base/errors.ts'
import { sanitizeText, shortenText } from '../base/text.ts'
import { personPatienceMs } from '../command/options.ts'
import { alignColumns, formatPeers } from '../node/format.ts'
import { Collector } from './collector.ts'
import { formatMap } from './map/terminal.ts'
import type { CommandInfo } from '../command/command.ts'
import type { Node } from '../node/node.ts'
import type { Peer, RunOptions, RunResult } from '../node/peer.ts'

const dialPatienceMs = 5_000 // Guess: who is up answers within one.

const own = [
  ['peers', 'List the connected peers'],
  ['map', 'Draw the nodes and links of the network'],
  ['connect HOST PORT', 'Connect to a peer and keep it connected'],
  [
    '@PEER COMMAND',
    'Run a command there; PEER is a label, an ID or its start, an index, all, or a,b',
  ],
  ['exit, quit', 'Stop this node'],
] as const

/** Commands of a node that are in {@link own}, or for our own programs and in no form for people. */
const unlisted: ReadonlySet<string> = new Set(['chat', 'connect', 'peers', 'links', 'resolve'])

/** Lines that belong into a shell; those that begin with `skein` perhaps here, without it. */
const shellOnly = /^(skein|chat|up|demo|config)(\s|$)/

/** Where a prompt prints. */
export interface PromptOutput {
  /** Takes whole lines; text from peers has no escape sequences left. */
  readonly print: (line: string) => void
  /** How wide it is now, in characters. */
  readonly columns: () => number
  /** Whether a person reads it; long messages are cut there. */
  readonly isTerminal: boolean
}

/** Keeps what a command prints, up to a limit that ends it. */
function collect(advice: string) {
  const [out, err] = [new Collector(advice), new Collector(advice)]
  return {
    handlers: {
      onOut: (chunk: Uint8Array) => out.add(chunk),
      onErr: (chunk: Uint8Array) => err.add(chunk),
    },
    read: () => ({ text: out.text, errorText: err.text }),
  }
}

/** See the file's head. */
export class Prompt {
  readonly #node: Node
  readonly #output: PromptOutput
  readonly #startMs: number

  constructor(node: Node, output: PromptOutput) {
    this.#node = node
    this.#output = output
    this.#startMs = node.clock.nowMs()
  }

  /**
   * Does what a line says. Returns false when the node is to stop. Never throws.
   *
   * @param signal - Takes the command back.
   */
  async handle(line: string, signal?: AbortSignal): Promise<boolean> {
    const text = line.trim()
    if (text === '') return true
    if (text === 'exit' || text === 'quit') return false
    try {
      await this.#run(text, { signal })
    } catch (thrown) {
      this.#say(messageOf(thrown))
    }
    return true
  }

  /** Says something that nobody asked for. */
  notice(text: string): void {
    this.#say(text)
  }

  /** What could follow what was typed, for a terminal's completion. */
  complete(line: string): [string[], string] {
    const words = /^@\S+\s/.test(line)
      ? []
      : line.startsWith('@')
        ? ['@all', ...this.#node.peers().map(({ name }) => `@${name}`)].map((word) => `${word} `)
        : ['peers', 'map', 'connect ', 'exit', 'quit', ...this.#commands().map(({ name }) => name)]
    const hits = [...new Set(words)].filter((word) => word.startsWith(line))
    return [hits, line]
  }

  async #run(text: string, options: RunOptions): Promise<void> {
    if (text.startsWith('@')) return this.#ask(text, options)
    if (text === 'peers') {
      await this.#awaitDials()
      const peers = this.#node.peers()
      this.#say(peers.length === 0 ? 'No peers connected' : 'Connected peers:')
      for (const line of formatPeers(peers)) this.#say(line)
      return
    }
    if (text === 'map') {
      await this.#awaitDials()
      const network = { nodes: this.#node.nodes(), links: this.#node.links() }
      const surface = { columns: this.#output.columns(), isColoured: false }
      for (const line of formatMap(network, surface)) this.#say(line)
    } else if (/^map\s/.test(text))
      this.#say('map takes no words here; in a shell: skein map --help')
    else if (text === 'help') this.#help()
    else if (this.#isForShell(text)) this.#sayWhere(text)
    else await this.#runHere(text, options)
  }

  async #runHere(text: string, options: RunOptions): Promise<void> {
    const isCut = this.#output.isTerminal && /^inbox\b/.test(text) && !/ --(json|id)\b/.test(text)
    const output = collect('it was ended: a prompt shows no more')
    const line = isCut ? text.replace(/^inbox/, 'inbox --cut') : text
    const { exit } = await this.#node.run(line, { ...options, ...output.handlers })
    this.#showHere({ ...output.read(), exit }, /^connect\s/.test(text))
  }

  /** Whether a line is none for here; an alias or program of that name is. */
  #isForShell(text: string): boolean {
    const [word = ''] = text.split(/\s/, 1)
    if (!shellOnly.test(word)) return false
    return word === 'chat' || !this.#commands().some(({ name }) => name === word)
  }

  /** A command that is `skein`'s own, or wants a terminal for itself. */
  #sayWhere(text: string): void {
    const line = text.replace(/^skein(\s+|$)/, '')
    const isOurs = line !== text && !shellOnly.test(line)
    const place = "This prompt is skein's own"
    if (line === '') this.#say(`${place}: type help to see what it takes`)
    else if (isOurs) this.#say(`${place}: leave the word out, write ${shortenText(line)}`)
    else this.#say(`In a shell, not at this prompt: skein ${shortenText(line)}`)
  }

  async #ask(text: string, options: RunOptions): Promise<void> {
    const [, target = '', command = ''] = /^@(\S*)\s*(.*)$/s.exec(text) ?? []
    if (target === '' || command === '') {
      this.#say('Write @PEER COMMAND, such as @bob help')
      return
    }
    await this.#awaitDials()
    const peers = this.#node.select(target.replaceAll(/(^|,)@/g, '$1'))
    if (peers.length === 0) this.#say(`No peer found matching '${shortenText(target)}'`)
    await Promise.all(peers.map((peer) => this.#askOne(peer, command, options)))
  }

  async #askOne(peer: Peer, command: string, options: RunOptions): Promise<void> {
    const { id } = peer
    const about = (): string => {
      const address = this.#node.peers().find((info) => info.id === id)?.address
      return `from ${address ?? this.#node.nameOf(id)} for command '${shortenText(command)}'`
    }
    try {
      const inShell = `skein @${this.#node.nameOf(id)} ${shortenText(command)}`
      const advice = `it was ended. Of any length it is printed in a shell: ${inShell}`
      const output = collect(advice)
      const asking = { ...options, ...output.handlers, patienceMs: personPatienceMs }
      const { exit } = await peer.run(command, asking)
      const { text, errorText } = output.read()
      if (errorText !== '') this.#say(errorText)
      const failure = exit === 0 ? undefined : `exit code ${exit}`
      const kind = failure === undefined ? 'Result' : 'Error'
      const shown = [text, failure].filter((part) => part !== undefined && part !== '')
      this.#say(`${kind} ${about()}: ${shown.join('\n')}`)
    } catch (thrown) {
      this.#say(`Error ${about()}: ${messageOf(thrown)}`)
    }
  }

  #showHere({ text, errorText, exit }: RunResult, isBare: boolean): void {
    if (errorText !== '') this.#say(errorText)
    this.#say(isBare || text.includes('\n') ? text : `Result: ${text}`)
    if (exit !== 0) this.#say(`Exit code ${exit}`)
  }

  #help(): void {
    const here = this.#commands().map(({ usage, summary }) => [usage, summary])
    this.#say('At this prompt:')
    for (const line of alignColumns(own)) this.#say(`  ${line}`)
    this.#say('Any other line runs on this node:')
    for (const line of alignColumns(here)) this.#say(`  ${line}`)
  }

  #commands(): readonly CommandInfo[] {
    return this.#node.listCommands().filter(({ name }) => !unlisted.has(name))
  }

  async #awaitDials(): Promise<void> {
    const leftMs = this.#startMs + dialPatienceMs - this.#node.clock.nowMs()
    if (leftMs > 0) await this.#node.ready({ timeoutMs: leftMs })
  }

  #say(text: string): void {
    this.#output.print(sanitizeText(text))
  }
}
