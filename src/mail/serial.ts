/** Runs what concerns one key one after the other, and different keys beside each other. */
export class Serial {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs when all that was called before for this key is over, well or not. */
  async run<T>(key: string, run: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const running = before === undefined ? run() : before.then(run)
    const settled = running.catch(() => undefined) // Its caller hears of it; the next one goes on.
    this.#last.set(key, settled)
    try {
      return await running
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }
}
