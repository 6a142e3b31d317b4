/** Ends a child process with all that it started; see `program.node.ts`. */
import type { ChildProcess } from 'node:child_process'
import type { GroupWatcher } from './group-watcher.node.ts'

const graceMs = 2_000 // Guess, from SIGTERM to SIGKILL: to write a file and go.

/** Groups that are to go with this process, and who ends each if it is killed. */
const living = new Map<ChildProcess, GroupWatcher>()

/** Sees to it that the group of `child` ends with this process, however that ends. */
export function holdGroup(child: ChildProcess, watcher: GroupWatcher): void {
  if (child.pid === undefined) return
  if (living.size === 0) process.on('exit', killAll)
  living.set(child, watcher)
  watcher.hold(child.pid)
}

/** Asks the group of `child` to end; after 2 s it is killed. */
export function stopGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  child.once('exit', () => clearTimeout(timer))
}

/**
 * Ends what a child that has exited left in its group, so that its pipes end.
 *
 * A process that left the group and still holds a pipe is waited for as long as somebody else is slow
 * (`isWaiting`), and 2 s more; then the pipe is closed on our side.
 *
 * @returns To be called when the pipes have ended.
 */
export function endGroup(child: ChildProcess, isWaiting: () => boolean): () => void {
  if (!signalGroup(child, 'SIGTERM')) releaseGroup(child) // Its number may soon be somebody else's.
  const timer = setInterval(() => {
    if (isWaiting()) return
    if (living.has(child)) signalGroup(child, 'SIGKILL')
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, graceMs)
  return () => {
    clearInterval(timer)
    if (!living.has(child)) return
    if (!signalGroup(child, 0)) return releaseGroup(child)
    setTimeout(() => {
      signalGroup(child, 'SIGKILL')
      releaseGroup(child)
    }, graceMs)
  }
}

function releaseGroup(child: ChildProcess): void {
  if (child.pid !== undefined) living.get(child)?.release(child.pid)
  living.delete(child)
  if (living.size === 0) process.off('exit', killAll)
}

function killAll(): void {
  for (const child of living.keys()) signalGroup(child, 'SIGKILL')
}

/** Tells whether anything of the group was there. */
function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (child.pid === undefined) return false
  try {
    if (process.platform === 'win32') return child.kill(signal)
    return process.kill(-child.pid, signal)
  } catch (thrown) {
    // ESRCH: nothing of it is left. EPERM: macOS says so of a group of zombies.
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw thrown
  }
}
