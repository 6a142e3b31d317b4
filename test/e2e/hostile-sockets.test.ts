/** Whoever reaches a node's sockets without speaking its language: the node goes on. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Node } from '../../src/index.ts'
import { linesOf, Machine, type RunningNode } from './machine.ts'

let machine: Machine
let alice: RunningNode

beforeAll(async () => {
  machine = new Machine()
  const limits = 'limits = { handshakeTimeoutMs = 700 }\n' // A socket that says nothing is gone soon.
  alice = await machine.node('alice', `${limits}commands.add = "calc 1+2"\n`)
})

afterAll(() => machine.close())

/** A peer that alice has never met still gets in and is answered. */
async function expectAliveNode(): Promise<void> {
  await using stranger = await Node.start({ label: 'stranger', peers: [alice.address] })
  expect(await stranger.ready()).toBe(true)
  expect(await stranger.peer('alice').run('add')).toMatchObject({ text: '3', exit: 0 })
}

/** Begins to count what alice logs; returns what she has logged since. */
async function watchLog(): Promise<() => Promise<string>> {
  const logged = async (): Promise<string> => (await machine.skein(['-p', 'alice', 'logs'])).stdout
  const { length } = await logged()
  return async () => (await logged()).slice(length)
}

describe('at the listening port', () => {
  test.each<[string, Uint8Array | string, RegExp]>([
    ['plain text', 'hello\r\n', /refused: not TLS/],
    ['an HTTP request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', /refused: plain HTTP instead of TLS/],
    ['an SSH client', 'SSH-2.0-OpenSSH_9.6\r\n', /refused: not TLS/],
    ['random bytes', randomBytes(10_000), /refused: /],
    ['the beginning of a handshake', Buffer.from('1603010200010001fc0303', 'hex'), /refused: /],
    ['nothing', '', /refused: /],
  ])('%s is refused, and others get in', async (_what, bytes, reason) => {
    const logged = await watchLog()
    await talk(connect(alice.port, '127.0.0.1'), bytes)
    await expectAliveNode()
    await expect.poll(logged, { timeout: 10_000 }).toMatch(reason)
  })

  test('a client of TLS 1.2 is refused with a reason', async () => {
    const logged = await watchLog()
    const failure = await new Promise<Error>((resolve) => {
      const socket = connectTls({
        port: alice.port,
        host: '127.0.0.1',
        maxVersion: 'TLSv1.2',
        rejectUnauthorized: false,
      })
      socket.once('error', resolve)
    })
    expect(failure.message).toMatch(/version/i)
    await expect.poll(logged).toMatch(/refused: an old TLS version; Skein speaks TLS 1\.3 only/)
    await expectAliveNode()
  })

  test('a client of TLS 1.3 without a certificate is refused with a reason', async () => {
    const logged = await watchLog()
    const socket = connectTls({
      port: alice.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['skein/1'],
    })
    await talk(socket, 'hello')
    await expect.poll(logged).toMatch(/refused: .*certificate/)
    await expectAliveNode()
  })

  test('two hundred sockets that say nothing do not keep others out for long', async () => {
    const sockets = Array.from({ length: 200 }, () => connect(alice.port, '127.0.0.1'))
    for (const socket of sockets) socket.on('error', () => undefined)
    for (const socket of sockets) socket.once('connect', () => socket.write('\u0016'))
    await using stranger = await Node.start({ label: 'patient', peers: [alice.address] })
    expect(await stranger.ready({ timeoutMs: 10_000 })).toBe(true)
    for (const socket of sockets) socket.destroy()
  })
})

describe('at the control socket', () => {
  const controlPath = (): string => path.join(machine.dataFolder('alice'), 'control.sock')

  test.each<[string, Uint8Array | string]>([
    ['plain text', 'status\n'],
    ['random bytes', randomBytes(10_000)],
    ['a frame of 4 GiB', Buffer.from('ffffffff00', 'hex')],
    ['nothing', ''],
  ])('%s is refused, and the owner is answered', async (_what, bytes) => {
    await talk(connect(controlPath()), bytes)
    expect(await machine.skein(['-p', 'alice', 'id'])).toEqual(success(`${alice.id}\n`))
  })

  test('a wrong token is refused, in one line that says why', async () => {
    const bob = await machine.node('bob')
    machine.write('home/bob/control-token', randomBytes(32))
    const { code, stdout, stderr } = await machine.skein(['-p', 'bob', 'status'])
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/^skein: .*control token is another one/),
    ])
    expect([code, stdout]).toEqual([1, ''])
    await bob.process.printed('a program was not let in: the control token')
  })

  test('a socket that nobody listens on means that no node runs', async () => {
    const carol = await machine.node('carol')
    carol.process.signal('SIGKILL')
    await carol.process.ended
    // A lock that names a living process which is no node: this one.
    machine.write('home/carol/lock', JSON.stringify({ pid: process.pid, start: '', nonce: '' }))
    const { code, stderr } = await machine.skein(['-p', 'carol', 'status'])
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/^skein: .*carol.* has died: .*skein up -p/),
    ])
    expect(code).toBe(3)
  })
})

/** Sends bytes and waits until the other side, or our patience of half a second, ends it. */
async function talk(socket: Socket, bytes: Uint8Array | string): Promise<void> {
  socket.on('error', () => undefined) // A reset is one of the ways to be refused.
  socket.setTimeout(500, () => socket.end())
  if (bytes.length > 0) socket.write(bytes)
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
}

function success(stdout: string): object {
  return { code: 0, stdout, stderr: '' }
}
