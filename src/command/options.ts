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
  /** How long a command that was asked for waits to be iterated over, in milliseconds. */
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

/** Silence after which a caller gives up (D8), in milliseconds. */
export const defaultSilenceMs = 10_000

/** How long a person waits for a peer without a path that has not answered yet, in milliseconds. */
export const personPatienceMs = 10_000 // D8: as long as for one that is silent.

/** How long of that for a peer that the network calls gone, ms. */
export const absencePatienceMs = 3_000 // D8; Guess: some dials, in case it is back.

/** All words of one command together, in bytes of UTF-8. */
export const maxArgvBytes = 64 * 2 ** 10 // Fits every system's limit for the words of a program.

/** Words of one command. */
export const maxWords = 4_096 // Guess.

/** A longer chunk of input or output is cut into several items. */
export const maxChunkBytes = 32 * 2 ** 10 // Half of what a pipe gives, and far below a large message.

/** Longest chunk that is taken; a longer one is a violation. */
export const maxPartBytes = 64 * 2 ** 10 // Twice what we send.

/** Output that waits for its reader, beside what its credit let go; at more the command waits. */
export const maxWaitingOutputBytes = 128 * 2 ** 10 // Guess: two chunks of a pipe.

/** What a part costs of that beside its bytes. */
export const partCostBytes = 64 // As an item costs of an iteration's credit.
