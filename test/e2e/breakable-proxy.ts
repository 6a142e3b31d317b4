/**
 * The only way between two nodes of a test: a TCP proxy on loopback that breaks when it is told to.
 *
 *   whole ──cut──▶ gone     sockets are reset, new ones are refused
 *     ├────stall──▶ silent   bytes go in and nothing comes out, one way or both, of new sockets too
 *     └───forget──▶ dead     the same for the sockets that are there, for ever; new ones are whole
 *
 * `heal` ends both. What a stalled socket held comes out then, late, as from a router's queue.
 */
import { createConnection, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** The way that bytes go, seen from who dials. */
export type Direction = 'there' | 'back'

interface Flow {
  readonly from: Socket
  readonly to: Socket
  readonly direction: Direction
}

const bothWays: readonly Direction[] = ['there', 'back']

/** See the file's head. */
export class BreakableProxy {
  readonly port: number
  readonly #targetPort: number
  readonly #sockets = new Set<Socket>()
  readonly #flows = new Set<Flow>()
  #server: Server
  #stalled: readonly Direction[] = []

  private constructor(server: Server, targetPort: number) {
    this.#server = server
    this.#targetPort = targetPort
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => this.#accept(socket))
  }

  /** Starts one, before a port of this machine, on any free port. */
  static async start(targetPort: number): Promise<BreakableProxy> {
    return new BreakableProxy(await listen(0), targetPort)
  }

  /** Resets every socket and refuses new ones. */
  cut(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Lets nothing through any more, without a word. */
  stall(directions = bothWays): void {
    this.#stalled = directions
    for (const flow of this.#flows) if (directions.includes(flow.direction)) flow.from.pause()
  }

  /** Lets nothing through any more of what goes through now, for ever; new sockets are served. */
  forget(): void {
    for (const flow of this.#flows) flow.from.pause()
    this.#flows.clear()
  }

  /** Lets everything through again, but what was forgotten. */
  async heal(): Promise<void> {
    this.#stalled = []
    for (const { from } of this.#flows) from.resume()
    if (this.#server.listening) return
    this.#server = await listen(this.port)
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(dialler: Socket): void {
    const target = createConnection({ host: '127.0.0.1', port: this.#targetPort })
    this.#flow({ from: dialler, to: target, direction: 'there' })
    this.#flow({ from: target, to: dialler, direction: 'back' })
  }

  #flow(flow: Flow): void {
    const { from, to, direction } = flow
    this.#sockets.add(from)
    this.#flows.add(flow)
    from.setNoDelay(true)
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause()
    })
    to.on('drain', () => {
      if (this.#flows.has(flow) && !this.#stalled.includes(direction)) from.resume()
    })
    from.on('end', () => to.end())
    from.on('error', () => to.resetAndDestroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      this.#flows.delete(flow)
      to.destroy()
    })
    if (this.#stalled.includes(direction)) from.pause()
  }
}

function listen(port: number): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port }, () => resolve(server))
  })
}
