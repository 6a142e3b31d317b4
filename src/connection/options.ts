/** What bounds one connection, and what happens at each bound. */
export interface ConnectionOptions {
  /** Credit that a stream starts with, bytes each way. A peer that sends more is cut off. */
  readonly initialWindowBytes: number
  /** Credit that a stream grows to while it is read as fast as it comes. */
  readonly maxWindowBytes: number
  /** Streams that the peer may have open; one more is reset with `LIMIT_EXCEEDED`. */
  readonly maxStreams: number
  /** Bytes that wait on a stream before `write` says so. */
  readonly writeQueueBytes: number
  /** Bytes given to streams and not acknowledged, a connection; then writers wait. */
  readonly resumeBufferBytes: number
  /** How long a connection may stay without a path before it closes with `CONNECTION_EXPIRED`. */
  readonly resumeWindowMs: number
  /** Time between two pings of a path. */
  readonly keepAliveMs: number
  /** Silence after which a path is given up. */
  readonly silenceMs: number
}

/** Defaults for direct paths. */
export const defaultConnectionOptions: ConnectionOptions = {
  initialWindowBytes: 256 * 1_024, // Guess: bounds what a thousand unread streams can pin.
  maxWindowBytes: 4 * 2 ** 20, // Prototype: bulk gains up to 2–4 MiB.
  maxStreams: 1_024, // Guess.
  writeQueueBytes: 256 * 1_024, // Four full frames: enough to keep a path busy.
  resumeBufferBytes: 16 * 2 ** 20, // C14
  resumeWindowMs: 120_000, // C14
  keepAliveMs: 2_500, // Four pings within the silence that drops a path.
  silenceMs: 10_000, // Guess: to drop late costs little, to drop a path that lives much.
}

/** Bytes in flight at most while nothing but bulk travels. */
export const bulkInFlightBytes = 4 * 2 ** 20 // Prototype; bench/bulk holds its floor with it.
/** Bytes in flight at most while calls travel too: they bound how long a call waits. */
export const sharedInFlightBytes = 128 * 1_024 // Prototype; bench/mixed holds its floor with it.
/** How long after the last call the lower bound holds. */
export const callMemoryMs = 20 // Prototype; bench/mixed holds its floor with it.
/** An ACK that nothing carries goes by itself after this long. */
export const ackDelayMs = 25 // As TCP's shortest delayed ACK; measured: free.
/** Where fewer bytes wait for an ACK, it waits for the next PING or PONG. */
export const littleBytes = 4_096 // Guess: what the peer keeps for longer, a connection.
/** The same for frames, however short. */
export const littleFrames = 64 // Guess: a message most often is one or two.
/** An ACK goes at once when so many bytes wait for one. */
export const ackBytes = 64 * 1_024 // Prototype; bench/bulk holds its floor with it.
/** Paths that a connection has at most. */
export const maxPaths = 4 // Guess: one in use, one that is better, two that are on their way out.
