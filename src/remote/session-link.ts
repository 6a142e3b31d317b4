/**
 * A session on the streams of a connection: its own, on which it writes, and the peer's. What is
 * written before there is a connection waits, and so does what the peer does not read.
 */
import { SkeinError } from '../base/errors.ts'
import type { Stream, StreamHandler } from '../connection/contract.ts'
import { largeProtocol, objectProtocol } from './messages.ts'
import type { ObjectConnection } from './connection.ts'
import { sendLarge } from './large-sending.ts'
import type { Session } from './session.ts'
import type { SessionSetup } from './session-setup.ts'

/** What of a session's setup its streams give. */
export type Outlet = Pick<
  SessionSetup,
  'send' | 'sendLarge' | 'isWritable' | 'isCongested' | 'onClose'
>

/** See the file's head. */
export class SessionLink {
  readonly session: Session
  readonly #maxUnsentBytes: number
  #connection: ObjectConnection | undefined
  #out: Stream | undefined
  #in: Stream | undefined
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #waitingLarge: { readonly key: number; readonly parts: readonly Uint8Array[] }[] = []
  #isWritable = false

  constructor(maxUnsentBytes: number, make: (outlet: Outlet) => Session) {
    this.#maxUnsentBytes = maxUnsentBytes
    this.session = make({
      send: (bytes) => this.#send(bytes),
      sendLarge: (key, parts) => this.#sendLarge(key, parts),
      isWritable: () => this.#isWritable,
      isCongested: () => this.#waitingBytes > maxUnsentBytes,
      onClose: (error, isViolation) => this.#close(error, isViolation),
    })
  }

  /** There is a connection: what waits leaves. */
  attach(connection: ObjectConnection): void {
    if (this.#connection !== undefined || this.session.isClosed) return
    this.#connection = connection
    try {
      this.#out = connection.open(objectProtocol)
    } catch (thrown) {
      this.session.close(
        thrown instanceof SkeinError ? thrown : new SkeinError('INTERNAL', 'no stream'),
      )
      return
    }
    this.#out.isBackground = true
    this.#out.bind(this.#handler({ onDrain: () => this.#drain() }))
    this.#isWritable = true
    this.#drain()
  }

  /** The peer's stream. */
  read(stream: Stream): void {
    if (this.#in !== undefined) {
      stream.reset('VIOLATION', 'O1: a second stream for object/1')
      this.session.close(new SkeinError('VIOLATION', 'O1: a second stream for object/1'), true)
      return
    }
    this.#in = stream
    stream.isBackground = true
    stream.bind(
      this.#handler({
        onData: (bytes) => {
          this.session.receive(bytes)
          this.#noteNeed()
        },
        onEnd: () =>
          this.session.close(new SkeinError('STREAM_RESET', 'the peer ended its stream')),
      }),
    )
  }

  #handler(handler: Partial<StreamHandler>): StreamHandler {
    return {
      onData: () => undefined,
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: (error) => {
        this.session.close(error ?? new SkeinError('STREAM_RESET', 'the peer ended its stream'))
      },
      ...handler,
    }
  }

  #send(bytes: Uint8Array): void {
    if (!this.#isWritable || this.#out === undefined) {
      this.#waiting.push(bytes)
      this.#waitingBytes += bytes.length
      this.#checkUnsent()
      return
    }
    this.#isWritable = this.#out.write(bytes)
    this.#noteNeed()
  }

  #sendLarge(key: number, parts: readonly Uint8Array[]): void {
    if (this.#connection === undefined) this.#waitingLarge.push({ key, parts })
    else sendLarge(this.#connection.open(largeProtocol, { priority: 'bulk' }), key, parts)
  }

  /** What the peer leaves unread is bounded; what our own program calls before a connection is not. */
  #checkUnsent(): void {
    const isStuck = this.#out !== undefined && this.#waitingBytes > 2 * this.#maxUnsentBytes
    if (!isStuck) return
    const text = `${this.#waitingBytes} bytes wait for the peer to read them (objectUnsentBytes)`
    this.session.close(new SkeinError('LIMIT_EXCEEDED', text))
  }

  #drain(): void {
    this.#isWritable = true
    const waiting = this.#waiting
    let sent = 0
    while (sent < waiting.length && this.#isWritable && this.#out !== undefined) {
      const bytes = waiting[sent++] ?? new Uint8Array(0)
      this.#waitingBytes -= bytes.length
      this.#isWritable = this.#out.write(bytes)
    }
    this.#waiting = waiting.slice(sent)
    this.#noteNeed()
    const large = this.#waitingLarge
    this.#waitingLarge = []
    for (const { key, parts } of large) this.#sendLarge(key, parts)
    if (this.#isWritable) this.session.answers.resume()
  }

  /** A connection whose two sides share nothing may be let go. */
  #noteNeed(): void {
    const isBackground = !this.session.isNeeded
    if (this.#out !== undefined) this.#out.isBackground = isBackground
    if (this.#in !== undefined) this.#in.isBackground = isBackground
  }

  #close(error: SkeinError, isViolation: boolean): void {
    const code = isViolation || error.code === 'LIMIT_EXCEEDED' ? error.code : 'STREAM_RESET'
    this.#waiting = []
    this.#waitingLarge = []
    this.#in?.reset(code, error.message)
    this.#out?.reset(code, error.message)
  }
}
