/**
 * One of the five as a process: `skein up`, killed and started again as often as somebody wishes.
 *
 * It has an IPC channel to us. That says nothing, but it closes when we are gone, however we went, and
 * then `up` stops: no node outlives its demo.
 */
import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import type { ChildProcess } from 'node:child_process'

/** How to start it, and whom to tell. */
export interface ProcessSetup {
  /** What follows `node`. */
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** It ended, for whatever reason; `reason` is for people. */
  readonly onEnd: (reason: string) => void
}

/** See the file's head. */
export class NodeProcess {
  readonly #setup: ProcessSetup
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #lives = 0

  constructor(setup: ProcessSetup) {
    this.#setup = setup
  }

  /** Absent while none runs. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** How often it was started. */
  get lives(): number {
    return this.#lives
  }

  /** Starts it; does nothing while it runs. */
  start(): void {
    if (this.#child !== undefined) return
    const { argv, env, onEnd } = this.#setup
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#child = child
    this.#lives++
    const complaint = new Complaint()
    child.stderr?.setEncoding('utf8').on('data', (text: string) => complaint.add(text))
    this.#ended = endOf(child).then((how) => {
      this.#child = undefined
      onEnd(complaint.text || how)
    })
  }

  /** Ends it at once, as a crash would. Resolves when it is gone. */
  kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    return this.#ended
  }

  /** Ends it in good order, or after `graceMs` at once. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    await this.#ended
    clearTimeout(timer)
  }
}

/**
 * Waits until a process is gone and all it wrote is here. (The event `close` would be both, but does not
 * come when the IPC channel was closed by us: Node 20.20.)
 */
async function endOf(child: ChildProcess): Promise<string> {
  const { stderr } = child
  const written = new Promise<void>((resolve) => {
    if (stderr === null) resolve()
    else stderr.once('close', resolve)
  })
  const how = await new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.on('error', ({ message }) => {
      if (child.pid === undefined) resolve(message) // It was never there.
    })
  })
  // Something that it started may hold the pipe still.
  await Promise.race([written, pause(writtenPatienceMs, undefined, { ref: false })])
  return how
}

const writtenPatienceMs = 200 // Guess: what is in a pipe is read within a turn.

const maxComplaintChars = 4_096 // Guess: more than any message of ours.

/** Keeps what a node wrote last that is no line of its log. */
class Complaint {
  #tail = ''

  add(text: string): void {
    this.#tail = (this.#tail + text).slice(-maxComplaintChars)
  }

  /** The first such line, without our name. */
  get text(): string {
    const lines = this.#tail.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
    return (lines.find((line) => line.startsWith('skein: ')) ?? '').replace(/^skein: /, '')
  }
}
