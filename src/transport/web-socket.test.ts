import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { SkeinError } from '../base/errors.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { rejectionOf } from '../testing/path-witness.ts'
import { transportConformance } from '../testing/transport-conformance.ts'
import type { TransportHarness } from '../testing/transport-scene.ts'
import { dialWebSocket, WebSocketPath, webSocketScheme } from './web-socket.ts'
import type { WebSocketLike } from './web-socket.ts'
import type { PathHandler, Transport } from './contract.ts'

for (const { title, run } of transportConformance(makeHarness)) test(title, run)

/** The two ends over real sockets, as a page and its node have them, without a token. */
function makeHarness(): TransportHarness {
  const listenAddress = (): string => 'ws://127.0.0.1:0/socket'
  const nobodyAddress = async (): Promise<string> => {
    const server = await listen('ws://127.0.0.1:0/socket')
    const address = addressOf(server)
    await new Promise((resolve) => server.close(resolve))
    return address
  }
  return { dialler: transport, accepter: transport, listenAddress, nobodyAddress }
}

const transport: Transport = {
  scheme: webSocketScheme,
  dial: (address, { timeoutMs, signal }) =>
    dialWebSocket(address, {
      clock: systemClock,
      timeoutMs,
      signal,
      createSocket: (url) => new WebSocket(url, { perMessageDeflate: false }),
    }),
  async listen({ address, onPath }) {
    const server = await listen(address)
    const sockets = new WebSocketServer({ server, perMessageDeflate: false })
    sockets.on('connection', (socket, request) => {
      const remoteAddress = `ws://127.0.0.1:${request.socket.remotePort}`
      onPath(new WebSocketPath(socket, { clock: systemClock, remoteAddress, isLocal: true }))
    })
    return {
      addresses: [addressOf(server)],
      async close() {
        server.close()
        await new Promise((resolve) => setImmediate(resolve))
      },
    }
  },
}

async function listen(address: string): Promise<Server> {
  const server = createServer()
  const { hostname, port } = new URL(address)
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(new SkeinError('ADDRESS_IN_USE', error.message))
    }
    server.once('error', fail).listen(Number(port), hostname, () => resolve())
  })
  return server
}

function addressOf(server: Server): string {
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket`
}

/** A socket as a browser has it: nothing but the standard's own. */
class BrowserSocket implements WebSocketLike {
  binaryType = 'blob'
  bufferedAmount = 0
  readonly sent: Uint8Array[] = []
  readonly closes: (number | undefined)[] = []
  readonly #listeners = new Map<string, (event: never) => void>()

  send(bytes: Uint8Array): void {
    this.sent.push(bytes)
  }

  close(code?: number): void {
    this.closes.push(code)
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, listener)
  }

  happen(type: string, event: unknown = {}): void {
    this.#listeners.get(type)?.(event as never)
  }
}

function bound() {
  const clock = new VirtualClock()
  const socket = new BrowserSocket()
  const path = new WebSocketPath(socket, { clock, remoteAddress: 'ws://here', isLocal: false })
  const told: string[] = []
  const handler: PathHandler = {
    onData: (bytes) => void told.push(`data ${bytes.join(' ')}`),
    onDrain: () => void told.push('drain'),
    onClose: (reason) => void told.push(`close ${reason}`),
  }
  path.bind(handler)
  return { clock, socket, path, told }
}

test('[W9] in a browser bytes come as array buffers, and text ends the path', async () => {
  const { clock, socket, told } = bound()
  expect(socket.binaryType).toBe('arraybuffer')
  socket.happen('message', { data: Uint8Array.of(1, 2).buffer })
  socket.happen('message', { data: 'text' })
  socket.happen('message', { data: Uint8Array.of(3).buffer })
  await clock.advance(0)
  expect(told).toEqual(['data 1 2', 'close text where bytes belong'])
  expect(socket.closes).toEqual([1_003])
})

test('[T7] a browser that cannot cut off is not waited for longer than 3 s', async () => {
  const { clock, socket, path, told } = bound()
  path.close()
  await clock.advance(2_999)
  expect(told).toEqual([])
  await clock.advance(1)
  expect(told).toEqual(['close closed'])
  socket.happen('close', { code: 1_006, reason: '', wasClean: false })
  await clock.advance(0)
  expect(told).toHaveLength(1)
  expect(clock.pending).toBe(0)
})

test('[T3] a writer that was told to wait hears when a browser has sent', async () => {
  const { clock, socket, path, told } = bound()
  socket.bufferedAmount = 2 ** 20
  expect(path.write(Uint8Array.of(1))).toBe(false)
  await clock.advance(50)
  expect(told).toEqual([])
  socket.bufferedAmount = 0
  await clock.advance(5)
  expect(told).toEqual(['drain'])
  expect(clock.pending).toBe(0)
})

test.each([
  ['a tab that was closed', { code: 1_001, reason: '', wasClean: true }, 'the far side went away'],
  ['a cable that was cut', { code: 1_006, reason: '', wasClean: false }, 'reset by peer'],
  ['a good end', { code: 1_000, reason: '', wasClean: true }, 'ended by peer'],
])('[T9] %s is told once', async (_which, event, reason) => {
  const { clock, socket, told } = bound()
  socket.happen('close', event)
  socket.happen('close', event)
  await clock.advance(0)
  expect(told).toEqual([`close ${reason}`])
})

test('[T12] a socket that never opens is given up', async () => {
  const clock = new VirtualClock()
  const socket = new BrowserSocket()
  const setup = { clock, timeoutMs: 100, createSocket: () => socket }
  const failure = rejectionOf(dialWebSocket('ws://here/socket', setup))
  await clock.advance(100)
  expect(await failure).toMatchObject({ code: 'TIMED_OUT' })
  expect(socket.closes).toHaveLength(1)
  expect(clock.pending).toBe(0)
})

test('[T11] an address that is none is a dial that failed', async () => {
  const createSocket = (): never => {
    throw new SyntaxError('no such scheme')
  }
  const setup = { clock: systemClock, timeoutMs: 100, createSocket }
  const failure = await rejectionOf(dialWebSocket('nonsense', setup))
  expect(failure).toMatchObject({ code: 'DIAL_FAILED', message: /no such scheme/ })
})
