/** A topic, as a program sees it: a handle that costs nothing. */
import { SkeinError } from '../base/errors.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { Received } from './delivery.ts'
import type { Published } from './publish-line.ts'
import type { TopicService } from './service.ts'
import type { SubscribeOptions, Subscription, TopicHandler } from './subscription.ts'

/** How many messages {@link Topic.history} tells where it is not said. */
const defaultHistory = 100

/**
 * A topic: what one node publishes on it reaches every subscriber in the network, each once, also
 * through nodes that did not subscribe. Made by `node.topic(name)`.
 *
 * @example
 * const prices = node.topic('prices')
 * prices.subscribe(({ value, author }) => console.log(node.nameOf(author), value))
 * await prices.publish({ apples: 3 })
 */
export class Topic implements AsyncIterable<Received> {
  readonly name: string
  readonly #service: TopicService

  /** @internal */
  constructor(service: TopicService, name: string) {
    this.#service = service
    this.name = name
  }

  /**
   * Publishes a value to all subscribers in the network, those of this process too.
   *
   * Resolves when the message is signed and handed to the neighbours, not when it has arrived; above
   * 200 messages a second (1 000 at once) it waits its turn. Who cannot be reached now gets it when it
   * is back, for a day or as long as there is room.
   *
   * @param value - Anything that CBOR carries: null, booleans, numbers, bigints, texts, `Uint8Array`s,
   *   arrays and plain objects; 64 KiB at most.
   * @throws {SkeinError} `LIMIT_EXCEEDED` it is longer, or 10 000 wait; `INVALID` it holds something
   *   else; `NODE_CLOSED`.
   */
  publish(value: unknown): Promise<Published> {
    return this.#service.publish(this.name, value)
  }

  /**
   * Calls `handler` with each message, once, until the returned function is called. Messages of one
   * author usually come in their order; one that took a detour comes later (`sequence` tells).
   *
   * While a promise that the handler returned is pending, messages wait; where more than `maxWaiting`
   * do, the oldest are dropped, and the next message says how many were `missed`.
   */
  subscribe(handler: TopicHandler, options: SubscribeOptions = {}): Unsubscribe {
    if (typeof handler !== 'function') {
      throw new SkeinError(
        'INVALID',
        `topic.subscribe: handler must be a function, not ${String(handler)}`,
      )
    }
    const onReady = (each: Subscription): void => each.handTo(handler)
    const subscription = this.#service.subscribe(this.name, options, onReady)
    return () => this.#service.unsubscribe(this.name, subscription)
  }

  /** The messages as they come, for `for await`; otherwise as {@link subscribe}. Ends with the node. */
  async *messages(options: SubscribeOptions = {}): AsyncGenerator<Received, void, undefined> {
    const subscription = this.#service.subscribe(this.name, options, () => undefined)
    try {
      while (await subscription.delivery.ready()) {
        const message = subscription.delivery.take()
        if (message !== undefined) yield message
      }
    } finally {
      this.#service.unsubscribe(this.name, subscription)
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Received, void, undefined> {
    return this.messages()
  }

  /** The last messages that this node still has, by their authors' times. */
  history(count = defaultHistory): readonly Received[] {
    return this.#service.history(this.name, count)
  }
}
