/** Where the prompt's lines come from: a terminal with history and completion, or a pipe. */
import { createInterface } from 'node:readline'
import { SkeinError } from '../base/errors.ts'
import type { Interface } from 'node:readline'
import type { Prompt } from './prompt.ts'

/** A prompt that reads. */
export interface PromptInput {
  /** Resolves when the input ended or a line said exit, and all before was done. */
  readonly ended: Promise<void>
  /** Whether any line was read. */
  readonly hasRead: boolean
  /** Prints a line without disturbing what is being typed. */
  print(line: string): void
  close(): void
}

/**
 * Connects a prompt with this process's input and output. Ctrl-C on a terminal takes back what runs,
 * and ends the prompt when nothing does.
 */
export class TerminalPrompt implements PromptInput {
  readonly ended: Promise<void>
  hasRead = false
  readonly #interface: Interface
  readonly #isTerminal: boolean
  /** Of the line that is being done. */
  #running: AbortController | undefined
  #isClosed = false

  /** @param prompt - Made later, because it prints through this. */
  constructor(prompt: () => Prompt) {
    this.#isTerminal = process.stdin.isTTY && process.stdout.isTTY
    this.#interface = createInterface({
      input: process.stdin,
      ...(this.#isTerminal ? { output: process.stdout } : {}),
      terminal: this.#isTerminal,
      prompt: '> ',
      completer: (line: string) => prompt().complete(line),
    })
    this.#interface.on('SIGINT', () => this.#interrupt())
    this.#interface.once('close', () => (this.#isClosed = true))
    this.ended = this.#read(prompt)
  }

  print(line: string): void {
    if (this.#isTerminal) process.stdout.write('\r\u001b[K')
    process.stdout.write(`${line}\n`)
    if (this.#running === undefined) this.#ask(true)
  }

  close(): void {
    this.#interface.close()
  }

  async #read(prompt: () => Prompt): Promise<void> {
    this.#ask()
    for await (const line of this.#interface) {
      this.hasRead = true
      this.#running = new AbortController()
      const goesOn = await prompt().handle(line, this.#running.signal)
      this.#running = undefined
      if (!goesOn) break
      this.#ask()
    }
    this.#interface.close()
  }

  #ask(keepsCursor = false): void {
    if (this.#isTerminal && !this.#isClosed) this.#interface.prompt(keepsCursor)
  }

  #interrupt(): void {
    if (this.#running === undefined) this.#interface.close()
    else this.#running.abort(new SkeinError('CANCELLED', 'interrupted'))
  }
}
