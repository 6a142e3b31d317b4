/** Answers requests that are no sockets: guards, routes, files. */
import { once } from 'node:events'
import { messageOf } from '../base/errors.ts'
import { Budget } from './budget.ts'
import { commonHeaders, contentSecurityPolicy } from './headers.ts'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { WebCounts } from './counts.ts'
import type { Rejection } from './guard.ts'
import type { WebLimits } from './options.ts'
import type { Route, Router, WebMethod, WebResponse } from './router.ts'
import type { StaticFiles } from './static-files.node.ts'
import type { Keys } from './token.node.ts'

/** What is needed to answer. */
export interface AnswersSetup {
  readonly limits: WebLimits
  readonly clock: Clock
  readonly log: Log
  readonly counts: WebCounts
  readonly keys: Keys
  readonly wrongTokens: Budget
  readonly files: StaticFiles | undefined
  readonly router: Router
  readonly judge: (request: IncomingMessage) => Rejection | undefined
  /** The caller on this socket has shown the token. */
  readonly onProved: (socket: Socket) => void
}

/** Something that a request is refused with. */
interface Failure {
  readonly status: number
  readonly message: string
  readonly headers?: OutgoingHttpHeaders
}

const secondMs = 1_000

/** See the file's head. */
export class Answers {
  readonly #setup: AnswersSetup
  readonly #requests: Budget

  constructor(setup: AnswersSetup) {
    this.#setup = setup
    const { clock, limits } = setup
    this.#requests = new Budget(clock, { most: limits.requestsPerSecond, windowMs: secondMs })
  }

  /** Answers one request. Rejects for a fault of our own, after saying so to the caller. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { counts } = this.#setup
    response.on('error', () => response.destroy())
    response.on('finish', () => counts.respond(response.statusCode))
    for (const [name, value] of Object.entries(commonHeaders)) response.setHeader(name, value)
    try {
      const failure = await this.#tryAnswer(request, response)
      if (failure !== undefined) sendFailure(response, failure)
    } catch (thrown) {
      if (response.headersSent) response.destroy()
      else sendFailure(response, { status: 500, message: 'this node failed; its log says how' })
      throw thrown
    } finally {
      // What is left of a body that nobody wanted is not read: the connection ends.
      if (!request.complete) response.shouldKeepAlive = false
    }
  }

  async #tryAnswer(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Failure | undefined> {
    const { limits, router, judge, counts } = this.#setup
    const rejection = judge(request)
    if (rejection !== undefined) return rejection
    const { url = '', method = '' } = request
    if (!url.startsWith('/') || url.length > limits.maxUrlLength) {
      counts.refuse('malformed')
      return { status: url.startsWith('/') ? 414 : 400, message: 'no target that this server has' }
    }
    const [path = '/', search = ''] = url.split('?', 2)
    const match = router.find(method, path)
    if (match === undefined) return this.#answerFile(request, response, path)
    if ('allowed' in match) return notAllowed(match.allowed)
    const { route, params } = match
    const query = new URLSearchParams(search)
    return this.#answerRoute(request, response, { route, params, path, query })
  }

  #answerFile(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Failure | undefined {
    const { method = '', headers } = request
    const answer = this.#setup.files?.answer(path, headers)
    if (answer === undefined) return { status: 404, message: this.#whyMissing(path) }
    if (method !== 'GET' && method !== 'HEAD') return notAllowed(['GET', 'HEAD'])
    response.setHeader('Content-Security-Policy', contentSecurityPolicy(headers.host ?? ''))
    response.writeHead(answer.status, answer.headers)
    response.end(method === 'HEAD' ? undefined : answer.body)
    return undefined
  }

  #whyMissing(path: string): string {
    if (path === '/' && this.#setup.files === undefined) {
      return 'this build of Skein has no page; build it with: npm run build'
    }
    return 'there is nothing at this address'
  }

  async #answerRoute(
    request: IncomingMessage,
    response: ServerResponse,
    found: Found,
  ): Promise<Failure | undefined> {
    const { route } = found
    const { counts, log } = this.#setup
    const failure = this.#authorize(request, route)
    if (failure !== undefined) return failure
    if (!this.#requests.take()) {
      counts.refuse('rate')
      return { status: 429, message: 'too many requests', headers: { 'Retry-After': 1 } }
    }
    const body = await readBody(request, route.maxBodyBytes ?? 0)
    if (body === undefined) {
      counts.refuse('body')
      const most = route.maxBodyBytes ?? 0
      return { status: 413, message: `a body has at most ${most} bytes here` }
    }
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const { path, params, query } = found
    const given = { path, params, query, headers: request.headers, body, signal: gone.signal }
    try {
      const answer = await route.handle({ ...given, method: route.method satisfies WebMethod })
      await send(response, answer, { isHead: request.method === 'HEAD', signal: gone.signal })
    } catch (thrown) {
      if (!gone.signal.aborted) throw thrown
      log.debug({ path: route.path }, `the caller went away: ${messageOf(thrown)}`)
    }
    return undefined
  }

  #authorize(request: IncomingMessage, route: Route): Failure | undefined {
    const { keys, wrongTokens, counts, onProved } = this.#setup
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given !== undefined && keys.isToken(given)) {
      onProved(request.socket)
      return undefined
    }
    if (route.auth === 'open') return undefined
    const challenge = { 'WWW-Authenticate': 'Bearer' }
    const where = 'its file is web-token in the data folder of the node'
    const message = `show the token of this node (Authorization: Bearer TOKEN); ${where}`
    if (given === undefined) return { status: 401, message, headers: challenge }
    counts.refuse('token')
    if (wrongTokens.take()) return { status: 401, message: `another token; ${message}`, headers: challenge }
    // Guessing 256 bits is hopeless at any rate; this keeps a mistake from filling a log.
    return { status: 429, message: 'too many wrong tokens', headers: { 'Retry-After': 10 } }
  }
}

interface Found {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
  readonly path: string
  readonly query: URLSearchParams
}

function notAllowed(methods: readonly string[]): Failure {
  const allow = [...new Set(methods)].join(', ')
  return { status: 405, message: `only ${allow} here`, headers: { Allow: allow } }
}

function sendFailure(response: ServerResponse, { status, message, headers = {} }: Failure): void {
  const body = `${message}\n`
  response.writeHead(status, {
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...(status === 413 || status >= 500 ? { Connection: 'close' } : {}),
  })
  response.end(body)
}

/** Reads a body; `undefined` where it is too long. Node's time limit ends one that does not come. */
async function readBody(request: IncomingMessage, most: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return undefined
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > most) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function send(
  response: ServerResponse,
  { status = 200, headers = {}, body = '' }: WebResponse,
  { isHead, signal }: { readonly isHead: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const isWhole = typeof body === 'string' || body instanceof Uint8Array
  const type = typeof body === 'string' ? { 'Content-Type': 'text/plain; charset=utf-8' } : {}
  const length = isWhole ? { 'Content-Length': Buffer.byteLength(body) } : {}
  response.writeHead(status, { ...type, ...headers, ...length })
  if (isWhole || isHead) {
    response.end(isHead ? undefined : body)
    return
  }
  for await (const part of body) {
    if (signal.aborted) return
    if (!response.write(part)) await once(response, 'drain', { signal })
  }
  response.end()
}
