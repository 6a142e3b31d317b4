/**
 * Paths over a WebSocket (RFC 6455): from a page in a browser to the node that served it. The bytes of
 * the path travel as binary messages; where one message ends means nothing.
 *
 * Both ends use this file, the browser with its own `WebSocket`, Node with that of `ws`. It proves no
 * key: whoever speaks on it proves a token in the handshake, as on a `local` path. A browser's socket
 * can neither stop reading nor say that it has sent everything, so what comes while reading is stopped
 * is kept here (the credit of the streams bounds it), and draining is looked for by a timer.
 *
 * **Invariants**: `onClose` comes once, from a turn of its own, and no `onData` follows `close` or
 * `destroy`. No part of a secret stands in the address.
 */
import { SkeinError, messageOf } from '../base/errors.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { DialOptions, Path, PathHandler } from './contract.ts'

/** The scheme of these paths. */
export const webSocketScheme = 'ws'

/** What is used of a WebSocket: the browser's has it, and so has that of `ws`. */
export interface WebSocketLike {
  binaryType: string
  /** Bytes that were given to `send` and have not left. */
  readonly bufferedAmount: number
  send(bytes: Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: CloseLike) => void): void
  /** Ends it at once; only in Node. */
  terminate?(): void
  /** Stops reading; only in Node. */
  pause?(): void
  /** Goes on reading; only in Node. */
  resume?(): void
}

/** How a WebSocket ended. */
export interface CloseLike {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** What is known of a WebSocket when it becomes a path. */
export interface WebSocketPathOptions {
  readonly clock: Clock
  readonly remoteAddress: string
  readonly isLocal: boolean
}

const closeTimeoutMs = 3_000 // Guess: a far side that took nothing and did not end is not going to.
const highWaterBytes = 256 * 1_024 // As paths on sockets.
const drainCheckMs = 5 // Guess: at 256 KiB a check 50 MB/s, far above what a page is sent.
const normalClosure = 1_000 // RFC 6455 §7.4.1
const unsupportedData = 1_003 // RFC 6455 §7.4.1
const goingAway = 1_001 // RFC 6455 §7.4.1: the tab was closed.

/** A path on a WebSocket that is open, which belongs to it from then on. */
export class WebSocketPath implements Path {
  readonly kind = webSocketScheme
  readonly remoteAddress: string
  readonly remoteId = undefined
  readonly isLocal: boolean
  readonly #socket: WebSocketLike
  readonly #clock: Clock
  #handler: PathHandler | undefined
  #kept: Uint8Array[] = []
  #isReading = true
  #isFlushing = false
  #isEnding = false // Told to close or destroy: nothing more is handed over.
  #isOver = false // The socket is closed, or nothing more is expected of it.
  #isTold = false // The handler was told so.
  #reason: string | undefined
  #drainCheck: Timer | undefined
  #closeCheck: Timer | undefined

