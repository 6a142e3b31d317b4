/**
 * The web server of a node: the built page at `/`, its socket at `/socket`, `/healthz`, `/metrics`, and
 * routes that layers above add. Rules: docs/spec/web.md.
 *
 *   TCP ─▶ limits ─▶ headers ─▶ guard (Host, Origin, Sec-Fetch) ─▶ route ─▶ token ─▶ rate ─▶ body ─▶ answer
 *                                     └─ Upgrade /socket ─▶ Sessions (the token comes in HELLO)
 *
 * It speaks plain HTTP and listens on loopback unless it is told otherwise; TLS is a proxy's business.
 *
 * **Invariants**: a socket that has not shown the token never keeps out one that would; nothing that
 * is refused costs more than its headers; no token stands in an address or in the log.
 */
import { createServer } from 'node:http'
import { background } from '../base/background.ts'
import { formatHostPort } from '../base/address.ts'
import { messageOf } from '../base/errors.ts'
import { listenOn } from '../transport/listen-socket.node.ts'
import { listenFailure } from '../transport/socket-failure.node.ts'
import { Answers } from './answers.node.ts'
import { Budget } from './budget.ts'
import { WebCounts } from './counts.ts'
import { isLoopback, judge } from './guard.ts'
import { defaultWebLimits } from './options.ts'
import { Router } from './router.ts'
import { Sessions } from './sessions.node.ts'
import { StaticFiles } from './static-files.node.ts'
import { Keys, loadWebToken } from './token.node.ts'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Unsubscribe } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import type { Storage } from '../base/storage.ts'
import type { Stream } from '../connection/contract.ts'
import type { Gate } from '../connection/direct.ts'
import type { Node } from '../node/node.ts'
import type { Asked, Rejection } from './guard.ts'
import type { Metrics } from './metrics.node.ts'
import type { WebLimits, WebOptions } from './options.ts'
import type { Route } from './router.ts'

/** Where the pages' WebSockets are taken. */
export const socketPath = '/socket'

const checkIntervalMs = 1_000 // How often Node looks for requests that are too slow.
const refusalRules = { W2: 'host', W3: 'origin', W4: 'cross-site' } as const

/** What a web server is made of, before it listens. */
interface Parts {
  readonly node: Node
  readonly options: WebOptions
  readonly limits: WebLimits
  readonly counts: WebCounts
  readonly keys: Keys
  readonly wrongTokens: Budget
  readonly files: StaticFiles | undefined
  readonly log: Log
}

/** See the file's head. Made by {@link WebServer.start}. */
export class WebServer {
  readonly #parts: Parts
  readonly #router = new Router()
  readonly #answers: Answers
  readonly #protocols = new Map<string, (stream: Stream) => void>()
  readonly #server: Server
  /** Sockets that have not shown the token, the oldest first. */
  readonly #unproved = new Set<Socket>()
  readonly #sockets = new Set<Socket>()
  readonly #sessions: Sessions
  #port = 0
  #metrics: Metrics | undefined

