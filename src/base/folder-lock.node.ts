/**
 * One process uses a data folder at a time: the file `lock` names it.
 *
 * Node has no `flock`, so the lock is a file that is made only where none is (`link`, so its content
 * is whole from the first moment), and a process that died leaves it behind. A dead holder is
 * recognised by its process ID and, on Linux, by the start time and the boot, as IDs are reused.
 *
 * Two that find the same dead holder must not both remove "it": the second would remove the first
 * one's new lock. So the right to remove is a lock of its own, named after the dead holder's entry:
 *
 *   lock holds entry E, E is dead ──▶ take `lock.hash(E)` ──▶ still E? remove it ──▶ take `lock`
 *
 * **Invariant**: an entry is unique (it holds a nonce) and is removed only by its owner or by the
 * holder of its guard; so what a guard's holder reads stays until that one removes it.
 *
 * Not seen: a process of another machine or container that shares the folder.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SkeinError } from './errors.ts'
import { codeOf, linkNew, storageFailure, writeDurably } from './folder-storage.node.ts'

/** The right to use a folder; ends with `release` or with the process. */
export interface FolderLock {
  /** Gives the folder free. Calling it again does nothing. */
  release(): Promise<void>
}

const triesMax = 8 // Guess: each lost try means that another process moved on.
const lockName = 'lock'

/**
 * Takes a folder for this process.
 *
 * @throws {SkeinError} `NODE_RUNNING` another process has it; the message names it.
 * @throws {SkeinError} `STORAGE_FAILED` the lock file cannot be written.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockName)
  const entry = { pid: process.pid, start: await startOf(process.pid), nonce: randomUUID() }
  const text = JSON.stringify(entry)
  const temporary = join(folder, `.${lockName}.${entry.nonce}`)
  try {
    await writeDurably(temporary, Buffer.from(text))
    const holder = await claim(path, temporary)
    if (holder !== undefined)
      throw new SkeinError(
        'NODE_RUNNING',
        `process ${holder.pid} already runs with the data folder ${folder}; ` +
          'stop it with "skein down", or choose another profile with -p',
      )
  } catch (thrown) {
    throw storageFailure(`lock the data folder ${folder}`, thrown)
  } finally {
    await rm(temporary, { force: true })
  }
  return {
    async release() {
      if ((await readEntry(path)) === text) await rm(path, { force: true })
    },
  }
}

/**
 * The process that holds a folder, as far as its lock file tells.
 *
 * @returns `undefined` when no living process does.
 */
export async function lockHolder(folder: string): Promise<number | undefined> {
  const entry = parseEntry(await readEntry(join(folder, lockName)))
  return entry !== undefined && (await isAlive(entry)) ? entry.pid : undefined
}

interface Entry {
  readonly pid: number
  /** When that process started, in the system's own terms; empty where the system does not say. */
  readonly start: string
}

/** Gives `temporary` the name `path`, taking over from the dead; the living holder if there is one. */
async function claim(path: string, temporary: string): Promise<Entry | undefined> {
  for (let tries = 0; tries < triesMax; tries++) {
    if (await linkNew(temporary, path)) return undefined
    const text = await readEntry(path)
    if (text === undefined) continue // Released in the meantime.
    const holder = parseEntry(text)
    if (holder !== undefined && (await isAlive(holder))) return holder
    const remover = await removeDead(path, text, temporary)
    if (remover !== undefined) return remover
  }
  throw new SkeinError(
    'STORAGE_FAILED',
    `cannot take ${path}: others take it all the time; try again`,
  )
}

/** Removes a dead holder's file; the living process that is about to do so if there is one. */
async function removeDead(
  path: string,
  text: string,
  temporary: string,
): Promise<Entry | undefined> {
  const guard = `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
  const remover = await claim(guard, temporary)
  if (remover !== undefined) return remover
  try {
    if ((await readEntry(path)) === text) await rm(path, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
  return undefined
}

async function readEntry(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw storageFailure(`read ${path}`, thrown)
  }
}

/** What is no entry (a broken or foreign file) counts as a dead holder's. */
function parseEntry(text: string | undefined): Entry | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    const { pid, start } = value as Partial<Entry>
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : undefined
  } catch {
    return undefined
  }
}

async function isAlive({ pid, start }: Entry): Promise<boolean> {
  try {
    process.kill(pid, 0) // Sends nothing; fails where there is no such process.
  } catch (thrown) {
    if (codeOf(thrown) !== 'EPERM') return false // EPERM: it lives, and is another user's.
  }
  const startNow = await startOf(pid)
  return start === '' || startNow === '' || start === startNow
}

/** When a process started: on Linux the boot and the clock ticks since (proc(5), stat field 22). */
async function startOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return ''
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const status = await readFile(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold anything, so count from its end: state is field 3.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    // A process that ended and was not waited for yet holds nothing any more.
    const isOver = fields[0] === 'Z' || fields[0] === 'X'
    return isOver ? 'over' : `${boot.trim()}/${fields[19] ?? ''}`
  } catch {
    return '' // No /proc here, or the process has just ended.
  }
}
