import { generateKeyPairSync, verify, createPublicKey } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rejectionOf } from '../testing/path-witness.ts'
import { messageOf } from './errors.ts'
import { openFolder } from './folder-storage.node.ts'
import { createIdentity, identityFileName, loadIdentity, parseIdentity } from './identity.node.ts'
import { keyFromPeerId } from './peer-id.ts'
import { MemoryStorage } from './storage.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-identity-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('an identity is made at the first start and stays', async () => {
  const first = await loadIdentity(await openFolder(folder))
  const again = await loadIdentity(await openFolder(folder))
  expect(again.peerId).toBe(first.peerId)
  expect(again.privateKeyPem).toBe(first.privateKeyPem)
  const path = join(folder, identityFileName)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
})

test('starts at the same moment get the same identity', async () => {
  const starts = Array.from({ length: 8 }, async () => loadIdentity(await openFolder(folder)))
  const ids = new Set((await Promise.all(starts)).map(({ peerId }) => peerId))
  expect(ids.size).toBe(1)
})

test('a key that others may read is refused, with what to run', async () => {
  const storage = await openFolder(folder)
  const { peerId } = await loadIdentity(storage)
  const path = join(folder, identityFileName)
  for (const mode of [0o640, 0o604, 0o660]) {
    await chmod(path, mode)
    const failure = await rejectionOf(loadIdentity(storage))
    expect(failure).toMatchObject({ code: 'STORAGE_FAILED' })
    expect(messageOf(failure)).toContain(`chmod 600 ${path}`)
  }
  await chmod(path, 0o600)
  expect((await loadIdentity(storage)).peerId).toBe(peerId)
})

test.each([
  ['an empty file', ''],
  ['a cut one', createIdentity().privateKeyPem.slice(0, 60)],
  ['no PEM', 'not a key\n'],
  ['a key of another kind', pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
  ['a public key', publicPem()],
])('%s is refused and left as it is', async (_what, content) => {
  const path = join(folder, identityFileName)
  await writeFile(path, content, { mode: 0o600 })
  const failure = await rejectionOf(loadIdentity(await openFolder(folder)))
  expect(failure).toMatchObject({ code: 'STORAGE_FAILED' })
  expect(messageOf(failure)).toMatch(/identity\.pem .* no Ed25519 private key .* restore it/)
  expect(await readFile(path, 'utf8')).toBe(content)
})

test('an identity signs with the key that its peer ID is', () => {
  const identity = createIdentity()
  const { peerId, publicKey } = identity
  expect(keyFromPeerId(peerId)).toEqual(publicKey)
  const bytes = new TextEncoder().encode('so it is')
  const x = Buffer.from(publicKey).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  expect(verify(null, bytes, key, identity.sign(bytes))).toBe(true)
})

test('an identity survives its PEM, and lives in any storage', async () => {
  const identity = createIdentity()
  expect(parseIdentity(identity.privateKeyPem)?.peerId).toBe(identity.peerId)
  const storage = new MemoryStorage()
  const kept = await loadIdentity(storage)
  expect((await loadIdentity(storage)).peerId).toBe(kept.peerId)
})

function pemOf(key: ReturnType<typeof createPublicKey>): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function publicPem(): string {
  const { publicKey } = generateKeyPairSync('ed25519')
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}
