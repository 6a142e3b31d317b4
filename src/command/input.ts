/**
 * Standard input, from the one who has it to the command that reads it:
 *
 *   caller's iterable ── InputSource ══ a reference ══▶ PeerInput ── for await ──▶ command
 *
 * It is read at the command's pace: a chunk leaves the caller only for a command that asks.
 */
import { remoteOf } from '../remote/proxy.ts'
import { readInput } from './messages.ts'
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
