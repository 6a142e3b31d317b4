/**
 * `calc`: mathjs in a process of its own, with a time and a memory limit.
 *
 *   (none) ──first job──▶ starting ──ready──▶ idle ⇄ busy
 *      ▲                                        │      │
 *      └── a minute idle, a crash, over a limit ┴──────┘
 *
 * Why not a worker thread: its memory limit does not hold. A single large allocation in a worker, as
 * `range(1,1e9)` or `ones(1e8)` makes, aborts the whole process, and with it the node (measured on
 * Node 20.20, 9 of 62 hostile expressions). A process can only end itself. It starts in 0.15 s, gets an
 * empty environment, and Node's permission model keeps it from writing files and starting programs.
 *
 * **Invariant**: one expression at a time; what is wrong with one is the answer to that one only.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { SkeinError } from '../base/errors.ts'
import type { CalcJob, CalcReply } from './calc-worker.node.ts'
import { plainCalcFailure } from './calc-failure.ts'
import type { Command } from './command.ts'
import { forAnyone } from './permission.ts'
import { calculatePlainly } from './plain-arithmetic.ts'

/** Limits of `calc`, and where its process is. */
export interface CalculatorOptions {
  /** The built `calc-worker.node.js`; beside this file where absent. */
  readonly workerUrl?: URL | string
  /** For one expression, in milliseconds; loading is not counted. */
  readonly timeLimitMs?: number
  /** V8's heap, in MiB; the process takes about 50 more. */
  readonly memoryLimitMb?: number
  /** Expressions that may wait; one more is `LIMIT_EXCEEDED`. */
  readonly maxWaiting?: number
  /** Of them, those of one asker. */
  readonly maxWaitingPerAsker?: number
  /** Longest text of a result, in bytes; a longer one is `LIMIT_EXCEEDED`. */
  readonly maxResultBytes?: number
  /** The process ends after this long without work, in milliseconds. */
  readonly idleMs?: number
}

const defaults = {
  timeLimitMs: 2_000, // Guess: half of what a person waits gladly, and all of a core.
  memoryLimitMb: 128, // Guess: a matrix of a thousand by a thousand fits.
  maxWaiting: 64, // Guess.
  maxWaitingPerAsker: 32, // Half: one asker cannot fill the queue.
  maxResultBytes: 64 * 2 ** 10, // Guess: more nobody reads.
  idleMs: 60_000, // Guess: who calculates once does so again soon.
}

const loadTimeoutMs = 15_000 // Guess: a hundred times what it takes, for a machine under load.
const graceMs = 500 // Its own watchdog comes first; this is for what even that cannot stop.

interface Waiting {
  readonly expression: string
  readonly resolve: (text: string) => void
  readonly reject: (error: SkeinError) => void
  readonly signal: AbortSignal | undefined
  readonly asker: string
}

/** Who evaluates, and until when it is wanted. */
export interface EvaluateOptions {
  readonly signal?: AbortSignal
  /** Askers take turns, so that one with many expressions does not hold up the others. */
  readonly asker?: string
}

