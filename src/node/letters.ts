/** Mail as a program sees it: `node.inbox` and `node.wall`, and what `node.send` gives. */
import { SkeinError } from '../base/errors.ts'
import { numberIn, textIn } from '../base/database.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { messageFrom } from '../mail/received.ts'
import { bodyIn, bodyOf } from '../mail/stored-body.ts'
import { postFrom } from '../mail/wall.ts'
import { defaultMailOptions } from '../mail/options.ts'
import { maxListed, maxSearchLength } from './command-limits.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { SqlRow, SqlValue } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { SentMessage, SentState } from '../mail/outgoing.ts'
import type { ReceivedMessage } from '../mail/received.ts'
import type { WallPost } from '../mail/wall.ts'
import type { NodeMail } from './mail.ts'

/** Which messages or posts to list. */
export interface ListOptions {
  /** Only those behind this one. */
  readonly after?: number
  /** Only those before this one. */
  readonly before?: number
  /** At most so many, the newest; 50 where absent, 1 000 at most. */
  readonly limit?: number
  /** Only those with these words. */
  readonly search?: string
  /** Only the beginning of longer bodies: so many characters, or bytes. Posts are always whole. */
  readonly maxLength?: number
}

/** Which messages of the inbox to list. */
export interface InboxListOptions extends ListOptions {
  /** Only those that were not read yet. */
  readonly isUnread?: boolean
  readonly from?: PeerId
}

/** How to send a message. */
export interface SendOptions {
  /** Its content type; `text/plain` for text, `application/octet-stream` for bytes where absent. */
  readonly type?: string
  /** Whether to be told when it was read. */
  readonly wantsRead?: boolean
  /** For how long it may be delivered, ms; 14 days where absent. More than 30 days is `INVALID`. */
  readonly expiryMs?: number
}

const defaultLimit = 50

/** Messages that came for this node. */
export class Inbox {
  readonly #mail: NodeMail

  /** @internal Made by the node. */
  constructor(mail: NodeMail) {
    this.#mail = mail
  }

  /**
   * Calls `listener` for every message, when it is on the disk, in the order of its author. What came
   * while nobody listened is in {@link list}.
   */
  on(name: 'message', listener: (message: ReceivedMessage) => void): Unsubscribe {
    return this.#mail.events.on(name, listener)
  }

