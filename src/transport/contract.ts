/**
 * What every transport gives: dial an address, listen, and paths that carry bytes in order.
 *
 * A path knows nothing of connections; a connection outlives its paths. All calls into a handler come
 * from the transport's own turn of the event loop, never from inside a call that the handler made.
 *
 * **Invariant**: a path is handed out only after the far side proved its key (`local` paths prove a
 * token later, in the handshake, and have no `remoteId`).
 */
import type { PeerId } from '../base/peer-id.ts'

/** What happens on a path, told to whoever bound it. */
export interface PathHandler {
  /** Bytes arrived. The array belongs to the handler; it is not written to afterwards. */
  onData(bytes: Uint8Array): void
  /** The path takes bytes again after a `write` that returned false. */
  onDrain(): void
  /** The path is over; called exactly once, and nothing follows. The reason is for people. */
  onClose(reason: string): void
}

/** One authenticated, encrypted way to one peer. */
export interface Path {
  /** The scheme of the transport: `tls`, `memory`, `local`. */
  readonly kind: string
  /** The far side as a URL; for an inbound path the address it came from. */
  readonly remoteAddress: string
  /** The key that the far side proved; `undefined` on a transport that proves none. */
  readonly remoteId: PeerId | undefined
  /** True where the far side runs on this machine. */
  readonly isLocal: boolean
  /** Bytes that were given to `write` and are still held in this process, as far as is known. */
  readonly bufferedBytes: number
  /** Sets who is told of what happens. Data that came before is kept until then. Can be set again. */
  bind(handler: PathHandler): void
  /**
   * Sends bytes. The caller must not change them until they were acknowledged by the peer or the path
   * is over. Two arrays are sent as if they were one.
   *
   * @returns false when the caller had better wait for `onDrain`; the bytes are taken all the same.
   */
  write(bytes: Uint8Array, more?: Uint8Array): boolean
  /** Stops or goes on reading; back-pressure for a receiver that holds too much. */
  setReading(isReading: boolean): void
  /** Sends what was written, then ends; the handler is told `onClose`. */
  close(): void
  /** Ends at once, whatever was written may be lost; the handler is told `onClose`. */
  destroy(reason: string): void
}

/** How to dial. */
export interface DialOptions {
  /** Who must answer. Another key is `PEER_MISMATCH`. */
  readonly expectedId?: PeerId | undefined
  /** Gives the dial up: it fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** At most this long until the far side has proved its key. */
  readonly timeoutMs: number
}

/** A transport that is listening. */
export interface Listener {
  /** Where it can be dialled, as URLs; wildcard hosts stay wildcards. */
  readonly addresses: readonly string[]
  /** Stops accepting; paths that were handed out live on. Resolves when the address is free again. */
  close(): Promise<void>
}

/** Where to listen, and who gets the paths. */
export interface ListenOptions {
  /** As the scheme understands it: `tls://[::]:14590`, `memory://alice`, `local:///run/x.sock`. */
  readonly address: string
  /** At most this many paths that have not proved their key; more are closed at once. */
  readonly maxHalfOpen: number
  /** At most this long until a path has proved its key. */
  readonly handshakeTimeoutMs: number
  /** Called for each path that proved its key. */
  readonly onPath: (path: Path) => void
  /** Called for each one that did not, for the log and the counters. */
  readonly onRejected: (remoteAddress: string, reason: string) => void
}

/** Bytes that the paths of a transport carried so far, as they were given and handed on. */
export interface PathTraffic {
  sentBytes: number
  receivedBytes: number
}

/** A way to make paths. */
export interface Transport {
  /** The URL scheme it serves, without `://`. */
  readonly scheme: string
  /** What all its paths have carried; absent where it does not count. */
  readonly traffic?: Readonly<PathTraffic>
  /**
   * Dials an address.
   *
   * @throws {SkeinError} `DIAL_FAILED` nobody answered; `TIMED_OUT`; `PEER_MISMATCH` another key.
   */
  dial(address: string, options: DialOptions): Promise<Path>
  /**
   * Listens on an address.
   *
   * @throws {SkeinError} `ADDRESS_IN_USE`; `CONFIG_INVALID` the address cannot be used here.
   */
  listen(options: ListenOptions): Promise<Listener>
}
