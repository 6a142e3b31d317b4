/** Limits of the object layer. What happens at each stands in `docs/spec/objects.md`. */
export interface ObjectLimits {
  /** Calls and iterations of one peer that run or wait here; one more fails with `LIMIT_EXCEEDED`. */
  readonly objectCallsPerPeer: number
  /** Iterations among them. */
  readonly objectIterationsPerPeer: number
  /**
   * References that one peer holds of ours, and again those that we hold of its; a value that would
   * bring one more fails with `LIMIT_EXCEEDED`.
   */
  readonly objectReferencesPerPeer: number
  /** One call's arguments, one result, or one item, in bytes; a larger one is `LIMIT_EXCEEDED`. */
  readonly objectValueBytes: number
  /** Containers inside each other in one of these; the sender's side says `INVALID`. */
  readonly objectValueDepth: number
  /**
   * Bytes that wait for one peer to read them. Above, results become `LIMIT_EXCEEDED`; at twice as
   * much what the peer shares with us ends.
   */
  readonly objectUnsentBytes: number
  /** Large values that one peer sends at a time, in bytes; the others wait at the peer. */
  readonly objectIncomingBytes: number
  /** Items that one iteration sends ahead of its reader, in bytes. */
  readonly objectWindowBytes: number
  /** How long an object lives on for somebody whose connection ended, or to whom it was handed, ms. */
  readonly objectLeaseMs: number
}

/** What holds where nothing else was said. */
export const defaultObjectLimits: ObjectLimits = {
  objectCallsPerPeer: 4_096, // Guess: eight times the most that the benchmark has in flight.
  objectIterationsPerPeer: 512, // Guess: half of a connection's streams.
  objectReferencesPerPeer: 262_144, // Guess: 100 MB at about 400 bytes each.
  objectValueBytes: 64 * 2 ** 20, // Guess: larger things are streams.
  objectValueDepth: 64, // As the codec's own.
  objectUnsentBytes: 64 * 2 ** 20, // One value of the largest kind.
  objectIncomingBytes: 128 * 2 ** 20, // Two values of the largest kind.
  objectWindowBytes: 256 * 1_024, // As a stream's first window.
  objectLeaseMs: 120_000, // As long as a connection may be without a path.
}

/** A longer message leaves on a stream of its own, so that short ones pass it. */
export const largeMessageBytes = 64 * 1_024 // One slice of a stream: `ConnectionOptions`.
/** So many bytes of items leave at once: they fit one frame, and the path can say that it is full. */
export const pieceBytes = 32 * 1_024 // Half a slice.
/** What an item of an iteration costs of the window beside its bytes. */
export const itemCostBytes = 64 // Guess: an object in a queue.
/** Names in one path, and the length of each, in UTF-16 units. */
export const maxPathNames = 16 // Guess.
export const maxNameLength = 256 // Guess: longer than anybody types.
/** Items in one value. */
export const maxValueItems = 4_000_000 // Guess: a second of decoding.