  /** Messages, oldest first. @throws {SkeinError} `STORAGE_FAILED`; `INVALID` a search that is none. */
  async list(options: InboxListOptions = {}): Promise<readonly ReceivedMessage[]> {
    const { isUnread = false, from } = options
    const where: Condition[] = []
    if (isUnread) where.push({ sql: 'read_ms IS NULL', values: [] })
    if (from !== undefined) where.push({ sql: 'author = ?', values: [from] })
    return (await listRows(this.#mail, { table: 'inbox', options, where })).map(messageFrom)
  }

  /** Marks messages as read; those of their authors who asked for it are told. Returns how many were not. */
  async markRead(ids: readonly number[]): Promise<number> {
    const { database, machine } = await this.#mail.ready()
    const sql = `UPDATE inbox SET read_ms = ? WHERE read_ms IS NULL
      AND id IN (SELECT value FROM json_each(?)) RETURNING author, epoch, counter, wants_read`
    const unixMs = this.#mail.unixMs()
    const [rows = []] = await database.write([{ sql, values: [unixMs, JSON.stringify(ids)] }])
    await machine.tellRead(rows)
    return rows.length
  }

  /** Takes no messages and no posts of a peer any more; its node is told, and what waits is dropped. */
  async block(id: PeerId): Promise<void> {
    const { machine } = await this.#mail.ready()
    await machine.inbox.block(id)
  }

  /** Takes messages and posts of a peer again; false where it was not blocked. */
  async unblock(id: PeerId): Promise<boolean> {
    const { machine } = await this.#mail.ready()
    const wasBlocked = await machine.inbox.unblock(id)
    machine.wall.reconsider()
    return wasBlocked
  }

  /** Those who are blocked. */
  async blocked(): Promise<readonly PeerId[]> {
    const { machine } = await this.#mail.ready()
    return [...machine.inbox.blocked]
  }
}

/** Public messages that every member has. */
export class Wall {
  readonly #mail: NodeMail

  /** @internal Made by the node. */
  constructor(mail: NodeMail) {
    this.#mail = mail
  }

  /** Calls `listener` for every post, this node's too, when it is on the disk. */
  on(name: 'post', listener: (post: WallPost) => void): Unsubscribe {
    return this.#mail.events.on(name, listener)
  }

  /**
   * Writes on the wall; resolves when it is stored here and on its way.
   *
   * @throws {SkeinError} `LIMIT_EXCEEDED` it is longer than 16 KiB; `INVALID`; `STORAGE_FAILED`.
   */
  async post(text: string): Promise<WallPost> {
    const { machine } = await this.#mail.ready()
    return machine.wall.post(text)
  }

  /** Posts, in the order in which they came, oldest first. @throws {SkeinError} As {@link Inbox.list}. */
  async list(options: ListOptions = {}): Promise<readonly WallPost[]> {
    return (await listRows(this.#mail, { table: 'wall', options, where: [] })).map(postFrom)
  }
}

/** Messages that this node sent. */
export class Outbox {
  readonly #mail: NodeMail

  /** @internal Made by the node. */
  constructor(mail: NodeMail) {
    this.#mail = mail
  }

  /** Sends; see `Node.send`. */
  async send(to: PeerId, body: string | Uint8Array, options: SendOptions): Promise<SentMessage> {
    if (!this.#mail.knows(to)) {
      const advice = 'nobody here has ever met it; if it is right: skein allow ID LABEL'
      throw new SkeinError('PEER_UNKNOWN', `${shortPeerId(to)}…: ${advice}`)
    }
    const { machine } = await this.#mail.ready()
    const isText = typeof body === 'string'
    if (isText && !body.isWellFormed()) {
      throw new SkeinError('INVALID', 'the text holds half a character (a lone surrogate)')
    }
    const bytes = isText ? new TextEncoder().encode(body) : body
    const type = options.type ?? (isText ? 'text/plain' : 'application/octet-stream')
    const { wantsRead = false, expiryMs = defaultMailOptions.expiryMs } = options
    const sent = await machine.outbox.send({ to, body: bytes, type, wantsRead, expiryMs })
    const { id, timeMs, state, heldBy, reason } = sent
    const kept = { body: bodyOf(type, bytes), byteLength: bytes.length }
    return { id, to, timeMs, type, ...kept, state, heldBy, reason }
  }

  /** Calls `listener` with the ID of a message that was kept, or got further: held, delivered, read, refused. */
  on(name: 'sent', listener: (id: number) => void): Unsubscribe {
    return this.#mail.events.on(name, listener)
  }

  /** What was sent, oldest first. */
  async list(options: ListOptions = {}): Promise<readonly SentMessage[]> {
    return (await listRows(this.#mail, { table: 'outbox', options, where: [] })).map(sentFrom)
  }
}

interface Condition {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

interface Listing {
  readonly table: 'inbox' | 'wall' | 'outbox'
  readonly options: ListOptions
  readonly where: readonly Condition[]
}

const columns = {
  inbox: 'id, author, time_ms, received_ms, read_ms, type, size, substr(body, 1, ?) AS body',
  outbox: 'id, recipient, time_ms, type, size, substr(body, 1, ?) AS body, state, holders, reason',
  wall: 'id, author, time_ms, received_ms, text',
}
const maxCut = 2 ** 31 - 1

async function listRows(mail: NodeMail, listing: Listing): Promise<readonly SqlRow[]> {
  const { table, options } = listing
  const { after, before, search, limit = defaultLimit } = options
  const where = [...listing.where]
  if (after !== undefined) where.push({ sql: 'id > ?', values: [after] })
  if (before !== undefined) where.push({ sql: 'id < ?', values: [before] })
  if (search !== undefined) where.push(...searchConditions(table, search))
  const conditions = where.map(({ sql }) => sql).join(' AND ') || 'true'
  // Who follows wants the next ones, who looks wants the last ones.
  const order = after === undefined ? 'DESC' : 'ASC'
  const sql = `SELECT ${columns[table]} FROM ${table} WHERE ${conditions} ORDER BY id ${order} LIMIT ?`
  const count = Math.max(1, Math.min(maxListed, Math.floor(limit)))
  const { database } = await mail.ready()
  const cut = table === 'wall' ? [] : [Math.max(1, Math.floor(options.maxLength ?? maxCut))]
  const values = [...cut, ...where.flatMap((each) => [...each.values]), count]
  const rows = await database.read({ sql, values })
  return after === undefined ? rows.toReversed() : rows
}

/**
 * Every word of a search, as it is: nothing in it is taken for an operator of FTS5. What the index does
 * not keep, such as an emoji or `=>`, is looked for in the text.
 */
function searchConditions(table: Listing['table'], search: string): readonly Condition[] {
  const words = search.split(/\s+/).filter((word) => word !== '')
  if (words.length === 0 || search.length > maxSearchLength) {
    throw new SkeinError('INVALID', `a search is 1 to ${maxSearchLength} characters with a word`)
  }
  if (table === 'outbox') return [{ sql: 'instr(body, ?) > 0', values: [search] }]
  const column = table === 'wall' ? 'text' : 'body'
  const isIndexed = (word: string): boolean => /[\p{L}\p{N}\p{Co}]/u.test(word)
  const marks = words.filter((word) => !isIndexed(word))
  const conditions = marks.map((word) => ({ sql: `instr(${column}, ?) > 0`, values: [word] }))
  const query = words
    .filter(isIndexed)
    .map((word) => `"${word.replaceAll('"', '""').replaceAll('\0', '')}"*`)
  if (query.length === 0) return conditions
  const name = `${table}_search`
  const sql = `id IN (SELECT rowid FROM ${name} WHERE ${name} MATCH ?)`
  return [{ sql, values: [query.join(' ')] }, ...conditions]
}

function sentFrom(row: SqlRow): SentMessage {
  return {
    id: numberIn(row, 'id'),
    to: textIn(row, 'recipient') as PeerId,
    timeMs: numberIn(row, 'time_ms'),
    type: textIn(row, 'type'),
    body: bodyIn(row),
    byteLength: numberIn(row, 'size'),
    state: textIn(row, 'state') as SentState,
    heldBy: (JSON.parse(textIn(row, 'holders')) as readonly string[]).length,
    reason: textIn(row, 'reason'),
  }
}
