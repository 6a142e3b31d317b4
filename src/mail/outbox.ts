/**
 * Sends this node's messages, and keeps each until its recipient has it.
 *
 *   send ─▶ stored here ─┬─ recipient is up ─▶ put ─▶ receipt ────────────────▶ delivered ─▶ read
 *                        └─ it is away ─▶ put to three holders ─▶ held ───────────▲
 *                                         nobody is up ─▶ queued ─────────────────┘
 *
 * One recipient's messages go in their order, in batches. What was held is offered again when the
 * recipient is back, to it; and while it is away, to whoever should hold it by then.
 *
 * **Invariant**: a message is stored before it is sent, and is forgotten only by a receipt of its
 * recipient or when it has expired.
 */
import { bytesIn, numberIn, textIn } from '../base/database.ts'
import { SkeinError, messageOf, toSkeinError } from '../base/errors.ts'
import { bodyOf } from './inbox.ts'
import { isContentType, isTextType, textOf, writeEnvelope } from './envelope.ts'
import { chooseHolders } from './holders.ts'
import { batchBytes, maxItems } from './messages.ts'
import { hasCounter, intersect, rangesOf } from './ranges.ts'
import { maxRanges, readReceipt } from './receipt.ts'
import { Serial } from './serial.ts'
import type { Timer } from '../base/clock.ts'
import type { SqlRow, Statement } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MailAnswer } from './messages.ts'
import type { SignedReceipt } from './receipt.ts'
import type { MailSetup } from './setup.ts'

/**
 * How far a message got. `queued`: stored here, nobody else has it. `held`: others keep it for the
 * recipient. `delivered`: the recipient has stored it. `read`: it was read, where that was asked for.
 * `refused`: the recipient takes nothing of this node. `expired`: nobody could deliver it in time.
 */
export type SentState = 'queued' | 'held' | 'delivered' | 'read' | 'refused' | 'expired'

/** A message that this node sent. */
export interface SentMessage {
  /** Its place in the outbox: later ones have higher numbers. */
  readonly id: number
  readonly to: PeerId
  readonly timeMs: number
  readonly type: string
  readonly body: string | Uint8Array
  /** Bytes of its body. */
  readonly byteLength: number
  readonly state: SentState
  /** How many peers hold it for the recipient. */
  readonly heldBy: number
  /** Why it got no further; empty where it did, or waits. */
  readonly reason: string
}

/** What to send. */
export interface Outgoing {
  readonly to: PeerId
  readonly body: Uint8Array
  /** Its content type. */
  readonly type: string
  /** Whether to be told when it was read. */
  readonly wantsRead: boolean
  /** For how long it may be delivered, ms. */
  readonly expiryMs: number
}

/** Changes of what was sent. */
type OnChange = (id: number) => void

interface Lane {
  timer: Timer | undefined
  dueMs: number
  backoffMs: number
  /** Counters that were never sent to anybody. */
  readonly fresh: Set<number>
  /** Who is told when a first attempt is over. */
  waiting: (() => void)[]
  isRunning: boolean
  isWanted: boolean
  /** Holders that were asked to hold all of it, and when. */
  heldAt: string
  heldMs: number
}

const maxReasonLength = 200
const openSql = `SELECT id, counter, state, holders, wants_read, expires_ms, envelope FROM outbox
  WHERE recipient = ? AND envelope IS NOT NULL AND counter > ? ORDER BY counter LIMIT ?`

/** See the file's head. */
export class OutboxMachine {
  readonly #setup: MailSetup
  readonly #epoch: number
  readonly #onChange: OnChange
  readonly #lanes = new Map<PeerId, Lane>()
  readonly #numbers = new Map<PeerId, number>()
  /** Counters of each recipient that are under way, for the floor. */
  readonly #open = new Map<PeerId, Set<number>>()
  readonly #serial = new Serial()
  #isStopped = false

  constructor(setup: MailSetup, epoch: number, onChange: OnChange) {
    this.#setup = setup
    this.#epoch = epoch
    this.#onChange = onChange
  }

