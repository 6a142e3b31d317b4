/**
 * The wall: public signed posts that every member has.
 *
 *   push     what is new goes to every neighbour but the one it came from
 *   repair   a neighbour at its start, then one a minute, is asked whether its wall is the same; if not,
 *            both sides get what they lack
 *
 * Neighbours are connected already, so news takes as many steps as the graph is wide; who was away asks
 * when it is back. What is not taken (its author may not write here, or it has too many) is remembered
 * while the process lives, so that nobody sends it again every minute.
 *
 * Posts belong to the network in which they were written. Who leaves it keeps those that it has, for its
 * own eyes: `#fromId` is the last of them, and what is not beyond it is neither named nor given to others.
 *
 * **Invariant**: what is passed on is what was verified and stored, byte for byte.
 */
import { bytesIn, numberIn, textIn } from '../base/database.ts'
import { SkeinError, messageOf } from '../base/errors.ts'
import { batchBytes, maxItems } from './messages.ts'
import { readPost, signPost } from './post.ts'
import { firstOf, noRanges, pairs, subtract } from './ranges.ts'
import { Rates } from './rate.ts'
import { Serial } from './serial.ts'
import { WallIndex, groupKeyOf, nameIn } from './wall-index.ts'
import type { Timer } from '../base/clock.ts'
import type { SqlRow, Statement } from '../base/database.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Group, MailAnswer } from './messages.ts'
import type { Post } from './post.ts'
import type { MailSetup } from './setup.ts'

/** A post on the wall. */
export interface WallPost {
  /** Its place on this node's wall: later ones have higher numbers. */
  readonly id: number
  readonly author: PeerId
  /** When it was written, by its author's clock; Unix ms. */
  readonly timeMs: number
  readonly receivedMs: number
  readonly text: string
}

const insertSql = `INSERT OR IGNORE INTO wall (author, epoch, counter, time_ms, received_ms, text, post)
  VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *`
const meetMs = 200 // Guess: who connects has more to say at once.
const fetchCounters = 128 // Posts asked for at a time.

/** See the file's head. */
export class WallMachine {
  /** Posts of peers that were wrong; each is one. */
  violations = 0
  /** Posts that were stored so far, its own too. */
  posts = 0

  readonly #setup: MailSetup
  readonly #epoch: number
  readonly #isBlocked: (id: PeerId) => boolean
  readonly #onPost: (post: WallPost) => void
  readonly #index = new WallIndex()
  readonly #rates: Rates
  readonly #serial = new Serial()
  #timer: Timer | undefined
  #reconsidering: Timer | undefined
  /** Comparisons that are due with those that were connected just now. */
  readonly #meeting = new Map<PeerId, Timer>()
  /** Older ones are not kept: they were too many. */
  #sinceMs = 0
  /** Posts up to this one are of an earlier network. */
  #fromId = 0
  #isStopped = false

  constructor(
    setup: MailSetup,
    epoch: number,
    hooks: {
      readonly isBlocked: (id: PeerId) => boolean
      readonly onPost: (post: WallPost) => void
    },
  ) {
    this.#setup = setup
    this.#epoch = epoch
    this.#isBlocked = hooks.isBlocked
    this.#onPost = hooks.onPost
    this.#rates = new Rates(setup.options.postBurst, setup.options.postRate)
  }

