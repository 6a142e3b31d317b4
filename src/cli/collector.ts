import { SkeinError } from '../base/errors.ts'

const maxCollectedBytes = 16 * 2 ** 20 // Guess: more wants one peer at a time.

/** Keeps what a command prints, as text. */
export class Collector {
  readonly #decoder = new TextDecoder()
  readonly #advice: string
  #text = ''
  #bytes = 0

  /** @param advice - What to do where it prints too much. */
  constructor(advice = 'ask that peer alone') {
    this.#advice = advice
  }

  /** @throws {SkeinError} `LIMIT_EXCEEDED` it is more than a person reads. */
  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    if (this.#bytes > maxCollectedBytes) {
      throw new SkeinError('LIMIT_EXCEEDED', `it printed more than 16 MiB; ${this.#advice}`)
    }
    this.#text += this.#decoder.decode(chunk, { stream: true })
  }

  /** All of it, without the line break at the end. */
  get text(): string {
    return this.#text.replace(/\r?\n$/, '')
  }
}
