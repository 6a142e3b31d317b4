/** The database in its thread: durable, in order, and clear about what is wrong with a file. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { numberIn } from './database.ts'
import { openDatabase } from './database.node.ts'
import { openBeside } from './database.test-kit.ts'
import { SqliteFile } from './sqlite.node.ts'
import type * as Package from '@photostructure/sqlite'
import type { DatabaseSchema } from './database.ts'

const schema: DatabaseSchema = {
  name: 'test.db',
  migrations: ['CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT UNIQUE) STRICT;'],
}
const insert = (text: string) => ({
  sql: 'INSERT INTO t (text) VALUES (?) RETURNING id',
  values: [text],
})
const count = { sql: 'SELECT count(*) AS count FROM t' }

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'skein-db-'))
  file = path.join(folder, 'test.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('[B15] transactions take effect in their order, each whole or not at all', async () => {
  const database = await openDatabase(file, schema)
  const writes = Array.from({ length: 200 }, (_, at) => database.write([insert(`row ${at}`)]))
  const twice = database.write([insert('new'), insert('row 7')])
  const after = database.write([insert('after')])
  const ids = (await Promise.all(writes)).map(([rows = []]) => numberIn(rows[0], 'id'))
  expect(ids).toEqual(Array.from({ length: 200 }, (_, at) => at + 1))
  await expect(twice).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await after
  expect(numberIn((await database.read(count))[0], 'count')).toBe(201)
  await database.close()
  await expect(database.write([])).rejects.toMatchObject({ code: 'NODE_CLOSED' })
  const again = await openDatabase(file, schema)
  expect(numberIn((await again.read(count))[0], 'count')).toBe(201)
  await again.close()
})

test('[B15] the file is for its user only', async () => {
  const database = await openDatabase(file, schema)
  await database.write([insert('secret')])
  for (const suffix of ['', '-wal']) expect(statSync(`${file}${suffix}`).mode & 0o077).toBe(0)
  await database.close()
})

test('[B15] a later version adds to the tables, and an older one does not touch them', async () => {
  await (await openDatabase(file, schema)).close()
  const newer = {
    ...schema,
    migrations: [...schema.migrations, 'ALTER TABLE t ADD COLUMN more TEXT;'],
  }
  const database = await openDatabase(file, newer)
  await database.write([{ sql: 'INSERT INTO t (text, more) VALUES (?, ?)', values: ['a', 'b'] }])
  await database.close()
  await expect(openDatabase(file, schema)).rejects.toThrow(/newer Skein/)
})

test('[B15] a file that is none, or damaged in the middle, is an error that says what to do', async () => {
  writeFileSync(file, 'no database at all, but long enough to look like one'.repeat(100))
  await expect(openDatabase(file, schema)).rejects.toThrow(/test\.db: it is damaged; stop the node/)
  rmSync(file)
  const database = await openDatabase(file, schema)
  await Promise.all(
    Array.from({ length: 500 }, (_, at) => database.write([insert(`${at} ${'x'.repeat(200)}`)])),
  )
  await database.close()
  const handle = openSync(file, 'r+')
  for (let at = 4_096; at < statSync(file).size; at += 64)
    writeSync(handle, Buffer.alloc(64, 0x5a), 0, 64, at)
  closeSync(handle)
  const broken = await openDatabase(file, schema)
  await expect(broken.write([insert('more')])).rejects.toThrow(/damaged/)
  await broken.close()
  truncateSync(file, 0)
})

test('[B15] while another program has it locked, a write fails clearly, and then works again', async () => {
  const database = await openDatabase(file, schema)
  await database.write([insert('before')])
  const other = openBeside(file)
  other.exec('BEGIN IMMEDIATE')
  await expect(database.write([insert('meanwhile')])).rejects.toThrow(
    /another program has locked it/,
  )
  other.exec('ROLLBACK')
  other.close()
  await database.write([insert('after')])
  expect(numberIn((await database.read(count))[0], 'count')).toBe(2)
  await database.close()
})

test('[B15] a full disk fails what does not fit, and loses nothing that was there', () => {
  const database = new SqliteFile(file, schema)
  database.commit([[insert('before')]])
  // As a disk that has no more pages: SQLite reports both in the same way.
  database.read({ sql: 'PRAGMA max_page_count = 8' })
  const big = 'x'.repeat(60_000)
  const [full, small] = database.commit([[insert(big)], [insert('small')]])
  expect(full).toMatchObject({ failure: expect.stringContaining('the disk is full') as string })
  expect(small).toMatchObject({ failure: expect.stringContaining('the disk is full') as string })
  expect(database.commit([[insert('after')]])[0]).toHaveProperty('rows')
  const outcome = database.read({ sql: 'SELECT text FROM t ORDER BY id' })
  expect(outcome).toEqual({ rows: [[{ text: 'before' }, { text: 'after' }]] })
  database.close()
})

const sqlite3 = findSqlite3()

test.skipIf(sqlite3 === undefined)(
  "[B15] Debian's sqlite3 opens it (skipped where there is no sqlite3)",
  async () => {
    const database = await openDatabase(file, schema)
    await database.write([insert('hello')])
    const text = execFileSync(sqlite3 ?? '', [file, 'SELECT text FROM t; PRAGMA integrity_check'])
    expect(text.toString()).toBe('hello\nok\n')
    await database.close()
  },
)

function findSqlite3(): string | undefined {
  try {
    execFileSync('sqlite3', ['--version'])
    return 'sqlite3'
  } catch {
    return undefined
  }
}

test.skipIf(process.getBuiltinModule('node:sqlite') === undefined)(
  '[B15] a file that one engine made the other one reads and writes (skipped where Node has no SQLite)',
  async () => {
    const load = createRequire(import.meta.url)
    const { DatabaseSync } = load('@photostructure/sqlite') as typeof Package
    const database = await openDatabase(file, schema)
    await database.write([insert('by node:sqlite'), insert('\u{1f426} \0 bytes')])
    await database.close()
    const other = new DatabaseSync(file)
    other.prepare('INSERT INTO t (text) VALUES (?)').run('by the package')
    other.close()
    const again = await openDatabase(file, schema)
    const rows = await again.read({ sql: 'SELECT text FROM t ORDER BY id' })
    expect(rows).toEqual([
      { text: 'by node:sqlite' },
      { text: '\u{1f426} \0 bytes' },
      { text: 'by the package' },
    ])
    await again.close()
  },
)
