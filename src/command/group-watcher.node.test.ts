import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
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

test.runIf(isUnix)('[D53] what was released is left alone', async () => {
  const watcher = new GroupWatcher()
  const [released, held] = [await startGroup(forever), await startGroup(forever)]
  watcher.hold(released)
  watcher.hold(held)
  await delay(50) // Guess: it was told of both by then; either way the test holds.
  watcher.release(released)
  await watcher.close()
  await expect.poll(() => isAlive(held), patience).toBe(false)
  expect(isAlive(released)).toBe(true)
})

const statOf = (startTicks: number): string =>
  `1 (a (b)\n c) S ${'0 '.repeat(18)}${startTicks} 0 0\n`

test.runIf(isUnix)('[D53] a number that another process has by now is left alone', async () => {
  const procFolder = mkdtempSync(path.join(tmpdir(), 'skein-proc-'))
  const statFile = (pid: number): string => path.join(procFolder, String(pid), 'stat')
  const [reused, same] = [await startGroup(forever), await startGroup(stubborn)]
  const barrier = 2 ** 30 // Nobody's number.
  mkdirSync(path.join(procFolder, 'self'))
  for (const pid of [reused, same, barrier]) mkdirSync(path.dirname(statFile(pid)))
  for (const pid of [reused, same]) writeFileSync(statFile(pid), statOf(4_711))
  execFileSync('mkfifo', [statFile(barrier)])
  const watcher = new GroupWatcher({ procFolder })
  for (const pid of [reused, same, barrier]) watcher.hold(pid)
  await writeFile(statFile(barrier), statOf(1)) // It opens when the watcher has read the others.
  watcher.release(barrier)
  writeFileSync(statFile(reused), statOf(4_712))
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
