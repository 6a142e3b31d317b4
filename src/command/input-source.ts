/**
 * Standard input, from the one who has it to the command that reads it:
 *
 *   caller's iterable ── InputSource ══ a reference ══▶ PeerInput ── for await ──▶ command
 *
 * It is read at the command's pace: a chunk leaves the caller only for a command that asks.
 */
import { maxChunkBytes } from './options.ts'

/** The caller's end: cuts long chunks, and tells when the input itself fails. */
export class InputSource implements AsyncIterable<Uint8Array> {
  readonly #stdin: AsyncIterable<Uint8Array>
  readonly #onFailure: (thrown: unknown) => void
  #iterator: AsyncIterator<Uint8Array> | undefined
  #isClosed = false

  constructor(stdin: AsyncIterable<Uint8Array>, onFailure: (thrown: unknown) => void) {
    this.#stdin = stdin
    this.#onFailure = onFailure
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#isClosed || this.#iterator !== undefined) return
    try {
      const iterator = (this.#iterator = this.#stdin[Symbol.asyncIterator]())
      for (;;) {
        const next = await iterator.next()
        if (next.done === true || this.#isClosed) return
        for (let at = 0; at < next.value.length; at += maxChunkBytes) {
          yield next.value.subarray(at, at + maxChunkBytes)
        }
      }
    } catch (thrown) {
      this.#onFailure(thrown)
    } finally {
      this.close()
    }
  }

  /** Nobody reads it any more: says so to where it comes from. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      const iterator = this.#iterator ?? this.#stdin[Symbol.asyncIterator]()
      const closing = iterator.return?.()
      closing?.catch(ignore)
    } catch (thrown) {
      ignore(thrown)
    }
  }
}

function ignore(_thrown: unknown): void {
  // Whoever had the input is not interested any more.
}
