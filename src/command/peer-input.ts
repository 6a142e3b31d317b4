/** The command's end of its standard input; `input-source.ts` has the picture. */
import { remoteOf } from '../remote/proxy.ts'
import { readInput } from './messages.ts'

/** The command's end. Ends early where the caller is gone: the command is told by its signal. */
export class PeerInput implements AsyncIterable<Uint8Array> {
  readonly #source: object | undefined
  readonly #onViolation: (rule: string) => void
  #iterator: AsyncIterator<unknown> | undefined
  #isClosed = false

  /** @param source - The caller's reference, where it has input. */
  constructor(source: object | undefined, onViolation: (rule: string) => void) {
    this.#source = source
    this.#onViolation = onViolation
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#source === undefined || this.#isClosed || this.#iterator !== undefined) return
    try {
      this.#iterator = (this.#source as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      for (;;) {
        const next = await this.#iterator.next().catch(end)
        if (next.done === true || this.#isClosed) return
        const chunk = readInput(next.value)
        if (!chunk.ok) return this.#onViolation(chunk.violation)
        if (chunk.value.length > 0) yield chunk.value
      }
    } finally {
      this.close()
    }
  }

  /** The command needs no more. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#iterator?.return?.().catch(ignore)
    if (this.#source !== undefined) remoteOf(this.#source)?.release()
  }
}

function end(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined } // The caller's side failed, or is gone.
}

function ignore(_thrown: unknown): void {
  // Whoever had the input is not interested any more.
}
