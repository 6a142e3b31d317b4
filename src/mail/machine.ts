/**
 * Mail of one node: an inbox, an outbox, what it holds for others, and the wall, over one database.
 *
 *   ask ─▶ offer, put ─▶ for this node: InboxMachine · for others: HolderMachine
 *          receipts   ─▶ OutboxMachine, HolderMachine
 *          wall, fetch, posts ─▶ WallMachine
 *
 * Time, chance, the database and the network come in with the setup; the simulator runs the same.
 *
 * **Invariant**: what is answered as stored is on the disk.
 */
import { numberIn } from '../base/database.ts'
import { messageOf } from '../base/errors.ts'
import { readEnvelope } from './envelope.ts'
import { HolderMachine } from './holder.ts'
import { chooseHolders } from './holders.ts'
import { InboxMachine } from './inbox.ts'
import { emptyAnswer } from './messages.ts'
import { OutboxMachine } from './outbox.ts'
import { readReceipt } from './receipt.ts'
import { Serial } from './serial.ts'
import { WallMachine } from './wall.ts'
import type { Timer } from '../base/clock.ts'
import type { SqlRow } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Envelope } from './envelope.ts'
import type { Taken } from './inbox.ts'
import type { MailAnswer, MailRequest, PutResult } from './messages.ts'
import type { ReceivedMessage } from './received.ts'
import type { SignedReceipt } from './receipt.ts'
import type { MailSetup } from './setup.ts'
import type { WallPost } from './wall.ts'

/** Who is told of what happens. */
export interface MailHooks {
  readonly onMessage: (message: ReceivedMessage) => void
  readonly onPost: (post: WallPost) => void
  /** What became of a message that was sent. */
  readonly onSent: (id: number) => void
}

/** Mail in numbers. A snapshot; what is a total counts from when the database was opened. */
export interface MailStatus {
  /** Messages that came into the inbox, in all. */
  readonly received: number
  /** Messages in the inbox that were not read yet. */
  readonly unread: number
  /** Messages that were stored to be sent, in all. */
  readonly sent: number
  /** Messages of this node that have not arrived. */
  readonly waiting: number
  /** Messages that are held for others. */
  readonly held: number
  /** Posts that were stored, in all. */
  readonly posts: number
  /** Envelopes, receipts and posts of peers that were wrong, in all. */
  readonly violations: number
}

/** The mail of who never had any. */
export const noMail: MailStatus = Object.freeze({
  ...{ received: 0, unread: 0, sent: 0, waiting: 0, held: 0, posts: 0, violations: 0 },
})

const sweepMs = 600_000 // Guess: what is to go after weeks may stay ten minutes longer.
const roomOfFull = 0.9 // Guess: so much stays of a full inbox, that it is not full again at once.
const collectMs = 2_000 // Guess: by then the first neighbours have told of the members.
const askedToCollect = 6 // Guess: twice the holders, for some came and went.

/** See the file's head. */
export class MailMachine {
  readonly inbox: InboxMachine
  readonly outbox: OutboxMachine
  readonly holder: HolderMachine
  readonly wall: WallMachine
  /** Envelopes, receipts and posts of peers that were wrong; each is one. */
  violations = 0

  readonly #setup: MailSetup
  readonly #timers = new Map<string, Timer>()
  readonly #checking = new Serial()
  #sweptMs = Number.NEGATIVE_INFINITY
  #isStopped = false

