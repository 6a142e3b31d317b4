/**
 * `GET /events`: what comes, as server-sent events (WHATWG HTML §9.2). A sign of life every ten seconds
 * keeps the connection.
 *
 *   id: 12-5    the last message and the last post that were told; Last-Event-ID says it again
 *
 * Messages and posts are read from the lists when the caller has taken what came before: who reads slowly
 * misses none and has nothing waiting here, and who comes back goes on where it was.
 */
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { showMessage, showPost } from '../node/letter-format.ts'
import type { Node } from '../node/node.ts'
import type { WebRequest, WebResponse } from './router.ts'

const lifeSignMs = 10_000 // Half of the server's patience.
const againMs = 2_000 // Guess: a file is locked for a moment, a full disk for longer.
const pageSize = 8 // Eight of the longest messages are as many MiB, while they are sent.
const maxSent = 10_000 // Guess: numbers only; of more the first are forgotten, and stand in /sent.
const maxFeeds = 64 // As many as pages.

/** What has numbers that grow. */
type Kind = 'message' | 'post'
/** The last message and the last post that a caller has. */
type Place = Record<Kind, number>

/** What there is to tell, and how to wait for more. */
interface News {
  readonly kinds: Set<Kind>
  readonly sent: Set<number>
  wake: () => void
}

/** See the file's head. */
export class EventFeed {
  readonly #node: Node
  #count = 0

  constructor(node: Node) {
    this.#node = node
  }

  /** @throws {SkeinError} `LIMIT_EXCEEDED` too many listen already. */
  answer({ signal, headers: given }: WebRequest): WebResponse {
    if (this.#count >= maxFeeds) {
      throw new SkeinError('LIMIT_EXCEEDED', `${maxFeeds} programs follow the events; close one`)
    }
    this.#count++
    signal.addEventListener('abort', () => this.#count--, { once: true })
    const headers = { 'Content-Type': 'text/event-stream; charset=utf-8' }
    return { headers, body: this.#follow(signal, placeIn(given['last-event-id'])) }
  }

  async *#follow(signal: AbortSignal, had: Place | undefined): AsyncGenerator<string> {
    const { inbox, wall, outbox } = this.#node
    const news: News = {
      kinds: new Set(had === undefined ? [] : kinds),
      sent: new Set(),
      wake: () => undefined,
    }
    const tell = (kind: Kind): void => {
      news.kinds.add(kind)
      news.wake()
    }
    const tellSent = (id: number): void => {
      const [first] = news.sent
      if (news.sent.size >= maxSent && first !== undefined) news.sent.delete(first)
      news.sent.add(id)
      news.wake()
    }
    const offs = [
      inbox.on('message', () => tell('message')),
      wall.on('post', () => tell('post')),
      outbox.on('sent', tellSent),
    ]
    const onAbort = (): void => news.wake()
    signal.addEventListener('abort', onAbort)
    try {
      yield* this.#tell(signal, news, had)
    } finally {
      for (const off of offs) off()
      signal.removeEventListener('abort', onAbort)
    }
  }

  async *#tell(signal: AbortSignal, news: News, had: Place | undefined): AsyncGenerator<string> {
    let greeting = 'retry: 1000\n'
    let place: Place | undefined
    while (!signal.aborted) {
      let hasFailed = false
      try {
        if (place === undefined) {
          place = await this.#start(had)
          yield `${greeting}id: ${idOf(place)}\n\n`
        }
        yield* this.#news(news, place)
        if (hasNews(news)) continue
      } catch (thrown) {
        if (toSkeinError(thrown).code !== 'STORAGE_FAILED') throw thrown
        hasFailed = true
        if (place === undefined) yield `${greeting}\n`
        greeting = ''
      }
      const isQuiet = await this.#wait(signal, news, hasFailed ? againMs : lifeSignMs)
      if (isQuiet && !hasFailed) yield ': still here\n\n'
    }
  }

  /** Where to begin: behind what the caller had, or behind what there is. */
  async #start(had: Place | undefined): Promise<Place> {
    const { inbox, wall } = this.#node
    const [[message], [post]] = await Promise.all([
      inbox.list({ limit: 1, maxLength: 1 }),
      wall.list({ limit: 1 }),
    ])
    const newest = { message: message?.id ?? 0, post: post?.id ?? 0 }
    // What is beyond the newest was of another file.
    const startOf = (kind: Kind): number => Math.min(had?.[kind] ?? newest[kind], newest[kind])
    return { message: startOf('message'), post: startOf('post') }
  }

  /** What is new, a page of each; `place` moves on with it. */
  async *#news(news: News, place: Place): AsyncGenerator<string> {
    for (const id of news.sent) {
      news.sent.delete(id)
      yield `event: sent\ndata: ${JSON.stringify({ id })}\n\n`
    }
    for (const kind of news.kinds) {
      for (const { id, shown } of await this.#page(news, kind, place[kind])) {
        place[kind] = id
        yield `event: ${kind}\nid: ${idOf(place)}\ndata: ${JSON.stringify(shown)}\n\n`
      }
    }
  }

  async #page(
    news: News,
    kind: Kind,
    after: number,
  ): Promise<readonly { readonly id: number; readonly shown: unknown }[]> {
    const node = this.#node
    const options = { after, limit: pageSize }
    news.kinds.delete(kind) // What comes from now on sets it again.
    try {
      const page =
        kind === 'message'
          ? (await node.inbox.list(options)).map((m) => ({ id: m.id, shown: showMessage(node, m) }))
          : (await node.wall.list(options)).map((p) => ({ id: p.id, shown: showPost(node, p) }))
      if (page.length === pageSize) news.kinds.add(kind)
      return page
    } catch (thrown) {
      news.kinds.add(kind) // It is there still.
      throw thrown
    }
  }

  /** Waits for news; true where none came in time. */
  #wait(signal: AbortSignal, news: News, waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#node.clock.after(waitMs, () => resolve(true))
      news.wake = () => {
        timer.cancel()
        resolve(false)
      }
      if (signal.aborted) news.wake()
    })
  }
}

const kinds: readonly Kind[] = ['message', 'post']

function hasNews({ kinds: fresh, sent }: News): boolean {
  return fresh.size > 0 || sent.size > 0
}

function idOf({ message, post }: Place): string {
  return `${message}-${post}`
}

/** What `Last-Event-ID` says; `undefined` where it is none of ours. */
function placeIn(given: string | readonly string[] | undefined): Place | undefined {
  const [, message, post] =
    /^(\d{1,15})-(\d{1,15})$/.exec(typeof given === 'string' ? given : '') ?? []
  if (message === undefined || post === undefined) return undefined
  return { message: Number(message), post: Number(post) }
}
