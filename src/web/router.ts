/**
 * What the web server answers beside the page: routes, each behind the same guards. A layer above adds
 * its own with `WebServer.route`.
 */
import { assert } from '../base/assert.ts'
import type { Unsubscribe } from '../base/emitter.ts'

/** Methods that routes answer; HEAD is GET without the body. */
export type WebMethod = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** A request that has passed the guards. */
export interface WebRequest {
  readonly method: WebMethod
  /** The path of the URL, as it was sent. */
  readonly path: string
  /** What stands at each `:name` of the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Whole, within the route's limit. */
  readonly body: Uint8Array
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal
}

/** What a route answers. */
export interface WebResponse {
  /** 200 where absent. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Text is UTF-8. An iterable is sent as it comes, and waits for the caller to read; one that says
   * nothing for as long as `idleTimeoutMs` is cut off, so send a sign of life.
   */
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>
}

/** One thing to ask for. */
export interface Route {
  readonly method: WebMethod
  /** Begins with `/`; a part `:name` stands for any one: `/messages/:id`. */
  readonly path: string
  /** Whether the caller must show the token (`Authorization: Bearer`). */
  readonly auth: 'token' | 'open'
  /** The longest body that is read; 0 where absent. */
  readonly maxBodyBytes?: number
  readonly handle: (request: WebRequest) => WebResponse | Promise<WebResponse>
}

/** What a path leads to. */
export type Match =
  | { readonly route: Route; readonly params: Readonly<Record<string, string>> }
  /** The path is there, but not for this method: those that it takes. */
  | { readonly allowed: readonly string[] }

interface Entry {
  readonly route: Route
  readonly parts: readonly string[]
}

/** Finds the route of a request. */
export class Router {
  readonly #entries = new Set<Entry>()

  /** Adds a route; returns what takes it away again. */
  add(route: Route): Unsubscribe {
    assert(route.path.startsWith('/'), 'a path of a route begins with a slash')
    const entry = { route, parts: route.path.split('/') }
    this.#entries.add(entry)
    return () => void this.#entries.delete(entry)
  }

  /** What a request is for; `undefined` where no route has the path. */
  find(method: string, path: string): Match | undefined {
    const given = path.split('/')
    const allowed: string[] = []
    for (const { route, parts } of this.#entries) {
      const params = matchParts(parts, given)
      if (params === undefined) continue
      const isAsked = route.method === method || (method === 'HEAD' && route.method === 'GET')
      if (isAsked) return { route, params }
      allowed.push(route.method, ...(route.method === 'GET' ? ['HEAD'] : []))
    }
    return allowed.length === 0 ? undefined : { allowed }
  }
}

function matchParts(
  parts: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (parts.length !== given.length) return undefined
  const params: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [index, part] of parts.entries()) {
    const text = given[index] ?? ''
    if (!part.startsWith(':')) {
      if (part !== text) return undefined
      continue
    }
    const decoded = decodePart(text)
    if (decoded === undefined || decoded === '') return undefined
    params[part.slice(1)] = decoded
  }
  return params
}

function decodePart(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // A stray percent sign: no name that any route has.
  }
}