  private constructor(setup: MailSetup, hooks: MailHooks, epoch: number) {
    this.#setup = setup
    this.inbox = new InboxMachine(setup, hooks.onMessage, () => this.#makeRoom())
    this.outbox = new OutboxMachine(setup, epoch, hooks.onSent)
    this.holder = new HolderMachine(setup)
    this.wall = new WallMachine(setup, epoch, {
      isBlocked: (id) => this.inbox.blocked.has(id),
      onPost: hooks.onPost,
    })
  }

  /** Reads the database, and begins. @throws {SkeinError} `STORAGE_FAILED`. */
  static async start(setup: MailSetup, hooks: MailHooks): Promise<MailMachine> {
    const machine = new MailMachine(setup, hooks, await readEpoch(setup))
    await machine.#sweep()
    await machine.inbox.load()
    await machine.outbox.load()
    await machine.holder.load()
    await machine.wall.load()
    machine.#later('sweep', sweepMs, () => machine.#sweepAgain())
    machine.#later('collect', collectMs, () => machine.#collect())
    return machine
  }

  /** What happened so far, and what is kept. Frozen. */
  status(): MailStatus {
    const { inbox, outbox, holder, wall } = this
    return Object.freeze({
      ...{ received: inbox.received, unread: inbox.unreadCount },
      ...{ sent: outbox.sent, waiting: outbox.openCount, held: holder.count, posts: wall.posts },
      violations: this.violations + wall.violations,
    })
  }

  /** Stops all timers. */
  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers.values()) timer.cancel()
    for (const part of [this.inbox, this.outbox, this.holder, this.wall]) part.stop()
  }

  /** A peer was connected, or a member is alive again. */
  onUp(id: PeerId): void {
    this.outbox.onUp(id)
    this.holder.onUp(id)
  }

  /** Members came or went. */
  onMembers(): void {
    this.outbox.onMembers()
    this.holder.onMembers()
  }

  /** Answers a question of a peer that takes part. @throws {SkeinError} `STORAGE_FAILED`. */
  async answer(from: PeerId, request: MailRequest): Promise<Partial<MailAnswer>> {
    switch (request.kind) {
      case 'offer':
        if (request.to !== this.#setup.signer.id)
          return this.holder.offer(request.to, request.groups)
        return this.inbox.offer(request.groups, from)
      case 'put':
        return this.#put(request.items, from)
      case 'receipts':
        await this.#takeReceipts(request.items)
        return {}
      case 'collect':
        this.holder.onUp(from)
        return {}
      case 'wall':
        return this.wall.answerHash(request.hash, from)
      case 'fetch':
        return this.wall.answerFetch(request.groups)
      case 'posts':
        await this.wall.take(request.items, from)
        return {}
      default:
        return request satisfies never
    }
  }

  /** Messages were read: tells the authors who asked for it, and those who hold for them. */
  async tellRead(rows: readonly SqlRow[]): Promise<void> {
    const receipts = await this.inbox.markRead(rows)
    await Promise.all(receipts.map((receipt) => this.#tell(receipt)))
  }

  async #tell(receipt: SignedReceipt): Promise<void> {
    const { network, warn } = this.#setup
    if (!network.isUp(receipt.author)) return // It asks when it is back.
    const request = { kind: 'receipts', items: [receipt.bytes] } as const
    await network.ask(receipt.author, request).catch((thrown: unknown) => {
      warn(`could not tell ${receipt.author.slice(0, 8)} what was read: ${messageOf(thrown)}`)
      return emptyAnswer
    })
  }

  async #put(items: readonly Uint8Array[], from: PeerId): Promise<Partial<MailAnswer>> {
    const { signer, options, clock } = this.#setup
    const setup = { signer, options, unixMs: clock.unixMs() }
    const results: PutResult[] = []
    const valid = new Map<Envelope, number>()
    let reason = ''
    // In turn for each peer: its later ones must not overtake those that take longer to check.
    const envelopes = await this.#checking.run(from, () =>
      Promise.all(items.map((bytes) => readEnvelope(bytes, setup))),
    )
    for (const [at, envelope] of envelopes.entries()) {
      results.push(typeof envelope === 'string' ? 'invalid' : 'later')
      if (typeof envelope !== 'string') valid.set(envelope, at)
      else {
        this.violations++
        reason ||= envelope
      }
    }
    const all = [...valid.keys()]
    const isOurs = (envelope: Envelope): boolean => envelope.to === signer.id
    const [ours, others] = [all.filter(isOurs), all.filter((each) => !isOurs(each))]
    const parts: readonly (readonly [readonly Envelope[], Taken])[] = [
      [ours, await this.inbox.put(ours)],
      [others, await this.holder.put(others, from)],
    ]
    const receipts: Uint8Array[] = []
    for (const [group, taken] of parts) {
      for (const [at, envelope] of group.entries()) {
        results[valid.get(envelope) ?? 0] = taken.results[at] ?? 'later'
      }
      receipts.push(...taken.receipts.map(({ bytes }) => bytes))
      reason ||= taken.reason
    }
    return { results, receipts, reason }
  }

  async #takeReceipts(items: readonly Uint8Array[]): Promise<void> {
    const receipts: SignedReceipt[] = []
    for (const bytes of items) {
      const receipt = readReceipt(bytes, this.#setup.signer)
      if (typeof receipt === 'string') this.violations++
      else receipts.push(receipt)
    }
    await this.outbox.takeReceipts(receipts)
    await this.holder.takeReceipts(receipts)
  }

  /** Asks those who should hold something for this node: they may not have heard that it is back. */
  #collect(): void {
    const { network, options, signer, warn } = this.#setup
    const count = askedToCollect
    const chosen = chooseHolders(signer.id, network.candidates(), { ...options, count })
    for (const id of chosen) {
      network.ask(id, { kind: 'collect' }).catch((thrown: unknown) => {
        warn(`${id.slice(0, 8)} was not asked what it holds: ${messageOf(thrown)}`)
      })
    }
  }

  async #sweep(): Promise<void> {
    const { database, clock, options } = this.#setup
    const unixMs = clock.unixMs()
    const sums = 'SELECT id, sum(size) OVER (ORDER BY id DESC) AS bytes FROM inbox'
    await database.write([
      { sql: 'DELETE FROM inbox WHERE received_ms < ?', values: [unixMs - options.keepMs] },
      {
        sql: `DELETE FROM inbox WHERE read_ms IS NOT NULL AND id IN (SELECT id FROM (${sums}) WHERE bytes > ?)`,
        values: [options.keepBytes * (this.inbox.isFull ? roomOfFull : 1)],
      },
      {
        sql: 'DELETE FROM outbox WHERE envelope IS NULL AND changed_ms < ?',
        values: [unixMs - options.keepMs],
      },
      // An old copy of what is not remembered any more is refused, for it has expired.
      {
        sql: `DELETE FROM senders WHERE expires_ms < ?
          AND NOT EXISTS (SELECT 1 FROM waiting AS w WHERE w.author = senders.author AND w.epoch = senders.epoch)`,
        values: [unixMs - options.maxAheadMs],
      },
    ])
    const kept = 'SELECT size FROM inbox UNION ALL SELECT size FROM waiting'
    const [row] = await database.read({ sql: `SELECT sum(size) AS bytes FROM (${kept})` })
    this.inbox.bytes = numberIn(row, 'bytes')
    this.#sweptMs = clock.nowMs()
    await this.outbox.sweep()
    await this.holder.sweep()
    await this.wall.sweep()
  }

  /** The inbox is full: what was read goes now. */
  #makeRoom(): void {
    const { clock, options } = this.#setup
    if (this.#isStopped || this.#timers.has('room')) return
    const dueMs = this.#sweptMs + options.roomMs - clock.nowMs()
    this.#later('room', Math.max(0, dueMs), () => {
      this.#timers.delete('room')
      this.#sweep().catch((thrown: unknown) => this.#setup.warn(messageOf(thrown)))
    })
  }

  #sweepAgain(): void {
    this.#sweep().catch((thrown: unknown) => this.#setup.warn(messageOf(thrown)))
    this.#later('sweep', sweepMs, () => this.#sweepAgain())
  }

  #later(name: string, delayMs: number, run: () => void): void {
    if (!this.#isStopped) this.#timers.set(name, this.#setup.clock.after(delayMs, run))
  }
}

/** When the database was made: messages are numbered anew in another one. */
async function readEpoch({ database, clock }: MailSetup): Promise<number> {
  const sql = `INSERT INTO settings VALUES ('epoch', ?) ON CONFLICT (name) DO UPDATE SET value = value
    RETURNING value`
  const [rows = []] = await database.write([{ sql, values: [Math.max(1, clock.unixMs())] }])
  return numberIn(rows[0], 'value')
}
