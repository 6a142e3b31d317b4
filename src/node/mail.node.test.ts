/** Mail of real nodes whose database fails them: threads that die, files that are damaged or locked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { openFolder } from '../base/folder-storage.node.ts'
import { openBeside } from '../base/database.test-kit.ts'
import { SkeinError } from '../base/errors.ts'
import { Node } from './node.ts'
import type { NodeOptions } from './options.ts'

const workerUrl = new URL('../../dist/base/database-worker.node.js', import.meta.url)
/**
 * A thread that is the database's, and ends in the middle of a transaction when a value tells it to: as one
 * does whose memory is used up.
 */
const mortalWorker = `
  import { createRequire } from 'node:module'
  import { parentPort } from 'node:worker_threads'
  const load = createRequire(${JSON.stringify(workerUrl.href)})
  const isDeadly = (value) => typeof value === 'string' && value.includes('drop dead')
  let isDoomed = false
  const mortal = (exec) => function (sql) {
    if (isDoomed && sql.startsWith('RELEASE')) process.exit(7)
    return exec.call(this, sql)
  }
  if (process.getBuiltinModule('node:sqlite') !== undefined) {
    const { DatabaseSync } = load('node:sqlite')
    DatabaseSync.prototype.exec = mortal(DatabaseSync.prototype.exec)
  } else {
    const { DatabaseSync } = load('@photostructure/sqlite')
    class Mortal extends DatabaseSync {}
    Object.defineProperty(Mortal.prototype, 'exec', { value: mortal(DatabaseSync.prototype.exec) })
    load.cache[load.resolve('@photostructure/sqlite')].exports = { DatabaseSync: Mortal }
  }
  parentPort.on('message', (jobs) => {
    const values = jobs.flatMap(({ statements = [] }) => statements.flatMap((each) => each.values ?? []))
    isDoomed ||= values.some(isDeadly)
  })
  await import(${JSON.stringify(workerUrl.href)})
`

let folder = ''
let nodes: Node[] = []
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'skein-mail-'))
  nodes = []
})
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()))
  rmSync(folder, { recursive: true })
})

async function start(label: string, more: NodeOptions = {}): Promise<Node> {
  const storage = await openFolder(path.join(folder, label))
  const node = await Node.start({ label, storage, listen: ['127.0.0.1:0'], ...more })
  nodes.push(node)
  return node
}

/** Alice, connected to bob. */
async function startBoth(ofAlice: NodeOptions = {}): Promise<readonly [alice: Node, bob: Node]> {
  const bob = await start('bob')
  const alice = await start('alice', { peers: [bob.address ?? ''], ...ofAlice })
  await alice.ready()
  return [alice, bob]
}

async function texts(node: Node): Promise<readonly unknown[]> {
  return (await node.inbox.list()).map(({ body }) => body)
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (thrown: unknown) => (thrown instanceof SkeinError ? thrown.code : thrown),
  )

test("[B15] when the database's thread dies it is opened again, and nothing that was acknowledged is lost", async () => {
  const file = path.join(folder, 'mortal.mjs')
  writeFileSync(file, mortalWorker)
  const [alice, bob] = await startBoth({ databaseWorkerUrl: file })
  expect((await alice.send('bob', 'before')).state).toBe('delivered')
  expect(await codeOf(alice.send('bob', 'drop dead'))).toBe('STORAGE_FAILED')
  // Called while it is away: it waits for the database, and then goes on.
  expect((await alice.send('bob', 'after')).state).toBe('delivered')
  expect(await texts(bob)).toEqual(['before', 'after'])
  expect((await alice.outbox.list()).map(({ body, state }) => [body, state])).toEqual([
    ['before', 'delivered'],
    ['after', 'delivered'],
  ])
  // What kills it again within a minute is in the way of mail only.
  expect(await codeOf(alice.send('bob', 'drop dead'))).toBe('STORAGE_FAILED')
  expect(await codeOf(alice.send('bob', 'not now'))).toBe('STORAGE_FAILED')
  expect((await alice.peer('bob').run('echo still here')).text).toBe('still here')
})

test('[B15] with a damaged database a node runs without mail, and says what to do', async () => {
  const bob = await start('bob')
  const place = path.join(folder, 'alice', 'mail.db')
  await (await start('alice')).close()
  writeFileSync(place, 'this was a database once, and is none any more '.repeat(200))
  let skippedMs = 0
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + skippedMs }
  const alice = await start('alice', { peers: [bob.address ?? ''], clock })
  await alice.ready()
  await expect(alice.send('bob', 'hello')).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringMatching(
      /mail\.db: it is damaged; stop the node, move the file/,
    ) as string,
  })
  await expect(alice.inbox.list()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  expect((await alice.peer('bob').run('echo still here')).text).toBe('still here')
  rmSync(place)
  skippedMs = 5_001 // It is not tried at every call.
  expect((await alice.send('bob', 'hello')).state).toBe('delivered')
})

test('[B8] who was on this machine before the first message counts as local after a restart, when it is gone', async () => {
  const [alice, bob] = await startBoth()
  const carol = await start('carol', { peers: [bob.address ?? ''] })
  await carol.ready()
  const knows = (node: Node, count: number): boolean =>
    node.nodes().filter(({ state }) => state === 'alive').length === count
  await expect.poll(() => [alice, bob, carol].every((node) => knows(node, 3))).toBe(true)
  await alice.send('bob', 'first') // Makes bob's file, after they met.
  const address = bob.address ?? ''
  await bob.close()
  await expect.poll(() => knows(alice, 2)).toBe(true)
  expect((await alice.send('bob', 'second')).state).toBe('held')
  await alice.close()
  const back = await start('bob', { listen: [address.replace('tls://', '')] })
  await expect.poll(() => texts(back), { timeout: 20_000 }).toEqual(['first', 'second'])
})

test('[B15] what comes while another program has the file locked is kept by others, and comes once', async () => {
  const [alice, bob] = await startBoth({ mail: { options: { retryMinMs: 100, retryMaxMs: 200 } } })
  await alice.send('bob', 'first')
  const other = openBeside(path.join(folder, 'bob', 'mail.db'))
  other.exec('BEGIN IMMEDIATE')
  expect((await alice.send('bob', 'second')).state).toBe('queued')
  await expect(bob.wall.post('hello')).rejects.toThrow(/another program has locked it/)
  other.exec('ROLLBACK')
  other.close()
  await expect.poll(() => texts(bob), { timeout: 20_000 }).toEqual(['first', 'second'])
  await expect
    .poll(async () => (await alice.outbox.list()).map(({ state }) => state), { timeout: 20_000 })
    .toEqual(['delivered', 'delivered'])
})
