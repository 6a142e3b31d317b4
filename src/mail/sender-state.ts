/** What an inbox knows of an author's messages in one epoch: which it has, which it has shown. */
import { numberIn, textIn } from '../base/database.ts'
import { noRanges } from './ranges.ts'
import type { Database, SqlRow, Statement } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Ranges } from './ranges.ts'
import type { SignedReceipt } from './receipt.ts'

/** A row of `senders`, and what goes with it while the process lives. */
export interface SenderState {
  readonly author: PeerId
  readonly epoch: number
  /** Everything up to here was shown, or is not waited for any more. */
  shown: number
  /** What was stored, or read and found wrong. */
  got: Ranges
  read: Ranges
  /** When the last receipt was signed that said something new, Unix ms. */
  receiptMs: number
  /** When the last of its messages expires, Unix ms: from then on it need not be remembered. */
  expiresMs: number
  /** The receipt that says all this, once somebody asked for it. */
  receipt: SignedReceipt | undefined
}

/** What an author has to do with this inbox yet. */
export function newSender(author: PeerId, epoch: number): SenderState {
  const nothing = { got: noRanges, read: noRanges, receipt: undefined }
  return { author, epoch, shown: 0, receiptMs: 0, expiresMs: 0, ...nothing }
}

/** Reads what is known of an author's epoch; `undefined` where nothing is. */
export async function loadSender(
  database: Database,
  author: PeerId,
  epoch: number,
): Promise<SenderState | undefined> {
  const sql = 'SELECT * FROM senders WHERE author = ? AND epoch = ?'
  const [row] = await database.read({ sql, values: [author, epoch] })
  return row === undefined ? undefined : fromRow(author, epoch, row)
}

function fromRow(author: PeerId, epoch: number, row: SqlRow): SenderState {
  return {
    ...newSender(author, epoch),
    shown: numberIn(row, 'shown'),
    got: JSON.parse(textIn(row, 'got')) as Ranges,
    read: JSON.parse(textIn(row, 'read')) as Ranges,
    receiptMs: numberIn(row, 'receipt_ms'),
    expiresMs: numberIn(row, 'expires_ms'),
  }
}

/** Keeps it. */
export function saveSender(state: SenderState): Statement {
  const { author, epoch, shown, got, read, receiptMs, expiresMs } = state
  return {
    sql: `INSERT INTO senders (author, epoch, shown, got, read, receipt_ms, expires_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (author, epoch) DO UPDATE SET shown = excluded.shown, got = excluded.got,
        read = excluded.read, receipt_ms = excluded.receipt_ms, expires_ms = excluded.expires_ms`,
    values: [author, epoch, shown, JSON.stringify(got), JSON.stringify(read), receiptMs, expiresMs],
  }
}
