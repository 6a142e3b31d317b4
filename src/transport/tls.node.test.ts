import { once } from 'node:events'
import { connect as connectTcp, createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { messageOf } from '../base/errors.ts'
import { createIdentity } from '../base/identity.node.ts'
import { AcceptWitness, PathWitness, rejectionOf } from '../testing/path-witness.ts'
import { transportConformance } from '../testing/transport-conformance.ts'
import type { TransportHarness } from '../testing/transport-scene.ts'
import { createCertificate } from './certificate.node.ts'
import { tlsTransport } from './tls.node.ts'

const one = createIdentity()
const other = createIdentity()
const dialler = tlsTransport(one)
const accepter = tlsTransport(other)
const honest = { key: one.privateKeyPem, cert: createCertificate(one), ALPNProtocols: ['skein/1'] }

const ends: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

for (const { title, run } of transportConformance(makeHarness)) test(title, run)

function makeHarness(): TransportHarness {
  const silent = createTcpServer((socket) => socket.resume())
  return {
    dialler,
    accepter,
    diallerId: one.peerId,
    accepterId: other.peerId,
    listenAddress: () => 'tls://127.0.0.1:0',
    nobodyAddress: async () => {
      const server = createTcpServer()
      const address = await startServer(server)
      await stopServer(server)
      return address
    },
    silentAddress: () => startServer(silent),
    close: () => stopServer(silent),
  }
}

test.each<[string, RegExp, (port: number) => Socket]>([
  ['plain text', /: not TLS: plain text/, (port) => talk(port, 'hello, is there anybody?\n')],
  ['HTTP', /: plain HTTP instead of TLS/, (port) => talk(port, 'GET / HTTP/1.1\r\n\r\n')],
  [
    'a broken ClientHello',
    /: TLS failed: /,
    (port) => talk(port, '\x16\x03\x01\0\x05\x01\0\0\x01\xff'),
  ],
  ['TLS 1.2', /: an old TLS version/, (port) => secure(port, { maxVersion: 'TLSv1.2' })],
  ['no certificate', /: no certificate/, (port) => secure(port, { key: '', cert: '' })],
  [
    'another ALPN',
    /: another protocol inside TLS/,
    (port) => secure(port, { ALPNProtocols: ['h2'] }),
  ],
  ['no ALPN', /: no protocol agreed inside TLS/, (port) => secure(port, { ALPNProtocols: [] })],
  ['a P-256 key', /: a certificate that is not/, (port) => secure(port, p256)],
  ['a forged signature', /: a certificate that is not/, (port) => secure(port, forged())],
  ['an end at once', /: ended before the handshake/, (port) => connectTcp(port, '127.0.0.1').end()],
])('[T18] %s is turned away with one reason, and the listener goes on', async (...row) => {
  const [, reason, knock] = row
  const accepted = await listen()
  const socket = knock(portOf(accepted.address)).on('error', () => undefined)
  await accepted.until(() => accepted.rejected.length > 0)
  await closed(socket)
  await expectEcho(accepted)
  expect(accepted.rejected).toEqual([expect.stringMatching(reason)])
  expect(accepted.rejected[0]).toMatch(/^tls:\/\/127\.0\.0\.1:\d+: /)
})

test('[T18] a dialler takes no path from whoever proves no key', async () => {
  const plain = createTcpServer(
    (socket) => void socket.on('error', () => undefined).end('no TLS\n'),
  )
  const foreign = createTlsServer({ ...p256, ALPNProtocols: ['skein/1'] }, readAll)
  const web = createTlsServer({ key: honest.key, cert: honest.cert }, readAll)
  for (const [server, reason] of [
    [plain, /not TLS/],
    [foreign, /not of an Ed25519 key/],
    [web, /no protocol agreed inside TLS/],
  ] as const) {
    ends.push(() => void server.close())
    const address = await startServer(server)
    const failure = await rejectionOf(dialler.dial(address, { timeoutMs: 5_000 }))
    expect(failure).toMatchObject({ code: 'DIAL_FAILED' })
    expect(messageOf(failure)).toMatch(reason)
    expect(messageOf(failure)).toContain(address)
  }
})

test('[T18] a session is never resumed', async () => {
  const accepted = await listen()
  const sessions: Buffer[] = []
  const socket = secure(portOf(accepted.address), {})
  socket.on('session', (session: Buffer) => sessions.push(session))
  const far = new PathWitness(await accepted.path(0))
  far.path.write(new Uint8Array(1))
  await once(socket, 'data')
  socket.destroy()
  for (const session of sessions) secure(portOf(accepted.address), { session })
  for (const index of sessions.keys()) {
    expect((await accepted.path(index + 1)).remoteId).toBe(one.peerId)
  }
  expect(accepted.rejected).toEqual([])
})

test('[T19] more half-open ones than allowed are turned away at once', async () => {
  const accepted = await listen({ maxHalfOpen: 2 })
  const port = portOf(accepted.address)
  const sockets = [1, 2, 3, 4].map(() => talk(port, ''))
  await accepted.until(() => accepted.rejected.length === 2)
  expect(accepted.rejected).toEqual([
    expect.stringContaining('more than 2 handshakes at a time'),
    expect.stringContaining('more than 2 handshakes at a time'),
  ])
  for (const socket of sockets) socket.destroy()
  await accepted.until(() => accepted.rejected.length === 4)
  await expectEcho(accepted)
})

test('[T19] a handshake that takes too long is turned away, however busy it looks', async () => {
  const accepted = await listen({ handshakeTimeoutMs: 100 })
  const port = portOf(accepted.address)
  talk(port, '')
  const dripping = talk(port, '\x16\x03\x01\x02\0\x01')
  const drip = setInterval(() => dripping.write('\0'), 10)
  ends.push(() => clearInterval(drip))
  await accepted.until(() => accepted.rejected.length === 2)
  expect(accepted.rejected).toEqual([
    expect.stringContaining('no handshake within 100 ms'),
    expect.stringContaining('no handshake within 100 ms'),
  ])
  await expectEcho(accepted)
})

test('[T19] closing the listener ends what is half-open', async () => {
  const accepted = await listen({ maxHalfOpen: 1 })
  const waiting = talk(portOf(accepted.address), '')
  talk(portOf(accepted.address), '')
  await accepted.until(() => accepted.rejected.length === 1)
  await accepted.close()
  await closed(waiting)
})

test('[T20] "::" takes IPv4 and IPv6, and the address shows the real port', async () => {
  const accepted = await listen({}, 'tls://[::]:0')
  expect(accepted.address).toMatch(/^tls:\/\/(\[::\]|0\.0\.0\.0):[1-9]\d*$/)
  const hosts = accepted.address.includes('[') ? ['127.0.0.1', '[::1]', 'localhost'] : ['127.0.0.1']
  for (const [index, host] of hosts.entries()) {
    const address = `tls://${host}:${portOf(accepted.address)}`
    const path = await dialler.dial(address, { timeoutMs: 5_000 })
    expect(path).toMatchObject({ kind: 'tls', remoteAddress: address, isLocal: true })
    const inbound = await accepted.path(index)
    expect(inbound.remoteAddress).toMatch(/^tls:\/\/(127\.0\.0\.1|\[::1\]):\d+$/)
    expect(inbound.isLocal).toBe(true)
    path.destroy('seen')
  }
})

test.each([
  ['tls://256.1.1.1.invalid:0', /host name/],
  ['tls://192.0.2.1:0', /this machine has no such address/],
  ['tls://[::]', /not an address like/],
  ['tls://[::]:70000', /not an address like/],
])('[T20] listening on %s says why it cannot', async (address, reason) => {
  const failure = await rejectionOf(listen({}, address))
  expect(failure).toMatchObject({ code: 'CONFIG_INVALID' })
  expect(messageOf(failure)).toMatch(reason)
})

function listen(
  limits: { readonly maxHalfOpen?: number; readonly handshakeTimeoutMs?: number } = {},
  address = 'tls://127.0.0.1:0',
): Promise<AcceptWitness> {
  const listening = AcceptWitness.listen(accepter, address, limits)
  ends.push(async () => (await listening.catch(() => undefined))?.end())
  return listening
}

async function expectEcho(accepted: AcceptWitness): Promise<void> {
  const index = accepted.paths.length
  const near = new PathWitness(await dialler.dial(accepted.address, { timeoutMs: 5_000 }))
  const far = new PathWitness(await accepted.path(index))
  far.react = (bytes) => far.path.write(bytes)
  near.path.write(Buffer.from('well?'))
  await near.until(() => near.text === 'well?')
}

function talk(port: number, text: string): Socket {
  const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined)
  if (text !== '') socket.write(text, 'latin1')
  ends.push(() => void socket.destroy())
  return socket.resume()
}

