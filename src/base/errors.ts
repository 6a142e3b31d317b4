/**
 * Operating failures: things that happen to correct programs, such as a peer that is gone.
 *
 * The codes are API: they travel between peers, are matched by callers and never change meaning.
 * What a peer does wrong is a violation (it closes that peer's connection and is never thrown), and
 * our own bugs are assertions.
 */

/** Every code with what it means. The keys are the closed union {@link ErrorCode}. */
export const errorCodes = {
  ADDRESS_IN_USE: 'another program listens on that address',
  CANCELLED: 'the caller took the request back',
  CONFIG_INVALID: 'the configuration has a wrong or unknown value',
  CONNECTION_CLOSED: 'the connection to the peer was closed on purpose',
  CONNECTION_EXPIRED: 'the connection stayed without a path for longer than it may',
  DENIED: "the peer's policy refuses; the message names the rule",
  DIAL_FAILED: 'no address of the peer answered',
  HANDSHAKE_FAILED: 'the other side did not complete the handshake',
  INTERNAL: 'a bug on the other side; it is logged there',
  INVALID: 'the request is malformed',
  LABEL_AMBIGUOUS: 'several peers match the name',
  LIMIT_EXCEEDED: 'a limit on size, count, depth or rate was reached',
  NODE_CLOSED: 'this node was closed',
  NODE_NOT_RUNNING: 'no node runs that could take the command',
  NODE_RUNNING: 'another process already runs with this data folder',
  OBJECT_GONE: 'the object is no more: its owner restarted, let it go, or took it away',
  PEER_MISMATCH: 'the dialled address proved another identity than expected',
  PEER_RESTARTED: 'the peer lost its memory: what was in flight is lost',
  PEER_UNKNOWN: 'no peer of that name, or no address of it, is known',
  PROTOCOL_UNKNOWN: 'the peer does not speak the protocol of the stream',
  REFUSED: 'the peer refused the connection; the message names the rule',
  RESUME_LIMIT: 'the node held more unacknowledged bytes than resumeTotalBytes',
  SELF_DIAL: 'the dialled address is this node itself',
  STORAGE_FAILED: 'the data folder could not be read or written',
  STREAM_RESET: 'the other side gave the stream up',
  SUPERSEDED: 'a newer process with the same key took this one’s place',
  TIMED_OUT: 'no answer in time; the request may have been carried out',
  UNKNOWN_COMMAND: 'the peer offers no such command',
  UNKNOWN_MEMBER: 'the object has no such method or property for you',
  UNKNOWN_OBJECT: 'the peer exposes no object of that name',
  VIOLATION: 'the peer broke a protocol rule; the message names it',
} as const

/** A failure's stable name; see {@link errorCodes} for the meanings. */
export type ErrorCode = keyof typeof errorCodes

/** Tells whether `text` (from a peer, say) is a code this version knows. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(errorCodes, text)
}

/**
 * The one class of operating failures.
 *
 * `message` says what was tried, on what, and what to do next; `code` is for programs.
 */
export class SkeinError extends Error {
  override readonly name = 'SkeinError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The text of anything that was thrown, for a message or a log line. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** Turns anything that was thrown into a {@link SkeinError}; one that is already is returned as is. */
export function toSkeinError(thrown: unknown, code: ErrorCode = 'INTERNAL'): SkeinError {
  if (thrown instanceof SkeinError) return thrown
  return new SkeinError(code, messageOf(thrown), { cause: thrown })
}
