/**
 * Direct paths: TLS 1.3 on TCP (RFC 8446), mutual, each side with the certificate of its own key.
 *
 * No authority signs anything: the handshake proves that the far side holds the private half of the
 * key in its certificate, and that key is its peer ID. Sessions are never resumed, as a resumed one
 * shows no certificate.
 *
 * **Invariant**: no path is handed out whose far side did not prove an Ed25519 key under `skein/1`.
 */
import { connect, createSecureContext } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { parseHostPort } from '../base/address.ts'
import { SkeinError } from '../base/errors.ts'
import type { Identity } from '../base/identity.node.ts'
import type { PeerId } from '../base/peer-id.ts'
import { createCertificate } from './certificate.node.ts'
import type { DialOptions, Path, PathTraffic, Transport } from './contract.ts'
import { dialSocket } from './dial-socket.node.ts'
import { listenTls } from './tls-listener.node.ts'
import type { TlsCredentials } from './tls-listener.node.ts'
import { alpn, provedBy, tlsPath } from './tls-proof.node.ts'

/**
 * The transport `tls`, for one identity.
 *
 * @example
 * const transport = tlsTransport(await loadIdentity(storage))
 * const path = await transport.dial('tls://[::1]:14590', { timeoutMs: 5_000 })
 */
export function tlsTransport(identity: Identity): Transport {
  // No authorities: without an empty list Node reads in those of the web, 23 ms of a start (measured).
  const credentials = { key: identity.privateKeyPem, cert: createCertificate(identity), ca: [] }
  const traffic = { sentBytes: 0, receivedBytes: 0 }
  return {
    scheme: 'tls',
    traffic,
    dial: dialler(credentials, traffic),
    listen: (options) => listenTls(credentials, traffic, options),
  }
}

function dialler(credentials: TlsCredentials, traffic: PathTraffic): Transport['dial'] {
  // One for all dials: a context of its own costs each path 28 KB and half the CPU of a dial.
  const secureContext = createSecureContext({ ...credentials, minVersion: 'TLSv1.3' })
  return async (address, options) => {
    const target = parseHostPort(address)
    if (target === undefined)
      throw new SkeinError(
        'DIAL_FAILED',
        `dialling ${address}: not an address like tls://host:port`,
      )
    const socket = connect({
      ...target,
      secureContext,
      ALPNProtocols: [alpn],
      rejectUnauthorized: false, // There is no authority; `judgeProof` judges the key.
    }).setNoDelay(true)
    const makePath = (): Path => {
      const remoteId = judgeProof(socket, address, options)
      return tlsPath(socket, { remoteId, remoteAddress: address, traffic })
    }
    return dialSocket(socket, { ...options, address, readyEvent: 'secureConnect', makePath })
  }
}

/** Who answered, if that is who was wanted. */
function judgeProof(socket: TLSSocket, address: string, { expectedId }: DialOptions): PeerId {
  const proof = provedBy(socket)
  if ('problem' in proof)
    throw new SkeinError('DIAL_FAILED', `dialling ${address}: it answered with ${proof.problem}`)
  if (expectedId !== undefined && proof.peerId !== expectedId)
    throw new SkeinError(
      'PEER_MISMATCH',
      `dialling ${address}: expected ${expectedId}, but ${proof.peerId} answered; ` +
        'the address belongs to another node now, or somebody stands in between',
    )
  return proof.peerId
}
