import * as major from './major-types.ts'
import type { ValuePlace, ValueSource } from './value-source.ts'
import { Violation } from './violation.ts'

/** The array of tag 27: the name of a type and what its constructor takes. */
export class Arguments {
  readonly #source: ValueSource
  readonly #at: ValuePlace
  readonly #count: number
  #index = 0
  #isOver = false

  constructor(source: ValueSource, at: ValuePlace) {
    this.#source = source
    this.#at = at
    this.#count = source.open(major.array)
  }

  /** Goes to the next argument, if there is one. */
  hasNext(): boolean {
    this.#isOver ||= !this.#source.has(this.#index++, this.#count)
    return !this.#isOver
  }

  /** Goes to the next argument, which must be there. */
  next(): void {
    if (!this.hasNext()) throw new Violation('an object with too few arguments', this.#at.start)
  }

  /** There must be none left. */
  end(): void {
    if (this.hasNext()) throw new Violation('an object with too many arguments', this.#at.start)
  }
}
