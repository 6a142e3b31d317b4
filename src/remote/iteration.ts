/**
 * Iterations over what stands at another peer: async iterables, generators, streams.
 *
 *   consumer ── iterate, credit ──▶ producer      credit: send items up to this many bytes in all
 *            ◀──── item, item ─────               an item costs its bytes and 64
 *            ── cancel ──▶  or  ◀── answer, fail ──
 *
 * The producer runs ahead of its reader by one window, so a reader that stops holds back this iteration
 * and nothing else. Nor does it run ahead of a path that takes no more: what waits there stands before
 * every answer, and is held here. Credit is absolute: one that comes late does no harm. An item may be
 * larger than what is left of the credit, so that large items travel too; the next waits then.
 */
import { itemCostBytes } from './options.ts'

/** What a consumer asks of its session. */
export interface ConsumerOutlet {
  sendCredit(question: number, offset: number): void
  cancel(question: number): void
}

interface Item {
  readonly value: unknown
  readonly costBytes: number
}

interface Waiter {
  readonly resolve: (result: IteratorResult<unknown>) => void
  readonly reject: (reason: unknown) => void
}

/** The reading side's state; {@link RemoteIterator} is what a program has of it. */
export class Consumer {
  readonly #outlet: ConsumerOutlet
  readonly #question: number
  readonly #windowBytes: number
  #items: Item[] = []
  #head = 0
  #waiters: Waiter[] = []
  #receivedBytes = 0
  #consumedBytes = 0
  #grantedBytes: number
  #ending: { readonly value: unknown; readonly isError: boolean } | undefined

  constructor(
    outlet: ConsumerOutlet,
    { question, windowBytes }: { readonly question: number; readonly windowBytes: number },
  ) {
    this.#outlet = outlet
    this.#question = question
    this.#windowBytes = windowBytes
    this.#grantedBytes = windowBytes
  }

