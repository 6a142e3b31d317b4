/**
 * The table of what was sent, and in memory what of it is still under way.
 *
 *   storing ─▶ stored, never sent (its envelope at hand) ─▶ sent, or tried ─▶ settled ─▶ not here any more
 *
 * A message that is stored now and sent now costs no query: its envelope is kept until somebody was asked
 * to take it, 8 MiB of all of them at most. The others are read from the table.
 *
 * **Invariant**: {@link OutboxTable.next} gives only what is on the disk.
 */
import { bytesIn, numberIn, textIn } from '../base/database.ts'
import { bodyOf } from './stored-body.ts'
import { writeEnvelope } from './envelope.ts'
import { batchBytes, maxItems } from './messages.ts'
import { hasCounter, pairs, rangesOf } from './ranges.ts'
import { Serial } from './serial.ts'
import type { SqlValue, Statement } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Outgoing, SentState } from './outgoing.ts'
import type { Ranges } from './ranges.ts'
import type { SignedReceipt } from './receipt.ts'
import type { MailSetup } from './setup.ts'

/** A message that is under way; what `send` gives is read from it when its first attempt is over. */
export interface OpenMessage {
  readonly to: PeerId
  readonly counter: number
  /** Its place in the table; 0 until it is stored. */
  id: number
  timeMs: number
  state: SentState
  heldBy: number
  reason: string
  /** Whether nobody was ever asked to take it. */
  isFresh: boolean
  /** Whether its recipient has it: that this is so is being written down. */
  isSettled: boolean
  /** As it travels, while it is at hand. */
  envelope: Uint8Array | undefined
}

const atHandBytes = 8 * 2 ** 20 // Guess: eight batches.
const maxReasonLength = 200
const maxAsked = 64 // Messages of which it is asked at a time whether they were read.

/** See the file's head. */
export class OutboxTable {
  readonly #setup: MailSetup
  readonly #epoch: number
  readonly #onChange: (id: number) => void
  readonly #open = new Map<PeerId, Map<number, OpenMessage>>()
  readonly #numbers = new Map<PeerId, number>()
  readonly #inTurn = new Serial()
  /** Recipients of which word may be awaited that they have read something. */
  readonly #readers = new Set<PeerId>()
  #bytesAtHand = 0

  /** @param onChange - Told the ID of each message that was stored or got further. */
  constructor(setup: MailSetup, epoch: number, onChange: (id: number) => void) {
    this.#setup = setup
    this.#epoch = epoch
    this.#onChange = onChange
  }

