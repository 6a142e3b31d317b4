/**
 * Typed messages for programs: `node.handle('TEST', …)` gets what others `broadcast` to all, and what
 * one peer tells this one. A type that nobody handles is ignored and counted.
 *
 * Broadcasts ride on a topic of their own; what is told to one goes over a stream of `tell/1`:
 *
 *   asker {type, body, time} ──▶      ◀── {isTaken}      both end
 */
import { SkeinError, messageOf, toSkeinError } from '../base/errors.ts'
import { findRule } from '../base/policy.ts'
import { encode } from '../codec/index.ts'
import { MessageStream } from '../connection/message-stream.ts'
import { Bucket } from '../topic/bucket.ts'
import { defaultTopicRules } from '../topic/service.ts'
import type { Clock } from '../base/clock.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Rule, Subject } from '../base/policy.ts'
import type { Stream } from '../connection/contract.ts'
import type { TopicService } from '../topic/service.ts'

/** The name under which streams are opened. */
export const tellProtocol = 'tell/1'

/** A typed message. */
export interface TypedMessage {
  readonly type: string
  readonly body: unknown
  /** ID of the peer that sent it. */
  readonly author: PeerId
  /** The author's wall clock, Unix ms. */
  readonly time: number
  /** True where it was told to this node alone. */
  readonly isDirect: boolean
}

/** Takes a typed message. */
export type TypedHandler = (message: TypedMessage) => void | Promise<void>

/** What typed messages stand on. */
export interface TypedSetup {
  readonly clock: Clock
  readonly log: Log
  readonly topics: TopicService
  readonly mayPublish: (author: PeerId, allow: readonly Rule[]) => boolean
  /** Whether nothing of an author is heard here. */
  readonly isSilenced: (author: PeerId) => boolean
}

interface Handler {
  readonly handle: TypedHandler
  readonly allow: readonly Rule[]
}

/** The topic of broadcasts; its name is none that people can choose. */
const typedTopic = '$typed'
const maxTypeLength = 64
const maxBodyBytes = 64 * 2 ** 10 // As on topics.
const maxMessageBytes = maxBodyBytes + 512
const replyMs = 10_000 // As long as a caller of a command bears silence (D8).
const maxPeers = 1_024 // Guess: connected at a time, with some to spare.
const allowance = { atOnce: 1_000, perSecond: 200 } // As one author publishes on topics.

/** See the file's head. */
export class TypedMessages {
  /** Messages of a type that nobody handles, in no form at all, or of somebody who is blocked. */
  ignored = 0
  /** Messages of those who may not send them. */
  refused = 0
  readonly #setup: TypedSetup
  readonly #handlers = new Map<string, Handler>()
  readonly #allowances = new Map<PeerId, Bucket>()
  #stopListening: (() => void) | undefined

  constructor(setup: TypedSetup) {
    this.#setup = setup
  }

