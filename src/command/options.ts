/** Limits of the command layer. What happens at each stands in `docs/spec/command.md`. */
export interface CommandLimits {
  /** Commands of one peer that run at the same time; one more waits. */
  readonly maxRunningPerPeer: number
  /** Commands of all peers that run at the same time; one more waits. */
  readonly maxRunning: number
  /** Commands of one peer that wait for a place; one more is `LIMIT_EXCEEDED`. */
  readonly maxWaitingPerPeer: number
  /** Bytes of their requests, of one peer; more is `LIMIT_EXCEEDED`. */
  readonly maxWaitingBytesPerPeer: number
  /** How long a stream may stay without its request, in milliseconds. */
  readonly requestTimeoutMs: number
  /** A sign of life is sent this often while a command runs, in milliseconds. */
  readonly aliveIntervalMs: number
  /** How long closing waits for commands that were told to stop, in milliseconds. */
  readonly closeTimeoutMs: number
}

/** What holds where nothing else was said. */
export const defaultCommandLimits: CommandLimits = {
  maxRunningPerPeer: 64, // Guess: a person's `@all` from a few terminals.
  maxRunning: 256, // Guess: four such peers; programs cost a process each.
  maxWaitingPerPeer: 1_024, // After 90 s without a path, 10 commands a second come at once.
  maxWaitingBytesPerPeer: 4 * 2 ** 20, // Guess: 4 KiB for each.
  requestTimeoutMs: 180_000, // Longer than a connection may be suspended (resumeWindowMs).
  aliveIntervalMs: 3_000, // A third of the silence after which the caller gives up.
  closeTimeoutMs: 5_000, // Longer than a program has between SIGTERM and SIGKILL.
}

/** Silence after which a caller gives up (DESIGN §8), in milliseconds. */
export const defaultSilenceMs = 10_000

/** How long a person waits for a peer without a path that has not answered yet, in milliseconds. */
export const personPatienceMs = 10_000 // DESIGN §8: as long as for one that is silent.

/** All words of one command together, in bytes of UTF-8. */
export const maxArgvBytes = 64 * 2 ** 10 // Fits every system's limit for the words of a program.

/** Words of one command. */
export const maxWords = 4_096 // Guess.

/** A longer chunk of input or output is cut into several messages. */
export const maxChunkBytes = 64 * 2 ** 10 // Measured best for slices of a stream, DESIGN §4.

/** Longest message of `command/1`; a longer one is a violation. */
export const maxMessageBytes = 256 * 2 ** 10 // A request of maxArgvBytes, with room for its frame.

/** Input that waits for a command that does not read; at more the peer's credit stops. */
export const maxWaitingInputBytes = 256 * 2 ** 10 // Guess: four chunks.
