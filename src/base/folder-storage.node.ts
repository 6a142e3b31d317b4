/**
 * Storage on a folder of this machine: a file a name, for this user's eyes only.
 *
 * A write goes to a file beside it, is flushed to the disk, and then takes the name in one step
 * (`rename`), so that a crash at any point leaves the old content or the new one.
 */
import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assert } from './assert.ts'
import { SkeinError, messageOf } from './errors.ts'
import type { Storage } from './storage.ts'

const folderMode = 0o700
const fileMode = 0o600
const othersMode = 0o077 // Any right of the group or of everybody else.

/** Files in one folder. Made by {@link openFolder}. */
export class FolderStorage implements Storage {
  /** The folder's path. */
  readonly folder: string
  readonly #writes = new Map<string, Promise<unknown>>() // The last one of each name.

  constructor(folder: string) {
    this.folder = folder
  }

  /** Where the content under `name` stands. */
  pathOf(name: string): string {
    assert(/^[\w-][\w.-]*$/.test(name), `storage names are our own constants, not ${name}`)
    return join(this.folder, name)
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const path = this.pathOf(name)
    return unlessMissing(readFile(path), `read ${path}`)
  }

  async readSecret(name: string): Promise<Uint8Array | undefined> {
    const path = this.pathOf(name)
    const stats = await unlessMissing(stat(path), `read ${path}`)
    if (stats?.isDirectory()) return this.read(name) // It says so.
    // Windows has no such bits; the folder of the user's profile protects there.
    if (stats !== undefined && process.platform !== 'win32' && (stats.mode & othersMode) !== 0) {
      const advice = `other users of this machine may read it; run: chmod 600 ${path}`
      throw new SkeinError('STORAGE_FAILED', `${path} is a secret, but ${advice}`)
    }
    return this.read(name)
  }

  write(name: string, content: Uint8Array): Promise<void> {
    return this.#inOrder(name, async (temporary, path) => {
      await writeDurably(temporary, content)
      await rename(temporary, path)
    })
  }

  create(name: string, content: Uint8Array): Promise<boolean> {
    return this.#inOrder(name, async (temporary, path) => {
      await writeDurably(temporary, content)
      const isNew = await linkNew(temporary, path)
      await rm(temporary, { force: true })
      return isNew
    })
  }

  remove(name: string): Promise<void> {
    return this.#inOrder(name, (_temporary, path) => rm(path, { force: true }), 'remove')
  }

  /** Runs one write after the other for each name, so that the last call is what stays. */
  #inOrder<T>(
    name: string,
    run: (temporary: string, path: string) => Promise<T>,
    whatItDoes = 'write',
  ): Promise<T> {
    const path = this.pathOf(name)
    const temporary = join(this.folder, `.${name}.${randomUUID()}`)
    const before = this.#writes.get(name) ?? Promise.resolve()
    const writing = before.then(async () => {
      try {
        const result = await run(temporary, path)
        await flushFolder(this.folder)
        return result
      } catch (thrown) {
        await rm(temporary, { force: true }).catch(() => undefined) // The first failure is told.
        throw storageFailure(`${whatItDoes} ${path}`, thrown)
      }
    })
    const settled = writing.catch(() => undefined) // Its caller hears of it; the next write goes on.
    this.#writes.set(name, settled)
    return writing
  }
}

/**
 * Opens a folder as storage, and makes it (for this user only) where it is missing.
 *
 * @throws {SkeinError} `STORAGE_FAILED` it cannot be made or written to.
 */
export async function openFolder(folder: string): Promise<FolderStorage> {
  try {
    await makeFolder(folder)
    // Found out now and by doing it, not at the first write: mode bits do not tell all.
    const probe = join(folder, `.probe.${randomUUID()}`)
    await (await open(probe, 'w', fileMode)).close()
    await rm(probe, { force: true })
  } catch (thrown) {
    throw storageFailure(`use the data folder ${folder}`, thrown)
  }
  return new FolderStorage(folder)
}

/**
 * Makes a folder for this user only, and those above it where they are missing.
 *
 * Not `mkdir` with `recursive`: below `/proc` that one never comes back (Node 20 to 24).
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOneFolder(path)
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT' || dirname(path) === path) throw thrown
    await makeFolder(dirname(path))
    await makeOneFolder(path)
  }
}

async function makeOneFolder(path: string): Promise<void> {
  try {
    await mkdir(path, folderMode)
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown
  }
}

/**
 * Gives a file a second name if that name is free: the whole content or nothing, whoever else tries.
 *
 * @returns false when the name is taken.
 */
export async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false
    if (!withoutLinks.has(codeOf(thrown))) throw thrown
  }
  return copyNew(from, to)
}

/** For file systems without hard links (FAT, some shares): not whole after a crash, but never twice. */
async function copyNew(from: string, to: string): Promise<boolean> {
  try {
    await writeDurably(to, await readFile(from), 'wx')
    return true
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false
    throw thrown
  }
}

const withoutLinks = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'UNKNOWN'])

/** Writes a file of this user's and waits until the disk has it. */
export async function writeDurably(path: string, content: Uint8Array, flags = 'w'): Promise<void> {
  const file = await open(path, flags, fileMode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Waits until the disk has the folder's names; some systems cannot, and then it is as good as done. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (thrown) {
    if (codeOf(thrown) !== 'EINVAL') throw thrown
  } finally {
    await handle.close()
  }
}

async function unlessMissing<T>(reading: Promise<T>, whatItDoes: string): Promise<T | undefined> {
  try {
    return await reading
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw storageFailure(whatItDoes, thrown)
  }
}

const advices: Readonly<Record<string, string>> = {
  EACCES: 'not permitted; give this user the folder, or set SKEIN_HOME to another one',
  EPERM: 'not permitted; give this user the folder, or set SKEIN_HOME to another one',
  EROFS: 'the file system is read-only; set SKEIN_HOME to another folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  ENOENT: 'its folder is not there and cannot be made; set SKEIN_HOME to another one',
  ENOTDIR: 'a part of the path is a file; set SKEIN_HOME to another folder',
  EEXIST: 'there is a file in place of the folder; set SKEIN_HOME to another one',
  EISDIR: 'there is a folder in place of the file; move it away',
}

/** The error of a file operation, with what to do about it. */
export function storageFailure(whatItDoes: string, thrown: unknown): SkeinError {
  if (thrown instanceof SkeinError) return thrown
  const why = advices[codeOf(thrown)] ?? messageOf(thrown)
  return new SkeinError('STORAGE_FAILED', `cannot ${whatItDoes}: ${why}`, { cause: thrown })
}

/** The system's name of a failure, as `ENOENT`; empty where it has none. */
export function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException | undefined)?.code ?? ''
}