  /** Reads what is still under way, and goes on with it. */
  async load(): Promise<void> {
    const { database } = this.#setup
    const open = 'SELECT recipient, counter FROM outbox WHERE envelope IS NOT NULL'
    for (const row of await database.read({ sql: open })) {
      this.#openOf(textIn(row, 'recipient') as PeerId).add(numberIn(row, 'counter'))
    }
    const unread = `SELECT DISTINCT recipient FROM outbox WHERE wants_read = 1 AND state = 'delivered'`
    const recipients = new Set(this.#open.keys())
    for (const row of await database.read({ sql: unread })) {
      recipients.add(textIn(row, 'recipient') as PeerId)
    }
    for (const id of recipients) this.#soon(id, this.#setup.options.retryMinMs)
  }

  /** Stops all timers. */
  stop(): void {
    this.#isStopped = true
    for (const lane of this.#lanes.values()) {
      lane.timer?.cancel()
      for (const tell of lane.waiting.splice(0)) tell()
    }
  }

  /**
   * Stores a message and tries to get it away.
   *
   * @returns Its ID, when the first attempt is over.
   * @throws {SkeinError} `LIMIT_EXCEEDED` it is too long; `INVALID`; `STORAGE_FAILED`.
   */
  async send(outgoing: Outgoing): Promise<number> {
    this.#check(outgoing)
    const { to } = outgoing
    const counter = await this.#serial.run(to, () => this.#nextNumber(to))
    const id = await this.#keep(outgoing, counter)
    const lane = this.#lane(to)
    lane.fresh.add(counter)
    const settled = new Promise<void>((resolve) => lane.waiting.push(resolve))
    this.#soon(to, 0)
    await settled
    return id
  }

  /** A peer is there, or back: what waits for it goes now. */
  onUp(id: PeerId): void {
    const lane = this.#lanes.get(id)
    if (lane === undefined) return
    lane.backoffMs = this.#setup.options.retryMinMs
    this.#soon(id, 0)
  }

  /** Members came or went: other peers may have to hold what waits. */
  onMembers(): void {
    for (const [id, lane] of this.#lanes) {
      if ((this.#open.get(id)?.size ?? 0) > 0 && !lane.isRunning) {
        this.#soon(id, this.#setup.options.repairDelayMs)
      }
    }
  }

  /** Takes receipts that somebody passed on; those of other authors are not for us. */
  async takeReceipts(receipts: readonly SignedReceipt[]): Promise<void> {
    for (const receipt of receipts) {
      if (receipt.author === this.#setup.signer.id && receipt.epoch === this.#epoch) {
        await this.#settle(receipt)
      }
    }
  }

  /** Gives up what has expired. */
  async sweep(): Promise<void> {
    const { database, clock } = this.#setup
    const sql = `UPDATE outbox SET state = 'expired', envelope = NULL, changed_ms = ?
      WHERE envelope IS NOT NULL AND expires_ms <= ? RETURNING id, recipient, counter`
    const unixMs = clock.unixMs()
    const [rows = []] = await database.write([{ sql, values: [unixMs, unixMs] }])
    this.#close(rows)
  }

  #check({ body, type, to }: Outgoing): void {
    const { options, signer } = this.#setup
    if (to === signer.id) throw new SkeinError('INVALID', 'a message to this node itself')
    if (body.length > options.maxBodyBytes) {
      const text = `a message of ${body.length} bytes; at most ${options.maxBodyBytes} fit into one`
      throw new SkeinError('LIMIT_EXCEEDED', `${text}: send it in parts, or send where it is found`)
    }
    if (!isContentType(type)) {
      throw new SkeinError(
        'INVALID',
        `${JSON.stringify(String(type).slice(0, 40))} is no content type, as text/plain is`,
      )
    }
    if (isTextType(type) && textOf(body) === undefined) {
      const advice = 'send it with the type application/octet-stream'
      throw new SkeinError('INVALID', `the message is no text in UTF-8; ${advice}`)
    }
  }

  async #nextNumber(to: PeerId): Promise<number> {
    let last = this.#numbers.get(to)
    if (last === undefined) {
      const sql = 'SELECT last FROM numbers WHERE recipient = ?'
      const [row] = await this.#setup.database.read({ sql, values: [to] })
      last = numberIn(row, 'last')
    }
    this.#numbers.set(to, last + 1)
    return last + 1
  }

