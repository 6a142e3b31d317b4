/** Orders on their way to a command, as its standard input: a JSON object a line. */
export class OrderQueue implements AsyncIterable<Uint8Array> {
  readonly #encoder = new TextEncoder()
  readonly #waiting: Uint8Array[] = []
  #isEnded = false
  #wake: () => void = () => undefined

  add(order: object): void {
    this.#waiting.push(this.#encoder.encode(`${JSON.stringify(order)}\n`))
    this.#wake()
  }

  /** No more comes. */
  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = this.#waiting.shift()
      if (chunk !== undefined) yield chunk
      else if (this.#isEnded) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
