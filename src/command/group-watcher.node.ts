/**
 * Ends the process groups of a node's programs where the node cannot: it was killed (`kill -9`, out of
 * memory) or crashed.
 *
 *   node ──"+ 4711 SECONDS"── "- 4711" ──▶ pipe ──▶ watcher      one a node, from its first program on
 *                                                      │ the pipe ends: the node is gone
 *                                                      ▼
 *                                         SIGTERM, 2 s later SIGKILL, to the groups that are left
 *
 * The watcher is a `sh`, of 1 MB: a Node process would take 40 MB, and what a kernel has for it
 * (`PR_SET_PDEATHSIG`) is Linux alone and for one process, not a group. A process number is used again
 * once its process and its group are gone; so before a signal it is looked at whether the leader is the
 * one that was started: by its start time in `/proc`, elsewhere by its age.
 *
 * **Invariant**: what the watcher is told are numbers of ours; no word of a peer comes near the shell.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'

const script = `
set -f
trap '' HUP INT TERM
proc=$1 held=
start_of() {
  all= start=
  while IFS= read -r line; do all="$all $line"; done < "$proc/$1/stat"
  [ -n "$all" ] || return 0
  set -- \${all##*) }
  start=\${20}
}
age_of() {
  age=$(ps -o etime= -p "$1") || age=
  days=0
  case $age in *-*) days=\${age%%-*} age=\${age#*-} ;; esac
  IFS=:
  set -- $age
  IFS=' '
  [ $# -gt 0 ] || return 0
  age=$((days * 24))
  [ $# -lt 3 ] || { h=\${1# } age=$((age + \${h#0})); shift; }
  m=\${1##* }
  age=$(((age * 60 + \${m#0}) * 60 + \${2#0}))
}
is_same() {
  rest=\${1#*:}
  if [ -d "$proc/self" ]; then
    start_of "\${1%%:*}"
    [ -z "$start" ] || [ "$start" = "\${rest#*:}" ]
  else
    age_of "\${1%%:*}"
    [ -z "$age" ] || [ $((age + 5)) -ge $((now - \${rest%%:*})) ]
  fi
}
end_all() {
  left=
  now=$(date +%s)
  for each in $held; do
    is_same "$each" && kill -s "$1" -- "-\${each%%:*}" && left=1
  done
}
while read -r sign pid seconds; do
  case $sign in
  +)
    start=
    [ ! -d "$proc/self" ] || start_of "$pid"
    held="$held $pid:$seconds:$start"
    ;;
  -)
    kept=
    for each in $held; do
      case $each in "$pid":*) ;; *) kept="$kept $each" ;; esac
    done
    held=$kept
    ;;
  esac
done <&3
end_all TERM
[ -z "$left" ] || { sleep 2 && end_all KILL; }
exit 0
`

const delayMs = 10 // Guess. A program that ends sooner costs nothing; one more write made it 6 % slower.

/** See the file's head. On Windows, and without `/bin/sh`, it watches nothing. */
export class GroupWatcher {
  readonly #procFolder: string
  /** Unix time, s, at which each group was held. */
  readonly #held = new Map<number, number>()
  /** What the watcher has not been told yet. */
  readonly #untold = new Set<number>()
  #timer: NodeJS.Timeout | undefined
  #child: ChildProcess | undefined
  #pipe: Socket | undefined
  #isClosed = false

  /** @param options - `procFolder`: where Linux tells of processes; another one in tests. */
  constructor({ procFolder = '/proc' }: { readonly procFolder?: string } = {}) {
    this.#procFolder = procFolder
  }

  /** Sees to it that the group that this process leads ends with the node. */
  hold(pid: number): void {
    if (process.platform === 'win32' || this.#isClosed) return
    this.#held.set(pid, Math.floor(Date.now() / 1_000))
    this.#untold.add(pid)
    this.#timer ??= setTimeout(() => this.#tellAll(), delayMs).unref()
  }

  /** The group is gone, or may live on. */
  release(pid: number): void {
    if (this.#held.delete(pid) && !this.#untold.delete(pid)) this.#pipe?.write(`- ${pid}\n`)
  }

  /** Ends the watcher; what is still held is ended by it, which is not waited for. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#tellAll()
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    if (this.#held.size === 0) child.ref()
    this.#pipe?.end()
    if (this.#held.size === 0) await gone
  }

  #tellAll(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#untold.size === 0) return
    try {
      if (this.#child === undefined) this.#start()
    } catch {
      return // The system has too many processes or files; it is tried again with the next program.
    }
    const lines = [...this.#untold].map((pid) => `+ ${pid} ${this.#held.get(pid)}\n`)
    this.#untold.clear()
    this.#pipe?.write(lines.join(''))
  }

  #start(): void {
    const child = spawn('/bin/sh', ['-c', script, 'skein-watcher', this.#procFolder], {
      cwd: '/',
      detached: true, // Ctrl-C in a terminal is for the node.
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'], // bash takes a socket on 0 for rsh, reads .bashrc.
    })
    const forget = (): void => {
      if (this.#child !== child) return
      this.#child = undefined // The next program starts another one.
      this.#pipe = undefined
    }
    child.once('error', forget)
    if (child.pid === undefined) return
    this.#child = child
    child.once('exit', forget)
    child.unref()
    const pipe = child.stdio[3] as Socket
    pipe.on('error', forget)
    pipe.unref()
    this.#pipe = pipe
    for (const pid of this.#held.keys()) this.#untold.add(pid)
  }
}