  /** Takes an item; false when the producer had no credit for it. */
  take(value: unknown, bytes: number): boolean {
    const costBytes = bytes + itemCostBytes
    if (this.#receivedBytes >= this.#grantedBytes) return false
    this.#receivedBytes += costBytes
    if (this.#ending !== undefined) return true
    const waiter = this.#waiters.shift()
    if (waiter === undefined) this.#items.push({ value, costBytes })
    else {
      waiter.resolve({ value, done: false })
      this.#consume(costBytes)
    }
    return true
  }

  /** No more items come. */
  end(value: unknown, isError: boolean): void {
    if (this.#ending !== undefined) return
    this.#ending = { value, isError }
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) this.#finish(waiter)
  }

  next(): Promise<IteratorResult<unknown>> {
    const item = this.#items[this.#head]
    if (item !== undefined) {
      this.#head++
      if (this.#head === this.#items.length) {
        this.#items = []
        this.#head = 0
      } else if (this.#head >= 1_024) {
        this.#items = this.#items.slice(this.#head)
        this.#head = 0
      }
      this.#consume(item.costBytes)
      return Promise.resolve({ value: item.value, done: false })
    }
    return new Promise((resolve, reject) => {
      if (this.#ending === undefined) this.#waiters.push({ resolve, reject })
      else this.#finish({ resolve, reject })
    })
  }

  /** Ends it from this side. */
  stop(): void {
    this.#items = []
    this.#head = 0
    const isNews = this.#ending === undefined
    this.end(undefined, false)
    this.#ending = { value: undefined, isError: false }
    if (isNews) this.#outlet.cancel(this.#question)
  }

  #finish({ resolve, reject }: Waiter): void {
    const ending = this.#ending
    this.#ending = { value: undefined, isError: false } // An error is told once, as by a generator.
    if (ending?.isError === true) reject(ending.value)
    else resolve({ value: ending?.value, done: true })
  }

  #consume(costBytes: number): void {
    this.#consumedBytes += costBytes
    const room = this.#grantedBytes - this.#consumedBytes
    if (room > this.#windowBytes / 2 || this.#ending !== undefined) return
    this.#grantedBytes = this.#consumedBytes + this.#windowBytes
    this.#outlet.sendCredit(this.#question, this.#grantedBytes)
  }
}

/** What a program reads from. */
export class RemoteIterator implements AsyncIterableIterator<unknown> {
  readonly #consumer: Consumer

  constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#consumer.next()
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#consumer.stop()
    return Promise.resolve({ value, done: true })
  }

  throw(reason?: unknown): Promise<IteratorResult<unknown>> {
    this.#consumer.stop()
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what was thrown, as it is
    return Promise.reject(reason)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** A stream of the platform's kind over an iteration that begins when it is read. */
export function streamOf(iterate: () => AsyncIterableIterator<unknown>): ReadableStream<unknown> {
  let iterator: AsyncIterator<unknown> | undefined
  return new ReadableStream<unknown>(
    {
      async pull(controller) {
        iterator ??= iterate()
        const next: IteratorResult<unknown, unknown> = await iterator.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await iterator?.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** What a producer asks of its session. */
export interface ProducerOutlet {
  /** Sends an item; returns its bytes. @throws {SkeinError} it cannot travel. */
  sendItem(value: unknown): number
  /** Whether the path takes more now; where not, `pump` is called again once it does. */
  mayPump(producer: Producer): boolean
  /** The iteration is over; called once, unless it was stopped. */
  finish(value: unknown, isError: boolean): void
}

/** An iterator of any kind. */
type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>

/** The side that has the items. */
export class Producer {
  readonly #outlet: ProducerOutlet
  readonly #iterator: AnyIterator
  #sentBytes = 0
  #creditBytes: number
  #isAsking = false
  #isOver = false

  constructor(outlet: ProducerOutlet, iterator: AnyIterator, creditBytes: number) {
    this.#outlet = outlet
    this.#iterator = iterator
    this.#creditBytes = creditBytes
  }

  /** Sends what it may. */
  pump(): void {
    while (!this.#isAsking && !this.#isOver && this.#sentBytes < this.#creditBytes) {
      if (!this.#outlet.mayPump(this)) return
      let next: IteratorResult<unknown> | Promise<IteratorResult<unknown>>
      try {
        next = this.#iterator.next()
      } catch (thrown) {
        return this.#finish(thrown, true)
      }
      if (next instanceof Promise || isThenable(next)) return this.#await(next)
      this.#take(next)
    }
  }

  /** The reader takes more. */
  credit(offset: number): void {
    if (offset > this.#creditBytes) this.#creditBytes = offset
    this.pump()
  }

  /** The reader takes no more: the iterator's `return` is called. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    try {
      const over = this.#iterator.return?.()
      if (over instanceof Promise) over.then(ignore, ignore)
    } catch (thrown) {
      ignore(thrown)
    }
  }

  #await(next: PromiseLike<IteratorResult<unknown>>): void {
    this.#isAsking = true
    next.then(this.#onNext, this.#onFail)
  }

  readonly #onNext = (next: IteratorResult<unknown>): void => {
    this.#isAsking = false
    this.#take(next)
    this.pump()
  }

  readonly #onFail = (reason: unknown): void => {
    this.#isAsking = false
    this.#finish(reason, true)
  }

  #take(next: IteratorResult<unknown>): void {
    if (this.#isOver) return
    if (typeof next !== 'object' || next === null) {
      return this.#finish(
        new TypeError(`an iterator gave ${String(next)}, which is no result`),
        true,
      )
    }
    if (next.done === true) return this.#finish(next.value, false)
    try {
      this.#sentBytes += this.#outlet.sendItem(next.value) + itemCostBytes
    } catch (thrown) {
      this.stop()
      this.#isOver = true
      this.#outlet.finish(thrown, true)
    }
  }

  #finish(value: unknown, isError: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#outlet.finish(value, isError)
  }
}

function isThenable(value: unknown): value is PromiseLike<IteratorResult<unknown>> {
  return typeof value === 'object' && value !== null && 'then' in value
}

function ignore(_reason: unknown): void {
  // Nobody reads the iteration any more, so nobody is there to be told.
}

/**
 * The iterator of a value.
 *
 * @throws {TypeError} It has none, or a stream is being read already.
 */
export function iteratorOf(value: object): AnyIterator {
  if (value instanceof ReadableStream) return new StreamIterator(value as ReadableStream<unknown>)
  const source = value as {
    readonly [Symbol.asyncIterator]?: () => AsyncIterator<unknown>
    readonly [Symbol.iterator]?: () => Iterator<unknown>
  }
  const make = source[Symbol.asyncIterator] ?? source[Symbol.iterator]
  if (typeof make !== 'function') throw new TypeError('it cannot be iterated over')
  return Reflect.apply(make, source, []) as AnyIterator
}

/** Reads a stream of the platform's kind; some platforms cannot iterate over theirs. */
class StreamIterator implements AsyncIterator<unknown> {
  readonly #reader: ReadableStreamDefaultReader<unknown>

  constructor(stream: ReadableStream<unknown>) {
    this.#reader = stream.getReader()
  }

  async next(): Promise<IteratorResult<unknown>> {
    const read = await this.#reader.read()
    return read.done ? { value: undefined, done: true } : { value: read.value, done: false }
  }

  async return(): Promise<IteratorResult<unknown>> {
    await this.#reader.cancel()
    return { value: undefined, done: true }
  }
}
