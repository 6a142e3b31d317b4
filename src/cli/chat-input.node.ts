/** Where a chat's lines come from: a terminal with history and completion, or a pipe. */
import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline'
import type { Interface } from 'node:readline'

/** What a chat does with lines. */
export interface ChatInputHandler {
  /** What could stand where the cursor is. */
  readonly complete: (line: string) => [string[], string]
}

/** Lines in, lines out; on a terminal what is being typed stays whole. */
export class ChatInput {
  readonly isTerminal: boolean
  readonly #interface: Interface
  /** What was typed and not asked for yet. */
  readonly #typed: string[] = []
  #wake: () => void = () => undefined
  #isClosed = false

  constructor({ complete }: ChatInputHandler) {
    this.isTerminal = process.stdin.isTTY && process.stdout.isTTY
    this.#interface = createInterface({
      input: process.stdin,
      ...(this.isTerminal ? { output: process.stdout } : {}),
      terminal: this.isTerminal,
      prompt: '> ',
      completer: complete,
    })
    this.#interface.on('SIGINT', () => this.close())
    // At once: of what was pasted, the next line is drawn when this returns.
    if (this.isTerminal) this.#interface.on('line', (line) => this.#take(line))
    this.#interface.once('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  /** The lines, as they come. On a terminal each is taken away: it is shown when it was said. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    if (!this.isTerminal) {
      for await (const line of this.#interface) yield line
      return
    }
    this.#ask()
    for (;;) {
      const line = this.#typed.shift()
      if (line !== undefined) yield line
      else if (this.#isClosed) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Prints whole lines above what is being typed, however many rows that has. */
  print(lines: readonly string[]): void {
    if (lines.length === 0) return
    const text = `${lines.join('\n')}\n`
    if (!this.isTerminal || this.#isClosed) {
      process.stdout.write(text)
      return
    }
    const { rows } = this.#interface.getCursorPos()
    moveCursor(process.stdout, 0, -rows)
    cursorTo(process.stdout, 0)
    clearScreenDown(process.stdout)
    process.stdout.write(text)
    this.#draw()
  }

  close(): void {
    this.#interface.close()
  }

  /** Draws the prompt and what was typed at the cursor, which stands at the start of a row. */
  #draw(): void {
    // Readline goes up by the rows that it drew last; there are none of them any more.
    const drawn = this.#interface as unknown as { prevRows: number }
    drawn.prevRows = 0
    this.#interface.prompt(true)
  }

  #ask(): void {
    if (this.isTerminal && !this.#isClosed) this.#interface.prompt()
  }

  #take(line: string): void {
    this.#takeBack(line)
    this.#typed.push(line)
    this.#ask()
    this.#wake()
  }

  /** The line was typed and ended: the cursor is below it. */
  #takeBack(line: string): void {
    const { columns } = process.stdout
    const rows = Math.max(1, Math.ceil((promptColumns + columnsOf(line)) / columns))
    moveCursor(process.stdout, 0, -rows)
    cursorTo(process.stdout, 0)
    clearScreenDown(process.stdout)
  }
}

const promptColumns = 2

/** Columns of a text: wide characters of East Asia and pictures take two, marks none. */
function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(
        character,
      )
        ? 2
        : 1
  }
  return columns
}
