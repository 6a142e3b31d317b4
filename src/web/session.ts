/**
 * The page's way to its node: one connection over a WebSocket, made again whenever it breaks.
 *
 *   connecting ──WELCOME──▶ open ──lost──▶ waiting ──due, retry()──▶ connecting
 *       │  └── failed ─────────────────────▲
 *       └── the token is another one, close() ──▶ closed
 *
 * What was in flight when the connection broke fails with its code: such a path is not resumed. Runs in
 * a browser: nothing here, or below it, is Node's.
 *
 * **Invariant**: the token leaves this file only in the handshake; it is in no address and no message.
 */
import { systemClock } from '../base/clock.ts'
import { Emitter } from '../base/emitter.ts'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { randomInt, systemRandom } from '../base/random.ts'
import { commandsName } from '../command/messages.ts'
import { askBy } from '../command/ask.ts'
import { requestCommand } from '../command/request.ts'
import { joinDirect } from '../connection/direct.ts'
import { programObjects, theNode } from '../remote/direct.ts'
import { isObjectStream } from '../remote/messages.ts'
import { dialWebSocket } from '../transport/web-socket.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { Random } from '../base/random.ts'
import type { CommandOutcome, OutputHandler } from '../command/request.ts'
import type { Connection } from '../connection/connection.ts'
import type { Priority, Stream } from '../connection/contract.ts'
import type { Commands } from '../command/messages.ts'
import type { Remote } from '../remote/remote-type.ts'
import type { ObjectService } from '../remote/service.ts'
import type { WebSocketLike } from '../transport/web-socket.ts'

/** Where a session stands. */
export type SessionState =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  /** The last attempt or connection failed with `error`; the next attempt is `retryMs` away. */
  | { readonly status: 'waiting'; readonly retryMs: number; readonly error: SkeinError }
  /** For good: `DENIED` the token is another one; `CONNECTION_CLOSED` it was closed here. */
  | { readonly status: 'closed'; readonly error: SkeinError }

/** What a session starts from. */
export interface SessionOptions {
  /** Where the node takes sockets: `ws://127.0.0.1:14580/socket`. Without the token. */
  readonly url: string
  /** What stands behind `#token=` in the link. */
  readonly token: string
  /** `(url) => new WebSocket(url)` */
  readonly createSocket: (url: string) => WebSocketLike
  /**
   * The token of the link was a ticket, which is good for one time: keep this one, for when the page is
   * loaded again. The session itself goes on with it.
   */
  readonly onToken?: (token: string) => void
  readonly clock?: Clock
  readonly random?: Random
}

/** How to run a command over a session. */
export interface SessionRunOptions {
  /** The peers to run it on, as written behind `@`; the node itself where absent. One at a time. */
  readonly to?: string
  /** Takes standard output as it comes. While a returned promise is pending, no more is read. */
  readonly onOut?: OutputHandler
  /** Takes standard error; otherwise as `onOut`. */
  readonly onErr?: OutputHandler
  readonly stdin?: AsyncIterable<Uint8Array>
  /** Takes the command back: the node ends it. */
  readonly signal?: AbortSignal
  /** Hard limit that counts everything, the wait for a connection included. */
  readonly timeoutMs?: number
}

const dialTimeoutMs = 5_000 // As between peers.
const firstRetryMs = 250 // As between peers: a process that was restarted listens again by then.
const maxRetryMs = 5_000 // Guess: somebody looks at the page, and the node is on this machine.
const waitForNodeMs = 10_000 // As long as a person waits for a command: D8 of docs/spec/command.md.

/** Begins a session; it connects at once, and again for ever, until it is closed or refused. */
export function openSession(options: SessionOptions): Session {
  const session = new Session(options)
  session.retry()
  return session
}

