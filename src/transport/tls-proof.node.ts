import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { tlsAddress } from '../base/address.ts'
import type { PeerId } from '../base/peer-id.ts'
import { peerIdFromCertificate } from './certificate.node.ts'
import type { Path, PathTraffic } from './contract.ts'
import { SocketPath } from './socket-path.node.ts'

/** What both sides speak inside TLS; the version of the connection protocol is in its HELLO. */
export const alpn = 'skein/1'

/** The peer ID that the far side of a completed handshake proved, or what was wrong with it. */
export type Proof = { readonly peerId: PeerId } | { readonly problem: string }

/** Judges a completed handshake: the protocol, and the key in the far side's certificate. */
export function provedBy(socket: TLSSocket): Proof {
  if (socket.alpnProtocol !== alpn)
    return { problem: `no protocol agreed inside TLS; Skein speaks ${alpn}` }
  // Neither side offers resumption; one that happened all the same proved nothing.
  if (socket.isSessionReused()) return { problem: 'a resumed TLS session, which proves no key' }
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return { problem: 'no certificate, so it proved no key' }
  const peerId = peerIdFromCertificate(certificate)
  if (peerId === undefined) return { problem: 'a certificate that is not of an Ed25519 key alone' }
  return { peerId }
}

/** What a proved socket becomes a path with. */
export interface TlsPathOptions {
  readonly remoteId: PeerId
  readonly remoteAddress: string
  readonly traffic: PathTraffic
}

/** Makes the path of a socket whose far side proved `remoteId`. */
export function tlsPath(socket: TLSSocket, options: TlsPathOptions): Path {
  const { remoteAddress: remoteHost, localAddress: localHost } = socket
  // Both ends have one address where a machine dials its own outer address.
  const isLocal = isLoopback(remoteHost) || (remoteHost !== undefined && remoteHost === localHost)
  return new SocketPath(socket, { kind: 'tls', ...options, isLocal })
}

/** The far side of an inbound socket, as an address. */
export function inboundAddress(socket: Socket): string {
  const { remoteAddress = 'unknown', remotePort = 0 } = socket
  return tlsAddress({ host: withoutMapping(remoteAddress), port: remotePort })
}

function isLoopback(host = ''): boolean {
  return host === '::1' || withoutMapping(host).startsWith('127.')
}

/** An IPv4 address as itself where a dual-stack socket shows it mapped (RFC 4291 §2.5.5.2). */
function withoutMapping(host: string): string {
  return host.startsWith('::ffff:') && host.includes('.') ? host.slice('::ffff:'.length) : host
}
