/**
 * Standard input of a running command: chunks come in from a stream and are taken out at the
 * command's pace. Above the limit the stream is told to stop, so that a command that does not read
 * costs no more than that.
 */
import { maxWaitingInputBytes } from './options.ts'

const chunkCostBytes = 64 // Guess: what a chunk costs beside its bytes, so that tiny ones count too.

/** Chunks on their way from a stream to a `for await` loop. */
export class InputQueue implements AsyncIterable<Uint8Array> {
  readonly #setReading: (isReading: boolean) => void
  #chunks: Uint8Array[] = []
  #waitingBytes = 0
  #isReading = true
  #isEnded = false
  #isDiscarding = false
  #wake: (() => void) | undefined

  /** @param setReading - Stops and restarts whoever calls {@link push}. */
  constructor(setReading: (isReading: boolean) => void) {
    this.#setReading = setReading
  }

  /** Takes a chunk; after {@link discard} it is dropped. */
  push(chunk: Uint8Array): void {
    if (this.#isDiscarding || this.#isEnded || chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#waitingBytes += chunk.length + chunkCostBytes
    if (this.#waitingBytes >= maxWaitingInputBytes) this.#read(false)
    this.#wake?.()
  }

  /** No more comes: who iterates gets what is there, then the end. */
  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  /** Nobody reads this: drops what is here and what comes, and lets the caller send on. */
  discard(): void {
    this.#isDiscarding = true
    this.#chunks = []
    this.#waitingBytes = 0
    this.#read(true)
    this.end()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const chunk = this.#take()
        if (chunk !== undefined) yield chunk
        else if (this.#isEnded) return
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      this.discard()
    }
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return undefined
    this.#waitingBytes -= chunk.length + chunkCostBytes
    if (this.#waitingBytes < maxWaitingInputBytes / 2) this.#read(true)
    return chunk
  }

  #read(isReading: boolean): void {
    if (this.#isReading === isReading) return
    this.#isReading = isReading
    this.#setReading(isReading)
  }
}
