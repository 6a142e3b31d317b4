import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rejectionOf } from '../testing/path-witness.ts'
import { messageOf } from './errors.ts'
import { lockFolder, lockHolder } from './folder-lock.node.ts'

let folder = ''
const children: ChildProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-lock-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

test('a folder is taken once, and free again after its release', async () => {
  const lock = await lockFolder(folder)
  expect(await lockHolder(folder)).toBe(process.pid)
  const failure = await rejectionOf(lockFolder(folder))
  expect(failure).toMatchObject({ code: 'NODE_RUNNING' })
  expect(messageOf(failure)).toContain(`process ${process.pid} already runs`)
  await lock.release()
  expect(await lockHolder(folder)).toBeUndefined()
  expect(await readdir(folder)).toEqual([])
  const next = await lockFolder(folder)
  await lock.release()
  expect(await lockHolder(folder)).toBe(process.pid)
  await next.release()
})

test('a dead process gives way', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  await leaveLock({ pid, start: '' })
  expect(await lockHolder(folder)).toBeUndefined()
  const lock = await lockFolder(folder)
  expect(await lockHolder(folder)).toBe(process.pid)
  expect(await readdir(folder)).toEqual(['lock'])
  await lock.release()
})

test('a living process of another start is named, not disturbed', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  children.push(child)
  await once(child, 'spawn')
  await leaveLock({ pid: child.pid, start: '' })
  const failure = await rejectionOf(lockFolder(folder))
  expect(failure).toMatchObject({ code: 'NODE_RUNNING' })
  expect(messageOf(failure)).toContain(`process ${child.pid} `)
})

test.runIf(process.platform === 'linux')('a process ID used again gives way', async () => {
  await leaveLock({ pid: process.pid, start: 'another boot/12345' })
  const lock = await lockFolder(folder)
  await lock.release()
})

test.each(['', '{', '"text"', '{"pid":"1"}', 'null'])(
  'a broken lock file %j gives way',
  async (text) => {
    await writeFile(join(folder, 'lock'), text)
    const lock = await lockFolder(folder)
    expect(await lockHolder(folder)).toBe(process.pid)
    await lock.release()
  },
)

test('a process that died while it took over gives way too', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const text = await leaveLock({ pid, start: '' })
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  await leaveLock({ pid, start: '' }, `lock.${hash}`)
  const lock = await lockFolder(folder)
  expect(await readdir(folder)).toEqual(['lock'])
  await lock.release()
})

test('of many that find a dead one at the same moment, one takes its place', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  for (let round = 0; round < 20; round++) {
    await leaveLock({ pid, start: '' })
    const tries = Array.from({ length: 8 }, () => lockFolder(folder))
    const outcomes = await Promise.allSettled(tries)
    const locks = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    expect(locks).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue
      expect(outcome.reason).toMatchObject({ code: 'NODE_RUNNING' })
    }
    await locks[0]?.release()
    expect(await readdir(folder)).toEqual([])
  }
})

test('a folder that is not there says so', async () => {
  const failure = await rejectionOf(lockFolder(join(folder, 'none')))
  expect(failure).toMatchObject({ code: 'STORAGE_FAILED' })
  expect(messageOf(failure)).toContain(`lock the data folder ${join(folder, 'none')}`)
})

/** Writes a lock file as a process with that entry would have left it. */
async function leaveLock(entry: object, name = 'lock'): Promise<string> {
  const text = JSON.stringify({ ...entry, nonce: randomUUID() })
  await writeFile(join(folder, name), text)
  return text
}