  async #keep({ to, body, type, wantsRead, expiryMs }: Outgoing, counter: number): Promise<number> {
    const { clock, options, signer, sealer, database } = this.#setup
    const open = this.#openOf(to)
    open.add(counter)
    const timeMs = clock.unixMs()
    const expiresMs = timeMs + Math.min(expiryMs, options.maxExpiryMs)
    const floor = Math.min(...open)
    const head = { to, epoch: this.#epoch, counter, floor, timeMs, expiresMs }
    const envelope = writeEnvelope(head, { type, body, wantsRead }, { signer, sealer })
    const number = `INSERT INTO numbers VALUES (?, ?)
      ON CONFLICT (recipient) DO UPDATE SET last = max(last, excluded.last)`
    const insert = `INSERT INTO outbox (recipient, counter, time_ms, expires_ms, type, size, wants_read,
        body, state, holders, reason, changed_ms, envelope)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', '[]', '', ?, ?) RETURNING id`
    const kept = bodyOf(type, body)
    const values = [to, counter, timeMs, expiresMs, type, body.length, wantsRead ? 1 : 0, kept]
    try {
      const [, rows = []] = await database.write([
        { sql: number, values: [to, counter] },
        { sql: insert, values: [...values, timeMs, envelope.bytes] },
      ])
      const id = numberIn(rows[0], 'id')
      this.#onChange(id)
      return id
    } catch (thrown) {
      open.delete(counter)
      throw thrown
    }
  }

  #lane(to: PeerId): Lane {
    const known = this.#lanes.get(to)
    if (known !== undefined) return known
    const lane: Lane = {
      ...{ timer: undefined, backoffMs: this.#setup.options.retryMinMs, fresh: new Set<number>() },
      ...{ waiting: [], isRunning: false, isWanted: false, heldAt: '', heldMs: 0, dueMs: 0 },
    }
    this.#lanes.set(to, lane)
    return lane
  }

