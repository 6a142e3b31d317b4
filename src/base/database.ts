/**
 * What a service needs of a database: transactions that are on the disk when their promise resolves.
 *
 * `openDatabase` (a worker thread, one file) and `MemoryDatabase` (simulations, nodes without a data
 * folder) implement it; both run SQLite, so a statement is tried everywhere as it is.
 */

/** What a statement takes and gives. Whole numbers stay below 2^53. */
export type SqlValue = string | number | null | Uint8Array

/** A row that a statement gave, by the names of its columns. */
export type SqlRow = Readonly<Record<string, SqlValue>>

/** One statement with the values of its `?`, in order. */
export interface Statement {
  readonly sql: string
  readonly values?: readonly SqlValue[]
}

/** See the file's head. */
export interface Database {
  /**
   * Runs statements as one transaction: all or none.
   *
   * Resolves when the disk has it. Transactions take effect in the order of their calls; those that
   * wait at the same moment share one flush of the disk.
   *
   * @returns The rows of each statement, of those with `RETURNING`.
   * @throws {SkeinError} `STORAGE_FAILED` nothing of it was done; the message says why and what to do.
   */
  write(statements: readonly Statement[]): Promise<readonly (readonly SqlRow[])[]>
  /** Runs a statement that changes nothing, behind all writes that were called before. */
  read(statement: Statement): Promise<readonly SqlRow[]>
  /** Finishes what was called before, and closes. What is called later fails with `NODE_CLOSED`. */
  close(): Promise<void>
}

/** What a database is opened with. */
export interface DatabaseSchema {
  /** What people call the file: `mail.db`. */
  readonly name: string
  /** SQL scripts, run in order, each once; `PRAGMA user_version` counts those that were. */
  readonly migrations: readonly string[]
}

/** A number of a row. */
export function numberIn(row: SqlRow | undefined, column: string): number {
  const value = row?.[column]
  return typeof value === 'number' ? value : 0
}

/** A text of a row. */
export function textIn(row: SqlRow | undefined, column: string): string {
  const value = row?.[column]
  return typeof value === 'string' ? value : ''
}

/** Bytes of a row. */
export function bytesIn(row: SqlRow | undefined, column: string): Uint8Array {
  const value = row?.[column]
  return value instanceof Uint8Array ? value : new Uint8Array()
}
