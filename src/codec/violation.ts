/** What is wrong with input, and at which byte; never leaves the codec as an exception. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly #what: string
  readonly #atByte: number

  constructor(what: string, atByte: number) {
    super(`${what}, at byte ${atByte}`)
    this.#what = what
    this.#atByte = atByte
  }

  /** For whoever gave bytes that began at `from`. */
  describeFrom(from: number): string {
    return `${this.#what}, at byte ${this.#atByte - from}`
  }
}
