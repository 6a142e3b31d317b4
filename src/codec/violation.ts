/** What is wrong with input, and at which byte; never leaves the codec as an exception. */
export class Violation extends Error {
  override readonly name = 'Violation'

  constructor(what: string, atByte: number) {
    super(`${what}, at byte ${atByte}`)
  }
}
