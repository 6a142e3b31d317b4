import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { messageOf } from '../base/errors.ts'
import { AcceptWitness, rejectionOf } from '../testing/path-witness.ts'
import { transportConformance } from '../testing/transport-conformance.ts'
import type { TransportHarness } from '../testing/transport-scene.ts'
import { isLocalPathShort, localAddress, localTransport } from './local.node.ts'

const folder = mkdtempSync(join(tmpdir(), 'skein-local-'))
let nextSocket = 1
afterAll(() => rmSync(folder, { recursive: true }))

for (const { title, run } of transportConformance(makeHarness)) test(title, run)

function makeHarness(): TransportHarness {
  return {
    dialler: localTransport,
    accepter: localTransport,
    listenAddress: newAddress,
    nobodyAddress: newAddress,
  }
}

test('[T21] the socket is for this user only, and goes with its listener', async () => {
  const path = join(folder, 'made', 'here.sock')
  const accepted = await AcceptWitness.listen(localTransport, localAddress(path))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'made')).mode & 0o777).toBe(0o700)
  const dialled = await localTransport.dial(accepted.address, { timeoutMs: 5_000 })
  expect(dialled).toMatchObject({ kind: 'local', isLocal: true, remoteId: undefined })
  dialled.destroy('seen')
  await accepted.end()
  expect(existsSync(path)).toBe(false)
})

test('[T21] a socket that a dead process left is taken over', async () => {
  const address = newAddress()
  const path = address.slice('local://'.length)
  leaveSocketBehind(path)
  expect(existsSync(path)).toBe(true)
  expect(await rejectionOf(localTransport.dial(address, { timeoutMs: 5_000 }))).toMatchObject({
    code: 'DIAL_FAILED',
    message: `dialling ${address}: nobody listens there`,
  })
  const accepted = await AcceptWitness.listen(localTransport, address)
  const dialled = await localTransport.dial(address, { timeoutMs: 5_000 })
  dialled.destroy('seen')
  await accepted.end()
})

test.each([
  [`local:///tmp/${'x'.repeat(99)}`, /at most 103 bytes/],
  ['local://relative.sock', /not an address like/],
  ['tls://[::1]:80', /not an address like/],
])('[T21] %s cannot be listened on', async (address, reason) => {
  const failure = await rejectionOf(AcceptWitness.listen(localTransport, address))
  expect(failure).toMatchObject({ code: 'CONFIG_INVALID' })
  expect(messageOf(failure)).toMatch(reason)
})

test('[T21] a folder in place of the socket is left alone, and said', async () => {
  const path = join(folder, 'folder.sock')
  mkdirSync(path)
  const address = localAddress(path)
  const listening = localTransport.listen({
    address,
    maxHalfOpen: 4,
    handshakeTimeoutMs: 1_000,
    onPath: () => undefined,
    onRejected: () => undefined,
  })
  const failure = messageOf(await rejectionOf(listening))
  expect(failure).toBe(
    `cannot listen on ${address}: there is a folder in place of the socket; move it away`,
  )
  expect(statSync(path).isDirectory()).toBe(true)
})

test('[T21] a path is short up to 103 bytes, whatever its characters', () => {
  expect(isLocalPathShort('x'.repeat(103))).toBe(true)
  expect(isLocalPathShort('é'.repeat(52))).toBe(false)
})

/** A process that listens and is killed leaves its socket file. */
function leaveSocketBehind(path: string): void {
  const program = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', program, path])
}

function newAddress(): string {
  return localAddress(join(folder, `${nextSocket++}.sock`))
}
