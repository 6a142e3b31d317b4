/**
 * What this node publishes, in the order in which it was asked to: at once while it may, else when it
 * may again, so that an honest author never sends more than others take.
 */
import { SkeinError } from '../base/errors.ts'
import type { Clock, Timer } from '../base/clock.ts'

/** What became of a published message. */
export interface Published {
  /** Counts this node's messages of all topics from its start. */
  readonly sequence: number
  /**
   * Neighbours that carry it on. With 0 nobody is connected: it goes to whoever connects while it is
   * kept (a day, or as long as there is room).
   */
  readonly peers: number
}

/** How the line moves. */
export interface PublishLineSetup {
  readonly clock: Clock
  readonly waitMs: () => number
  readonly publish: (topic: string, body: Uint8Array) => Published
}

interface Waiting {
  readonly topic: string
  readonly body: Uint8Array
  readonly resolve: (published: Published) => void
  readonly reject: (error: SkeinError) => void
}

const maxWaiting = 10_000 // Guess: most of a minute.

/** See the file's head. */
export class PublishLine {
  readonly #setup: PublishLineSetup
  readonly #waiting: Waiting[] = []
  #timer: Timer | undefined
  #isOver = false

  constructor(setup: PublishLineSetup) {
    this.#setup = setup
  }

  /** Publishes a message as soon as it may. */
  add(topic: string, body: Uint8Array): Promise<Published> {
    if (this.#isOver) return Promise.reject(closed())
    if (this.#waiting.length >= maxWaiting) {
      const text = `${maxWaiting} messages wait to be published; await each publish()`
      return Promise.reject(new SkeinError('LIMIT_EXCEEDED', text))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ topic, body, resolve, reject })
      if (this.#timer === undefined) this.#move()
    })
  }

  /** Publishes nothing more. */
  close(): void {
    this.#isOver = true
    this.#timer?.cancel()
    for (const { reject } of this.#waiting.splice(0)) reject(closed())
  }

  #move(): void {
    this.#timer = undefined
    const { clock, waitMs, publish } = this.#setup
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const delayMs = waitMs()
      if (delayMs > 0) {
        this.#timer = clock.after(delayMs, () => this.#move())
        return
      }
      this.#waiting.shift()
      next.resolve(publish(next.topic, next.body))
    }
  }
}

function closed(): SkeinError {
  return new SkeinError('NODE_CLOSED', 'this node was closed; the message was not published')
}
