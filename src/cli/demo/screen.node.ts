/**
 * The terminal while the demo has it: its second screen, without a cursor, keys as they are typed.
 *
 * **Invariant**: whichever way this process ends, short of SIGKILL, the terminal is as it was.
 */
import process from 'node:process'
import type { ReadStream, WriteStream } from 'node:tty'

/** What to tell. */
export interface ScreenSetup {
  readonly onKeys: (typed: string) => void
  /** The window has another size: draw again. */
  readonly onResize: () => void
  /** The terminal is gone. */
  readonly onGone: () => void
}

/** xterm's control sequences, which all terminals in use know (xterm: ctlseqs). */
const enter = '\u001b[?1049h\u001b[?25l' // The second screen; hide the cursor.
const leave = '\u001b[?25h\u001b[?1049l'
const home = '\u001b[H'
const eraseLine = '\u001b[K' // Before the text: behind a full line it takes the last character away.
const eraseBelow = '\u001b[J'
const beginUpdate = '\u001b[?2026h' // Show nothing until the end: no flicker, where it is known.
const endUpdate = '\u001b[?2026l'

const fallbackSize = { width: 80, height: 24 } // The VT100's.

/** Tells whether there is a terminal that a screen can be drawn on and keys be read from. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb'
}

/** See the file's head. */
export class Screen {
  readonly #setup: ScreenSetup
  readonly #input: ReadStream = process.stdin
  readonly #output: WriteStream = process.stdout
  readonly #onData = (data: Buffer): void => this.#setup.onKeys(data.toString('utf8'))
  readonly #onResize = (): void => {
    this.#shown = ''
    this.#setup.onResize()
  }
  readonly #onGone = (): void => this.#setup.onGone()
  readonly #onExit = (): void => this.close()
  #shown = ''
  #isOpen = true
  #isGone = false

  constructor(setup: ScreenSetup) {
    this.#setup = setup
    process.once('exit', this.#onExit)
    this.#input.setRawMode(true)
    this.#input.on('data', this.#onData).once('end', this.#onGone).once('error', this.#onGone)
    this.#output.on('resize', this.#onResize).write(enter)
  }

  /** In characters. */
  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = this.#output
    const { width, height } = fallbackSize
    return { width: columns || width, height: rows || height }
  }

  /** Shows these lines and nothing else; writes nothing if they are shown already. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => eraseLine + line).join('\r\n')
    if (!this.#isOpen || this.#isGone || text === this.#shown) return
    this.#shown = text
    this.#output.write(`${beginUpdate}${home}${text}${eraseBelow}${endUpdate}`)
  }

  /** The terminal is gone: writes nothing to it any more, as that would fail. */
  abandon(): void {
    this.#isGone = true
  }

  /** Gives the terminal back. Calling it again does nothing. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.off('exit', this.#onExit)
    this.#input.off('data', this.#onData).off('end', this.#onGone).off('error', this.#onGone)
    this.#input.pause()
    this.#output.off('resize', this.#onResize)
    if (this.#isGone) return
    this.#input.setRawMode(false)
    this.#output.write(leave)
  }
}