  /** Reads what is there, and begins to look for what was missed. */
  async load(): Promise<void> {
    await this.moved()
    this.#syncLater()
    for (const id of this.#setup.network.neighbours()) this.onNeighbour(id)
  }

  /** This node may belong to another network now: what it has of the one before is no business of this. */
  async moved(): Promise<void> {
    const { database, network } = this.#setup
    await this.#serial.run('take', async () => {
      const settings = `SELECT name, value FROM settings WHERE name IN ('wall_network', 'wall_from')`
      const kept = new Map(
        (await database.read({ sql: settings })).map((row) => {
          return [textIn(row, 'name'), numberIn(row, 'value')] as const
        }),
      )
      const [before = 0, tag] = [kept.get('wall_network'), network.tag()]
      this.#fromId = kept.get('wall_from') ?? 0
      if (before !== tag) {
        const [row] = await database.read({ sql: 'SELECT max(id) AS last FROM wall' })
        // What a node without a network has written, or read, it takes along into its first one.
        if (before !== 0) this.#fromId = numberIn(row, 'last')
        const sql = `INSERT INTO settings VALUES (?, ?)
          ON CONFLICT (name) DO UPDATE SET value = excluded.value`
        const values = { wall_network: tag, wall_from: this.#fromId }
        await database.write(Object.entries(values).map((value) => ({ sql, values: value })))
      }
      const sql = `SELECT author, epoch, counter FROM wall WHERE id > ?
        ORDER BY author, epoch, counter`
      const rows = await database.read({ sql, values: [this.#fromId] })
      this.#index.clear()
      for (const each of rows) this.#index.add(nameIn(each))
    })
  }

  /** Stops all timers. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#reconsidering?.cancel()
    for (const timer of this.#meeting.values()) timer.cancel()
  }

  /**
   * Writes on the wall; resolves when it is stored here and on its way to the neighbours.
   *
   * @throws {SkeinError} `LIMIT_EXCEEDED` it is too long; `INVALID` it is empty; `STORAGE_FAILED`.
   */
  async post(text: string): Promise<WallPost> {
    const { options, clock, signer, database, network } = this.#setup
    const bytes = new TextEncoder().encode(text).length
    if (text.trim() === '') throw new SkeinError('INVALID', 'there is nothing to post')
    if (bytes > options.maxPostBytes) {
      const said = `a post of ${bytes} bytes; at most ${options.maxPostBytes} fit into one`
      throw new SkeinError('LIMIT_EXCEEDED', `${said}: send it in parts, or post where it is found`)
    }
    return this.#serial.run('own', async () => {
      const sql = `SELECT last FROM numbers WHERE recipient = ''`
      const [row] = await database.read({ sql })
      const counter = numberIn(row, 'last') + 1
      const named = { epoch: this.#epoch, counter, timeMs: clock.unixMs() }
      const pass = network.ownPass()
      const post = signPost({ ...named, text: text.toWellFormed(), pass }, signer)
      const number = `INSERT INTO numbers VALUES ('', ?)
        ON CONFLICT (recipient) DO UPDATE SET last = excluded.last`
      const statements = [{ sql: number, values: [counter] }, this.#insert(post)]
      const [, rows = []] = await database.write(statements)
      const [stored] = this.#accept([post], rows)
      this.#push([post], undefined)
      return stored ?? postFrom(rows[0] ?? {})
    })
  }

  /**
   * A peer that takes part was connected: what either lacks is found out. One of both asks; whose wall is
   * empty never does, so two nodes without one say nothing.
   */
  onNeighbour(id: PeerId): void {
    if (this.#isStopped) return
    const { clock, signer, warn } = this.#setup
    const asksFirst = id > signer.id
    this.#meeting.get(id)?.cancel()
    const timer = clock.after(asksFirst ? meetMs : 3 * meetMs, () => {
      this.#meeting.delete(id)
      if (this.#index.groups().length === 0) return
      this.#sync(id).catch((thrown: unknown) => warn(messageOf(thrown)))
    })
    this.#meeting.set(id, timer)
  }

  /** Says to a neighbour whether the wall is the same, and if not, what is on it. */
  answerHash(hash: string, from: PeerId): Partial<MailAnswer> {
    this.#meeting.get(from)?.cancel()
    this.#meeting.delete(from)
    if (hash === this.#index.hash()) return {}
    return { groups: this.#index.known(), sinceMs: this.#cut() }
  }

  /** Gives posts that a neighbour lacks. */
  async answerFetch(groups: readonly Group[]): Promise<Partial<MailAnswer>> {
    return { items: await this.#read(groups, 0) }
  }

  /** Takes posts of a neighbour; resolves when they are stored. */
  async take(items: readonly Uint8Array[], from: PeerId): Promise<void> {
    await this.#serial.run('take', () => this.#take(items, from))
  }

  /** Who may write here changed: what was not wanted may be now. */
  reconsider(): void {
    this.#index.reconsider()
  }

  /** Word of an author may come yet: its posts are asked for again. */
  #reconsiderLater(): void {
    const { clock, options } = this.#setup
    this.#reconsidering ??= clock.after(options.strangerMs, () => {
      this.#reconsidering = undefined
      this.reconsider()
    })
  }

  /** Removes what is too old or too much. */
  async sweep(): Promise<void> {
    const { database, clock, options } = this.#setup
    const oldestMs = clock.unixMs() - options.wallKeepMs
    const tooMany = `DELETE FROM wall WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER
      (PARTITION BY author ORDER BY time_ms DESC, id DESC) AS rank FROM wall) WHERE rank > ?)
      RETURNING id, author, epoch, counter`
    const tooMuch = `DELETE FROM wall WHERE id IN (SELECT id FROM (SELECT id, sum(length(post)) OVER
      (ORDER BY time_ms DESC, id DESC) AS bytes FROM wall) WHERE bytes > ?)
      RETURNING id, author, epoch, counter, time_ms`
    const [old = [], many = [], much = []] = await database.write([
      {
        sql: 'DELETE FROM wall WHERE time_ms < ? RETURNING author, epoch, counter',
        values: [oldestMs],
      },
      { sql: tooMany, values: [options.wallPerAuthor] },
      { sql: tooMuch, values: [options.wallKeepBytes] },
    ])
    for (const row of old) this.#index.remove(nameIn(row))
    for (const row of [...many, ...much]) {
      if (numberIn(row, 'id') > this.#fromId) this.#index.skip(nameIn(row))
    }
    for (const row of much) this.#sinceMs = Math.max(this.#sinceMs, numberIn(row, 'time_ms'))
  }

  async #take(items: readonly Uint8Array[], from: PeerId): Promise<void> {
    const { signer, options, clock, network, database, warn } = this.#setup
    const setup = { signer, options, unixMs: clock.unixMs() }
    const posts: Post[] = []
    for (const bytes of items) {
      const post = readPost(bytes, setup)
      if (typeof post === 'string') {
        this.violations++
        warn(`${post}, from ${from.slice(0, 8)}: it is dropped`)
        continue
      }
      if (this.#index.isKnown(post) || post.timeMs < this.#cut()) continue
      const { author, pass } = post
      const refusal = network.refusal(author, 'wall', pass)
      if (this.#isBlocked(author) || refusal !== undefined) {
        this.#index.skip(post)
        if (refusal?.isFinal === false) this.#reconsiderLater()
      } else if (this.#rates.take(author, 1, clock.nowMs()) === 1) posts.push(post)
    }
    if (posts.length === 0) return
    const results = await database.write(posts.map((post) => this.#insert(post)))
    this.#accept(posts, results.flat())
    this.#push(posts, from)
  }

  #insert({ author, epoch, counter, timeMs, text, bytes }: Post): Statement {
    const receivedMs = this.#setup.clock.unixMs()
    return { sql: insertSql, values: [author, epoch, counter, timeMs, receivedMs, text, bytes] }
  }

  /** Notes what was stored, and tells of it. */
  #accept(posts: readonly Post[], rows: readonly SqlRow[]): readonly WallPost[] {
    for (const post of posts) this.#index.add(post)
    const stored = rows.map(postFrom).toSorted((a, b) => a.id - b.id)
    this.posts += stored.length
    for (const post of stored) this.#onPost(post)
    return stored
  }

  #push(posts: readonly Post[], except: PeerId | undefined): void {
    const { network, warn } = this.#setup
    const batches = inBatches(posts.map(({ bytes }) => bytes))
    for (const id of network.neighbours()) {
      if (id === except) continue
      for (const items of batches) {
        network.ask(id, { kind: 'posts', items }).catch((thrown: unknown) => {
          warn(`${id.slice(0, 8)} gets posts later: ${messageOf(thrown)}`)
        })
      }
    }
  }

  #syncLater(): void {
    const { clock, options, random, network, warn } = this.#setup
    this.#timer = clock.after(options.wallSyncMs * (0.75 + random.next() / 2), () => {
      const neighbours = network.neighbours()
      const chosen = neighbours[Math.floor(random.next() * neighbours.length)]
      if (chosen !== undefined) {
        this.#sync(chosen).catch((thrown: unknown) => warn(messageOf(thrown)))
      }
      this.#syncLater()
    })
  }

  /** Compares walls with a neighbour, and evens them out. */
  async #sync(id: PeerId): Promise<void> {
    const { network } = this.#setup
    const { groups, sinceMs } = await network.ask(id, { kind: 'wall', hash: this.#index.hash() })
    if (groups === undefined) return
    const theirs = new Map(groups.map((group) => [groupKeyOf(group), group.counters]))
    for (const group of groups) {
      let missing = subtract(group.counters, this.#index.knownOf(group))
      while (missing.length > 0) {
        const counters = firstOf(missing, fetchCounters)
        const answer = await network.ask(id, { kind: 'fetch', groups: [{ ...group, counters }] })
        if (answer.items.length === 0) break
        await this.take(answer.items, id)
        missing = subtract(missing, counters)
      }
    }
    for (const group of this.#index.groups()) {
      const lacking = subtract(group.counters, theirs.get(groupKeyOf(group)) ?? noRanges)
      if (lacking.length === 0) continue
      const items = await this.#read([{ ...group, counters: lacking }], sinceMs)
      for (const batch of inBatches(items)) await network.ask(id, { kind: 'posts', items: batch })
    }
  }

  async #read(groups: readonly Group[], sinceMs: number): Promise<readonly Uint8Array[]> {
    const sql = `SELECT post FROM wall WHERE author = ? AND epoch = ? AND counter BETWEEN ? AND ?
      AND time_ms >= ? AND id > ? ORDER BY counter LIMIT ?`
    const items: Uint8Array[] = []
    let bytes = 0
    for (const { author, epoch, counters } of groups) {
      for (const [first, last] of pairs(counters)) {
        const most = maxItems - items.length
        const values = [author, epoch, first, last, sinceMs, this.#fromId, most]
        for (const row of await this.#setup.database.read({ sql, values })) {
          bytes += bytesIn(row, 'post').length
          if (bytes > batchBytes) return items
          items.push(bytesIn(row, 'post'))
        }
        if (items.length >= maxItems) return items
      }
    }
    return items
  }

  #cut(): number {
    const { clock, options } = this.#setup
    return Math.max(this.#sinceMs, clock.unixMs() - options.wallKeepMs)
  }
}

/** A row of the wall as what it means. */
export function postFrom(row: SqlRow): WallPost {
  return {
    id: numberIn(row, 'id'),
    author: textIn(row, 'author') as PeerId,
    timeMs: numberIn(row, 'time_ms'),
    receivedMs: numberIn(row, 'received_ms'),
    text: textIn(row, 'text'),
  }
}

function inBatches(items: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const batches: Uint8Array[][] = []
  let bytes = 0
  for (const item of items) {
    const last = batches.at(-1)
    bytes += item.length
    if (last === undefined || last.length >= maxItems || bytes > batchBytes) {
      batches.push([item])
      bytes = item.length
    } else last.push(item)
  }
  return batches
}
