/** What bounds topics on a node, and how they spread. */
export interface TopicOptions {
  /** Body of one message at most, bytes of CBOR. */
  readonly maxBodyBytes: number
  /** A copy of a message is taken and passed on for so long after its time, ms; the same for all nodes. */
  readonly retentionMs: number
  /** And kept here for so long, ms; no longer than that. */
  readonly keepMs: number
  /** How far the clock of an author may be ahead of ours, ms. */
  readonly maxAheadMs: number
  /** Messages that are kept to repair and as history, bytes; the largest topic gives way. */
  readonly storeBytes: number
  /** The same, messages. */
  readonly storeCount: number
  /** Topics of which messages are kept; the one that was silent longest gives way. */
  readonly maxTopics: number
  /** Authors of whom is known what came; the one that was silent longest gives way. */
  readonly maxAuthors: number
  /** What this node publishes, messages a second for long; then `publish` waits. */
  readonly publishPerSecond: number
  /** The same at once. */
  readonly publishAtOnce: number
  /** What is taken of one author, messages a second for long; more is not taken and not passed on. */
  readonly takePerSecond: number
  /** The same at once. */
  readonly takeAtOnce: number
  /** What is taken of one author, bytes a second for long. */
  readonly takeBytesPerSecond: number
  /** The same at once. */
  readonly takeBytesAtOnce: number
  /** Messages of a neighbour that wait to be checked, bytes; then it is read no further. */
  readonly intakeBytes: number
  /** What waits for a neighbour that does not take it, bytes; then the oldest is only named. */
  readonly queueBytes: number
  /** How long names of messages are collected for a neighbour that gets no copies, ms. */
  readonly haveDelayMs: number
  /** How long a copy may take after its name was heard, before it is asked for, ms. */
  readonly graftDelayMs: number
  /** How much sooner another neighbour has to have messages to take the place of the one we get them from, ms. */
  readonly fasterByMs: number
  /** Time between two comparisons with a neighbour, ms, ± 50 %. */
  readonly syncMs: number
  /** What one neighbour may ask for, bytes at once. */
  readonly serveBytesAtOnce: number
  /** And bytes a second for long. */
  readonly serveBytesPerSecond: number
}

/** Defaults, for networks from two nodes to some thousands. */
export const defaultTopicOptions: TopicOptions = {
  maxBodyBytes: 64 * 2 ** 10, // Guess: chat and prices; files go another way.
  retentionMs: 24 * 3_600_000, // Guess: who was away over night.
  keepMs: 24 * 3_600_000, // As long as a copy can live.
  maxAheadMs: 3_600_000, // Guess: a clock that was set by hand.
  storeBytes: 8 * 2 ** 20, // Guess: forty thousand lines of chat.
  storeCount: 16_384, // Guess: about 10 MB of objects.
  maxTopics: 1_024, // Guess.
  maxAuthors: 8_192, // Guess: 4 MB.
  publishPerSecond: 200, // Guess: checking that takes each node of the network 3 % of a core.
  publishAtOnce: 1_000, // Guess.
  takePerSecond: 400, // Twice what is published: delays bring messages closer together.
  takeAtOnce: 4_000, // What an author may publish in 15 s of silence on the way.
  takeBytesPerSecond: 2 * 2 ** 20, // Guess: a 64 KiB message every 30 ms.
  takeBytesAtOnce: 16 * 2 ** 20, // As a connection that was interrupted holds (resumeBufferBytes).
  intakeBytes: 2 ** 20, // Guess: sixteen of the longest messages.
  queueBytes: 2 ** 20, // The same; beside the 256 KiB of the stream itself.
  haveDelayMs: 100, // Measured, bench/topics.
  graftDelayMs: 300, // Measured, bench/topics: above what copies need, below what people notice.
  fasterByMs: 20, // Guess.
  syncMs: 30_000, // Guess: a missed message is rare, and 16 bytes ask for it.
  serveBytesAtOnce: 16 * 2 ** 20, // The whole store, twice.
  serveBytesPerSecond: 256 * 2 ** 10, // Guess.
}

/** Messages of one author that came out of order are told apart by so many gaps at most. */
export const maxGaps = 64 // Guess: the lowest gap is given up then.
/** Starts of one author's process that are told apart. */
export const maxIncarnations = 4 // Guess: nobody starts five times while a copy is under way.
/** Names in one message. */
export const maxNames = 512 // 12 kB.
/** What is asked of neighbours at a time, messages. */
export const maxMissing = 4_096 // Guess: 1 MB.