  #openOf(to: PeerId): Set<number> {
    const open = this.#open.get(to) ?? new Set()
    this.#open.set(to, open)
    return open
  }

  /** Sees to a recipient's messages after a while, or at the end of what is under way. */
  #soon(to: PeerId, delayMs: number): void {
    if (this.#isStopped) return
    const lane = this.#lane(to)
    if (lane.isRunning) {
      lane.isWanted ||= delayMs === 0
      return
    }
    const { clock } = this.#setup
    const dueMs = clock.nowMs() + delayMs
    if (lane.timer !== undefined && lane.dueMs <= dueMs) return
    lane.timer?.cancel()
    lane.dueMs = dueMs
    lane.timer = clock.after(delayMs, () => {
      lane.timer = undefined
      lane.isRunning = true
      this.#run(to, lane).catch((thrown: unknown) => this.#setup.warn(messageOf(thrown)))
    })
  }

  async #run(to: PeerId, lane: Lane): Promise<void> {
    const waiting = lane.waiting.splice(0)
    let isDone = false
    try {
      isDone = await this.#dispatch(to, lane)
    } finally {
      for (const tell of waiting) tell()
      lane.isRunning = false
      if (lane.isWanted || lane.waiting.length > 0) {
        lane.isWanted = false
        this.#soon(to, 0)
      } else if (!isDone) {
        this.#soon(to, lane.backoffMs * (0.75 + this.#setup.random.next() / 2))
        lane.backoffMs = Math.min(2 * lane.backoffMs, this.#setup.options.retryMaxMs)
      } else if ((this.#open.get(to)?.size ?? 0) === 0 && lane.fresh.size === 0) {
        lane.backoffMs = this.#setup.options.retryMinMs
      }
    }
  }

  /** Gets what it can away; true when nothing is left to do. */
  async #dispatch(to: PeerId, lane: Lane): Promise<boolean> {
    if (this.#setup.network.isUp(to)) {
      try {
        return await this.#deliver(to, lane)
      } catch (thrown) {
        const { code, message } = toSkeinError(thrown)
        if (code === 'STORAGE_FAILED' && message.startsWith('mail')) throw thrown
        this.#setup.warn(`could not deliver to ${to.slice(0, 8)}: ${message}`)
      }
    }
    if ((this.#open.get(to)?.size ?? 0) === 0) return !(await this.#isReadAwaited(to))
    await this.#hold(to, lane)
    return false
  }

  async #isReadAwaited(to: PeerId): Promise<boolean> {
    const sql = `SELECT 1 FROM outbox WHERE recipient = ? AND wants_read = 1 AND state = 'delivered'`
    return (await this.#setup.database.read({ sql: `${sql} LIMIT 1`, values: [to] })).length > 0
  }

  /** Gives the recipient what it lacks; true when it has all, and no word of it is awaited. */
  async #deliver(to: PeerId, lane: Lane): Promise<boolean> {
    await this.#offer(to, to, lane)
    for (let from = 0; ;) {
      const rows = await this.#openRows(to, from)
      if (rows.length === 0) return !(await this.#isReadAwaited(to))
      const answer = await this.#setup.network.ask(to, { kind: 'put', items: rows.map(envelopeIn) })
      for (const row of rows) lane.fresh.delete(numberIn(row, 'counter'))
      await this.#take(answer)
      await this.#note(rows, answer)
      if (answer.results.includes('later')) return false
      from = numberIn(rows.at(-1), 'counter')
    }
  }

  /**
   * Asks what a peer lacks of what is not new, so that it is not sent in vain; its receipts settle the
   * rest.
   *
   * @returns The counters that it wants; `undefined` where all were new.
   */
  async #offer(peer: PeerId, to: PeerId, lane: Lane): Promise<ReadonlySet<number> | undefined> {
    const known = [...this.#openOf(to)].filter((counter) => !lane.fresh.has(counter))
    const { database, network, signer } = this.#setup
    const sql = `SELECT counter FROM outbox
      WHERE recipient = ? AND wants_read = 1 AND state = 'delivered' ORDER BY counter LIMIT 64`
    const unread = await database.read({ sql, values: [to] })
    const counters = rangesOf([...known, ...unread.map((row) => numberIn(row, 'counter'))])
    if (counters.length === 0) return undefined
    const asked = counters.slice(0, 2 * maxRanges)
    const group = { author: signer.id, epoch: this.#epoch, counters: asked }
    const answer = await network.ask(peer, { kind: 'offer', to, groups: [group] })
    await this.#take(answer)
    if (peer !== to && answer.laterMs > 0) throw new SkeinError('LIMIT_EXCEEDED', 'it has no room')
    const wanted = answer.want.filter(({ author }) => author === signer.id)
    const isWanted = (each: number): boolean =>
      !hasCounter(asked, each) || wanted.some((one) => hasCounter(one.counters, each))
    return new Set(known.filter(isWanted))
  }

  /** Gives what waits to those who should hold it. */
  async #hold(to: PeerId, lane: Lane): Promise<void> {
    const { network, options, clock } = this.#setup
    const { holders: count, settledMs } = options
    const chosen = chooseHolders(to, network.candidates(), { count, settledMs })
    const names = chosen.join(' ')
    const isKnown = names === lane.heldAt && clock.nowMs() - lane.heldMs < options.repairMs
    if (chosen.length === 0 || (isKnown && lane.fresh.size === 0)) return
    const done = await Promise.all(chosen.map((id) => this.#holdAt(id, to, lane)))
    for (const counters of done) for (const each of counters ?? []) lane.fresh.delete(each)
    if (done.every((each) => each !== undefined)) {
      lane.heldAt = names
      lane.heldMs = clock.nowMs()
    }
  }

  /** Gives a holder what it lacks; the counters that were put there, `undefined` if it failed. */
  async #holdAt(holder: PeerId, to: PeerId, lane: Lane): Promise<readonly number[] | undefined> {
    const put: number[] = []
    try {
      const wanted = await this.#offer(holder, to, lane)
      const skipped = new Set([...this.#openOf(to)].filter((each) => !lane.fresh.has(each)))
      for (const each of wanted ?? []) skipped.delete(each)
      await this.#markHeld(to, [...skipped], holder)
      for (let from = 0; ;) {
        const rows = await this.#openRows(to, from)
        if (rows.length === 0) return put
        from = numberIn(rows.at(-1), 'counter')
        const left = rows.filter((row) => !skipped.has(numberIn(row, 'counter')))
        if (left.length === 0) continue
        const items = left.map(envelopeIn)
        const answer = await this.#setup.network.ask(holder, { kind: 'put', items })
        await this.#take(answer)
        const stored = left.filter((_, at) => answer.results[at] === 'stored')
        put.push(...stored.map((row) => numberIn(row, 'counter')))
        await this.#markHeld(to, put.slice(-stored.length), holder)
        if (stored.length < left.length) return undefined
      }
    } catch (thrown) {
      this.#setup.warn(`${holder.slice(0, 8)} cannot hold: ${messageOf(thrown)}`)
      return undefined
    }
  }

  /** Open messages behind a counter, as many as one question carries. */
  async #openRows(to: PeerId, from: number): Promise<readonly SqlRow[]> {
    const values = [to, from, maxItems]
    const rows = await this.#setup.database.read({ sql: openSql, values })
    let bytes = 0
    return rows.filter((row, at) => {
      bytes += bytesIn(row, 'envelope').length
      return at === 0 || bytes <= batchBytes
    })
  }

  async #take({ receipts }: MailAnswer): Promise<void> {
    for (const bytes of receipts) {
      const receipt = readReceipt(bytes, this.#setup.signer)
      if (typeof receipt !== 'string') await this.takeReceipts([receipt])
    }
  }

  /** Notes who holds messages. */
  async #markHeld(to: PeerId, counters: readonly number[], holder: PeerId): Promise<void> {
    if (counters.length === 0) return
    const sql = `UPDATE outbox SET changed_ms = ?, state = 'held',
        holders = json_insert(holders, '$[#]', ?)
      WHERE recipient = ? AND envelope IS NOT NULL AND counter BETWEEN ? AND ?
        AND NOT EXISTS (SELECT 1 FROM json_each(holders) WHERE value = ?) RETURNING id`
    const unixMs = this.#setup.clock.unixMs()
    const ranges = rangesOf(counters)
    const statements: Statement[] = []
    for (let at = 0; at < ranges.length; at += 2) {
      const [first = 0, last = 0] = ranges.slice(at, at + 2)
      statements.push({ sql, values: [unixMs, holder, to, first, last, holder] })
    }
    const results = await this.#setup.database.write(statements)
    for (const row of results.flat()) this.#onChange(numberIn(row, 'id'))
  }

  /** Notes what a recipient would not take, and why. */
  async #note(rows: readonly SqlRow[], { results, reason }: MailAnswer): Promise<void> {
    const wrong = rows.filter((_, at) => results[at] === 'invalid' || results[at] === 'refused')
    if (wrong.length === 0) return
    const sql = `UPDATE outbox SET state = 'refused', reason = ?, envelope = NULL, changed_ms = ?
      WHERE id = ? RETURNING id, recipient, counter`
    const values = [reason.slice(0, maxReasonLength), this.#setup.clock.unixMs()]
    const ids = wrong.map((row) => numberIn(row, 'id'))
    const statements = ids.map((id) => ({ sql, values: [...values, id] }))
    this.#close((await this.#setup.database.write(statements)).flat())
  }

  /** Takes the word of a recipient for what it has, and has read. */
  async #settle({ by, read, isRefusal, ...receipt }: SignedReceipt): Promise<void> {
    const { database, clock } = this.#setup
    const got = intersect(receipt.got, rangesOf(this.#openOf(by))) // It names all there ever were.
    const unixMs = clock.unixMs()
    const statements: Statement[] = []
    const among = 'recipient = ? AND counter BETWEEN ? AND ?'
    const returning = 'RETURNING id, recipient, counter'
    for (let at = 0; at < got.length; at += 2) {
      const sql = `UPDATE outbox SET state = 'delivered', reason = '', envelope = NULL, changed_ms = ?
        WHERE ${among} AND envelope IS NOT NULL ${returning}`
      statements.push({ sql, values: [unixMs, by, got[at] ?? 0, got[at + 1] ?? 0] })
    }
    for (let at = 0; at < read.length; at += 2) {
      const sql = `UPDATE outbox SET state = 'read', envelope = NULL, changed_ms = ?
        WHERE ${among} AND wants_read = 1 AND state != 'read' ${returning}`
      statements.push({ sql, values: [unixMs, by, read[at] ?? 0, read[at + 1] ?? 0] })
    }
    if (isRefusal) {
      const sql = `UPDATE outbox SET state = 'refused', reason = 'it takes nothing of this node',
        envelope = NULL, changed_ms = ? WHERE recipient = ? AND envelope IS NOT NULL ${returning}`
      statements.push({ sql, values: [unixMs, by] })
    }
    this.#close((await database.write(statements)).flat())
  }

  #close(rows: readonly SqlRow[]): void {
    for (const row of rows) {
      const [to, counter] = [textIn(row, 'recipient') as PeerId, numberIn(row, 'counter')]
      this.#open.get(to)?.delete(counter)
      this.#lanes.get(to)?.fresh.delete(counter)
      this.#onChange(numberIn(row, 'id'))
    }
  }
}

function envelopeIn(row: SqlRow): Uint8Array {
  return bytesIn(row, 'envelope')
}
