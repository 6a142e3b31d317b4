/**
 * Databases: a file in a thread of its own, and one in memory for simulations.
 *
 *   write ─┐                          ┌─ BEGIN … COMMIT, one flush
 *   write ─┼─▶ thread: all that waits ┤
 *   write ─┘                          └─ all three resolve
 *
 * Why a thread: an fsync takes from 0.1 ms to a second, and no connection may wait for it.
 */
import { Worker } from 'node:worker_threads'
import { SkeinError, messageOf } from './errors.ts'
import { SqliteFile } from './sqlite.node.ts'
import type { Clock } from './clock.ts'
import type { Database, DatabaseSchema, SqlRow, Statement } from './database.ts'
import type { DatabaseJob, DatabasePlace, DatabaseReply } from './database-worker.node.ts'
import type { Outcome } from './sqlite.node.ts'

interface Waiting {
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: SkeinError) => void
}

/** What a database in a file is opened with, where the defaults will not do. */
export interface DatabaseOptions {
  /** The built `database-worker`; beside this file where absent. */
  readonly workerUrl?: URL | string | undefined
  /**
   * Its thread died, once it was open: what was under way failed, whether it was done is not known, and
   * whatever is called later fails. The file is as after a crash; it can be opened again.
   */
  readonly onDeath?: (error: SkeinError) => void
}

/**
 * Opens the database in a file, in a thread of its own.
 *
 * @throws {SkeinError} `STORAGE_FAILED` it is locked, damaged, cannot be written, or no engine is there.
 */
export async function openDatabase(
  path: string,
  schema: DatabaseSchema,
  options: DatabaseOptions = {},
): Promise<Database> {
  const database = new ThreadDatabase({ path, schema }, options)
  await database.opened
  return database
}

class ThreadDatabase implements Database {
  readonly opened: Promise<void>
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #name: string
  /** What was asked in this turn of the event loop: it goes to the thread as one message. */
  #asked: DatabaseJob[] = []
  #number = 0
  #isOpen = false
  #failure: SkeinError | undefined
  #onOpen: (error: SkeinError | undefined) => void = () => undefined
  readonly #onDeath: (error: SkeinError) => void
  readonly #ended: Promise<void>

  constructor(place: DatabasePlace, { workerUrl = siblingUrl(), onDeath }: DatabaseOptions) {
    this.#name = place.schema.name
    this.#onDeath = onDeath ?? (() => undefined)
    this.opened = new Promise((resolve, reject) => {
      this.#onOpen = (error) => (error === undefined ? resolve() : reject(error))
    })
    this.#worker = new Worker(workerUrl, { workerData: place, execArgv: ['--no-warnings'] })
    this.#worker.on('message', (reply: DatabaseReply) => this.#receive(reply))
    this.#worker.once('error', (error) => this.#die(messageOf(error)))
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#die(`exit code ${code}`)
        resolve()
      })
    })
  }

  async write(statements: readonly Statement[]): Promise<readonly (readonly SqlRow[])[]> {
    return this.#ask({ type: 'write', number: ++this.#number, statements })
  }

  async read(statement: Statement): Promise<readonly SqlRow[]> {
    const [rows = []] = await this.#ask({ type: 'read', number: ++this.#number, statement })
    return rows
  }

  async close(): Promise<void> {
    if (this.#failure === undefined) {
      this.#failure = new SkeinError('NODE_CLOSED', `${this.#name} was closed`)
      this.#worker.ref()
      this.#asked.push({ type: 'close' })
      this.#post()
    }
    await this.#ended
  }

  async #ask(job: DatabaseJob & { number: number }): Promise<readonly (readonly SqlRow[])[]> {
    if (this.#failure !== undefined) throw this.#failure
    const outcome = await new Promise<Outcome>((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(job.number, { resolve, reject })
      // Waking a thread costs more than most jobs do, measured: all of one turn wake it once.
      if (this.#asked.push(job) === 1) setImmediate(() => this.#post())
    })
    if ('rows' in outcome) return outcome.rows
    throw new SkeinError('STORAGE_FAILED', outcome.failure)
  }

  #post(): void {
    const jobs = this.#asked
    this.#asked = []
    if (jobs.length > 0) this.#worker.postMessage(jobs)
  }

  #receive(reply: DatabaseReply): void {
    switch (reply.type) {
      case 'open':
        this.#isOpen = true
        if (this.#waiting.size === 0) this.#worker.unref() // Jobs hold the process open, not the thread.
        this.#onOpen(undefined)
        return
      case 'failed':
        this.#fail(new SkeinError('STORAGE_FAILED', reply.message))
        void this.#worker.terminate()
        return
      case 'done':
        for (const [number, outcome] of reply.outcomes) {
          this.#waiting.get(number)?.resolve(outcome)
          this.#waiting.delete(number)
        }
        if (this.#waiting.size === 0 && this.#failure === undefined) this.#worker.unref()
        break
      case 'closed':
        break
      default:
        reply satisfies never
    }
  }

  /** The thread is over; where nobody closed it, it died. */
  #die(why: string): void {
    const isDeath = this.#isOpen && this.#failure === undefined
    const text = `the thread of ${this.#name} ended (${why})`
    const advice = 'what was under way may have been stored or not'
    this.#fail(new SkeinError('STORAGE_FAILED', isDeath ? `${text}; ${advice}` : text))
    if (isDeath && this.#failure !== undefined) this.#onDeath(this.#failure)
  }

  #fail(error: SkeinError): void {
    this.#failure ??= error
    this.#onOpen(this.#failure)
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#waiting.clear()
  }
}

