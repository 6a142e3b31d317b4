import { gunzipSync } from 'node:zlib'
import { symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { rejectionOf } from '../testing/path-witness.ts'
import { MemoryStorage } from '../base/storage.ts'
import { openSession } from './session.ts'
import { StaticFiles } from './static-files.node.ts'
import { WebServer } from './server.node.ts'
import { makePageFolder, pageText, textOf, WebScene } from './server.test-kit.ts'

let scene: WebScene
beforeAll(async () => {
  scene = await WebScene.start()
})
afterAll(() => scene[Symbol.asyncDispose]())

describe('the files of the page', () => {
  test('[W5] the page is there, guarded, and asked for again each time', async () => {
    const { status, headers, text } = await scene.ask('/')
    expect([status, text]).toEqual([200, pageText])
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
    })
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain(`ws://127.0.0.1:${scene.server.port}`)
  })

  test('[W5] a file with a hash in its name is kept for ever', async () => {
    const { headers } = await scene.ask('/assets/index-abcd1234.js')
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    })
  })

  test('[W5] what was compressed at the build is sent so to whoever takes it', async () => {
    const plain = await scene.ask('/assets/index-abcd1234.js')
    const zipped = await scene.ask('/assets/index-abcd1234.js', {
      headers: { 'Accept-Encoding': 'gzip, deflate, br' },
    })
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
    expect(zipped.headers.etag).not.toBe(plain.headers.etag)
    expect(gunzipSync(zipped.body)).toEqual(plain.body)
    const refused = await scene.ask('/assets/index-abcd1234.js', {
      headers: { 'Accept-Encoding': 'gzip;q=0' },
    })
    expect(refused.headers['content-encoding']).toBeUndefined()
  })

  test('[W5] what has not changed is not sent again', async () => {
    const { headers } = await scene.ask('/')
    const again = await scene.ask('/', { headers: { 'If-None-Match': `W/${headers.etag}, "x"` } })
    expect([again.status, again.text, again.headers.etag]).toEqual([304, '', headers.etag])
  })

  test('[W5] HEAD is GET without the body', async () => {
    const { status, headers, text } = await scene.ask('/', { method: 'HEAD' })
    expect([status, headers['content-length'], text]).toEqual([200, `${pageText.length}`, ''])
  })

  test.each([
    '/../package.json',
    '/..%2f..%2fetc/passwd',
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '//etc/passwd',
    '/assets',
    '/assets/',
    '/index-abcd1234.js',
    '/assets/index-abcd1234.js.gz',
    '/assets/index-abcd1234.js%00',
    '/notes.unknown',
    '/.env',
    '/%',
  ])('[W5] %s is no file', async (target) => {
    const { status, headers } = await scene.ask(target)
    expect(status).toBe(404)
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  })

  test('[W5] a link to elsewhere is not followed, and a file that comes later is not there', async () => {
    const folder = makePageFolder()
    symlinkSync('/etc/passwd', path.join(folder, 'passwd.txt'))
    symlinkSync('/etc', path.join(folder, 'etc'))
    const files = await StaticFiles.read(folder)
    writeFileSync(path.join(folder, 'late.txt'), 'late')
    expect(files?.count).toBe(3)
    expect(files?.answer('/passwd.txt', {})).toBeUndefined()
    expect(files?.answer('/etc/passwd', {})).toBeUndefined()
    expect(files?.answer('/late.txt', {})).toBeUndefined()
    expect(await StaticFiles.read(path.join(folder, 'none'))).toBeUndefined()
  })

  test('[W5] nothing else can be done with a file', async () => {
    const { status, headers } = await scene.ask('/', { method: 'DELETE' })
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  test('[W5] a build without a page says so', async () => {
    await using bare = await WebScene.start({ pageFolder: '/nowhere' })
    expect(await bare.ask('/')).toMatchObject({ status: 404, text: /npm run build/ })
  })
})

