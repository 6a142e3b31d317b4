/** Takes what a command prints apart: a JSON object a line, handed out a chunk at a time. */
export class JsonLines<Value> {
  readonly #decoder = new TextDecoder()
  readonly #onValues: (values: readonly Value[]) => void
  #rest = ''

  constructor(onValues: (values: readonly Value[]) => void) {
    this.#onValues = onValues
  }

  /** @throws {TypeError} a line is no JSON: it comes from our own node, so one of us is broken. */
  add(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    const values = lines.filter((line) => line !== '').map((line) => parse(line) as Value)
    if (values.length > 0) this.#onValues(values)
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new TypeError(`the node printed what is no JSON: ${line.slice(0, 80)}`, { cause })
  }
}
