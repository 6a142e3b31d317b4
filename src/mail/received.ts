/** Messages in the tables `inbox` and `waiting`: how they get there, and what a row means. */
import { numberIn, textIn } from '../base/database.ts'
import { bodyIn, bodyOf } from './stored-body.ts'
import type { SqlRow, Statement } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Envelope, Letter } from './envelope.ts'
import type { SenderState } from './sender-state.ts'

/** A message in the inbox. */
export interface ReceivedMessage {
  /** Its place in the inbox: later ones have higher numbers. */
  readonly id: number
  readonly author: PeerId
  /** When it was written, by its author's clock; Unix ms. */
  readonly timeMs: number
  readonly receivedMs: number
  /** Its content type. */
  readonly type: string
  /** Text where the type is one of text or JSON, else bytes. */
  readonly body: string | Uint8Array
  /** Bytes of its body. */
  readonly byteLength: number
  /** When it was read, Unix ms; absent while it is unread. */
  readonly readMs?: number
}

/** A message that was opened. */
export interface Opened {
  readonly envelope: Envelope
  readonly letter: Letter
}

const insertInto = (table: 'inbox' | 'waiting'): string =>
  `INSERT INTO ${table} (author, epoch, counter, time_ms, received_ms, type, size, wants_read, body)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const insertSql = { inbox: `${insertInto('inbox')} RETURNING id`, waiting: insertInto('waiting') }
const columns = 'author, epoch, counter, time_ms, received_ms, type, size, wants_read, body'

/** Puts a message into a table; that of the inbox gives the row's ID. */
export function insertOf(
  table: 'inbox' | 'waiting',
  { envelope, letter }: Opened,
  receivedMs: number,
): Statement {
  const { author, epoch, counter, timeMs } = envelope
  const { type, body, wantsRead } = letter
  const head = [author, epoch, counter, timeMs, receivedMs, type, body.length]
  return { sql: insertSql[table], values: [...head, wantsRead ? 1 : 0, bodyOf(type, body)] }
}

/** Moves what need not wait any more into the inbox; gives the rows. */
export function releaseOf({ author, epoch, shown }: SenderState): readonly Statement[] {
  const values = [author, epoch, shown]
  const where = 'FROM waiting WHERE author = ? AND epoch = ? AND counter <= ?'
  return [
    {
      sql: `INSERT INTO inbox (${columns}) SELECT ${columns} ${where} ORDER BY counter RETURNING *`,
      values,
    },
    { sql: `DELETE ${where}`, values },
  ]
}

/** A message that was put into the inbox just now. */
export function receivedOf(
  { envelope, letter }: Opened,
  { id, receivedMs }: { readonly id: number; readonly receivedMs: number },
): ReceivedMessage {
  const { author, timeMs } = envelope
  const { type, body } = letter
  const kept = { body: bodyOf(type, body), byteLength: body.length }
  return { id, author, timeMs, receivedMs, type, ...kept }
}

/** A row of the inbox as what it means. */
export function messageFrom(row: SqlRow): ReceivedMessage {
  const readMs = row['read_ms']
  return {
    id: numberIn(row, 'id'),
    author: textIn(row, 'author') as PeerId,
    timeMs: numberIn(row, 'time_ms'),
    receivedMs: numberIn(row, 'received_ms'),
    type: textIn(row, 'type'),
    body: bodyIn(row),
    byteLength: numberIn(row, 'size'),
    ...(typeof readMs === 'number' && { readMs }),
  }
}