/** The module, the bundle, or, from TypeScript sources, the built module: Node 20 runs no TypeScript. */
function siblingUrl(): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL('../../dist/base/database-worker.node.js', here)
  return new URL(
    here.endsWith('.cjs') ? './database-worker.cjs' : './database-worker.node.js',
    here,
  )
}

/**
 * What the disk of a simulated machine would be: it outlives the processes that use it, one after the
 * other.
 */
export class MemoryDisk {
  readonly #file: SqliteFile

  constructor(schema: DatabaseSchema) {
    this.#file = new SqliteFile(':memory:', schema)
  }

  /**
   * The disk as one process sees it.
   *
   * @param flushMs - What a commit takes, ms of its clock; what waits when the clock stops is lost, as
   *   in a crash.
   */
  open(clock: Clock, flushMs: number): Database {
    return new MemoryDatabase(this.#file, clock, flushMs)
  }
}

class MemoryDatabase implements Database {
  readonly #file: SqliteFile
  readonly #clock: Clock
  readonly #flushMs: number
  #queue: { readonly statements: readonly Statement[]; readonly waiting: Waiting }[] = []
  #isClosed = false

  constructor(file: SqliteFile, clock: Clock, flushMs: number) {
    this.#file = file
    this.#clock = clock
    this.#flushMs = flushMs
  }

  async write(statements: readonly Statement[]): Promise<readonly (readonly SqlRow[])[]> {
    if (this.#isClosed) throw new SkeinError('NODE_CLOSED', 'the database was closed')
    const outcome = await new Promise<Outcome>((resolve, reject) => {
      if (this.#queue.length === 0) this.#clock.after(this.#flushMs, () => this.#flush())
      this.#queue.push({ statements, waiting: { resolve, reject } })
    })
    if ('rows' in outcome) return outcome.rows
    throw new SkeinError('STORAGE_FAILED', outcome.failure)
  }

  async read(statement: Statement): Promise<readonly SqlRow[]> {
    if (this.#queue.length > 0) await this.write([])
    const outcome = this.#file.read(statement)
    if ('rows' in outcome) return outcome.rows[0] ?? []
    throw new SkeinError('STORAGE_FAILED', outcome.failure)
  }

  close(): Promise<void> {
    this.#flush()
    this.#isClosed = true
    return Promise.resolve()
  }

  #flush(): void {
    const jobs = this.#queue
    this.#queue = []
    if (jobs.length === 0) return
    const outcomes = this.#file.commit(jobs.map(({ statements }) => statements))
    for (const [at, { waiting }] of jobs.entries()) {
      waiting.resolve(outcomes[at] ?? { failure: 'lost' })
    }
  }
}
