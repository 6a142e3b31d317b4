import { Delivery } from './delivery.ts'
import type { DeliveryLimits, Received } from './delivery.ts'

/** Takes a message; while a returned promise is pending, the next ones wait. */
export type TopicHandler = (message: Received) => void | Promise<void>

/** How to subscribe. */
export interface SubscribeOptions {
  /**
   * How many of the last messages to get first, as far as neighbours still have them; those that come
   * late come late. 0 where absent: only what is published from now on.
   */
  readonly history?: number
  /** Messages that wait for a slow subscriber; then the oldest is dropped. 1 024 where absent. */
  readonly maxWaiting?: number
}

const defaultMaxWaiting = 1_024 // Guess: five seconds of the fastest author.
const maxWaitingBytes = 4 * 2 ** 20 // Guess: 64 of the longest messages.

/** What a subscription hangs on. */
export interface SubscriptionSetup {
  readonly options: SubscribeOptions
  readonly onMiss: () => void
  /** A handler failed; the others go on. */
  readonly onError: (thrown: unknown) => void
}

/** One subscriber of one topic. */
export class Subscription {
  readonly delivery: Delivery
  /** How many messages from before it may still get. */
  pastLeft: number
  readonly #setup: SubscriptionSetup
  #isHanding = false

  constructor(setup: SubscriptionSetup) {
    const { history = 0, maxWaiting = defaultMaxWaiting } = setup.options
    const limits: DeliveryLimits = { maxWaiting, maxWaitingBytes }
    this.#setup = setup
    this.pastLeft = history
    this.delivery = new Delivery(limits, setup.onMiss)
  }

  /** Offers a message; one from before is taken while there are few. */
  offer(message: Received, bytes: number): void {
    if (message.isPast) {
      if (this.pastLeft <= 0) return
      this.pastLeft--
    }
    this.delivery.put(message, bytes)
  }

  /** Hands all that waits to a handler, one after the other. */
  handTo(handler: TopicHandler): void {
    if (this.#isHanding) return
    this.#isHanding = true
    for (let next = this.delivery.take(); next !== undefined; next = this.delivery.take()) {
      const pending = this.#call(handler, next)
      if (pending === undefined) continue
      void pending.then(() => {
        this.#isHanding = false
        this.handTo(handler)
      })
      return
    }
    this.#isHanding = false
  }

  /** Calls a handler; a promise where the next message has to wait. */
  #call(handler: TopicHandler, message: Received): Promise<void> | undefined {
    try {
      return handler(message)?.catch((thrown: unknown) => this.#setup.onError(thrown))
    } catch (thrown) {
      this.#setup.onError(thrown)
      return undefined
    }
  }
}
