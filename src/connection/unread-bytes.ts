/**
 * Bytes of a stream that wait for a reader.
 *
 * Credit bounds the bytes of a stream, not the parts that they come in: 256 KiB of credit, spent in
 * frames of one byte, would be 262 144 objects of a hundred bytes each, and each would keep the buffer
 * that it came in. So small parts are copied together, and what waits costs about what it holds.
 */
const copyLimitBytes = 1_024 // Guess: from here on an object is a tenth of its bytes.

/** See the file's head. */
export class UnreadBytes {
  byteLength = 0

  #parts: Uint8Array[] = []
  /** Parts before this one were taken. */
  #head = 0
  /** Where small parts are gathered: the last of the parts, as far as it is filled. */
  #gathered: Uint8Array | undefined
  #gatheredBytes = 0

  /** Adds bytes at the end. */
  push(bytes: Uint8Array): void {
    this.byteLength += bytes.length
    if (bytes.length >= copyLimitBytes) {
      this.#seal()
      this.#parts.push(bytes)
      return
    }
    if (this.#gatheredBytes + bytes.length > copyLimitBytes) this.#seal()
    this.#gathered ??= new Uint8Array(copyLimitBytes)
    this.#gathered.set(bytes, this.#gatheredBytes)
    this.#gatheredBytes += bytes.length
  }

  /** Takes some bytes off the start; `undefined` when there are none. */
  shift(): Uint8Array | undefined {
    if (this.#head === this.#parts.length) this.#seal()
    const bytes = this.#parts[this.#head]
    if (bytes === undefined) return undefined
    this.#head++
    this.byteLength -= bytes.length
    if (this.#head === this.#parts.length) {
      this.#parts = []
      this.#head = 0
    }
    return bytes
  }

  #seal(): void {
    if (this.#gathered === undefined) return
    this.#parts.push(this.#gathered.subarray(0, this.#gatheredBytes))
    this.#gathered = undefined
    this.#gatheredBytes = 0
  }
}
