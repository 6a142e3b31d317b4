/**
 * Holds messages for peers that are away, and sees to it that enough others hold them, too.
 *
 *   put ─▶ form, signature, time ─▶ room for it? ─▶ held ─┬─ recipient is up: offered and put to it
 *                                                         ├─ it is away: the right holders have it?
 *                                                         └─ its receipt: deleted, and not held again
 *
 * Whoever has a copy is responsible for it: when members came or went, and every ten minutes, it offers
 * what it holds for a recipient to the three that should hold it by now, and gives them what they lack.
 * A holder that is none of the three any more keeps its copy as a spare for an hour behind that.
 *
 * **Invariant**: `stored` is said when the disk has it; only a receipt of the recipient, the end of its
 * time, or three better holders take it away again.
 */
import { bytesIn } from '../base/database.ts'
import { messageOf } from '../base/errors.ts'
import { HeldIndex } from './held-index.ts'
import { chooseHolders } from './holders.ts'
import { batchBytes, maxGroups, maxItems } from './messages.ts'
import { firstOf, hasCounter, intersect, pairs, subtract } from './ranges.ts'
import { maxRanges, readReceipt } from './receipt.ts'
import type { Timer } from '../base/clock.ts'
import type { SqlRow, Statement } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Envelope } from './envelope.ts'
import type { Group, MailAnswer, PutResult } from './messages.ts'
import type { SignedReceipt } from './receipt.ts'
import type { MailSetup } from './setup.ts'
import type { Taken } from './inbox.ts'

/** What is done for one recipient. */
interface Task {
  timer: Timer | undefined
  dueMs: number
  backoffMs: number
  isRunning: boolean
  isDelivering: boolean
  isWanted: boolean
  /** Who was last found to hold all of it, and when. */
  holders: string
  checkedMs: number
}

const insertHeld = `INSERT OR IGNORE INTO held (recipient, author, epoch, counter, time_ms, expires_ms,
    carrier, size, spare_ms, envelope) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)`
const deleteHeld = `DELETE FROM held WHERE recipient = ? AND author = ? AND epoch = ?
  AND counter BETWEEN ? AND ?`
const keepReceipt = `INSERT INTO receipts (recipient, author, epoch, time_ms, expires_ms, bytes)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (recipient, author, epoch) DO UPDATE
  SET time_ms = excluded.time_ms, expires_ms = excluded.expires_ms, bytes = excluded.bytes
  WHERE excluded.time_ms > time_ms`
const maxRounds = 10_000 // Questions for one recipient in a row; far more than quotas allow.

/** See the file's head. */
export class HolderMachine {
  readonly #setup: MailSetup
  readonly #index: HeldIndex
  readonly #tasks = new Map<PeerId, Task>()
  #isStopped = false

  constructor(setup: MailSetup) {
    this.#setup = setup
    this.#index = new HeldIndex(setup)
  }

