/**
 * Messages and the wall over HTTP, for the page and for programs; all of it behind the token.
 *
 *   GET  /messages   ?after ?before ?limit ?search ?unread=1   {messages: […], hasMore}, oldest first
 *   POST /messages   {to, text | base64, type, wantsRead, expiryMs}   201, the message and how far it got
 *   POST /messages/:id/read                                    {read: 1}
 *   GET  /sent       ?after ?before ?limit ?search             {messages: […], hasMore}
 *   GET  /wall       ?after ?before ?limit ?search             {posts: […], hasMore}
 *   POST /wall       {text}                                    201, the post
 *   GET  /events     server-sent events: message, post, sent
 *
 * A failure is `{code, message}` with a status that fits.
 */
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { resolveRecipient } from '../node/letter-commands.ts'
import { showMessage, showPost, showSent } from '../node/letter-format.ts'
import { EventFeed } from './event-feed.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { ListOptions } from '../node/letters.ts'
import type { Node } from '../node/node.ts'
import type { Route, WebRequest, WebResponse } from './router.ts'

const defaultLimit = 50
const maxLimit = 500
const maxBodyBytes = 1.5 * 2 ** 20 // A message of 1 MiB in Base64, and what stands around it.
const maxPostBytes = 98_304 + 1_024 // A post of 16 KiB with every character escaped, \u0001 for one.
const sendKeys = ['to', 'text', 'base64', 'type', 'wantsRead', 'expiryMs']
const headers = { 'Content-Type': 'application/json; charset=utf-8' }
const statuses: Partial<Record<ErrorCode, number>> = {
  INVALID: 400,
  DENIED: 403,
  PEER_UNKNOWN: 404,
  LABEL_AMBIGUOUS: 409,
  LIMIT_EXCEEDED: 413,
  STORAGE_FAILED: 503,
  NODE_CLOSED: 503,
}

/** See the file's head. */
export function letterRoutes(node: Node): readonly Route[] {
  const feed = new EventFeed(node)
  const routes: readonly Omit<Route, 'auth'>[] = [
    { method: 'GET', path: '/messages', handle: (request) => listMessages(node, request) },
    { method: 'POST', path: '/messages', maxBodyBytes, handle: (request) => send(node, request) },
    {
      method: 'POST',
      path: '/messages/:id/read',
      maxBodyBytes: 1_024,
      handle: (request) => markRead(node, request),
    },
    { method: 'GET', path: '/sent', handle: (request) => listSent(node, request) },
    { method: 'GET', path: '/wall', handle: (request) => listPosts(node, request) },
    {
      ...{ method: 'POST', path: '/wall', maxBodyBytes: maxPostBytes },
      handle: (request) => post(node, request),
    },
    { method: 'GET', path: '/events', handle: (request) => feed.answer(request) },
  ]
  return routes.map((route) => ({ ...route, auth: 'token', handle: guarded(route.handle) }))
}

/** Answers failures of operation as JSON; faults of our own are the server's business. */
function guarded(handle: Route['handle']): Route['handle'] {
  return async (request) => {
    try {
      return await handle(request)
    } catch (thrown) {
      const { code, message } = toSkeinError(thrown)
      const status = statuses[code]
      if (status === undefined) throw thrown
      return { status, headers, body: JSON.stringify({ code, message }) }
    }
  }
}

function json(value: unknown, status = 200): WebResponse {
  return { status, headers, body: JSON.stringify(value) }
}

async function listMessages(node: Node, { query }: WebRequest): Promise<WebResponse> {
  const isUnread = query.get('unread') === '1'
  const [rows, hasMore] = await page(query, (o) => node.inbox.list({ ...o, isUnread }))
  return json({ messages: rows.map((each) => showMessage(node, each)), hasMore })
}

async function listSent(node: Node, { query }: WebRequest): Promise<WebResponse> {
  const [rows, hasMore] = await page(query, (options) => node.outbox.list(options))
  return json({ messages: rows.map((each) => showSent(node, each)), hasMore })
}

async function listPosts(node: Node, { query }: WebRequest): Promise<WebResponse> {
  const [rows, hasMore] = await page(query, (options) => node.wall.list(options))
  return json({ posts: rows.map((each) => showPost(node, each)), hasMore })
}

async function send(node: Node, request: WebRequest): Promise<WebResponse> {
  const { to, text, base64, type, wantsRead, expiryMs } = readJson(request, sendKeys)
  if (typeof to !== 'string') throw new SkeinError('INVALID', '"to" names a peer')
  const isText = typeof text === 'string'
  if (isText === (typeof base64 === 'string')) {
    throw new SkeinError('INVALID', 'either "text" or "base64" is the message')
  }
  const body = isText ? text : decodeBase64(base64 as string)
  if (type !== undefined && typeof type !== 'string') throw wrong('type', 'a content type')
  if (wantsRead !== undefined && typeof wantsRead !== 'boolean')
    throw wrong('wantsRead', 'a boolean')
  if (expiryMs !== undefined && typeof expiryMs !== 'number') throw wrong('expiryMs', 'a number')
  const sent = await node.send(resolveRecipient(node, to), body, {
    ...(type !== undefined && { type }),
    ...(wantsRead !== undefined && { wantsRead }),
    ...(expiryMs !== undefined && { expiryMs }),
  })
  return json(showSent(node, sent), 201)
}

async function markRead(node: Node, { params }: WebRequest): Promise<WebResponse> {
  const id = Number(params['id'])
  if (!Number.isSafeInteger(id)) throw wrong('id', 'the number of a message')
  return json({ read: await node.inbox.markRead([id]) })
}

async function post(node: Node, request: WebRequest): Promise<WebResponse> {
  const { text } = readJson(request, ['text'])
  if (typeof text !== 'string') throw wrong('text', 'what to post')
  return json(showPost(node, await node.wall.post(text)), 201)
}

/** A page of a list, and whether there is more beyond it. */
async function page<T>(
  query: URLSearchParams,
  list: (options: ListOptions) => Promise<readonly T[]>,
): Promise<readonly [readonly T[], boolean]> {
  const limit = Math.min(maxLimit, readNumber(query, 'limit') ?? defaultLimit)
  const [after, before] = [readNumber(query, 'after'), readNumber(query, 'before')]
  const search = query.get('search')
  const rows = await list({
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
    ...(search !== null && { search }),
    limit: limit + 1,
  })
  const hasMore = rows.length > limit
  if (!hasMore) return [rows, false]
  return [after === undefined ? rows.slice(1) : rows.slice(0, limit), true]
}

function readNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw wrong(name, 'a whole number')
}

/** The object in a body. A key that means nothing is an error: it was meant to mean something. */
function readJson(
  { headers: given, body }: WebRequest,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  if (!/^application\/json\b/i.test(String(given['content-type'] ?? ''))) {
    throw new SkeinError('INVALID', 'the body is JSON, with Content-Type: application/json')
  }
  const value = parse(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SkeinError('INVALID', 'the body is no JSON object')
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key))
  if (unknown === undefined) return value as Readonly<Record<string, unknown>>
  const shown = JSON.stringify(unknown.slice(0, 40))
  throw new SkeinError('INVALID', `${shown} means nothing here; there are ${keys.join(', ')}`)
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new SkeinError('INVALID', 'the body is no JSON in UTF-8', { cause })
  }
}

function decodeBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw wrong('base64', 'Base64 (RFC 4648)')
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function wrong(name: string, what: string): SkeinError {
  return new SkeinError('INVALID', `"${name}" is ${what}`)
}
