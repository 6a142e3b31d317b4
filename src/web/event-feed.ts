/**
 * `GET /events`: what comes, as server-sent events (WHATWG HTML §9.2). A sign of life every ten seconds
 * keeps the connection. Who reads so slowly that a thousand events wait is cut off; what it missed is in
 * the lists (`?after=`).
 */
import { SkeinError } from '../base/errors.ts'
import { showMessage, showPost } from '../node/letter-format.ts'
import type { Node } from '../node/node.ts'
import type { WebRequest, WebResponse } from './router.ts'

const lifeSignMs = 10_000 // Half of the server's patience.
const maxWaiting = 1_000 // Guess: some megabytes at worst.
const maxFeeds = 64 // As many as pages.

/** See the file's head. */
export class EventFeed {
  readonly #node: Node
  #count = 0

  constructor(node: Node) {
    this.#node = node
  }

  /** @throws {SkeinError} `LIMIT_EXCEEDED` too many listen already. */
  answer({ signal }: WebRequest): WebResponse {
    if (this.#count >= maxFeeds) {
      throw new SkeinError('LIMIT_EXCEEDED', `${maxFeeds} programs follow the events; close one`)
    }
    this.#count++
    signal.addEventListener('abort', () => this.#count--, { once: true })
    const headers = { 'Content-Type': 'text/event-stream; charset=utf-8' }
    return { headers, body: this.#events(signal) }
  }

  async *#events(signal: AbortSignal): AsyncGenerator<string> {
    const node = this.#node
    const waiting: string[] = ['retry: 1000\n\n']
    let wake: () => void = () => undefined
    const tell = (name: string, value: unknown): void => {
      waiting.push(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`)
      wake()
    }
    const offs = [
      node.inbox.on('message', (message) => tell('message', showMessage(node, message))),
      node.wall.on('post', (post) => tell('post', showPost(node, post))),
      node.outbox.on('sent', (id) => tell('sent', { id })),
    ]
    const onAbort = (): void => wake()
    signal.addEventListener('abort', onAbort)
    try {
      while (!signal.aborted && waiting.length <= maxWaiting) {
        const text = waiting.splice(0).join('')
        if (text !== '') {
          yield text
          continue
        }
        const isQuiet = await new Promise<boolean>((resolve) => {
          const timer = node.clock.after(lifeSignMs, () => resolve(true))
          wake = () => {
            timer.cancel()
            resolve(false)
          }
        })
        if (isQuiet) waiting.push(': still here\n\n')
      }
    } finally {
      for (const off of offs) off()
      signal.removeEventListener('abort', onAbort)
    }
  }
}
