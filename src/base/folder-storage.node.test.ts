import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rejectionOf } from '../testing/path-witness.ts'
import { messageOf } from './errors.ts'
import { FolderStorage, openFolder } from './folder-storage.node.ts'

let parent = ''
let folder = ''
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'skein-storage-'))
  folder = join(parent, 'made', 'on', 'demand')
})
afterEach(() => rm(parent, { recursive: true }))

test('what was written is read again, also by the next process', async () => {
  const storage = await openFolder(folder)
  expect(await storage.read('state')).toBeUndefined()
  await storage.write('state', bytes('one'))
  await storage.write('state', bytes('two'))
  expect(text(await (await openFolder(folder)).read('state'))).toBe('two')
})

test('files and folder are for this user only, and nothing else is left', async () => {
  const storage = await openFolder(folder)
  await storage.write('state', bytes('one'))
  await storage.create('key', bytes('two'))
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  expect((await stat(storage.pathOf('state'))).mode & 0o777).toBe(0o600)
  expect((await stat(storage.pathOf('key'))).mode & 0o777).toBe(0o600)
  expect((await readdir(folder)).toSorted()).toEqual(['key', 'state'])
})

test('of many writes at once the last call stays, whole', async () => {
  const storage = await openFolder(folder)
  const writes = Array.from({ length: 30 }, (_, n) => storage.write('state', bytes(`${n}`)))
  await Promise.all(writes)
  expect(text(await storage.read('state'))).toBe('29')
})

test('create writes only where nothing is, also against another process', async () => {
  const storages = [await openFolder(folder), await openFolder(folder)]
  const made = await Promise.all(storages.map((storage, n) => storage.create('key', bytes(`${n}`))))
  expect(made.filter((isNew) => isNew)).toHaveLength(1)
  expect(text(await storages[0]?.read('key'))).toBe(String(made.indexOf(true)))
})

test('a failed write says what to do, leaves nothing, and the next one works', async () => {
  const storage = await openFolder(folder)
  await mkdir(storage.pathOf('state'))
  const failure = await rejectionOf(storage.write('state', bytes('one')))
  expect(failure).toMatchObject({ code: 'STORAGE_FAILED' })
  expect(messageOf(failure)).toContain(`cannot write ${storage.pathOf('state')}: `)
  expect(await readdir(folder)).toEqual(['state'])
  await rm(storage.pathOf('state'), { recursive: true })
  await storage.write('state', bytes('two'))
  expect(text(await storage.read('state'))).toBe('two')
})

test('a secret that others may read is refused', async () => {
  const storage = await openFolder(folder)
  await storage.write('token', bytes('secret'))
  expect(text(await storage.readSecret('token'))).toBe('secret')
  await chmod(storage.pathOf('token'), 0o644)
  const failure = await rejectionOf(storage.readSecret('token'))
  expect(failure).toMatchObject({ code: 'STORAGE_FAILED' })
  expect(messageOf(failure)).toContain(`chmod 600 ${storage.pathOf('token')}`)
  expect(await storage.readSecret('none')).toBeUndefined()
  await mkdir(storage.pathOf('folder'))
  const problem = messageOf(await rejectionOf(storage.readSecret('folder')))
  expect(problem).toContain('there is a folder in place of the file')
  expect(problem).not.toContain('chmod')
})

test('a folder that cannot be made says what to do', async () => {
  await writeFile(join(parent, 'file'), '')
  for (const wrong of [join(parent, 'file'), join(parent, 'file', 'below'), '/proc/skein']) {
    const failure = await rejectionOf(openFolder(wrong))
    expect(failure).toMatchObject({ code: 'STORAGE_FAILED' })
    expect(messageOf(failure)).toContain(`cannot use the data folder ${wrong}: `)
  }
})

test.skipIf(process.getuid?.() === 0)('a folder without write permission is refused', async () => {
  await mkdir(folder, { recursive: true, mode: 0o500 })
  const failure = await rejectionOf(openFolder(folder))
  expect(failure).toMatchObject({ code: 'STORAGE_FAILED' })
  expect(messageOf(failure)).toContain('not permitted; give this user the folder')
})

test.each(['../out', 'a/b', '', '.hidden'])('the name %j is a bug of ours', (name) => {
  expect(() => new FolderStorage(parent).pathOf(name)).toThrow('storage names are our own')
})

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)
const text = (content: Uint8Array | undefined): string => new TextDecoder().decode(content)
