/** The last things that happened in a simulated world, for people who look for the cause of a failure. */

/** Something that happened. */
export interface WorldEvent {
  /** Virtual time, ms. */
  readonly atMs: number
  /** Where; `network` or `test` for what is done to the hosts. */
  readonly host: string
  readonly what: string
}

/** The last events of a world; the oldest gives way. */
export class EventRing {
  readonly #capacity: number
  #events: WorldEvent[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Adds an event. */
  add(event: WorldEvent): void {
    this.#events[this.#next] = event
    this.#next = (this.#next + 1) % this.#capacity
  }

  /** All that is kept, the oldest first. */
  get events(): readonly WorldEvent[] {
    return [...this.#events.slice(this.#next), ...this.#events.slice(0, this.#next)]
  }

  /** A line an event: time in seconds, host, what. */
  toString(): string {
    const width = Math.max(0, ...this.events.map(({ host }) => host.length))
    return this.events
      .map(({ atMs, host, what }) => {
        return `${(atMs / 1_000).toFixed(3).padStart(10)} s  ${host.padEnd(width)}  ${what}`
      })
      .join('\n')
  }
}
