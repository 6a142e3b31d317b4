import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { createIdentity } from '../base/identity.node.ts'
import { createCertificate, peerIdFromCertificate } from './certificate.node.ts'

const identity = createIdentity()

test('OpenSSL reads what we write: a self-signed Ed25519 certificate that never expires', () => {
  const certificate = new X509Certificate(createCertificate(identity))
  expect(certificate.publicKey.asymmetricKeyType).toBe('ed25519')
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.checkIssued(certificate)).toBe(true)
  expect(certificate.subject).toBe(`CN=${identity.peerId}`)
  expect(certificate.validFrom).toBe('Jan  1 00:00:00 1970 GMT')
  expect(certificate.validTo).toBe('Dec 31 23:59:59 9999 GMT')
})

test('the peer ID is the key, whatever the certificate says', () => {
  const other = createIdentity()
  const certificate = createCertificate({ ...identity, peerId: other.peerId })
  expect(peerIdFromCertificate(new X509Certificate(certificate))).toBe(identity.peerId)
})

test('a key that did not sign its certificate stands for nobody', () => {
  const other = createIdentity()
  const forged = createCertificate({ ...identity, publicKey: other.publicKey })
  expect(peerIdFromCertificate(new X509Certificate(forged))).toBeUndefined()
})