function secure(port: number, options: ConnectionOptions): Socket {
  const all = { ...honest, ...options }
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...all })
  ends.push(() => void socket.destroy())
  return socket.on('error', () => undefined).resume()
}

/** A certificate that carries a key whose owner did not sign it. */
function forged(): ConnectionOptions {
  return { cert: createCertificate({ ...one, sign: () => new Uint8Array(64) }) }
}

/** A server that never reads never learns that the other side has gone. */
function readAll(socket: Socket): void {
  socket.on('error', () => undefined).resume()
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve()
    else socket.resume().on('close', () => resolve())
  })
}

async function startServer(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `tls://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()))
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

const p256 = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSws/7c4dn3D+GaUR
aZ9sjdgu7fYH6zV6eOJVup+1OkqhRANCAARIOVZWBvNK7VUGudRha+ylevqXyY5h
H9wlKO9AYUc5K16vpqBTEmpAxc/9+Ufwe155/FXE6DevjeBEDOFgSz7S
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUQSKjuRHTRLpWTEoL+jQbW0KrugowCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjExMTIyMDlaGA8yMTI2MTAyODExMjIw
OVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEg5
VlYG80rtVQa51GFr7KV6+pfJjmEf3CUo70BhRzkrXq+moFMSakDFz/35R/B7Xnn8
VcToN6+N4EQM4WBLPtKjUzBRMB0GA1UdDgQWBBSJFTsLKTH+awU39WhFTGv403yb
TjAfBgNVHSMEGDAWgBSJFTsLKTH+awU39WhFTGv403ybTjAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIDTd3lll4qaC+WMYAqgOeEPNRGnX1oQYChlM
qxnb7m17AiEAwuhAGsHkt+3zkeEPManUvURU6857SCMutfXlINQX7dc=
-----END CERTIFICATE-----`,
}
