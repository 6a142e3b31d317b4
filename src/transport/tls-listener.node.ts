/**
 * The accepting side of `tls`: everybody may knock, few at a time, and not for long.
 *
 *   TCP accept ──▶ half-open ──handshake──▶ key judged ──▶ path
 *      └─ too many ─┴─ error, end, time-out ─┴─▶ onRejected
 *
 * Plain TCP is accepted first and then given to a TLS server (as Node documents it), so that a flood
 * of half-open ones is turned away before it costs a TLS engine each.
 *
 * **Invariant**: each accepted socket ends in exactly one `onPath` or one `onRejected`.
 */
import { constants } from 'node:crypto'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { parseHostPort, tlsAddress } from '../base/address.ts'
import type { HostPort } from '../base/address.ts'
import { afterAwake, systemClock } from '../base/clock.ts'
import { SkeinError } from '../base/errors.ts'
import type { ListenOptions, Listener, PathTraffic } from './contract.ts'
import { listenOn } from './listen-socket.node.ts'
import { closeReason, listenFailure } from './socket-failure.node.ts'
import { alpn, inboundAddress, provedBy, tlsPath } from './tls-proof.node.ts'

/** A private key and its certificate, both PEM. */
export interface TlsCredentials {
  readonly key: string
  readonly cert: string
  /** Authorities: none, for a key proves itself. */
  readonly ca: string[]
}

/** Listens for TLS paths, whose bytes `traffic` counts; see {@link Transport.listen}. */
export async function listenTls(
  credentials: TlsCredentials,
  traffic: PathTraffic,
  options: ListenOptions,
): Promise<Listener> {
  const target = parseHostPort(options.address, 0)
  if (target === undefined)
    throw new SkeinError(
      'CONFIG_INVALID',
      `cannot listen on ${options.address}: not an address like tls://[::]:14590`,
    )
  const listener = new TlsListener(credentials, traffic, options)
  await listener.start(target)
  return listener
}

class TlsListener implements Listener {
  readonly #options: ListenOptions
  readonly #traffic: PathTraffic
  readonly #tcp: Server
  readonly #tls: Server
  readonly #halfOpen = new Map<string, HalfOpen>() // By the far side's address, unique while it lives.
  #addresses: readonly string[] = []

  constructor(credentials: TlsCredentials, traffic: PathTraffic, options: ListenOptions) {
    this.#options = options
    this.#traffic = traffic
    this.#tcp = createTcpServer({ noDelay: true }, (socket) => this.#accepted(socket))
    this.#tls = createTlsServer({
      ...credentials,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: false, // There is no authority; `provedBy` judges the key.
      ALPNProtocols: [alpn],
      secureOptions: constants.SSL_OP_NO_TICKET, // No resumption, and 10 KB less for each path.
      handshakeTimeout: 0x7fff_ffff, // Node's restarts with each byte; ours is in `#accepted`.
    })
    this.#tls.on('secureConnection', (socket: TLSSocket) => this.#secured(socket))
    this.#tls.on('tlsClientError', (error: Error, socket: TLSSocket) => this.#failed(error, socket))
  }

  get addresses(): readonly string[] {
    return this.#addresses
  }

  async start(target: HostPort): Promise<void> {
    try {
      await listenOn(this.#tcp, target)
    } catch (thrown) {
      throw listenFailure(this.#options.address, thrown as Error)
    }
    const bound = this.#tcp.address() as AddressInfo // A TCP server that listens has one.
    this.#addresses = [tlsAddress({ host: bound.address, port: bound.port })]
    this.#tcp.on('error', (error) => this.#reject(this.#options.address, closeReason(error)))
  }

  async close(): Promise<void> {
    for (const { socket } of this.#halfOpen.values()) socket.destroy()
    // The port is free as soon as the handle is closed; the callback would wait for every path.
    this.#tcp.close()
    await new Promise((resolve) => setImmediate(resolve))
  }

  #accepted(socket: Socket): void {
    const from = inboundAddress(socket)
    const { maxHalfOpen, handshakeTimeoutMs } = this.#options
    if (this.#halfOpen.size >= maxHalfOpen) {
      socket.destroy()
      this.#reject(from, `more than ${maxHalfOpen} handshakes at a time`)
      return
    }
    const reject = (reason: string): void => {
      if (this.#halfOpen.delete(from)) this.#reject(from, reason)
      settle()
      socket.destroy()
    }
    const onClose = (): void => reject('ended before the handshake was complete')
    const onTimeout = (): void => reject(`no handshake within ${handshakeTimeoutMs} ms`)
    const timer = afterAwake(systemClock, handshakeTimeoutMs, onTimeout)
    const settle = (): void => {
      timer.cancel()
      socket.off('close', onClose)
    }
    socket.on('close', onClose)
    this.#halfOpen.set(from, { socket, settle, reject })
    this.#tls.emit('connection', socket)
  }

  #secured(socket: TLSSocket): void {
    const from = inboundAddress(socket)
    const halfOpen = this.#halfOpen.get(from)
    const proof = provedBy(socket)
    if (halfOpen === undefined || 'problem' in proof) {
      socket.on('error', ignoreLateError).destroy()
      halfOpen?.reject('problem' in proof ? proof.problem : 'too late')
      return
    }
    this.#halfOpen.delete(from)
    halfOpen.settle()
    const path = { remoteId: proof.peerId, remoteAddress: from, traffic: this.#traffic }
    this.#options.onPath(tlsPath(socket, path))
  }

  #failed(error: Error, socket: TLSSocket): void {
    // One that is closed already has no address any more; its own `close` tells.
    this.#halfOpen.get(inboundAddress(socket))?.reject(closeReason(error))
  }

  #reject(from: string, reason: string): void {
    this.#options.onRejected(from, reason)
  }
}

interface HalfOpen {
  readonly socket: Socket
  /** Takes the time limit and the listener off. */
  readonly settle: () => void
  /** Ends it and tells why. */
  readonly reject: (reason: string) => void
}

/** The socket was rejected already, with the reason that came first. */
function ignoreLateError(): void {}