/** See the file's head. Made by {@link openSession}. */
export class Session {
  readonly #options: SessionOptions
  readonly #clock: Clock
  readonly #random: Random
  readonly #objects: ObjectService
  readonly #events = new Emitter<{ state: SessionState }>((message) => {
    // A listener's own failure belongs to the page, where the browser shows it.
    queueMicrotask(() => {
      throw new SkeinError('INTERNAL', message)
    })
  })
  #state: SessionState = { status: 'connecting' }
  #connection: Connection | undefined
  #token: string
  #failures = 0
  #isDialling = false
  #timer: Timer | undefined
  readonly #ending = new AbortController()

  /** @internal */
  constructor(options: SessionOptions) {
    this.#options = options
    this.#token = options.token
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? systemRandom
    this.#objects = programObjects({
      clock: this.#clock,
      random: this.#random,
      reach: async () => this.#living('reach the node'),
    })
  }

  /** Where it stands now. */
  get state(): SessionState {
    return this.#state
  }

  /** Smoothed round-trip time to the node, µs; `undefined` while there is no connection. */
  get rttMicros(): number | undefined {
    return this.#connection?.rttMicros
  }

  /** Calls `listener` at every change of {@link state}, until the returned function is called. */
  subscribe(listener: (state: SessionState) => void): Unsubscribe {
    return this.#events.on('state', listener)
  }

  /**
   * Waits until the session is open.
   *
   * @throws {SkeinError} `TIMED_OUT` it was not within `timeoutMs` (10 s where absent); why it closed;
   *   `CANCELLED`, or the signal's own reason.
   */
  ready(
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<void> {
    const { signal, timeoutMs = waitForNodeMs } = options
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        timer.cancel()
        unsubscribe()
        signal?.removeEventListener('abort', onAbort)
      }
      const look = (): void => {
        const state = this.#state
        if (state.status !== 'open' && state.status !== 'closed') return
        settle()
        if (state.status === 'open') resolve()
        else reject(state.error)
      }
      const onAbort = (): void => {
        settle()
        reject(toSkeinError(signal?.reason, 'CANCELLED'))
      }
      const unsubscribe = this.subscribe(look)
      const timer = this.#clock.after(timeoutMs, () => {
        settle()
        const why = this.#state.status === 'waiting' ? `: ${this.#state.error.message}` : ''
        const text = `the node could not be reached for ${timeoutMs / 1_000} s${why}`
        reject(new SkeinError('TIMED_OUT', text))
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted === true) onAbort()
      else look()
    })
  }

  /**
   * Opens a stream to the node.
   *
   * @throws {SkeinError} `CONNECTION_CLOSED` the session is not open now; see {@link ready}.
   */
  open(protocol: string, options: { readonly priority?: Priority } = {}): Stream {
    return this.#living(`open ${protocol}`).open(protocol, options)
  }

  /**
   * Runs a command on the node, or with `to` on a peer, with its output as it comes. Waits for the
   * connection first.
   *
   * @returns Its exit code, once all output was handed out.
   * @throws {SkeinError} The code of the node or the peer where it refuses or fails.
   * @throws {SkeinError} `CONNECTION_CLOSED` the connection broke; the command may have run.
   * @throws {SkeinError} `TIMED_OUT` no node, no answer, or `timeoutMs` is over.
   * @example
   * await session.run(['nodes', '--json'], { onOut: (chunk) => read(chunk) })
   */
  async run(argv: readonly string[], options: SessionRunOptions = {}): Promise<CommandOutcome> {
    const { to, timeoutMs, signal } = options
    const startMs = this.#clock.nowMs()
    await this.ready({
      ...(signal === undefined ? {} : { signal }),
      timeoutMs: Math.min(timeoutMs ?? Infinity, waitForNodeMs),
    })
    const waitedMs = this.#clock.nowMs() - startMs
    const commands = this.#objects.object(theNode, { name: commandsName }) as Remote<Commands>
    const request = {
      argv,
      ...(to === undefined ? {} : { to }),
      ...(timeoutMs === undefined ? {} : { timeoutMs: Math.max(1, timeoutMs - waitedMs) }),
    }
    // The node itself tells when a peer is silent.
    const relayed = to === undefined ? {} : { silenceMs: Infinity }
    const { onOut, onErr, stdin } = options
    return requestCommand(askBy(commands), request, {
      clock: this.#clock,
      name: 'the node',
      ...relayed,
      ...{ onOut, onErr, stdin, signal },
    })
  }

  /** Tries now, where the session waits: the network is back, or somebody presses a button. */
  retry(): void {
    if (this.#isDialling || this.#connection !== undefined || this.#state.status === 'closed')
      return
    this.#timer?.cancel()
    this.#isDialling = true
    this.#tell({ status: 'connecting' })
    void this.#connect()
  }

  /** Ends it for good; commands that run are taken back. */
  close(): void {
    if (this.#state.status === 'closed') return
    this.#end(new SkeinError('CONNECTION_CLOSED', 'the session was closed'))
  }

  #accept(stream: Stream, connection: Connection): boolean {
    if (!isObjectStream(stream)) return false
    this.#objects.accept(stream, theNode, connection)
    return true
  }

  /** @throws {SkeinError} `CONNECTION_CLOSED` there is no connection. */
  #living(purpose: string): Connection {
    if (this.#connection !== undefined) return this.#connection
    const text = `cannot ${purpose}: there is no connection to the node now`
    throw new SkeinError('CONNECTION_CLOSED', text)
  }

  /** Never rejects: what fails is the state. */
  async #connect(): Promise<void> {
    const { url, createSocket, onToken } = this.#options
    const clock = this.#clock
    try {
      const { signal } = this.#ending
      const path = await dialWebSocket(url, {
        clock,
        createSocket,
        timeoutMs: dialTimeoutMs,
        signal,
      })
      const connection: Connection = await joinDirect(path, {
        clock,
        timeoutMs: dialTimeoutMs,
        token: new TextEncoder().encode(this.#token),
        onGrant: (grant) => {
          this.#token = new TextDecoder().decode(grant)
          onToken?.(this.#token)
        },
        onStream: (stream, joined) => this.#accept(stream, joined),
        onClose: (error) => this.#lost(error),
      })
      this.#isDialling = false
      if (this.#state.status === 'closed') connection.close('CONNECTION_CLOSED', 'done')
      else if (connection.state === 'open') this.#opened(connection)
    } catch (thrown) {
      this.#isDialling = false
      this.#lost(toSkeinError(thrown, 'DIAL_FAILED'))
    }
  }

  #opened(connection: Connection): void {
    this.#connection = connection
    this.#failures = 0
    this.#tell({ status: 'open' })
  }

  #lost(error: SkeinError): void {
    this.#connection = undefined
    if (this.#state.status === 'closed') return
    if (error.code === 'DENIED') return this.#end(error)
    // Full jitter, as between peers; a page that is reloaded all the time spares its node, too.
    const capMs = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(this.#failures++, 10))
    const retryMs = Math.round(firstRetryMs / 2 + randomInt(this.#random, capMs))
    this.#timer?.cancel()
    this.#timer = this.#clock.after(retryMs, () => this.retry())
    this.#tell({ status: 'waiting', retryMs, error })
  }

  #end(error: SkeinError): void {
    this.#timer?.cancel()
    const connection = this.#connection
    this.#connection = undefined
    this.#tell({ status: 'closed', error })
    this.#ending.abort(error)
    connection?.close('CONNECTION_CLOSED', error.message)
  }

  #tell(state: SessionState): void {
    this.#state = Object.freeze(state)
    this.#events.emit('state', state)
  }
}
