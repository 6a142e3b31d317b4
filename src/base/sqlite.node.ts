/**
 * One SQLite file, opened in this thread: durable (`synchronous=FULL`, write-ahead log), with many
 * transactions in one commit. Who wants an event loop that never waits for a disk runs it in a worker.
 *
 * **Invariant**: what `commit` says was done is on the disk.
 */
import { createRequire } from 'node:module'
import { closeSync, openSync } from 'node:fs'
import { SkeinError, messageOf } from './errors.ts'
import { storageFailure } from './folder-storage.node.ts'
import type { DatabaseSchema, SqlRow, SqlValue, Statement } from './database.ts'

/** What we use of a driver: that of Node (`node:sqlite`), or one that looks like it. */
interface Driver {
  exec(sql: string): unknown
  prepare(sql: string): DriverStatement
  close(): void
}

interface DriverStatement {
  all(...values: SqlValue[]): unknown[]
}

/** What became of a transaction: the rows of its statements, or why nothing of it was done. */
export type Outcome =
  | { readonly rows: readonly (readonly SqlRow[])[] }
  | { readonly failure: string }

const busyMs = 2_000 // Guess: another program that reads is done by then.
const maxPrepared = 256 // All our statements are constants; there are some sixty.
const load = createRequire(import.meta.url)

/** See the file's head. */
export class SqliteFile {
  readonly #place: string
  readonly #driver: Driver
  readonly #prepared = new Map<string, DriverStatement>()

  /**
   * Opens a file, or makes it, and brings its tables up to date.
   *
   * @param place - A path, or `:memory:`.
   * @throws {SkeinError} `STORAGE_FAILED` says what to do.
   */
  constructor(place: string, schema: DatabaseSchema) {
    this.#place = place
    if (place !== ':memory:') makePrivate(place)
    this.#driver = this.#try(() => openDriver(place))
    try {
      this.#try(() => this.#prepare(schema))
    } catch (thrown) {
      this.#driver.close()
      throw thrown
    }
  }

  /** Runs transactions one after the other and flushes once; one that fails does not harm the others. */
  commit(transactions: readonly (readonly Statement[])[]): readonly Outcome[] {
    try {
      this.#driver.exec('BEGIN IMMEDIATE')
    } catch (thrown) {
      return transactions.map(() => ({ failure: this.#explain(thrown) }))
    }
    const outcomes: Outcome[] = []
    try {
      for (const statements of transactions) outcomes.push(this.#runOne(statements))
      this.#driver.exec('COMMIT')
      return outcomes
    } catch (thrown) {
      this.#rollBack()
      return transactions.map(() => ({ failure: this.#explain(thrown) }))
    }
  }

  /** Runs a statement that changes nothing. */
  read(statement: Statement): Outcome {
    try {
      return { rows: [this.#run(statement)] }
    } catch (thrown) {
      return { failure: this.#explain(thrown) }
    }
  }

  /** Writes the log into the file and closes. */
  close(): void {
    this.#prepared.clear()
    this.#driver.close()
  }

  #runOne(statements: readonly Statement[]): Outcome {
    this.#driver.exec('SAVEPOINT one')
    try {
      const rows = statements.map((statement) => this.#run(statement))
      this.#driver.exec('RELEASE one')
      return { rows }
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown // The whole commit is off: SQLite may have rolled it back.
      this.#driver.exec('ROLLBACK TO one')
      this.#driver.exec('RELEASE one')
      return { failure: this.#explain(thrown) }
    }
  }

  #run({ sql, values = [] }: Statement): readonly SqlRow[] {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#driver.prepare(sql)
      const [oldest] = this.#prepared.keys()
      if (this.#prepared.size >= maxPrepared && oldest !== undefined) this.#prepared.delete(oldest)
      this.#prepared.set(sql, statement)
    }
    return statement.all(...values) as SqlRow[]
  }

  #rollBack(): void {
    try {
      this.#driver.exec('ROLLBACK')
    } catch (thrown) {
      // Where the disk is full SQLite has rolled back by itself.
      if (!/no transaction/i.test(messageOf(thrown))) throw thrown
    }
  }

  #prepare({ migrations }: DatabaseSchema): void {
    const isFile = this.#place !== ':memory:'
    this.#driver.exec(`PRAGMA busy_timeout = ${busyMs}`)
    if (isFile) this.#driver.exec('PRAGMA journal_mode = WAL')
    this.#driver.exec('PRAGMA synchronous = FULL')
    const [row] = this.#run({ sql: 'PRAGMA user_version' })
    const done = Number(row?.['user_version'] ?? 0)
    if (done > migrations.length) {
      throw new RangeError(`a newer Skein made it (version ${done}); update this one`)
    }
    for (const [index, script] of migrations.entries()) {
      if (index < done) continue
      this.#driver.exec(`BEGIN IMMEDIATE;${script};PRAGMA user_version = ${index + 1};COMMIT`)
    }
  }

  #try<T>(run: () => T): T {
    try {
      return run()
    } catch (thrown) {
      throw new SkeinError('STORAGE_FAILED', this.#explain(thrown), { cause: thrown })
    }
  }

  #explain(thrown: unknown): string {
    const text = messageOf(thrown)
    if (thrown instanceof SkeinError) return text
    const [, advice] = advices.find(([pattern]) => pattern.test(text)) ?? [undefined, text]
    return `${this.#place}: ${advice}`
  }
}

/** Makes the file where there is none: SQLite would let others read it. */
function makePrivate(place: string): void {
  try {
    closeSync(openSync(place, 'a', 0o600))
  } catch (thrown) {
    throw storageFailure(`open ${place}`, thrown)
  }
}

/** By SQLite's own texts: the drivers differ in codes. */
const advices: readonly (readonly [RegExp, string])[] = [
  [/disk is full/i, 'the disk is full; nothing that was accepted is lost, make room'],
  [/database is locked|busy/i, 'another program has locked it; close that program'],
  [
    /malformed|not a database|corrupt|encrypted/i,
    'it is damaged; stop the node, move the file away or restore it: ' +
      'sqlite3 mail.db .recover | sqlite3 mended.db',
  ],
  [/readonly|read-only/i, 'it can only be read; give this user the right to write it'],
  [/unable to open/i, 'it cannot be opened; is its folder there, and may this user write it?'],
  [/disk I\/O error/i, 'the disk reports an error'],
]

/** Whether a failure is not this statement's, but the file's. */
function isFatal(thrown: unknown): boolean {
  return /disk|locked|busy|malformed|not a database|corrupt|memory/i.test(messageOf(thrown))
}

/**
 * Node's own engine where it has one (22.13), else the same one as a package of prebuilt binaries; see
 * docs/decisions/photostructure-sqlite.md.
 */
function openDriver(place: string): Driver {
  const reasons: string[] = []
  for (const name of ['node:sqlite', '@photostructure/sqlite']) {
    try {
      const { DatabaseSync } = load(name) as { DatabaseSync: new (place: string) => Driver }
      return new DatabaseSync(place)
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown
      reasons.push(messageOf(thrown).split('\n')[0] ?? '')
    }
  }
  const advice = 'install the package @photostructure/sqlite, or run Node 22.13 or newer'
  throw new SkeinError('STORAGE_FAILED', `no SQLite is there: ${advice} (${reasons.join('; ')})`)
}

function isMissing(thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException
  const isUnknown = code === 'MODULE_NOT_FOUND' || code === 'ERR_UNKNOWN_BUILTIN_MODULE'
  return isUnknown || /No native build was found/.test(messageOf(thrown))
}