/** Evaluates expressions of mathjs, one at a time. */
export class Calculator {
  readonly #options: typeof defaults & Pick<CalculatorOptions, 'workerUrl'>
  readonly #waiting: Waiting[] = []
  #current: Waiting | undefined
  #child: ChildProcess | undefined
  #lastAsker: string | undefined
  #isReady = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: CalculatorOptions = {}) {
    this.#options = { ...defaults, ...options }
  }

  /** Whether a process of its own is there. */
  get isRunning(): boolean {
    return this.#child !== undefined
  }

  /**
   * Evaluates, when its turn comes.
   *
   * @returns What a person reads: numbers with 14 digits, one line for each statement.
   * @throws {SkeinError} `INVALID` it is not an expression, or has no value that can be printed.
   * @throws {SkeinError} `LIMIT_EXCEEDED` it takes too long or too much memory, prints too much, or too
   *   many wait.
   * @throws {SkeinError} `NODE_CLOSED` the calculator was closed.
   */
  evaluate(expression: string, { signal, asker = '' }: EvaluateOptions = {}): Promise<string> {
    if (this.#isClosed) return Promise.reject(closed())
    const { maxWaiting, maxWaitingPerAsker } = this.#options
    const own = this.#waiting.filter((job) => job.asker === asker).length
    if (this.#waiting.length >= maxWaiting || own >= maxWaitingPerAsker) {
      const text = `${this.#waiting.length} calculations wait already; try again later`
      return Promise.reject(new SkeinError('LIMIT_EXCEEDED', text))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ expression, resolve, reject, signal, asker })
      this.#next()
    })
  }

  /** Ends the process and fails what waits; what is asked later fails at once. */
  async close(): Promise<void> {
    this.#isClosed = true
    const child = this.#child
    const gone = child === undefined ? undefined : exited(child)
    if (child !== undefined) setHeld(child, true) // Else the process could end before the wait does.
    for (const waiting of this.#waiting.splice(0)) waiting.reject(closed())
    this.#drop(closed())
    await gone
  }

  #next(): void {
    while (this.#current === undefined && !this.#isClosed) {
      const job = this.#takeTurn()
      if (job === undefined) return this.#rest()
      if (job.signal?.aborted === true) {
        job.reject(new SkeinError('CANCELLED', 'the calculation was cancelled'))
        continue
      }
      this.#current = job
      this.#child ??= this.#start()
      setHeld(this.#child, true)
      if (this.#isReady) this.#send(job)
    }
  }

  /** The first of another asker than the last one, else the first. */
  #takeTurn(): Waiting | undefined {
    const at = this.#waiting.findIndex((job) => job.asker !== this.#lastAsker)
    const [job] = this.#waiting.splice(Math.max(0, at), 1)
    this.#lastAsker = job?.asker
    return job
  }

  #start(): ChildProcess {
    const { memoryLimitMb, workerUrl = siblingUrl() } = this.#options
    const path = workerUrl instanceof URL ? fileURLToPath(workerUrl) : workerUrl
    const child = fork(path.startsWith('file:') ? fileURLToPath(path) : path, [], {
      execArgv: [`--max-old-space-size=${memoryLimitMb}`, permissionFlag(), '--allow-fs-read=*'],
      env: pickEnv(['SystemRoot']), // Without it Windows starts no process.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      windowsHide: true,
    } as Parameters<typeof fork>[2])
    this.#isReady = false
    child.on('message', (reply: CalcReply) => this.#receive(child, reply))
    child.once('error', (error) => this.#lose(child, error.message))
    child.once('exit', (code, signal) => this.#lose(child, signal ?? `code ${code}`))
    this.#arm(loadTimeoutMs, () => {
      this.#drop(new SkeinError('INTERNAL', 'the calculator did not start in time; try again'))
    })
    return child
  }

  #send(job: Waiting): void {
    const { timeLimitMs, maxResultBytes } = this.#options
    const message: CalcJob = { expression: job.expression, timeLimitMs, maxResultBytes }
    this.#arm(timeLimitMs + graceMs, () => this.#drop(tooLong(timeLimitMs)))
    this.#child?.send(message)
  }

  #receive(child: ChildProcess, reply: CalcReply): void {
    if (child !== this.#child) return
    if (reply.type === 'ready') {
      this.#isReady = true
      if (this.#current !== undefined) this.#send(this.#current)
      return
    }
    const job = this.#current
    this.#current = undefined
    if (reply.type === 'result') job?.resolve(reply.text)
    else job?.reject(new SkeinError(reply.code, plainCalcFailure(reply.message)))
    if (reply.type === 'failed' && reply.isSpent) {
      this.#child = undefined
      child.kill('SIGKILL')
    }
    this.#next()
  }

  /** The process ended by itself, and so did what it was evaluating. */
  #lose(child: ChildProcess, how: string): void {
    if (child !== this.#child) return
    const { memoryLimitMb } = this.#options
    const text = `the calculation takes more than ${memoryLimitMb} MiB of memory; make it smaller`
    this.#drop(
      this.#isReady
        ? new SkeinError('LIMIT_EXCEEDED', text)
        : new SkeinError('INTERNAL', `the calculator did not start (${how})`),
    )
  }

  /** Ends the process if there is one, fails what it was at, and goes on with the next. */
  #drop(error: SkeinError): void {
    clearTimeout(this.#timer)
    const child = this.#child
    const job = this.#current
    this.#child = undefined
    this.#current = undefined
    child?.kill('SIGKILL')
    job?.reject(error)
    this.#next()
  }

  /** Nothing to do: holds no process open, and ends its own after a while. */
  #rest(): void {
    clearTimeout(this.#timer)
    if (this.#child === undefined) return
    setHeld(this.#child, false)
    this.#arm(this.#options.idleMs, () => this.#drop(closed()))
    this.#timer?.unref()
  }

  #arm(delayMs: number, run: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(run, delayMs)
  }
}

/** The command: its words are one expression. */
export function calcCommand(calculator: Calculator): Command {
  return {
    summary: 'Evaluate an expression, such as 2*(3+4)^2 or 2 inch to cm',
    usage: 'calc EXPRESSION',
    allow: forAnyone,
    run({ args, signal, subject }) {
      const asker = subject.peerId ?? subject.name
      const expression = args.join(' ')
      if (args.length > 0)
        return calculatePlainly(expression) ?? calculator.evaluate(expression, { signal, asker })
      throw new SkeinError('INVALID', 'there is nothing to calculate; write, for example: calc 1+2')
    },
  }
}

/**
 * Beside this file: the module, the bundle, and from TypeScript sources the built module, for Node 20
 * runs no TypeScript.
 */
function siblingUrl(): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL('../../dist/command/calc-worker.node.js', here)
  const isModule = here.endsWith('/calc.node.js')
  return new URL(isModule ? './calc-worker.node.js' : './calc-worker.cjs', here)
}

/** Node's permission model, under the name that this version knows. */
function permissionFlag(): string {
  const hasFinalName = process.allowedNodeEnvironmentFlags.has('--permission')
  return hasFinalName ? '--permission' : '--experimental-permission'
}

function pickEnv(names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.map((name) => [name, process.env[name]]))
}

/** Whether the child keeps our own process from ending. */
function setHeld(child: ChildProcess, isHeld: boolean): void {
  if (isHeld) {
    child.ref()
    child.channel?.ref()
  } else {
    child.unref()
    child.channel?.unref()
  }
}

function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

function tooLong(timeLimitMs: number): SkeinError {
  const text = `the calculation takes more than ${timeLimitMs / 1_000} s; make it smaller`
  return new SkeinError('LIMIT_EXCEEDED', text)
}

function closed(): SkeinError {
  return new SkeinError('NODE_CLOSED', 'the calculator was closed')
}
