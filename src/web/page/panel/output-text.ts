import { sanitizeText } from '../../../base/text.ts'

const maxShown = 128 * 2 ** 10 // Guess: some thousand lines; more is for a terminal.
const showMs = 50 // A program that prints much must not draw at each chunk.

/** What a command prints, made harmless, the end of it where it is long; shown a few times a second. */
export class OutputText {
  readonly #decoder = new TextDecoder()
  readonly #show: (text: string) => void
  #text = ''
  #cut = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(show: (text: string) => void) {
    this.#show = show
    show('')
  }

  add(chunk: Uint8Array): void {
    this.#text += sanitizeText(
      this.#decoder.decode(chunk, { stream: true }).replaceAll('\r\n', '\n'),
    )
    if (this.#text.length > 2 * maxShown) {
      const length = this.#text.length - maxShown
      this.#cut += length
      this.#text = this.#text.slice(length)
    }
    this.#timer ??= setTimeout(() => this.flush(), showMs)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const note = this.#cut === 0 ? '' : `… ${this.#cut} characters before are not shown\n`
    this.#show(note + this.#text.replace(/\n$/, ''))
  }
}
