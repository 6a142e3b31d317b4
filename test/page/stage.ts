/**
 * What tests of the page have in common: a browser for a whole file, and nodes with their pages, closed
 * after each test.
 */
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { MemoryStorage } from '../../src/base/storage.ts'
import { Node } from '../../src/node/node.ts'
import { WebServer } from '../../src/web/server.node.ts'
import { TestBrowser } from './browser.ts'
import type { NodeOptions } from '../../src/node/options.ts'

/** See the file's head. */
export class Stage {
  #browser: TestBrowser | undefined
  readonly #closers: (() => Promise<void>)[] = []

  /** One for the tests of a `describe`. */
  static use(): Stage {
    const stage = new Stage()
    beforeAll(async () => {
      stage.#browser = await TestBrowser.start()
    }, 60_000)
    afterEach(() => stage.#clear())
    afterAll(() => stage.#browser?.close())
    return stage
  }

  get browser(): TestBrowser {
    if (this.#browser === undefined) throw new TypeError('the browser has not started yet')
    return this.#browser
  }

  /** Closes something after this test. */
  onEnd(close: () => Promise<void>): void {
    this.#closers.push(close)
  }

  async startNode(options: NodeOptions): Promise<Node> {
    const node = await Node.start(options)
    this.onEnd(() => node.close())
    return node
  }

  /** A web server with the built page, as `skein up` starts it. */
  async serve(
    node: Node,
    { storage = new MemoryStorage(), port = 0 }: { storage?: MemoryStorage; port?: number } = {},
  ): Promise<WebServer> {
    const pageFolder = path.resolve(import.meta.dirname, '../../dist/web')
    const options = { host: '127.0.0.1', port, pageFolder, origins: [], metrics: 'token' } as const
    const web = await WebServer.start(node, storage, options)
    this.onEnd(() => web.close())
    return web
  }

  /** No page asked anybody but its node, or complained; refusals are not its fault. */
  expectQuiet(): void {
    const elsewhere = [...this.browser.hosts].filter((host) => !/^127\.0\.0\.1:\d+$/.test(host))
    expect(elsewhere.filter((host) => host !== '')).toEqual([])
    const complaints = this.browser.complaints.filter(
      (text) => !/ERR_CONNECTION_REFUSED|WebSocket connection to/.test(text),
    )
    expect(complaints).toEqual([])
  }

  async #clear(): Promise<void> {
    await this.browser.closePages()
    for (const close of this.#closers.splice(0).toReversed()) await close()
  }
}
