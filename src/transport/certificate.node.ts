/**
 * The certificate that carries a node's key through TLS, and the key out of a peer's certificate.
 *
 * There is no authority: the key *is* the peer ID, the certificate merely transports it, and the TLS
 * 1.3 handshake (CertificateVerify, RFC 8446 §4.4.3) proves that the far side holds the private half.
 * It never expires, as clocks are wrong on real machines and a wrong clock must not cut a peer off.
 *
 * Only the key and the signature differ from one to the next, so it is written here as DER (X.690,
 * RFC 5280 §4.1, RFC 8410): 0.2 ms, against 140 ms and 4.7 MB for a library that can do more.
 */
import type { X509Certificate } from 'node:crypto'
import type { Identity } from '../base/identity.node.ts'
import { peerIdFromKey } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'

/** Makes the self-signed certificate of an identity, in PEM. Its common name is the peer ID. */
export function createCertificate(identity: Identity): string {
  const name = der(0x30, der(0x31, der(0x30, commonName, der(0x0c, Buffer.from(identity.peerId)))))
  const publicKey = der(0x30, ed25519, der(0x03, noUnusedBits, identity.publicKey))
  const signed = der(0x30, version3, serialNumber, ed25519, name, validity, name, publicKey)
  const certificate = der(0x30, signed, ed25519, der(0x03, noUnusedBits, identity.sign(signed)))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

/**
 * The peer ID that a certificate stands for; only after a handshake is it proved.
 *
 * @returns `undefined` when its key is not Ed25519, or it is not signed by that key.
 */
export function peerIdFromCertificate(certificate: X509Certificate): PeerId | undefined {
  try {
    const { publicKey } = certificate
    if (publicKey.asymmetricKeyType !== 'ed25519' || !certificate.verify(publicKey))
      return undefined
    const { x } = publicKey.export({ format: 'jwk' })
    return x === undefined ? undefined : peerIdFromKey(Buffer.from(x, 'base64url'))
  } catch {
    return undefined // A hostile certificate: a key that OpenSSL cannot read throws here.
  }
}

/** One DER value: tag, length (X.690 §8.1.3), content. Ours stay below 64 KiB. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(header), content])
}

const version3 = der(0xa0, der(0x02, Buffer.from([2]))) // RFC 5280 §4.1.2.1: v3 is written 2
const serialNumber = der(0x02, Buffer.from([1]))
const ed25519 = der(0x30, der(0x06, Buffer.from([0x2b, 0x65, 0x70]))) // 1.3.101.112, RFC 8410 §3
const commonName = der(0x06, Buffer.from([0x55, 0x04, 0x03])) // 2.5.4.3
const noUnusedBits = Buffer.from([0])
const validity = der(
  0x30,
  der(0x17, Buffer.from('700101000000Z')), // Two digits of a year up to 2049, RFC 5280 §4.1.2.5
  der(0x18, Buffer.from('99991231235959Z')), // "No well-defined expiration date", the same place
)
