/** Bounds of mail, and what holds where nothing else was said. Each number's unit ends its name. */

/** See the file's head. */
export interface MailOptions {
  /** Longest body of a message, bytes. */
  readonly maxBodyBytes: number
  /** Longest text of a post, bytes. */
  readonly maxPostBytes: number
  /** How long a message is kept for a peer that is away, ms. */
  readonly expiryMs: number
  /** The longest time that others may ask for, ms. */
  readonly maxExpiryMs: number
  /** How far ahead the clock of an author may be, ms. */
  readonly maxAheadMs: number
  /** Members that hold a message for a peer that is away. */
  readonly holders: number
  /** Who has been up for this long counts as usually up, ms. */
  readonly settledMs: number
  /** How long a message waits for the one before it, ms. */
  readonly gapWaitMs: number
  /** Messages of one author that may come at once, and then each second. */
  readonly authorBurst: number
  readonly authorRate: number
  /** Posts of one author that may come at once, and then each second. */
  readonly postBurst: number
  readonly postRate: number
  /** Messages and bytes that are held for others: of one author, for one recipient, brought by one peer, in all. */
  readonly heldPerAuthorBytes: number
  readonly heldPerRecipientBytes: number
  readonly heldPerCarrierBytes: number
  readonly heldBytes: number
  /** Unread messages of one author, and those of it that wait behind a gap. */
  readonly unreadPerAuthor: number
  readonly waitingPerAuthor: number
  /** How long messages and posts are kept, ms; and how many bytes of them. */
  readonly keepMs: number
  readonly keepBytes: number
  /** How long after one look for what can be removed a full inbox waits for the next, ms. */
  readonly roomMs: number
  readonly wallKeepMs: number
  readonly wallKeepBytes: number
  readonly wallPerAuthor: number
  /** How soon what came of an author of whom nothing is known is looked at again, ms. */
  readonly strangerMs: number
  /** How often holders compare their copies, ms. */
  readonly repairMs: number
  /** How soon they do after a member came or went, ms. */
  readonly repairDelayMs: number
  /** How long a copy stays that others of the right ones have too, ms. */
  readonly spareMs: number
  /** How often a neighbour is asked for posts that were missed, ms. */
  readonly wallSyncMs: number
  /** How soon and how late a delivery is tried again, ms. */
  readonly retryMinMs: number
  readonly retryMaxMs: number
}

const dayMs = 86_400_000
const mebibyte = 2 ** 20

/** See the file's head. */
export const defaultMailOptions: MailOptions = {
  maxBodyBytes: mebibyte, // Guess: what is longer is a file.
  maxPostBytes: 16_384, // Guess: eight pages of text.
  expiryMs: 14 * dayMs, // Guess: a holiday.
  maxExpiryMs: 30 * dayMs, // Guess.
  maxAheadMs: 3_600_000, // Guess: a clock in the wrong time zone is an hour off.
  holders: 3, // Guess: two of them may be away, too.
  settledMs: 600_000, // Guess: who was up for ten minutes is no script's.
  gapWaitMs: 60_000, // Guess: holders find each other's copies within seconds.
  authorBurst: 2_000, // Guess: a weekend's messages of a busy program come at once.
  authorRate: 50, // Guess.
  postBurst: 100, // Guess: the wall is for people.
  postRate: 0.5, // Guess.
  heldPerAuthorBytes: 64 * mebibyte, // Guess: an author's backlog of a thousand long texts.
  heldPerRecipientBytes: 128 * mebibyte, // Guess.
  heldPerCarrierBytes: 256 * mebibyte, // Guess: a quarter of all, so one liar cannot fill it.
  heldBytes: 1_024 * mebibyte, // Guess: what a small disk spares.
  unreadPerAuthor: 100_000, // Guess.
  waitingPerAuthor: 2_000, // Guess: as authorBurst.
  keepMs: 365 * dayMs, // Guess: a year.
  keepBytes: 1_024 * mebibyte, // Guess.
  roomMs: 30_000, // Guess: a full one is asked every minute.
  wallKeepMs: 90 * dayMs, // Guess: a season.
  wallKeepBytes: 64 * mebibyte, // Guess.
  wallPerAuthor: 1_000, // Guess.
  strangerMs: 60_000, // Guess: word of a member comes within seconds, or when it is back.
  repairMs: 600_000, // Guess: a holder that lost its disk is found out this late.
  repairDelayMs: 5_000, // Guess: members that come and go together are looked at together.
  spareMs: 3_600_000, // Guess.
  wallSyncMs: 60_000, // Guess: what was pushed is seldom missed.
  retryMinMs: 2_000, // Guess.
  retryMaxMs: 600_000, // Guess: who is alive and cannot be reached is asked every ten minutes.
}