  /** See `Node.handle`. */
  handle(
    type: string,
    handle: TypedHandler,
    allow: readonly Rule[] = defaultTopicRules,
  ): Unsubscribe {
    checkType(type)
    if (this.#handlers.has(type)) {
      throw new SkeinError('INVALID', `messages of type ${type} are handled already`)
    }
    const handler = { handle, allow }
    this.#handlers.set(type, handler)
    this.listen()
    return () => {
      if (this.#handlers.get(type) === handler) this.#handlers.delete(type)
    }
  }

  /** Begins to listen to broadcasts. */
  listen(): void {
    if (this.#stopListening !== undefined) return
    const { topics } = this.#setup
    const subscription = topics.subscribe(typedTopic, {}, ({ delivery }) => {
      for (let next = delivery.take(); next !== undefined; next = delivery.take()) {
        const { type, body } = fieldsOf(next.value)
        const { author, time, isOwn } = next
        if (!isOwn) this.#take({ type, body, author, time, isDirect: false })
      }
    })
    this.#stopListening = () => topics.unsubscribe(typedTopic, subscription)
  }

  /** See `Node.broadcast`. */
  async broadcast(type: string, body: unknown): Promise<void> {
    checkType(type)
    await this.#setup.topics.publish(typedTopic, { type, body })
  }

  /** Answers a stream of `tell/1`. */
  answer(stream: Stream, subject: Subject): void {
    const messages = new MessageStream(stream, { maxMessageBytes })
    const { clock } = this.#setup
    const timer = clock.after(replyMs, () => stream.reset('TIMED_OUT', 'no message came'))
    const author = subject.peerId
    messages.bind({
      onMessage: (value) => {
        timer.cancel()
        const { type, body, time } = fieldsOf(value)
        if (author === undefined || typeof type !== 'string' || typeof time !== 'number') {
          stream.reset('VIOLATION', 'TP30: a message has a type, a body and a time')
        } else if (!this.#spend(author)) {
          stream.reset('LIMIT_EXCEEDED', 'too many messages at once; send fewer')
        } else if (
          findRule(this.#handlers.get(type)?.allow ?? defaultTopicRules, subject) === undefined
        ) {
          this.refused++
          stream.reset('DENIED', `messages of type ${type} are not taken from you`)
        } else {
          const isTaken = this.#take({ type, body, author, time, isDirect: true })
          messages.send({ isTaken })
          stream.end()
        }
      },
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => timer.cancel(),
    })
  }

  /** Takes no more. */
  close(): void {
    this.#stopListening?.()
    this.#handlers.clear()
  }

  #spend(author: PeerId): boolean {
    const nowMs = this.#setup.clock.nowMs()
    const bucket = this.#allowances.get(author) ?? new Bucket(allowance, nowMs)
    this.#allowances.delete(author)
    this.#allowances.set(author, bucket)
    const [oldest] = this.#allowances.keys()
    if (this.#allowances.size > maxPeers && oldest !== undefined) this.#allowances.delete(oldest)
    const isAllowed = bucket.left(nowMs) >= 1
    if (isAllowed) bucket.take(1)
    return isAllowed
  }

  /** Hands a message to whoever handles its type; false where nobody does. */
  #take(message: Omit<TypedMessage, 'type'> & { readonly type: unknown }): boolean {
    const { type, author } = message
    const isSilenced = this.#setup.isSilenced(author)
    const handler = typeof type === 'string' && !isSilenced ? this.#handlers.get(type) : undefined
    if (handler === undefined || typeof type !== 'string') {
      this.ignored++
      return false
    }
    if (!message.isDirect && !this.#setup.mayPublish(author, handler.allow)) {
      this.refused++
      return false
    }
    this.#call(handler, Object.freeze({ ...message, type }))
    return true
  }

  #call({ handle }: Handler, message: TypedMessage): void {
    const onError = (thrown: unknown): void => {
      const fields = { type: message.type, error: messageOf(thrown) }
      this.#setup.log.error(fields, 'a handler of messages failed')
    }
    try {
      handle(message)?.catch(onError)
    } catch (thrown) {
      onError(thrown)
    }
  }
}

/** How to tell a peer something. */
export interface TellSetup {
  readonly clock: Clock
  /** Who is told, for messages to people. */
  readonly name: string
  readonly timeoutMs?: number | undefined
}

/** Tells a peer something over a stream of `tell/1`. */
export function tell(
  stream: Stream,
  { type, body }: { readonly type: string; readonly body: unknown },
  { clock, name, timeoutMs = replyMs }: TellSetup,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const fail = (error: SkeinError): void => {
      timer.cancel()
      reject(error)
    }
    const timer = clock.after(timeoutMs, () => {
      stream.reset('TIMED_OUT', 'no answer in time')
      fail(new SkeinError('TIMED_OUT', `${name} did not answer within ${timeoutMs / 1_000} s`))
    })
    const messages = new MessageStream(stream, { maxMessageBytes })
    messages.bind({
      onMessage: (value) => {
        timer.cancel()
        resolve(fieldsOf(value)['isTaken'] === true)
      },
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: (error) => {
        fail(error ?? new SkeinError('STREAM_RESET', `${name} ended without an answer`))
      },
    })
    try {
      messages.send({ type, body, time: clock.unixMs() })
      stream.end()
    } catch (thrown) {
      stream.reset('CANCELLED', 'nothing to tell')
      fail(toSkeinError(thrown))
    }
  })
}

/**
 * Checks what is to be told.
 *
 * @throws {SkeinError} `INVALID`, `LIMIT_EXCEEDED`.
 */
export function checkTold(type: string, body: unknown): void {
  checkType(type)
  const { length } = encode(body)
  if (length <= maxBodyBytes) return
  const text = `a body of ${length} bytes; at most ${maxBodyBytes} fit into a message`
  throw new SkeinError('LIMIT_EXCEEDED', text)
}

function checkType(type: string): void {
  if (type.length > 0 && type.length <= maxTypeLength) return
  throw new SkeinError('INVALID', `a type has 1 to ${maxTypeLength} characters`)
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMap ? (value as Record<string, unknown>) : {}
}
