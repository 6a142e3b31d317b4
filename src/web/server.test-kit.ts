/** A node with a web server over real sockets, and callers that send what they like. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { MemoryStorage } from '../base/storage.ts'
import { Node } from '../node/node.ts'
import { openSession } from './session.ts'
import { WebServer } from './server.node.ts'
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { NodeOptions } from '../node/options.ts'
import type { Session } from './session.ts'
import type { WebLimits, WebOptions } from './options.ts'

/** The text of the fixture's page. */
export const pageText = '<!doctype html><title>Skein</title>'

/** What came back. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

/** How to ask. */
export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** A folder with a page as a build leaves it. */
export function makePageFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skein-web-'))
  mkdirSync(path.join(folder, 'assets'))
  const script = `console.log(${JSON.stringify('x'.repeat(5_000))})`
  writeFileSync(path.join(folder, 'index.html'), pageText)
  writeFileSync(path.join(folder, 'assets', 'index-abcd1234.js'), script)
  writeFileSync(path.join(folder, 'assets', 'index-abcd1234.js.gz'), gzipSync(script))
  writeFileSync(path.join(folder, 'assets', 'big-abcd1234.svg'), '<svg>'.repeat(400_000))
  writeFileSync(path.join(folder, 'notes.unknown'), 'not a file of a page')
  return folder
}

/** See the file's head. */
export class WebScene implements AsyncDisposable {
  readonly node: Node
  readonly server: WebServer
  readonly folder: string
  readonly #sessions: Session[] = []
  readonly #sockets: Socket[] = []

  private constructor(node: Node, server: WebServer, folder: string) {
    this.node = node
    this.server = server
    this.folder = folder
  }

  static async start(
    options: Partial<WebOptions> & { readonly limits?: Partial<WebLimits> } = {},
    node: NodeOptions = {},
  ): Promise<WebScene> {
    const folder = makePageFolder()
    const started = await Node.start({ label: 'bob', ...node })
    const server = await WebServer.start(started, new MemoryStorage(), {
      ...{ host: '127.0.0.1', port: 0, origins: [], metrics: 'token', pageFolder: folder },
      ...options,
    })
    return new WebScene(started, server, folder)
  }

  get token(): string {
    return new URL(this.server.link).hash.slice('#token='.length)
  }

  get bearer(): { readonly Authorization: string } {
    return { Authorization: `Bearer ${this.token}` }
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.server.port}/socket`
  }

  /** Asks on a connection of its own. */
  ask(target: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const host = '127.0.0.1'
      const { port } = this.server
      const asked = request({ host, port, path: target, method, headers, agent: false }, (reply) => {
        const parts: Buffer[] = []
        reply.on('data', (part: Buffer) => parts.push(part))
        reply.on('end', () => {
          const whole = Buffer.concat(parts)
          const { statusCode: status = 0, headers: given } = reply
          resolve({ status, headers: given, body: whole, text: whole.toString() })
        })
      })
      asked.on('error', reject).end(body)
    })
  }

  /** Connects, sends raw bytes, and returns what came until the other side ended. */
  async raw(bytes: string): Promise<string> {
    const socket = this.tcp()
    let text = ''
    socket.on('data', (part) => {
      text += part.toString('latin1')
    })
    const over = new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
    socket.write(bytes)
    await over
    return text
  }

  /** A TCP connection, ended with the scene. */
  tcp(): Socket {
    const socket = connect({ port: this.server.port, host: '127.0.0.1' })
    socket.on('error', () => socket.destroy())
    this.#sockets.push(socket)
    return socket
  }

  /** A WebSocket to the server; with an origin as a browser would send it. */
  webSocket(origin?: string, url = this.socketUrl): WebSocket {
    const socket = new WebSocket(url, origin === undefined ? {} : { origin })
    socket.on('error', () => socket.terminate())
    return socket
  }

  /** A session as the page opens it. */
  session(token = this.token, onToken?: (token: string) => void): Session {
    const session = openSession({
      url: this.socketUrl,
      token,
      createSocket: (url) => this.webSocket(`http://127.0.0.1:${this.server.port}`, url),
      ...(onToken === undefined ? {} : { onToken }),
    })
    this.#sessions.push(session)
    return session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.close()
    for (const socket of this.#sockets) socket.destroy()
    await this.server.close()
    await this.node.close()
    rmSync(this.folder, { recursive: true })
  }
}

/** Runs a command over a session; what it printed. */
export async function textOf(
  session: Session,
  argv: readonly string[],
  options: { readonly to?: string } = {},
): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  await session.run(argv, {
    ...options,
    onOut: (chunk) => {
      text += decoder.decode(chunk, { stream: true })
    },
  })
  return text.trimEnd()
}