describe('the guards', () => {
  test('[W2] a name that another site points here is refused', async () => {
    const { status, text } = await scene.ask('/', { headers: { Host: 'attacker.example' } })
    expect(status).toBe(421)
    expect(text).toContain('web.origins')
    expect(text).not.toContain('<')
  })

  test('[W4] a script that another site loads is refused, a visit is not', async () => {
    const from = { 'Sec-Fetch-Site': 'cross-site' }
    const script = { headers: { ...from, 'Sec-Fetch-Mode': 'no-cors' } }
    expect((await scene.ask('/assets/index-abcd1234.js', script)).status).toBe(403)
    const visit = { headers: { ...from, 'Sec-Fetch-Mode': 'navigate' } }
    expect((await scene.ask('/', visit)).status).toBe(200)
  })

  test('[W2] an origin of web.origins is let through, with its host', async () => {
    const origin = 'https://skein.example.org'
    await using proxied = await WebScene.start({ origins: [origin] })
    const headers = { Host: 'skein.example.org', Origin: origin }
    expect((await proxied.ask('/', { headers })).status).toBe(200)
    const upgrade = proxied.webSocket(origin)
    await expect.poll(() => upgrade.readyState).toBe(1)
    upgrade.terminate()
  })
})

describe('routes', () => {
  test('[W6] anybody may ask whether the node lives', async () => {
    expect(await scene.ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
  })

  test('[W7] a route for owners wants the token, as a bearer', async () => {
    using _ = disposable(
      scene.server.route({
        method: 'POST',
        path: '/things/:id',
        auth: 'token',
        maxBodyBytes: 10,
        handle: ({ params, query, body }) => ({
          status: 201,
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify([params['id'], query.get('q'), Buffer.from(body).toString()]),
        }),
      }),
    )
    const ask = (headers: Record<string, string>, body = 'hello') =>
      scene.ask('/things/a%20b?q=1', { method: 'POST', headers, body })
    expect(await ask(scene.bearer)).toMatchObject({ status: 201, text: '["a b","1","hello"]' })
    expect(await ask({})).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
    expect((await ask({ Authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await ask({ Authorization: `Basic ${scene.token}` })).status).toBe(401)
    expect((await ask({ ...scene.bearer, Origin: 'https://attacker.example' })).status).toBe(403)
    expect((await ask(scene.bearer, 'eleven chars')).status).toBe(413)
    const chunked = { ...scene.bearer, 'Transfer-Encoding': 'chunked' }
    expect((await ask(chunked, 'eleven chars')).status).toBe(413)
    const get = await scene.ask('/things/a', { headers: scene.bearer })
    expect([get.status, get.headers.allow]).toEqual([405, 'POST'])
    expect((await scene.ask('/things/', { headers: scene.bearer })).status).toBe(404)
  })

  test('[W7] an answer can come bit by bit, and ends when the caller goes', async () => {
    let hasEnded = false
    async function* ticks(): AsyncGenerator<string> {
      try {
        for (let tick = 0; ; tick++) {
          yield `${tick}\n`.padEnd(1_000)
          await new Promise((resolve) => setImmediate(resolve))
        }
      } finally {
        hasEnded = true
      }
    }
    const route = { method: 'GET', path: '/ticks', auth: 'open' } as const
    using _ = disposable(scene.server.route({ ...route, handle: () => ({ body: ticks() }) }))
    const socket = scene.tcp()
    let bytes = 0
    socket.on('data', (part) => {
      bytes += part.length
    })
    socket.write(`GET /ticks HTTP/1.1\r\nHost: 127.0.0.1:${scene.server.port}\r\n\r\n`)
    await expect.poll(() => bytes).toBeGreaterThan(10_000)
    socket.destroy()
    await expect.poll(() => hasEnded).toBe(true)
  })

  test('[W7] a fault of ours is 500, and tells nothing', async () => {
    const handle = (): never => {
      throw new RangeError('the secret is 42')
    }
    using _ = disposable(scene.server.route({ method: 'GET', path: '/bad', auth: 'open', handle }))
    const { status, text } = await scene.ask('/bad')
    expect([status, text.includes('42')]).toEqual([500, false])
  })

  test('[W12] more requests than anybody sends are told to wait', async () => {
    await using busy = await WebScene.start({ limits: { requestsPerSecond: 5 } })
    const replies = await Promise.all(Array.from({ length: 12 }, () => busy.ask('/healthz')))
    const statuses = replies.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(5)
    expect(statuses).toContain(429)
    expect(busy.server.counts.refusals.rate).toBeGreaterThan(0)
  })
})

describe('sessions', () => {
  test('[W8] a page with the token runs commands as the owner', async () => {
    const session = scene.session()
    expect(await textOf(session, ['echo', 'hello'])).toBe('hello')
    expect(JSON.parse(await textOf(session, ['id', '--json']))).toMatchObject({ label: 'bob' })
    expect(session.state.status).toBe('open')
    expect(scene.server.sessionCount).toBeGreaterThan(0)
    session.close()
    await expect(session.run(['echo'])).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  })

  test('[W8] a command runs on a peer, too, with its output as it comes', async () => {
    await using alice = await WebScene.start({}, { label: 'alice', listen: ['127.0.0.1:0'] })
    await using bob = await WebScene.start({}, { peers: [alice.node.address] })
    await bob.node.ready()
    expect(await textOf(bob.session(), ['echo', 'hi'], { to: 'alice' })).toBe('hi')
    const failure = await rejectionOf(bob.session().run(['nothing'], { to: 'alice' }))
    expect(failure).toMatchObject({ code: 'UNKNOWN_COMMAND' })
  })

  test('[W8] other protocols are served where somebody does', async () => {
    using _ = disposable(
      scene.server.serve('twice/1', (stream) => {
        stream.bind({
          onData: (bytes) => void stream.write(Uint8Array.of(...bytes, ...bytes)),
          onEnd: () => stream.end(),
          onDrain: () => undefined,
          onClose: () => undefined,
        })
      }),
    )
    const session = scene.session()
    await session.ready()
    const got: number[] = []
    const codes: (string | undefined)[] = []
    for (const protocol of ['twice/1', 'other/1']) {
      const stream = session.open(protocol)
      stream.bind({
        onData: (bytes) => void got.push(...bytes),
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: (error) => void codes.push(error?.code),
      })
      stream.write(Uint8Array.of(7))
    }
    await expect.poll(() => [...got, ...codes]).toEqual([7, 7, 'PROTOCOL_UNKNOWN'])
  })

  test('[W10] a wrong token ends the session, and is not tried again', async () => {
    const before = scene.server.counts.refusals.token
    const session = scene.session('x'.repeat(43))
    await expect(session.ready()).rejects.toMatchObject({ code: 'DENIED', message: /map --open/ })
    expect(session.state.status).toBe('closed')
    session.retry()
    expect(session.state.status).toBe('closed')
    expect(scene.server.counts.refusals.token).toBe(before + 1)
  })

  test('[W10] a ticket opens the page once, and brings the token', async () => {
    const ticket = new URL(scene.server.makeTicketLink()).hash.slice('#token='.length)
    expect(ticket).not.toBe(scene.token)
    let kept = ''
    const session = scene.session(ticket, (token) => {
      kept = token
    })
    expect(await textOf(session, ['echo', 'in'])).toBe('in')
    expect(kept).toBe(scene.token)
    await expect(scene.session(ticket).ready()).rejects.toMatchObject({ code: 'DENIED' })
  })

  test('[W11] a session comes back when its node does', async () => {
    const storage = new MemoryStorage()
    const options = { host: '127.0.0.1', origins: [], metrics: 'token', pageFolder: '' } as const
    const first = await WebServer.start(scene.node, storage, { ...options, port: 0 })
    const { port, link } = first
    const session = openSession({
      url: `ws://127.0.0.1:${port}/socket`,
      token: new URL(link).hash.slice('#token='.length),
      createSocket: (url) => new WebSocket(url),
    })
    await session.ready()
    const states: string[] = []
    session.subscribe(({ status }) => states.push(status))
    await first.close()
    await expect.poll(() => session.state.status).not.toBe('open')
    expect(states[0]).toBe('waiting')
    const second = await WebServer.start(scene.node, storage, { ...options, port })
    expect(second.link).toBe(link)
    await session.ready()
    expect(await textOf(session, ['echo', 'back'])).toBe('back')
    session.close()
    await second.close()
  })
})

test('[W1] a port that is taken is an error that names the setting', async () => {
  const taken = WebServer.start(scene.node, new MemoryStorage(), {
    ...{ host: '127.0.0.1', port: scene.server.port, origins: [], metrics: 'open', pageFolder: '' },
  })
  expect(await rejectionOf(taken)).toMatchObject({ code: 'ADDRESS_IN_USE', message: /web\.port/ })
})

function disposable(end: () => void): Disposable {
  return { [Symbol.dispose]: end }
}
