/**
 * The thread that a database lives in. Jobs that came while the disk was busy are done together and
 * share one flush: the more there are, the less each of them costs (group commit).
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { assert } from './assert.ts'
import { messageOf } from './errors.ts'
import { SqliteFile } from './sqlite.node.ts'
import type { DatabaseSchema, Statement } from './database.ts'
import type { Outcome } from './sqlite.node.ts'

/** What the thread is started with. */
export interface DatabasePlace {
  readonly path: string
  readonly schema: DatabaseSchema
}

/** What the thread is asked to do; one message has a list of these. */
export type DatabaseJob =
  | { readonly type: 'write'; readonly number: number; readonly statements: readonly Statement[] }
  | { readonly type: 'read'; readonly number: number; readonly statement: Statement }
  | { readonly type: 'close' }

/** What it answers. */
export type DatabaseReply =
  | { readonly type: 'open' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'done'; readonly outcomes: readonly (readonly [number, Outcome])[] }
  | { readonly type: 'closed' }

const maxTogether = 512 // Guess: who came first must not wait for ever; one message may have more.

const port = parentPort
assert(port !== null, 'this file is only run as a thread')
const { path, schema } = workerData as DatabasePlace
try {
  const file = new SqliteFile(path, schema)
  reply({ type: 'open' })
  port.on('message', (jobs: readonly DatabaseJob[]) => work(file, withWaiting(jobs)))
} catch (thrown) {
  reply({ type: 'failed', message: messageOf(thrown) })
}

/** Adds what came meanwhile. */
function withWaiting(first: readonly DatabaseJob[]): readonly DatabaseJob[] {
  const jobs = [...first]
  while (port !== null && jobs.length < maxTogether) {
    const next = receiveMessageOnPort(port)
    if (next === undefined) break
    jobs.push(...(next.message as readonly DatabaseJob[]))
  }
  return jobs
}

/** Writes first, then reads: a read sees what was written before it, and perhaps a little more. */
function work(file: SqliteFile, jobs: readonly DatabaseJob[]): void {
  const writes = jobs.filter((job) => job.type === 'write')
  const outcomes: (readonly [number, Outcome])[] = []
  if (writes.length > 0) {
    const done = file.commit(writes.map(({ statements }) => statements))
    for (const [at, { number }] of writes.entries()) {
      outcomes.push([number, done[at] ?? { failure: 'lost' }])
    }
  }
  for (const job of jobs)
    if (job.type === 'read') outcomes.push([job.number, file.read(job.statement)])
  if (outcomes.length > 0) reply({ type: 'done', outcomes })
  if (jobs.some(({ type }) => type === 'close')) {
    file.close()
    reply({ type: 'closed' })
    port?.close()
  }
}

function reply(message: DatabaseReply): void {
  port?.postMessage(message)
}