  /** Reads what is held. */
  async load(): Promise<void> {
    await this.#index.load()
    for (const recipient of this.#index.recipients()) this.#soonAfterChange(recipient)
  }

  /** Stops all timers. */
  stop(): void {
    this.#isStopped = true
    for (const { timer } of this.#tasks.values()) timer?.cancel()
  }

  /** How many messages are held for others. */
  get count(): number {
    return this.#index.count
  }

  /** A peer is there, or back: it gets what is held for it. */
  onUp(id: PeerId): void {
    if (!this.#index.has(id)) return
    this.#task(id).backoffMs = this.#setup.options.retryMinMs
    this.#soon(id, 0)
  }

  /** Members came or went: others may have to hold what is held. */
  onMembers(): void {
    for (const recipient of this.#index.recipients()) this.#soonAfterChange(recipient)
  }

  /** Says which of what somebody has for a recipient should be put here. */
  async offer(to: PeerId, groups: readonly Group[]): Promise<Partial<MailAnswer>> {
    const want: Group[] = []
    const receipts: Uint8Array[] = []
    let isShort = false
    for (const { author, epoch, counters } of groups) {
      const receipt = await this.#receiptOf(to, author, epoch)
      if (receipt !== undefined) receipts.push(receipt.bytes)
      const settled = receipt?.got ?? []
      const missing = subtract(subtract(counters, this.#index.counters(to, author, epoch)), settled)
      if (missing.length === 0) continue
      if (this.#index.hasRoom(to, author)) want.push({ author, epoch, counters: missing })
      else isShort = true
    }
    return { want, receipts, laterMs: isShort ? this.#setup.options.repairMs : 0 }
  }

  /** Takes envelopes for others, checked for form and signature; resolves when they are stored. */
  async put(envelopes: readonly Envelope[], carrier: PeerId): Promise<Taken> {
    const receipts = new Map<string, SignedReceipt>()
    const results: PutResult[] = []
    const taken: Envelope[] = []
    const settled = new Set<Envelope>()
    let reason = ''
    for (const envelope of envelopes) {
      const { to, author, epoch, counter } = envelope
      const receipt = await this.#receiptOf(to, author, epoch)
      if (receipt !== undefined) receipts.set(`${to} ${author} ${epoch}`, receipt)
      const isSettled = hasCounter(receipt?.got ?? [], counter)
      if (isSettled) settled.add(envelope)
      const isHeld = this.#index.holds(envelope)
      const problem = isSettled || isHeld ? undefined : this.#index.add(envelope, carrier)
      if (problem !== undefined) reason ||= problem
      else if (!isSettled && !isHeld) taken.push(envelope)
      results.push(problem === undefined ? 'stored' : 'later')
    }
    try {
      // Also with nothing new: what came a moment before may not be on the disk yet.
      await this.#setup.database.write(taken.map((each) => insertOf(each, carrier)))
    } catch (thrown) {
      for (const each of taken) this.#index.remove(each)
      throw thrown
    }
    for (const [at, envelope] of envelopes.entries()) {
      // Who came a moment before may have failed to store it.
      const isSafe =
        taken.includes(envelope) || this.#index.holds(envelope) || settled.has(envelope)
      if (results[at] === 'stored' && !isSafe) results[at] = 'later'
    }
    for (const recipient of new Set(taken.map(({ to }) => to))) {
      this.#task(recipient).holders = ''
      if (this.#setup.network.isUp(recipient)) this.#soon(recipient, 0)
      else this.#soonAfterChange(recipient)
    }
    return { results, reason, receipts: [...receipts.values()] }
  }

  /** Takes the word of a recipient: what it has is not held any more. */
  async takeReceipts(receipts: readonly SignedReceipt[]): Promise<void> {
    for (const receipt of receipts) await this.#takeReceipt(receipt)
  }

  /** Forgets what has expired, and spares whose time is over. */
  async sweep(): Promise<void> {
    const { database, clock, options } = this.#setup
    const unixMs = clock.unixMs()
    const rest = 'RETURNING recipient, author, epoch, counter, carrier, size'
    const [expired = [], spare = []] = await database.write([
      { sql: `DELETE FROM held WHERE expires_ms <= ? ${rest}`, values: [unixMs] },
      { sql: `DELETE FROM held WHERE spare_ms <= ? ${rest}`, values: [unixMs - options.spareMs] },
      { sql: 'DELETE FROM receipts WHERE expires_ms <= ?', values: [unixMs] },
    ])
    for (const row of [...expired, ...spare]) this.#index.forget(row)
  }

  async #takeReceipt(receipt: SignedReceipt): Promise<void> {
    const { by, author, epoch, got, timeMs, bytes } = receipt
    const { clock, options, database } = this.#setup
    const held = this.#index.counters(by, author, epoch)
    const known = await this.#receiptOf(by, author, epoch)
    if (held.length === 0 && known === undefined) return // Nobody asks this node for it.
    if (known !== undefined && known.timeMs >= timeMs) return
    const gone = intersect(held, got)
    const expiresMs = clock.unixMs() + options.maxExpiryMs
    const statements: Statement[] = [
      { sql: keepReceipt, values: [by, author, epoch, timeMs, expiresMs, bytes] },
      ...[...pairs(gone)].map(([first, last]) => {
        const sql = `${deleteHeld} RETURNING recipient, author, epoch, counter, carrier, size`
        return { sql, values: [by, author, epoch, first, last] }
      }),
    ]
    const results = await database.write(statements)
    for (const row of results.flat()) this.#index.forget(row)
  }

  async #receiptOf(to: PeerId, author: PeerId, epoch: number): Promise<SignedReceipt | undefined> {
    const sql = 'SELECT bytes FROM receipts WHERE recipient = ? AND author = ? AND epoch = ?'
    const [row] = await this.#setup.database.read({ sql, values: [to, author, epoch] })
    if (row === undefined) return undefined
    const receipt = readReceipt(bytesIn(row, 'bytes'), this.#setup.signer)
    return typeof receipt === 'string' ? undefined : receipt
  }

  #task(recipient: PeerId): Task {
    const known = this.#tasks.get(recipient)
    if (known !== undefined) return known
    const task: Task = {
      ...{ timer: undefined, backoffMs: this.#setup.options.retryMinMs, isRunning: false },
      ...{ isDelivering: false, isWanted: false, holders: '', checkedMs: 0, dueMs: 0 },
    }
    this.#tasks.set(recipient, task)
    return task
  }

  #soonAfterChange(recipient: PeerId): void {
    const { options, random } = this.#setup
    this.#soon(recipient, options.repairDelayMs * (0.5 + random.next()))
  }

  #soon(recipient: PeerId, delayMs: number): void {
    if (this.#isStopped) return
    const task = this.#task(recipient)
    if (task.isRunning) {
      task.isWanted ||= delayMs === 0
      // Who is back does not wait until others were asked what they hold.
      if (delayMs > 0 || task.isDelivering || !this.#setup.network.isUp(recipient)) return
      this.#deliver(recipient, task).catch((thrown: unknown) => this.#setup.warn(messageOf(thrown)))
      return
    }
    const { clock } = this.#setup
    const dueMs = clock.nowMs() + delayMs
    if (task.timer !== undefined && task.dueMs <= dueMs) return
    task.timer?.cancel()
    task.dueMs = dueMs
    task.timer = clock.after(delayMs, () => {
      task.timer = undefined
      task.isRunning = true
      this.#run(recipient, task).catch((thrown: unknown) => this.#setup.warn(messageOf(thrown)))
    })
  }

  async #run(recipient: PeerId, task: Task): Promise<void> {
    const { network, options, random } = this.#setup
    let nextMs = options.repairMs * (0.75 + random.next() / 2)
    try {
      if (network.isUp(recipient)) {
        const waitMs = await this.#deliver(recipient, task)
        if (waitMs > 0) nextMs = waitMs
      } else await this.#repair(recipient, task)
    } catch (thrown) {
      this.#setup.warn(`holding for ${recipient.slice(0, 8)}: ${messageOf(thrown)}`)
      nextMs = task.backoffMs * (0.75 + random.next() / 2)
      task.backoffMs = Math.min(2 * task.backoffMs, options.retryMaxMs)
    } finally {
      task.isRunning = false
      const isWanted = task.isWanted
      task.isWanted = false
      if (!this.#index.has(recipient)) this.#tasks.delete(recipient)
      else this.#soon(recipient, isWanted ? 0 : nextMs)
    }
  }

  /** Gives a recipient what it wants; after how long to go on, 0 where it has all. */
  async #deliver(recipient: PeerId, task: Task): Promise<number> {
    task.isDelivering = true
    try {
      return await this.#deliverAll(recipient)
    } finally {
      task.isDelivering = false
    }
  }

  async #deliverAll(recipient: PeerId): Promise<number> {
    for (let round = 0; round < maxRounds; round++) {
      const groups = this.#groupsOf(recipient)
      if (groups.length === 0) return 0
      const answer = await this.#ask(recipient, recipient, groups)
      if (answer.want.length === 0) return answer.laterMs
      const put = await this.#put(recipient, recipient, answer.want)
      if (put === 'later') return this.#setup.options.retryMinMs
    }
    return this.#setup.options.retryMinMs
  }

  /** Sees to it that those who should hold it do. */
  async #repair(recipient: PeerId, task: Task): Promise<void> {
    const { network, options, signer, clock, database } = this.#setup
    const self = { id: signer.id, upMs: network.ownUpMs() }
    const { holders: count, settledMs } = options
    const chosen = chooseHolders(recipient, [self, ...network.candidates()], { count, settledMs })
    const names = chosen.join(' ')
    const isRecent = clock.nowMs() - task.checkedMs < options.repairMs / 2
    if (names === task.holders && isRecent) return
    const others = chosen.filter((id) => id !== signer.id)
    await Promise.all(others.map((id) => this.#giveTo(id, recipient)))
    task.holders = names
    task.checkedMs = clock.nowMs()
    const isOurs = chosen.includes(signer.id) || chosen.length < count
    const sql = isOurs
      ? 'UPDATE held SET spare_ms = NULL WHERE recipient = ? AND spare_ms IS NOT NULL'
      : 'UPDATE held SET spare_ms = ? WHERE recipient = ? AND spare_ms IS NULL'
    await database.write([{ sql, values: isOurs ? [recipient] : [clock.unixMs(), recipient] }])
  }

  /** Gives another holder what it lacks of what is held for a recipient. */
  async #giveTo(holder: PeerId, recipient: PeerId): Promise<void> {
    const all = this.#groupsOf(recipient)
    if (all.length === 0) return
    const answer = await this.#ask(holder, recipient, all)
    for (const group of answer.want) {
      let left = group.counters
      while (left.length > 0) {
        const counters = firstOf(left, maxItems)
        if ((await this.#put(holder, recipient, [{ ...group, counters }])) === 'later') return
        left = subtract(left, counters)
      }
    }
  }

  #groupsOf(recipient: PeerId): readonly Group[] {
    const groups = this.#index.groups(recipient).slice(0, maxGroups)
    return groups.map((group) => ({ ...group, counters: group.counters.slice(0, 2 * maxRanges) }))
  }

  async #ask(peer: PeerId, to: PeerId, groups: readonly Group[]): Promise<MailAnswer> {
    const answer = await this.#setup.network.ask(peer, { kind: 'offer', to, groups })
    await this.#takeAll(answer)
    return answer
  }

  /** Sends the envelopes of these groups, in order, in as many messages as it takes. */
  async #put(peer: PeerId, recipient: PeerId, groups: readonly Group[]): Promise<'done' | 'later'> {
    let items: Uint8Array[] = []
    let bytes = 0
    const flush = async (): Promise<boolean> => {
      if (items.length === 0) return true
      const answer = await this.#setup.network.ask(peer, { kind: 'put', items })
      items = []
      bytes = 0
      await this.#takeAll(answer)
      return !answer.results.includes('later')
    }
    for (const group of groups) {
      for (const row of await this.#rowsOf(recipient, group)) {
        const envelope = bytesIn(row, 'envelope')
        const isFull = items.length >= maxItems || bytes + envelope.length > batchBytes
        if (isFull && !(await flush())) return 'later'
        items.push(envelope)
        bytes += envelope.length
      }
    }
    return (await flush()) ? 'done' : 'later'
  }

  async #rowsOf(to: PeerId, { author, epoch, counters }: Group): Promise<readonly SqlRow[]> {
    const sql = `SELECT envelope FROM held WHERE recipient = ? AND author = ? AND epoch = ?
      AND counter BETWEEN ? AND ? ORDER BY counter`
    const rows: SqlRow[] = []
    const ours = intersect(counters, this.#index.counters(to, author, epoch))
    for (const [first, last] of pairs(firstOf(ours, maxItems))) {
      rows.push(
        ...(await this.#setup.database.read({ sql, values: [to, author, epoch, first, last] })),
      )
    }
    return rows
  }

  async #takeAll({ receipts }: MailAnswer): Promise<void> {
    for (const bytes of receipts) {
      const receipt = readReceipt(bytes, this.#setup.signer)
      if (typeof receipt !== 'string') await this.#takeReceipt(receipt)
    }
  }
}

function insertOf(envelope: Envelope, carrier: PeerId): Statement {
  const { to, author, epoch, counter, timeMs, expiresMs, bytes } = envelope
  const values = [to, author, epoch, counter, timeMs, expiresMs, carrier, bytes.length, bytes]
  return { sql: insertHeld, values }
}
