/**
 * A node's identity: one Ed25519 key in its data folder, made at the first start and never again.
 *
 * **Invariant**: an existing key is never overwritten, however broken its file is: with it the node
 * would lose its place in every list that names it.
 */
import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { SkeinError } from './errors.ts'
import { peerIdFromKey } from './peer-id.ts'
import type { PeerId } from './peer-id.ts'
import { placeOf, type Storage } from './storage.ts'

/** Who a node is, and what proves it. */
export interface Identity {
  readonly peerId: PeerId
  /** The Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** The private key, PKCS#8 in PEM. Secret: never logged, never sent. */
  readonly privateKeyPem: string
  /** Signs bytes (Ed25519, RFC 8032); 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array
}

/** The name of the key's file in the data folder. */
export const identityFileName = 'identity.pem'

/**
 * Makes a new identity, in memory only.
 *
 * An Ed25519 private key *is* 32 random bytes (RFC 8032 §5.1.5). `generateKeyPairSync` would make the
 * same, but Node 20 hangs for ever when the collector meets the job that made a key while that key is
 * exported: both want one lock, on one thread.
 */
export function createIdentity(): Identity {
  const key = Buffer.concat([pkcs8Ed25519, randomBytes(32)])
  return identityOf(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410 §7), DER. */
const pkcs8Ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Reads an identity from its private key, PKCS#8 in PEM.
 *
 * @returns `undefined` when the text is no Ed25519 private key.
 */
export function parseIdentity(privateKeyPem: string): Identity | undefined {
  try {
    const privateKey = createPrivateKey(privateKeyPem)
    return privateKey.asymmetricKeyType === 'ed25519' ? identityOf(privateKey) : undefined
  } catch {
    return undefined // OpenSSL's reasons tell people nothing; the caller says which file it was.
  }
}

/**
 * Loads the identity that `storage` holds; makes and keeps one where there is none.
 *
 * Two processes that start at once get the same one.
 *
 * @throws {SkeinError} `STORAGE_FAILED` it cannot be read or written, others could read it, or it is
 *   not an Ed25519 key; the message says what to do.
 */
export async function loadIdentity(storage: Storage): Promise<Identity> {
  const existing = await storage.readSecret(identityFileName)
  if (existing !== undefined) return fromFile(existing, storage)
  const made = createIdentity()
  const isOurs = await storage.create(identityFileName, Buffer.from(made.privateKeyPem))
  if (isOurs) return made
  const theirs = await storage.readSecret(identityFileName)
  if (theirs !== undefined) return fromFile(theirs, storage)
  const place = placeOf(storage, identityFileName)
  throw new SkeinError('STORAGE_FAILED', `${place} is made and removed by someone else`)
}

function fromFile(content: Uint8Array, storage: Storage): Identity {
  const identity = parseIdentity(Buffer.from(content).toString('latin1'))
  if (identity !== undefined) return identity
  throw new SkeinError(
    'STORAGE_FAILED',
    `${placeOf(storage, identityFileName)} is no Ed25519 private key in PEM (PKCS#8); ` +
      'restore it from a backup, or move it away to get a new identity',
  )
}

function identityOf(privateKey: KeyObject): Identity {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
  const publicKey = new Uint8Array(Buffer.from(jwk.x ?? '', 'base64url'))
  return {
    peerId: peerIdFromKey(publicKey),
    publicKey,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sign: (bytes) => sign(null, bytes, privateKey),
  }
}
