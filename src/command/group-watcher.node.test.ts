import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { GroupWatcher } from './group-watcher.node.ts'

const started: ChildProcess[] = []
afterEach(() => {
  for (const { pid = 0 } of started.splice(0)) {
    if (isAlive(pid)) process.kill(-pid, 'SIGKILL')
  }
})

/** Starts a group with a script of `sh`; returns its number once it prints a line. */
async function startGroup(script: string): Promise<number> {
  const stdio = ['ignore', 'pipe', 'ignore'] as const
  const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: [...stdio] })
  started.push(child)
  await once(child.stdout ?? child, 'data')
  return child.pid ?? 0
}

/** Whether anything of the group is there. */
function isAlive(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

const forever = 'echo; sleep 1000'
const stubborn = `trap '' TERM; echo; while :; do sleep 1; done`
const isUnix = process.platform !== 'win32'
const patience = { timeout: 15_000 }

test.runIf(isUnix)(
  '[D53] what is held when the pipe ends is ended, with all of its group',
  async () => {
    const watcher = new GroupWatcher()
    const groups = [
      await startGroup('sleep 1000 & echo here; wait'),
      await startGroup(stubborn),
      await startGroup('sleep 1000 & echo here'), // Its leader is gone.
    ]
    for (const group of groups) watcher.hold(group)
    await watcher.close()
    await expect.poll(() => groups.filter(isAlive), patience).toEqual([])
  },
)

/** A folder in place of `/proc`, and a number whose file can be read once: a pipe. */
class FakeProc {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'skein-proc-'))
  readonly #barrier = 2 ** 30 // Nobody's number.

  constructor() {
    mkdirSync(path.join(this.folder, 'self'))
    mkdirSync(path.dirname(this.#fileOf(this.#barrier)))
    execFileSync('mkfifo', [this.#fileOf(this.#barrier)])
  }

  /** Says when a process was started, in ticks. */
  set(pid: number, startTicks: number): void {
    mkdirSync(path.dirname(this.#fileOf(pid)), { recursive: true })
    writeFileSync(this.#fileOf(pid), statOf(startTicks))
  }

  /** Waits until the watcher has heard of all that it was told to hold so far. */
  async heard(watcher: GroupWatcher): Promise<void> {
    watcher.hold(this.#barrier)
    await writeFile(this.#fileOf(this.#barrier), statOf(1)) // It opens when somebody reads it.
    watcher.release(this.#barrier)
  }

  #fileOf(pid: number): string {
    return path.join(this.folder, String(pid), 'stat')
  }
}

const statOf = (startTicks: number): string =>
  `1 (a (b)\n c) S ${'0 '.repeat(18)}${startTicks} 0 0\n`

test.runIf(isUnix)('[D53] what was released is left alone', async () => {
  const proc = new FakeProc()
  const watcher = new GroupWatcher({ procFolder: proc.folder })
  const [released, held] = [await startGroup(forever), await startGroup(forever)]
  for (const group of [released, held]) watcher.hold(group)
  await proc.heard(watcher)
  watcher.release(released)
  await watcher.close()
  await expect.poll(() => isAlive(held), patience).toBe(false)
  expect(isAlive(released)).toBe(true)
})

test.runIf(isUnix)('[D53] a number that another process has by now is left alone', async () => {
  const proc = new FakeProc()
  const [reused, same] = [await startGroup(forever), await startGroup(stubborn)]
  const watcher = new GroupWatcher({ procFolder: proc.folder })
  for (const group of [reused, same]) {
    proc.set(group, 4_711)
    watcher.hold(group)
  }
  await proc.heard(watcher)
  proc.set(reused, 4_712)
  await watcher.close()
  // It takes both signals, after the other one was looked at each time.
  await expect.poll(() => isAlive(same), patience).toBe(false)
  expect(isAlive(reused)).toBe(true)
})

test.runIf(isUnix)('[D53] nor where only the age of a process tells', async () => {
  const watcher = new GroupWatcher({ procFolder: '/nowhere' })
  const [reused, same] = [await startGroup(forever), await startGroup(forever)]
  const nowMs = Date.now()
  const clock = vi.spyOn(Date, 'now').mockReturnValue(nowMs - 3_600_000)
  watcher.hold(reused)
  clock.mockRestore()
  watcher.hold(same)
  await watcher.close()
  await expect.poll(() => isAlive(same), patience).toBe(false)
  expect(isAlive(reused)).toBe(true)
})

test('a watcher that never held anything, or nothing any more, ends at once', async () => {
  await new GroupWatcher().close()
  const watcher = new GroupWatcher()
  if (isUnix) {
    const group = await startGroup(forever)
    watcher.hold(group)
    watcher.release(group)
  }
  await watcher.close()
})
