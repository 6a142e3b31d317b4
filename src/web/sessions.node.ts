/**
 * The sockets of pages: from an upgrade that has passed the guards to a connection of the owner.
 *
 *   upgrade ──HELLO with the token──▶ session ──closed──▶ over
 *      └── no token, a wrong one, garbage, nothing in time ──▲
 *
 * `ws` speaks RFC 6455: without compression (it would cost 64 KiB a socket), and with messages of a
 * bounded length. What a session may hold in memory is bounded by its connection's own limits.
 */
import { background } from '../base/background.ts'
import { SkeinError, messageOf } from '../base/errors.ts'
import { owner } from '../base/policy.ts'
import { acceptDirect } from '../connection/direct.ts'
import { WebSocketPath } from '../transport/web-socket.ts'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import type { Log } from '../base/log.ts'
import type { Connection } from '../connection/connection.ts'
import type { Gate } from '../connection/direct.ts'
import type { Stream } from '../connection/contract.ts'
import type { Node } from '../node/node.ts'
import type { WebCounts } from './counts.ts'
import type { WebLimits } from './options.ts'

/** What the sessions work with. */
export interface SessionsSetup {
  readonly node: Node
  readonly limits: WebLimits
  readonly counts: WebCounts
  readonly gate: Gate
  readonly log: Log
  /** Serves streams of other protocols than the object layer's; false where nobody does. */
  readonly onStream: (stream: Stream) => boolean
}

/** The sockets of pages that have shown the token. */
export class Sessions {
  readonly #setup: SessionsSetup
  readonly #server: WebSocketServer
  readonly #connections = new Set<Connection>()
  #isClosed = false

  private constructor(setup: SessionsSetup, server: WebSocketServer) {
    this.#setup = setup
    this.#server = server
  }

  /** Loads what it needs. */
  static async load(setup: SessionsSetup): Promise<Sessions> {
    const { WebSocketServer: Server } = await import('ws')
    const server = new Server({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: setup.limits.maxMessageBytes,
    })
    return new Sessions(setup, server)
  }

  /** How many there are. */
  get count(): number {
    return this.#connections.size
  }

  /** True where one more would be too many. */
  get isFull(): boolean {
    return this.#connections.size >= this.#setup.limits.maxSessions
  }

  /**
   * Makes a WebSocket of a request and waits for the token.
   *
   * @param onProved - Called once it was shown.
   */
  take(
    request: IncomingMessage,
    { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
    onProved: () => void,
  ): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const remote = request.socket.remoteAddress ?? 'unknown'
      const admitting = this.#admit(webSocket, { remote, onProved })
      background(admitting, 'let a page in', this.#setup.log)
    })
  }

  /** Ends all of them, with a word of goodbye. */
  close(): void {
    this.#isClosed = true
    for (const each of this.#connections) each.close('NODE_CLOSED', 'the node was closed')
    this.#server.close()
  }

  async #admit(
    webSocket: WebSocket,
    { remote, onProved }: { readonly remote: string; readonly onProved: () => void },
  ): Promise<void> {
    const { node, limits, counts, gate, log, onStream } = this.#setup
    const path = new WebSocketPath(webSocket, {
      clock: node.clock,
      remoteAddress: `ws://${remote.includes(':') ? `[${remote}]` : remote}`,
      isLocal: false,
    })
    try {
      const connection: Connection = await acceptDirect(path, {
        clock: node.clock,
        timeoutMs: limits.handshakeTimeoutMs,
        gate,
        onStream: (stream, joined) =>
          node.objects.acceptDirect(stream, joined, owner) || onStream(stream),
        onClose: () => void this.#connections.delete(connection),
        onViolation: (rule) => {
          counts.refuse('violation')
          log.warn({ address: remote, rule }, 'a page broke a rule')
        },
      })
      this.#begin(connection, onProved)
    } catch (thrown) {
      const { code } = thrown instanceof SkeinError ? thrown : { code: 'INTERNAL' }
      if (code !== 'DENIED') counts.refuse(code === 'TIMED_OUT' ? 'silent' : 'violation')
      log.debug({ address: remote }, `a page was not let in: ${messageOf(thrown)}`)
    }
  }

  #begin(connection: Connection, onProved: () => void): void {
    if (connection.state !== 'open') return
    onProved()
    if (this.#isClosed) connection.close('NODE_CLOSED', 'the node was closed')
    else if (this.isFull) {
      this.#setup.counts.refuse('sessions')
      const message = `${this.#setup.limits.maxSessions} pages are open; close one of them`
      connection.close('LIMIT_EXCEEDED', message)
    } else {
      this.#connections.add(connection)
      this.#setup.counts.sessions++
    }
  }
}
