/**
 * The page's picture of the network: follows `watch` over the session, for as long as there is one.
 *
 * What other parts of the page react to are signals; the network itself is one mutable model, with a
 * signal that counts its ticks.
 */
import { batch, signal } from '@preact/signals'
import { messageOf } from '../../../base/errors.ts'
import { FeedModel, LineReader } from '../../../map/feed.ts'
import { openSession } from '../../session.ts'
import { NewsDesk } from './network-news.ts'
import type { FeedLine, History } from '../../../map/feed.ts'
import type { Session, SessionState } from '../../session.ts'
import type { News } from './network-news.ts'

/** How the page stands to its node. `absent`: it was opened without a token. */
export type LinkStatus = SessionState['status'] | 'absent'

const retryWatchMs = 500 // The node refused or ended the feed; the session itself is well.

/** See the file's head. */
export class LiveNetwork {
  readonly model = new FeedModel()
  /** Counts the ticks of the feed: {@link model} changed. */
  readonly tick = signal(0)
  readonly status = signal<LinkStatus>('connecting')
  /** Why there is no connection; for people. */
  readonly trouble = signal('')
  readonly news = signal<readonly News[]>([])
  readonly session: Session | undefined
  readonly #desk = new NewsDesk()
  #watching: AbortController | undefined

  constructor(
    token: string | undefined,
    {
      keepToken,
      onRefused,
    }: { readonly keepToken: (token: string) => void; readonly onRefused: () => void },
  ) {
    if (token === undefined) {
      this.status.value = 'absent'
      return
    }
    const { protocol, host } = location
    this.session = openSession({
      url: `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/socket`,
      token,
      createSocket: (url) => new WebSocket(url),
      onToken: keepToken,
    })
    this.session.subscribe((state) => {
      this.#onState(state)
      if (state.status === 'closed' && state.error.code === 'DENIED') onRefused()
    })
  }

  /** The last hour of a node, or of the link of two. */
  async history(ids: readonly string[], abort: AbortSignal): Promise<History> {
    const text = await this.ask(['history', ...ids], abort)
    return JSON.parse(text) as History
  }

  /** Runs a command of the node and returns what it printed. */
  async ask(argv: readonly string[], abort: AbortSignal, to?: string): Promise<string> {
    if (this.session === undefined) throw new TypeError('there is no session')
    const decoder = new TextDecoder()
    let text = ''
    const target = to === undefined ? {} : { to }
    await this.session.run(argv, {
      ...target,
      signal: abort,
      onOut: (chunk) => {
        text += decoder.decode(chunk, { stream: true })
      },
    })
    return text
  }

  #onState(state: SessionState): void {
    batch(() => {
      this.status.value = state.status
      this.trouble.value = 'error' in state ? state.error.message : ''
    })
    if (state.status === 'open') void this.#watch()
    else this.#watching?.abort()
  }

  async #watch(): Promise<void> {
    const watching = new AbortController()
    this.#watching = watching
    while (!watching.signal.aborted && this.session?.state.status === 'open') {
      const reader = new LineReader((line) => this.#onLine(line))
      try {
        await this.session.run(['watch'], {
          signal: watching.signal,
          onOut: (chunk) => reader.add(chunk),
        })
      } catch (thrown) {
        if (!watching.signal.aborted) this.trouble.value = messageOf(thrown)
      }
      await new Promise((resolve) => setTimeout(resolve, retryWatchMs))
    }
  }

  #onLine(line: FeedLine): void {
    this.model.apply(line)
    if (line.type === 'start') this.#desk.reset()
    if (line.type !== 'tick') return
    this.#desk.look(this.model, Date.now())
    batch(() => {
      this.tick.value++
      this.trouble.value = ''
      this.news.value = this.#desk.news
    })
  }
}
