/** Counts by name. */
export class Tally<Name extends string> {
  readonly #counts = new Map<Name, number>()

  add(name: Name): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  /** A snapshot. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}