  /** Reads what is under way; gives those for whom it is. */
  async load(): Promise<readonly PeerId[]> {
    const { database } = this.#setup
    const sql = `SELECT id, recipient, counter, time_ms, state, holders, wants_read FROM outbox
      WHERE envelope IS NOT NULL ORDER BY recipient, counter`
    for (const row of await database.read({ sql })) {
      const to = textIn(row, 'recipient') as PeerId
      const message = this.#add(to, numberIn(row, 'counter'), numberIn(row, 'time_ms'))
      message.id = numberIn(row, 'id')
      message.isFresh = false
      message.state = textIn(row, 'state') as SentState
      message.heldBy = (JSON.parse(textIn(row, 'holders')) as readonly string[]).length
      if (numberIn(row, 'wants_read') === 1) this.#readers.add(to)
    }
    const unread = `SELECT DISTINCT recipient FROM outbox WHERE wants_read = 1 AND state = 'delivered'`
    for (const row of await database.read({ sql: unread })) {
      this.#readers.add(textIn(row, 'recipient') as PeerId)
    }
    return [...new Set([...this.#open.keys(), ...this.#readers])]
  }

  /** Gives the next number of a recipient. One call a recipient at a time. */
  async nextNumber(to: PeerId): Promise<number> {
    let last = this.#numbers.get(to)
    if (last === undefined) {
      const sql = 'SELECT last FROM numbers WHERE recipient = ?'
      const [row] = await this.#setup.database.read({ sql, values: [to] })
      last = numberIn(row, 'last')
    }
    this.#numbers.set(to, last + 1)
    return last + 1
  }

  /** Seals, signs and stores a message; resolves when it is on the disk. */
  async store(outgoing: Outgoing, counter: number): Promise<OpenMessage> {
    const { clock, signer, sealer, database, network } = this.#setup
    const { to, body, type, wantsRead, expiryMs } = outgoing
    const timeMs = clock.unixMs()
    const message = this.#add(to, counter, timeMs)
    try {
      const expiresMs = timeMs + Math.ceil(expiryMs)
      const named = { to, epoch: this.#epoch, counter, floor: this.#floor(to) }
      const head = { ...named, timeMs, expiresMs, pass: network.ownPass() }
      const writing = writeEnvelope(head, { type, body, wantsRead }, { signer, sealer })
      writing.catch(() => undefined) // It is awaited when its turn comes.
      const kept = bodyOf(type, body)
      const values = [to, counter, timeMs, expiresMs, type, body.length, wantsRead ? 1 : 0, kept]
      // Signatures come in any order; what is on the disk is always the first so many.
      const [bytes, storing] = await this.#inTurn.run(to, async () => {
        const { bytes: envelope } = await writing
        const statements = [
          { sql: numberSql, values: [to, counter] },
          { sql: insertSql, values: [...values, timeMs, envelope] },
        ]
        return [envelope, { stored: database.write(statements) }] as const
      })
      const [, rows = []] = await storing.stored
      message.id = numberIn(rows[0], 'id')
      if (wantsRead) this.#readers.add(to)
      this.#keepAtHand(message, bytes)
      this.#onChange(message.id)
      return message
    } catch (thrown) {
      this.#remove(message)
      throw thrown
    }
  }

  /** Messages that have not arrived. */
  get openCount(): number {
    return [...this.#open.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** For whom something is under way. */
  isOpen(to: PeerId): boolean {
    return this.#stored(to).next().done !== true
  }

  /** What is under way to a recipient and was not tried for the first time only now, in its order. */
  known(to: PeerId): readonly OpenMessage[] {
    return [...this.#stored(to)].filter(({ isFresh }) => !isFresh)
  }

  /** Whether something is under way to a recipient that nobody was ever asked to take. */
  hasFresh(to: PeerId): boolean {
    for (const { isFresh } of this.#stored(to)) if (isFresh) return true
    return false
  }

  /** Messages behind a counter with their envelopes, in order, as many as one question carries. */
  async next(
    to: PeerId,
    from: number,
  ): Promise<readonly (readonly [OpenMessage, envelope: Uint8Array])[]> {
    const found: (readonly [OpenMessage, Uint8Array])[] = []
    let bytes = 0
    for (const message of this.#stored(to)) {
      if (message.counter <= from) continue
      const { envelope } = message
      if (envelope === undefined) break
      bytes += envelope.length
      if (found.length >= maxItems || (found.length > 0 && bytes > batchBytes)) break
      found.push([message, envelope])
    }
    return found.length > 0 ? found : this.#read(to, from)
  }

  /** These were sent, or tried: their envelopes need not be at hand. */
  tried(messages: Iterable<OpenMessage>): void {
    for (const message of messages) {
      message.isFresh = false
      this.#letGo(message)
    }
  }

  /** Counters of what was delivered, and may have been read since. */
  async unread(to: PeerId): Promise<readonly number[]> {
    if (!this.#readers.has(to)) return []
    const sql = `SELECT counter FROM outbox
      WHERE recipient = ? AND wants_read = 1 AND state = 'delivered' ORDER BY counter LIMIT ?`
    const rows = await this.#setup.database.read({ sql, values: [to, maxAsked] })
    return rows.map((row) => numberIn(row, 'counter'))
  }

  /** Whether word is awaited that something was read. */
  async isReadAwaited(to: PeerId): Promise<boolean> {
    if (!this.#readers.has(to)) return false
    const isAwaited = (await this.unread(to)).length > 0
    if (!isAwaited && !this.isOpen(to)) this.#readers.delete(to)
    return isAwaited
  }

  /** Notes who holds messages. */
  async markHeld(to: PeerId, counters: readonly number[], holder: PeerId): Promise<void> {
    if (counters.length === 0) return
    const sql = `UPDATE outbox SET changed_ms = ?, state = 'held', reason = '',
        holders = json_insert(holders, '$[#]', ?)
      WHERE recipient = ? AND envelope IS NOT NULL AND counter BETWEEN ? AND ?
        AND NOT EXISTS (SELECT 1 FROM json_each(holders) WHERE value = ?)
      RETURNING id, counter, json_array_length(holders) AS count`
    const unixMs = this.#setup.clock.unixMs()
    const statements = [...pairs(rangesOf(counters))].map(([first, last]) => {
      return { sql, values: [unixMs, holder, to, first, last, holder] }
    })
    for (const row of (await this.#setup.database.write(statements)).flat()) {
      const message = this.#open.get(to)?.get(numberIn(row, 'counter'))
      if (message !== undefined) {
        message.state = 'held'
        message.reason = ''
        message.heldBy = numberIn(row, 'count')
      }
      this.#onChange(numberIn(row, 'id'))
    }
  }

  /** Notes why a recipient does not take messages yet. */
  async markLater(messages: readonly OpenMessage[], reason: string): Promise<void> {
    const cut = reason.slice(0, maxReasonLength)
    const changed = messages.filter((message) => message.reason !== cut)
    if (changed.length === 0) return
    for (const message of changed) message.reason = cut
    const sql = `UPDATE outbox SET reason = ? WHERE envelope IS NOT NULL
      AND id IN (SELECT value FROM json_each(?))`
    const ids = JSON.stringify(changed.map(({ id }) => id))
    await this.#setup.database.write([{ sql, values: [cut, ids] }])
    for (const { id } of changed) this.#onChange(id)
  }

  /** Notes what a recipient would not take, and why. */
  async markRefused(messages: readonly OpenMessage[], reason: string): Promise<void> {
    if (messages.length === 0) return
    const sql = `UPDATE outbox SET state = 'refused', reason = ?, envelope = NULL, changed_ms = ?
      WHERE id = ? ${returning}`
    const values = [reason.slice(0, maxReasonLength), this.#setup.clock.unixMs()]
    await this.#settle(messages.map(({ id }) => ({ sql, values: [...values, id] })))
    for (const message of messages) {
      message.state = 'refused'
      message.reason = reason.slice(0, maxReasonLength)
    }
  }

  /**
   * Takes the word of a recipient for what it has, and has read: it counts at once. Resolves when it is
   * written down; if that fails, the recipient is asked again.
   */
  async takeReceipt({ by, got, read, isRefusal, author, epoch }: SignedReceipt): Promise<void> {
    if (author !== this.#setup.signer.id || epoch !== this.#epoch) return // It is not for us.
    const unixMs = this.#setup.clock.unixMs()
    const statements: Statement[] = []
    const among = 'recipient = ? AND counter BETWEEN ? AND ?'
    const settled = isRefusal ? [] : this.#openAmong(by, got)
    for (const message of settled) {
      message.isSettled = true
      message.state = 'delivered'
    }
    for (const [first, last] of pairs(rangesOf(settled.map(({ counter }) => counter)))) {
      const sql = `UPDATE outbox SET state = 'delivered', reason = '', envelope = NULL, changed_ms = ?
        WHERE ${among} AND envelope IS NOT NULL ${returning}`
      statements.push({ sql, values: [unixMs, by, first, last] })
    }
    for (const [first, last] of this.#readers.has(by) ? pairs(read) : []) {
      const sql = `UPDATE outbox SET state = 'read', envelope = NULL, changed_ms = ?
        WHERE ${among} AND wants_read = 1 AND state != 'read' ${returning}`
      statements.push({ sql, values: [unixMs, by, first, last] })
    }
    for (const [first, last] of isRefusal ? pairs(got) : []) {
      const sql = `UPDATE outbox SET state = 'refused', reason = 'it takes nothing of this node',
        envelope = NULL, changed_ms = ? WHERE ${among} AND envelope IS NOT NULL ${returning}`
      statements.push({ sql, values: [unixMs, by, first, last] })
    }
    try {
      await this.#settle(statements)
    } catch (thrown) {
      for (const message of settled) message.isSettled = false
      throw thrown
    }
  }

  /** Gives up what has expired. */
  async expire(): Promise<void> {
    const sql = `UPDATE outbox SET state = 'expired', envelope = NULL, changed_ms = ?
      WHERE envelope IS NOT NULL AND expires_ms <= ? ${returning}`
    const unixMs = this.#setup.clock.unixMs()
    await this.#settle([{ sql, values: [unixMs, unixMs] }])
  }

  /** Runs statements after which messages are not under way any more. */
  async #settle(statements: readonly Statement[]): Promise<void> {
    if (statements.length === 0) return
    for (const row of (await this.#setup.database.write(statements)).flat()) {
      const counter = numberIn(row, 'counter')
      const message = this.#open.get(textIn(row, 'recipient') as PeerId)?.get(counter)
      if (message !== undefined) {
        message.state = textIn(row, 'state') as SentState
        message.reason = textIn(row, 'reason')
        this.#remove(message)
      }
      this.#onChange(numberIn(row, 'id'))
    }
  }

  async #read(
    to: PeerId,
    from: number,
  ): Promise<readonly (readonly [OpenMessage, envelope: Uint8Array])[]> {
    const sql = `SELECT counter, envelope FROM outbox
      WHERE recipient = ? AND envelope IS NOT NULL AND counter > ? ORDER BY counter LIMIT ?`
    const isThere = [...this.#stored(to)].some(({ counter }) => counter > from)
    if (!isThere) return []
    const values: SqlValue[] = [to, from, maxItems]
    const found: (readonly [OpenMessage, Uint8Array])[] = []
    let bytes = 0
    for (const row of await this.#setup.database.read({ sql, values })) {
      const message = this.#open.get(to)?.get(numberIn(row, 'counter'))
      const envelope = bytesIn(row, 'envelope')
      bytes += envelope.length
      if (found.length > 0 && bytes > batchBytes) break
      if (message !== undefined) found.push([message, envelope])
    }
    return found
  }

  /** Which of these counters are under way: a receipt names all there ever were. */
  #openAmong(to: PeerId, counters: Ranges): readonly OpenMessage[] {
    const end = counters.at(-1) ?? 0
    const found: OpenMessage[] = []
    for (const message of this.#stored(to)) {
      if (message.counter > end) break
      if (hasCounter(counters, message.counter)) found.push(message)
    }
    return found
  }

  /** What is to arrive at a recipient yet and is on the disk, in order: it is stored in order. */
  *#stored(to: PeerId): Generator<OpenMessage> {
    for (const message of this.#open.get(to)?.values() ?? []) {
      if (message.id > 0 && !message.isSettled) yield message
    }
  }

  /** The lowest number that is still to arrive. */
  #floor(to: PeerId): number {
    const [first = 1] = this.#open.get(to)?.keys() ?? []
    return first
  }

  #add(to: PeerId, counter: number, timeMs: number): OpenMessage {
    const message: OpenMessage = {
      ...{ to, counter, id: 0, timeMs, state: 'queued', heldBy: 0, reason: '' },
      ...{ isFresh: true, isSettled: false, envelope: undefined },
    }
    const open = this.#open.get(to) ?? new Map<number, OpenMessage>()
    this.#open.set(to, open)
    open.set(counter, message)
    return message
  }

  #remove(message: OpenMessage): void {
    this.#letGo(message)
    const open = this.#open.get(message.to)
    open?.delete(message.counter)
    if (open?.size === 0) this.#open.delete(message.to)
  }

  #keepAtHand(message: OpenMessage, envelope: Uint8Array): void {
    // It may have been read from the table, and be gone, before this process heard that it is there.
    if (!message.isFresh || this.#open.get(message.to)?.get(message.counter) !== message) return
    if (this.#bytesAtHand + envelope.length > atHandBytes) return
    this.#bytesAtHand += envelope.length
    message.envelope = envelope
  }

  #letGo(message: OpenMessage): void {
    this.#bytesAtHand -= message.envelope?.length ?? 0
    message.envelope = undefined
  }
}

const returning = 'RETURNING id, recipient, counter, state, reason'
const numberSql = `INSERT INTO numbers VALUES (?, ?)
  ON CONFLICT (recipient) DO UPDATE SET last = max(last, excluded.last)`
const insertSql = `INSERT INTO outbox (recipient, counter, time_ms, expires_ms, type, size, wants_read,
    body, state, holders, reason, changed_ms, envelope)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', '[]', '', ?, ?) RETURNING id`
