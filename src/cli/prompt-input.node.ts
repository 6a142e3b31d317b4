/** Where the prompt's lines come from: a terminal with history and completion, or a pipe. */
import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import type { Prompt } from './prompt.ts'

/** A prompt that reads. */
export interface PromptInput {
  /** Resolves when the input ended or a line said exit, and all before was done. */
  readonly ended: Promise<void>
  /** Prints a line without disturbing what is being typed. */
  print(line: string): void
  close(): void
}

/** Connects a prompt with this process's input and output. */
export class TerminalPrompt implements PromptInput {
  readonly ended: Promise<void>
  readonly #interface: Interface
  readonly #isTerminal: boolean

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
    this.ended = this.#read(prompt)
  }

  print(line: string): void {
    if (this.#isTerminal) process.stdout.write('\r\u001b[K')
    process.stdout.write(`${line}\n`)
    if (this.#isTerminal) this.#interface.prompt(true)
  }

  close(): void {
    this.#interface.close()
  }

  async #read(prompt: () => Prompt): Promise<void> {
    if (this.#isTerminal) this.#interface.prompt()
    for await (const line of this.#interface) {
      const goesOn = await prompt().handle(line)
      if (!goesOn) break
      if (this.#isTerminal) this.#interface.prompt()
    }
    this.#interface.close()
  }
}
