/** What other sites, other users of the machine and broken programs send: refused, counted, harmless. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { frameType, makeFrame } from '../connection/frames.ts'
import { textOf, WebScene } from './server.test-kit.ts'
import type { WebSocket } from 'ws'

/** FLOOD=10000 for the whole of it: half a minute on a busy machine. */
const floodCount = Number(process.env['FLOOD'] ?? 2_000)

/** The owner still gets in and is answered. */
async function expectService(scene: WebScene): Promise<void> {
  expect(await textOf(scene.session(), ['echo', 'still here'])).toBe('still here')
  expect((await scene.ask('/')).status).toBe(200)
}

/** What an upgrade was answered with; 101 where it was taken. */
async function upgradeStatus(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.once('open', () => resolve(101))
    socket.once('unexpected-response', (_request, reply) => {
      resolve(reply.statusCode ?? 0)
      reply.resume()
      socket.terminate()
    })
  })
}

describe('a WebSocket', () => {
  test.each([
    ['http://attacker.example', 403],
    ['null', 403],
    ['http://127.0.0.1:3000', 403],
  ])('[W3] of the origin %s gets none', async (origin, status) => {
    await using scene = await WebScene.start()
    expect(await upgradeStatus(scene.webSocket(origin))).toBe(status)
    expect(scene.server.counts.refusals.origin).toBe(1)
    await expectService(scene)
  })

  test('[W2] under a foreign name gets none', async () => {
    await using scene = await WebScene.start()
    const { port } = scene.server
    const text = await scene.raw(
      [
        'GET /socket HTTP/1.1',
        `Host: attacker.example:${port}`,
        `Origin: http://attacker.example:${port}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        '\r\n',
      ].join('\r\n'),
    )
    expect(text).toMatch(/^HTTP\/1\.1 421 /)
    expect(text).not.toContain('<')
  })

  test('[W9] at another place gets none', async () => {
    await using scene = await WebScene.start()
    const elsewhere = scene.webSocket(undefined, scene.socketUrl.replace('/socket', '/other'))
    expect(await upgradeStatus(elsewhere)).toBe(404)
  })

  test('[W10] without a token is told so, and ended', async () => {
    await using scene = await WebScene.start()
    await expect(scene.session('').ready()).rejects.toMatchObject({ code: 'DENIED' })
    expect(scene.server.counts.refusals.token).toBe(1)
    await expectService(scene)
  })

  test('[W9] that says nothing is ended', async () => {
    await using scene = await WebScene.start({ limits: { handshakeTimeoutMs: 100 } })
    const socket = scene.webSocket()
    await once(socket, 'close')
    expect(scene.server.counts.refusals.silent).toBe(1)
    await expectService(scene)
  })

  test.each<[string, (socket: WebSocket) => void]>([
    ['random bytes', (socket) => socket.send(randomBytes(10_000))],
    ['text', (socket) => socket.send('hello')],
    ['a message that is too long', (socket) => socket.send(Buffer.alloc(2 ** 20 + 1))],
    ['a HELLO that is none', (socket) => socket.send(makeFrame(frameType.hello, randomBytes(64)))],
    ['a frame before HELLO', (socket) => socket.send(makeFrame(frameType.ping, Buffer.alloc(8)))],
    [
      'nothing that RFC 6455 knows',
      (socket) => {
        const { _socket: tcp } = socket as unknown as { readonly _socket: { write(x: Buffer): void } }
        tcp.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
      },
    ],
  ])('[W9] that sends %s is ended', async (_what, send) => {
    await using scene = await WebScene.start()
    const socket = scene.webSocket()
    await once(socket, 'open')
    const closed = once(socket, 'close')
    send(socket)
    await closed
    await expect.poll(() => scene.server.counts.refusals.violation).toBe(1)
    await expectService(scene)
  })

  test('[W12] many wrong tokens are told less, and never keep the right one out', async () => {
    await using scene = await WebScene.start({ limits: { maxWrongTokens: 3 } })
    const messages: string[] = []
    for (let turn = 0; turn < 6; turn++) {
      const failure = await scene
        .session(`wrong ${turn}`)
        .ready()
        .catch((thrown: Error) => thrown)
      messages.push(String(failure?.message))
    }
    expect(messages.filter((each) => each.includes('too many wrong tokens'))).toHaveLength(3)
    const wrong = { headers: { Authorization: 'Bearer wrong' } }
    using _ = {
      [Symbol.dispose]: scene.server.route({
        ...{ method: 'GET', path: '/owners', auth: 'token' },
        handle: () => ({ body: 'yes' }),
      }),
    }
    expect((await scene.ask('/owners', wrong)).status).toBe(429)
    expect((await scene.ask('/owners', { headers: scene.bearer })).status).toBe(200)
    await expectService(scene)
  })

  test('[W12] more pages than there may be are told so', async () => {
    await using scene = await WebScene.start({ limits: { maxSessions: 2 } })
    const sessions = [scene.session(), scene.session()]
    await Promise.all(sessions.map((session) => session.ready()))
    expect(await upgradeStatus(scene.webSocket())).toBe(503)
    sessions[0]?.close()
    await expect.poll(() => scene.server.sessionCount).toBe(1)
    await scene.session().ready()
  })
})

describe('a connection', () => {
  test('[W12] that sends no request, or half of one, is ended', async () => {
    await using scene = await WebScene.start({
      limits: { headersTimeoutMs: 200, requestTimeoutMs: 200, idleTimeoutMs: 60_000 },
    })
    const half = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '
    const body = `POST /healthz HTTP/1.1\r\nHost: 127.0.0.1:${scene.server.port}\r\nContent-Length: 5\r\n\r\n`
    const [nothing, halfOne, noBody] = await Promise.all(['', half, body].map((each) => scene.raw(each)))
    expect(nothing).toMatch(/^$|^HTTP\/1\.1 408 /)
    expect(halfOne).toMatch(/^HTTP\/1\.1 408 /)
    expect(noBody).toMatch(/^HTTP\/1\.1 405 /)
    await expectService(scene)
  })

  test('[W12] that reads nothing of what it asked for is ended', async () => {
    await using scene = await WebScene.start({ limits: { idleTimeoutMs: 300 } })
    const socket = scene.tcp()
    socket.pause()
    const ask = `GET /assets/big-abcd1234.svg HTTP/1.1\r\nHost: 127.0.0.1:${scene.server.port}\r\n\r\n`
    socket.write(ask.repeat(20))
    await expect.poll(() => scene.server.connectionCount).toBe(1)
    await expect.poll(() => scene.server.connectionCount, { timeout: 10_000 }).toBe(0)
    await expectService(scene)
  })

  test.each<[string, string, RegExp]>([
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001', /^HTTP\/1\.1 400 /],
    ['headers without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, /^HTTP\/1\.1 431 /],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['another target', 'GET http://a/ HTTP/1.1\r\nHost: HOST\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a long target', `GET /${'x'.repeat(3_000)} HTTP/1.1\r\nHost: HOST\r\n\r\n`, /^HTTP\/1\.1 414 /],
    ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: HOST\r\n\r\n', /^$|^HTTP\/1\.1 4/],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ])('[W12] with %s is answered and ended', async (_what, request, reply) => {
    await using scene = await WebScene.start({ limits: { headersTimeoutMs: 500, idleTimeoutMs: 500 } })
    const host = `127.0.0.1:${scene.server.port}`
    expect(await scene.raw(request.replace('HOST', host))).toMatch(reply)
    await expectService(scene)
  })

  test(`[W12] ${floodCount} of them keep nobody out`, { timeout: 120_000 }, async () => {
    await using scene = await WebScene.start({ limits: { maxConnections: 64 } })
    const before = process.memoryUsage().rss
    const flood = spawn(process.execPath, ['-e', flooder, String(scene.server.port), `${floodCount}`], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const ended = once(flood, 'exit')
    const told = once(flood, 'message')
    let most = 0
    const looking = setInterval(() => {
      most = Math.max(most, scene.server.connectionCount)
    }, 5)
    await expectService(scene) // While it goes on.
    expect(await told).toEqual([{ opened: floodCount }, undefined])
    await expectService(scene)
    clearInterval(looking)
    expect(most).toBeLessThanOrEqual(64)
    expect(scene.server.counts.refusals.connections).toBeGreaterThan(floodCount * 0.9)
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20)
    flood.kill('SIGKILL')
    await ended
  })
})

/** A program that opens WebSockets without a token, 200 at a time, and lets go of none. */
const flooder = `
  const [port, total] = process.argv.slice(1).map(Number)
  const upgrade = [
    'GET /socket HTTP/1.1', 'Host: 127.0.0.1:' + port, 'Upgrade: websocket', 'Connection: Upgrade',
    'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '', '',
  ].join('\\r\\n')
  let [begun, opened] = [0, 0]
  function open() {
    if (begun++ >= total) return
    let isDone = false
    const done = () => {
      if (isDone) return
      isDone = true
      if (++opened === total) process.send({ opened })
      open()
    }
    const socket = require('node:net').connect(port, '127.0.0.1', () => socket.write(upgrade, done))
    socket.on('error', done).on('close', done).resume()
  }
  for (let index = 0; index < 200; index++) open()
`