  private constructor(parts: Parts, sessions: (setup: WebServer) => Sessions) {
    const { limits, log, counts, keys, wrongTokens, files, node } = parts
    this.#parts = parts
    this.#sessions = sessions(this)
    this.#answers = new Answers({
      ...{ limits, log, counts, keys, wrongTokens, files },
      clock: node.clock,
      router: this.#router,
      judge: (request) => this.#judge(request),
      onProved: (socket) => this.#unproved.delete(socket),
    })
    this.#server = createServer({
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.headersTimeoutMs + limits.requestTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs,
      maxHeaderSize: limits.maxHeaderBytes,
      keepAliveTimeout: limits.idleTimeoutMs,
      insecureHTTPParser: false,
    })
    this.#server
      .on('connection', (socket) => this.#onConnection(socket))
      .on('request', (request, response) => {
        background(this.#answers.answer(request, response), 'answer a request', log)
      })
      .on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
      .on('clientError', (error, socket) => this.#onClientError(error, socket))
      .on('timeout', (socket) => socket.destroy())
    this.#server.timeout = limits.idleTimeoutMs
  }

  /**
   * Reads the page and the token, and listens.
   *
   * @throws {SkeinError} `ADDRESS_IN_USE`, `CONFIG_INVALID` the host or port; `STORAGE_FAILED`.
   */
  static async start(node: Node, storage: Storage, options: WebOptions): Promise<WebServer> {
    const limits = { ...defaultWebLimits, ...options.limits }
    const log = node.log.child({ scope: 'web' })
    const counts = new WebCounts()
    const keys = new Keys(await loadWebToken(storage), node.clock)
    const files = await StaticFiles.read(options.pageFolder)
    const { maxWrongTokens: most, wrongTokenWindowMs: windowMs } = limits
    const wrongTokens = new Budget(node.clock, { most, windowMs })
    const gate = makeGate(keys, { counts, wrongTokens })
    const onStream = (stream: Stream): boolean => server.#onStream(stream)
    const sessions = await Sessions.load({ node, limits, counts, gate, log, onStream })
    const parts = { node, options, limits, counts, keys, wrongTokens, files, log }
    const server: WebServer = new WebServer(parts, () => sessions)
    await server.#addOwnRoutes()
    try {
      await server.#listen()
    } catch (thrown) {
      server.#metrics?.close()
      throw thrown
    }
    return server
  }

  /** Where the page is: `http://127.0.0.1:14580/`, with a name that a browser on this machine knows. */
  get url(): string {
    const { host } = this.#parts.options
    const shown = host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host
    return `http://${formatHostPort({ host: shown, port: this.#port })}/`
  }

  /** The link that opens the page for its owner. It holds the token: not for logs. */
  get link(): string {
    return `${this.url}#token=${this.#parts.keys.token}`
  }

  /** A link that opens the page once, within a minute. */
  makeTicketLink(): string {
    return `${this.url}#token=${this.#parts.keys.makeTicket()}`
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port
  }

  /** What it has done so far. */
  get counts(): WebCounts {
    return this.#parts.counts
  }

  /** TCP connections that are open. */
  get connectionCount(): number {
    return this.#sockets.size
  }

  /** Pages that are connected. */
  get sessionCount(): number {
    return this.#sessions.count
  }

  /** Answers requests for a path, behind the guards. */
  route(route: Route): Unsubscribe {
    return this.#router.add(route)
  }

  /** Serves streams that pages open under a protocol name. They are the owner's. */
  serve(protocol: string, handle: (stream: Stream) => void): Unsubscribe {
    this.#protocols.set(protocol, handle)
    return () => void this.#protocols.delete(protocol)
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    this.#metrics?.close()
    this.#sessions.close()
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    this.#server.closeAllConnections()
    // What was upgraded is not Node's any more. A turn later: goodbyes are on their way.
    setImmediate(() => {
      for (const socket of this.#sockets) socket.destroy()
    })
    await closed
  }

  async #listen(): Promise<void> {
    const { options, log, files } = this.#parts
    const { host, port } = options
    try {
      await listenOn(this.#server, { host, port })
    } catch (thrown) {
      throw listenFailure(`http://${formatHostPort({ host, port })} (web.host, web.port)`, thrown as Error)
    }
    this.#server.on('error', (error) => log.error({}, messageOf(error)))
    this.#port = (this.#server.address() as AddressInfo).port
    log.info({ url: this.url }, 'serves the page')
    if (files === undefined) {
      log.warn({ folder: options.pageFolder }, 'this build has no page; only its socket is served')
    }
    if (isLoopback(host)) return
    const text = 'everybody on the way can read what is sent, and the token: this is plain HTTP'
    log.warn({ host }, `${text}; put a proxy with TLS before it, or forward a port with ssh`)
  }

  async #addOwnRoutes(): Promise<void> {
    const { node, options } = this.#parts
    this.route({
      method: 'GET',
      path: '/healthz',
      auth: 'open',
      handle: () => (node.isClosed ? { status: 503, body: 'closing\n' } : { body: 'ok\n' }),
    })
    const { Metrics } = await import('./metrics.node.ts')
    const metrics = new Metrics({ node, server: this })
    this.#metrics = metrics
    const auth = options.metrics
    this.route({ method: 'GET', path: '/metrics', auth, handle: () => metrics.answer() })
  }

  #onStream(stream: Stream): boolean {
    const handle = this.#protocols.get(stream.protocol)
    handle?.(stream)
    return handle !== undefined
  }

  #onConnection(socket: Socket): void {
    const { limits, counts } = this.#parts
    if (this.#sockets.size >= limits.maxConnections) {
      // The oldest that has proved nothing goes: who holds sockets open keeps nobody out.
      const [oldest] = this.#unproved
      counts.refuse('connections')
      if (oldest === undefined) {
        socket.destroy()
        return
      }
      this.#forget(oldest)
      oldest.destroy()
    }
    this.#sockets.add(socket)
    this.#unproved.add(socket)
    socket.once('close', () => this.#forget(socket))
  }

  #forget(socket: Socket): void {
    this.#sockets.delete(socket)
    this.#unproved.delete(socket)
  }

  #judge(request: IncomingMessage): Rejection | undefined {
    const { headers } = request
    const asked: Asked = {
      method: request.method ?? '',
      host: headers.host,
      origin: headers.origin,
      site: one(headers['sec-fetch-site']),
      mode: one(headers['sec-fetch-mode']),
      localAddress: request.socket.localAddress,
      isUpgrade: headers.upgrade !== undefined,
    }
    const rejection = judge(asked, { port: this.#port, origins: this.#parts.options.origins })
    if (rejection !== undefined) this.#parts.counts.refuse(refusalRules[rejection.rule])
    return rejection
  }

  #onUpgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const { counts, limits } = this.#parts
    const socket = request.socket
    socket.on('error', () => socket.destroy()) // Node lets go of it here.
    const rejection = this.#judge(request)
    if (rejection !== undefined) return refuse(socket, rejection.status, rejection.message)
    if (request.url !== socketPath) return refuse(socket, 404, `sockets are at ${socketPath}`)
    if (this.#sessions.isFull) {
      counts.refuse('sessions')
      return refuse(socket, 503, `${limits.maxSessions} pages are open; close one of them`)
    }
    socket.setTimeout(0) // A connection of Skein asks for signs of life itself.
    counts.respond(101)
    this.#sessions.take(request, { socket: duplex, head }, () => this.#unproved.delete(socket))
  }

  #onClientError(error: Error, duplex: Duplex): void {
    this.#parts.counts.refuse('malformed')
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ECONNRESET' || !duplex.writable) {
      duplex.destroy()
      return
    }
    const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
    refuse(duplex, status, 'no request that this server understands')
  }
}

/** Lets in who shows the token, or a ticket, and gives the token for a ticket. */
function makeGate(
  keys: Keys,
  { counts, wrongTokens }: { readonly counts: WebCounts; readonly wrongTokens: Budget },
): Gate {
  const grant = new TextEncoder().encode(keys.token)
  return (pass) => {
    if (pass !== undefined && keys.isToken(pass)) return {}
    if (pass !== undefined && keys.takeTicket(pass)) return { grant }
    counts.refuse('token')
    const advice = 'open the page with: skein map --open'
    if (!wrongTokens.take()) return { refusal: `too many wrong tokens; ${advice}` }
    return { refusal: `the token is not that of this node; ${advice}` }
  }
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  421: 'Misdirected Request',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
}

/** Answers on a socket that is no request any more, and ends it. */
function refuse(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`
  const lines = [
    `HTTP/1.1 ${status} ${reasons[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