  constructor(socket: WebSocketLike, { clock, remoteAddress, isLocal }: WebSocketPathOptions) {
    this.#socket = socket
    this.#clock = clock
    this.remoteAddress = remoteAddress
    this.isLocal = isLocal
    if (socket.binaryType === 'blob') socket.binaryType = 'arraybuffer' // A blob is read too late.
    socket.addEventListener('message', ({ data }) => this.#receive(data))
    socket.addEventListener('close', (event) => this.#over(event))
    socket.addEventListener('error', () => undefined) // Its close follows, and says as much.
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  bind(handler: PathHandler): void {
    this.#handler = handler
    this.#flushSoon()
  }

  write(bytes: Uint8Array, more?: Uint8Array): boolean {
    if (this.#isEnding || this.#isOver) return false
    this.#socket.send(bytes as Uint8Array<ArrayBuffer>)
    if (more !== undefined) this.#socket.send(more as Uint8Array<ArrayBuffer>)
    if (this.#socket.bufferedAmount < highWaterBytes) return true
    if (this.#drainCheck === undefined) this.#checkDrain()
    return false
  }

  setReading(isReading: boolean): void {
    this.#isReading = isReading
    if (isReading) this.#flushSoon()
    if (this.#isOver) return
    if (isReading) this.#socket.resume?.()
    else this.#socket.pause?.()
  }

  close(): void {
    if (!this.#isEnding && !this.#isOver) {
      this.#socket.close(normalClosure)
      this.#socket.resume?.() // What still comes is dropped, but the far side's end must be seen.
      this.#giveUpUnlessSending(this.#socket.bufferedAmount)
    }
    this.#end('closed')
  }

  destroy(reason: string): void {
    if (!this.#isOver) {
      if (this.#socket.terminate === undefined) this.#socket.close()
      else this.#socket.terminate()
    }
    this.#end(reason)
    this.#isOver = true
    this.#flushSoon()
  }

  #receive(data: unknown): void {
    if (this.#isEnding || this.#isOver) return
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data
    if (!(bytes instanceof Uint8Array)) {
      this.#socket.close(unsupportedData, 'bytes only')
      this.#break('text where bytes belong')
    } else if (this.#handler === undefined || !this.#isReading || this.#kept.length > 0) {
      this.#kept.push(bytes)
    } else this.#handler.onData(bytes)
  }

  /** The socket is gone. */
  #over({ code, reason, wasClean }: CloseLike): void {
    if (this.#isOver) return
    if (wasClean && code === normalClosure) this.#finish('ended by peer')
    else if (code === goingAway) this.#break('the far side went away')
    else this.#break(reason === '' ? 'reset by peer' : reason)
  }

  /** A broken path says so at once, and what it had not delivered is dropped. */
  #break(reason: string): void {
    if (this.#handler !== undefined) this.#kept = []
    this.#finish(reason)
  }

  /** Nothing more comes; the handler is told behind what is kept for it. */
  #finish(reason: string): void {
    this.#reason ??= reason
    this.#isOver = true
    this.#drainCheck?.cancel()
    this.#closeCheck?.cancel()
    this.#flushSoon()
  }

  /** Our own side wants nothing more. */
  #end(reason: string): void {
    this.#reason ??= reason
    this.#isEnding = true
    this.#kept = []
    this.#drainCheck?.cancel()
    if (this.#isOver) this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#isFlushing || (this.#kept.length === 0 && !this.#isOver)) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#isReading && !this.#isEnding) {
      const handler = this.#handler
      const bytes = handler === undefined ? undefined : this.#kept.shift()
      if (bytes === undefined) break
      handler?.onData(bytes)
    }
    if (!this.#isOver || this.#isTold || this.#kept.length > 0) return
    if (this.#handler === undefined) return
    this.#isTold = true
    this.#isEnding = true
    this.#closeCheck?.cancel()
    this.#handler.onClose(this.#reason ?? 'ended by peer')
  }

  #checkDrain(): void {
    this.#drainCheck = this.#clock.after(drainCheckMs, () => {
      this.#drainCheck = undefined
      if (this.#isEnding || this.#isOver) return
      if (this.#socket.bufferedAmount < highWaterBytes) this.#handler?.onDrain()
      else this.#checkDrain()
    })
  }

  #giveUpUnlessSending(bufferedBefore: number): void {
    this.#closeCheck = this.#clock.after(closeTimeoutMs, () => {
      const { bufferedAmount } = this.#socket
      if (bufferedAmount > 0 && bufferedAmount < bufferedBefore) {
        this.#giveUpUnlessSending(bufferedAmount)
      } else {
        this.#socket.terminate?.()
        this.#finish('closed')
      }
    })
  }
}

/** How to dial a WebSocket. */
export interface DialWebSocketOptions extends Pick<DialOptions, 'signal' | 'timeoutMs'> {
  readonly clock: Clock
  /** Makes the socket: `(url) => new WebSocket(url)`. */
  readonly createSocket: (url: string) => WebSocketLike
}

/**
 * Opens a WebSocket as a path.
 *
 * @param url - `ws://host:port/socket`, or `wss:` behind a proxy that speaks TLS.
 * @throws {SkeinError} `DIAL_FAILED` nobody answered, or the upgrade was refused (a browser does not
 *   say which); `TIMED_OUT`. With the signal's reason where it aborts.
 */
export function dialWebSocket(url: string, options: DialWebSocketOptions): Promise<WebSocketPath> {
  const { clock, timeoutMs, signal, createSocket } = options
  return new Promise((resolve, reject) => {
    let isSettled = false
    let socket: WebSocketLike | undefined
    const settle = (): boolean => {
      if (isSettled) return false
      isSettled = true
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      return true
    }
    const fail = (reason: unknown): void => {
      if (!settle()) return
      socket?.close()
      // An abort's reason is whatever the caller gave, as with every signal.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(reason)
    }
    const onAbort = (): void => fail(signal?.reason)
    const timer = clock.after(timeoutMs, () => {
      const text = `dialling ${url}: no answer within ${timeoutMs} ms`
      fail(new SkeinError('TIMED_OUT', text))
    })
    const refused = (why: string): SkeinError =>
      new SkeinError('DIAL_FAILED', `dialling ${url}: ${why}`)
    if (signal?.aborted === true) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      socket = createSocket(url)
    } catch (thrown) {
      return fail(refused(messageOf(thrown)))
    }
    const opened = socket
    opened.addEventListener('open', () => {
      if (!settle()) return
      resolve(new WebSocketPath(opened, { clock, remoteAddress: url, isLocal: false }))
    })
    opened.addEventListener('error', () => fail(refused('nobody listens there, or it refuses')))
    opened.addEventListener('close', () => fail(refused('it was closed before it was open')))
  })
}
