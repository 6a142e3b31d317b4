/**
 * Processes that a test starts: what they print, how they end, and the certainty that they do.
 *
 * **Invariant**: whatever waits here names what was printed so far when it fails.
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** How to start a process. */
export interface LaunchOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** How a process ended. */
export interface Ended {
  /** The exit code; 128 + the number of the signal that ended it, as in a shell. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const living = new Set<ChildProcess>()

// A test runner that is stopped half-way leaves nothing behind either.
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')))

const patienceMs = 15_000 // Guess: fifty times what a start takes, for a machine under load.

/** A process under test. */
export class Launched {
  /** How it ended; never rejects. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #title: string
  readonly #watchers = new Set<() => void>()
  #stdout = ''
  #stderr = ''
  #isOver = false

  constructor(argv: readonly string[], { cwd, env }: LaunchOptions) {
    const [file = '', ...args] = argv
    this.#title = args.join(' ').slice(0, 200)
    this.#child = spawn(file, args, { cwd, env, stdio: 'pipe' })
    living.add(this.#child)
    this.#child.stdin?.on('error', () => undefined) // It need not read all that it is given.
    this.#collect('stdout', (text) => (this.#stdout += text))
    this.#collect('stderr', (text) => (this.#stderr += text))
    this.ended = this.#watch()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Types into its standard input. */
  type(text: string | Uint8Array): void {
    this.#child.stdin?.write(text)
  }

  /** Ends its standard input. */
  endInput(text: string | Uint8Array = ''): void {
    this.#child.stdin?.end(text)
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Waits until it has printed this, on either output; returns the match. */
  async printed(pattern: RegExp | string): Promise<RegExpExecArray> {
    const regex = typeof pattern === 'string' ? new RegExp(escape(pattern)) : pattern
    const find = (): RegExpExecArray | undefined => {
      return regex.exec(this.#stdout) ?? regex.exec(this.#stderr) ?? undefined
    }
    return this.#until(find, `to print ${regex}`)
  }

  /** Asks it to end, and waits; kills it when it does not listen, which is an error. */
  async stop(): Promise<Ended> {
    if (this.#isOver) return this.ended
    this.signal('SIGCONT')
    this.signal('SIGTERM')
    try {
      await this.#until(() => (this.#isOver ? true : undefined), 'to end on SIGTERM')
    } finally {
      this.signal('SIGKILL')
    }
    return this.ended
  }

  #until<Found>(find: () => Found | undefined, what: string): Promise<Found> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        this.#watchers.delete(check)
        settle()
      }
      const fail = (why: string): void => {
        const shown = `stdout:\n${this.#stdout}\nstderr:\n${this.#stderr}`
        const text = `waited for '${this.#title}' ${what}, but ${why}\n${shown.slice(-8_000)}`
        finish(() => reject(new Error(text)))
      }
      const check = (): void => {
        const found = find()
        if (found !== undefined) finish(() => resolve(found))
        else if (this.#isOver) fail('it ended')
      }
      const timer = setTimeout(() => fail(`not within ${patienceMs} ms`), patienceMs)
      this.#watchers.add(check)
      check()
    })
  }

  #collect(name: 'stdout' | 'stderr', add: (text: string) => void): void {
    this.#child[name]?.setEncoding('utf8').on('data', (text: string) => {
      add(text)
      for (const watcher of this.#watchers) watcher()
    })
  }

  #watch(): Promise<Ended> {
    return new Promise((resolve) => {
      this.#child.once('error', (error) => (this.#stderr += String(error)))
      this.#child.once('close', (code, signal) => {
        this.#isOver = true
        living.delete(this.#child)
        const exit = code ?? 128 + (signalNumbers[signal ?? ''] ?? 0)
        resolve({ code: exit, stdout: this.#stdout, stderr: this.#stderr })
        for (const watcher of this.#watchers) watcher()
      })
    })
  }
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Whether a process of this user runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
