/**
 * One command that a peer asked for, as the iteration over what comes of it.
 *
 *   waiting ──iterated──▶ running ──ending──▶ answered ──taken, work settled──▶ over
 *      │                     └── reader gone, session lost ─────────▲
 *      └── nobody iterates in time, node closes ──▶ answered
 *
 * Output waits here for its reader, a bounded amount of it; whoever prints more is told to wait.
 *
 * **Invariant**: exactly one ending is given, it is the last, and a reader who leaves stops the command.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { messageOf, SkeinError, toSkeinError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Subject } from '../base/policy.ts'
import { PeerInput } from './peer-input.ts'
import { errorEnding } from './messages.ts'
import type { CommandPart, CommandRequest, Ending } from './messages.ts'
import { maxChunkBytes, maxWaitingOutputBytes, partCostBytes } from './options.ts'
import type { CommandLimits } from './options.ts'
import type { CommandRegistry } from './registry.ts'
import { runCommand, type CommandIo, type Relay } from './runner.ts'
import type { CommandSlots } from './slots.ts'
import type { CommandTracer, Trace } from './tracing.ts'

/** What an answerer stands on. */
export interface AnswererOptions {
  readonly registry: CommandRegistry
  readonly clock: Clock
  readonly log: Log
  readonly subject: Subject
  readonly relay?: Relay | undefined
  readonly limits: CommandLimits
  readonly slots: CommandSlots
  readonly tracer?: CommandTracer | undefined
  /** Where the command's input comes from, where the caller has some. */
  readonly input: object | undefined
  /** Called once a command ended, also when the caller is gone. */
  readonly onRun: (request: CommandRequest, ending: Ending, durationMs: number) => void
  /** Called once it is iterated over, or never will be. */
  readonly onBegin: () => void
  /** Called once nothing of it is left. */
  readonly onOver: () => void
}

type Next = IteratorResult<CommandPart, number>

interface Asked {
  readonly resolve: (next: Next) => void
  readonly reject: (error: SkeinError) => void
}

/** See the file's head. */
export class Answerer {
  #request: CommandRequest
  readonly #options: AnswererOptions
  readonly #input: PeerInput
  readonly #stop = new AbortController()
  #status: 'waiting' | 'running' | 'answered' = 'waiting'
  #timer: Timer | undefined
  #isIterated = false
  #hasBegun = false
  #leave: () => void = () => undefined
  #trace: Trace | undefined
  #parts: CommandPart[] = []
  #waitingBytes = 0
  #asked: Asked | undefined
  #ending: Ending | undefined
  /** The reader left, or has the ending. */
  #isRead = false
  #wakeWriters: (() => void)[] = []
  #work: Promise<void> = Promise.resolve()

  constructor(request: CommandRequest, options: AnswererOptions) {
    this.#request = request
    this.#options = options
    this.#input = new PeerInput(options.input, (rule) => this.#violate(rule))
    this.#timer = options.clock.after(options.limits.requestTimeoutMs, () => {
      this.#end(new SkeinError('TIMED_OUT', 'D1: the command was asked for, and nobody read it'))
      options.onOver()
    })
  }

  /** Begins the command. @throws {SkeinError} `INVALID` it was begun. */
  [Symbol.asyncIterator](): this {
    if (this.#isIterated) {
      throw new SkeinError('INVALID', 'D1: what comes of a command is read once')
    }
    this.#isIterated = true
    if (this.#status === 'waiting') this.#run()
    return this
  }

  /** What comes next: at once where it is there, so that a reader who is slow costs no promises. */
  next(): Next | Promise<Next> {
    const part = this.#parts.shift()
    if (part !== undefined) {
      this.#waitingBytes -= costOf(part)
      if (this.#waitingBytes < maxWaitingOutputBytes / 2) this.#wake()
      return { done: false, value: part }
    }
    const ending = this.#ending
    if (ending === undefined) {
      return new Promise((resolve, reject) => (this.#asked = { resolve, reject }))
    }
    this.#leaveReader()
    if ('exit' in ending) return { done: true, value: ending.exit }
    throw new SkeinError(ending.error, ending.message)
  }

  /** The reader takes no more: the command is stopped. */
  return(): Promise<Next> {
    this.close(new SkeinError('CANCELLED', 'the caller took the command back, or is gone'))
    return Promise.resolve({ done: true, value: 0 })
  }

  /** Nobody reads what comes any more. */
  close(reason: SkeinError): void {
    if (this.#isRead) return
    if (this.#status === 'waiting') this.#end(reason)
    else this.#stop.abort(reason)
    this.#parts = []
    this.#waitingBytes = 0
    this.#leaveReader()
  }

  /** Stops what runs, with an ending that says why; resolves when nothing of it does. */
  async stop(reason: SkeinError): Promise<void> {
    if (this.#status === 'waiting') this.#end(reason)
    else this.#stop.abort(reason)
    await this.#work
  }

  #run(): void {
    const request = this.#request
    const { slots, subject, clock, tracer, onBegin } = this.#options
    this.#timer?.cancel()
    this.#trace = tracer?.answers(request, subject)
    const startMs = clock.nowMs()
    this.#status = 'running'
    onBegin()
    this.#armAlive() // Also while it waits for its place: the caller sees that it was heard.
    const peer = subject.peerId ?? subject.name
    try {
      const begin = (): void => this.#begin(startMs)
      this.#leave = slots.enter({ peer, bytes: sizeOf(request), begin })
    } catch (thrown) {
      this.#finish(errorEnding(toSkeinError(thrown)), startMs)
      return
    }
    const { signal } = this.#stop
    const onAbort = (): void => {
      if (this.#hasBegun) return
      this.#leave()
      this.#finish(errorEnding(toSkeinError(signal.reason)), startMs)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  }

  #begin(startMs: number): void {
    this.#hasBegun = true
    const { signal } = this.#stop
    const begin = () =>
      runCommand(this.#request, { ...this.#options, signal, io: this.#createIo() })
    const run = this.#trace === undefined ? begin() : this.#trace.within(begin)
    const answered = run.ending.then((ending) => this.#finish(ending, startMs))
    this.#work = Promise.all([answered, run.settled]).then(() => this.#leave())
  }

  #finish(ending: Ending, startMs: number): void {
    this.#timer?.cancel()
    this.#trace?.end(ending)
    const { clock, log, onRun } = this.#options
    try {
      onRun(this.#request, ending, clock.nowMs() - startMs)
    } catch (thrown) {
      log.error({ error: messageOf(thrown) }, 'could not report a command that ended')
    }
    this.#answer(ending)
  }

  /** Ends what was never begun. */
  #end(reason: SkeinError): void {
    this.#timer?.cancel()
    this.#options.onBegin()
    this.#request = { argv: [] } // Somebody may hold this for long.
    this.#answer(errorEnding(reason))
  }

  #answer(ending: Ending): void {
    this.#status = 'answered'
    this.#ending = ending
    this.#input.close()
    this.#wake()
    const asked = this.#asked
    if (asked === undefined) return
    this.#asked = undefined
    this.#leaveReader()
    if ('exit' in ending) asked.resolve({ done: true, value: ending.exit })
    else asked.reject(new SkeinError(ending.error, ending.message))
  }

  /** The reader has all that it will get. */
  #leaveReader(): void {
    if (this.#isRead) return
    this.#isRead = true
    this.#asked = undefined
    this.#wake()
    if (this.#status === 'answered') this.#request = { argv: [] }
    void this.#work.then(this.#options.onOver)
  }

  #createIo(): CommandIo {
    return {
      stdin: this.#input,
      out: (chunk) => this.#print('out', chunk),
      err: (chunk) => this.#print('err', chunk),
      drained: () => this.#drained(),
    }
  }

  #print(kind: 'out' | 'err', chunk: string | Uint8Array): boolean {
    if (this.#status !== 'running' || this.#isRead) return true
    const bytes = typeof chunk === 'string' ? utf8.encode(chunk) : chunk
    for (let at = 0; at < bytes.length; at += maxChunkBytes) {
      const slice = bytes.subarray(at, at + maxChunkBytes)
      this.#give(kind === 'out' ? { out: slice } : { err: slice })
    }
    return this.#isWritable
  }

  #give(part: CommandPart): void {
    const asked = this.#asked
    if (asked === undefined) {
      this.#parts.push(part)
      this.#waitingBytes += costOf(part)
    } else {
      this.#asked = undefined
      asked.resolve({ done: false, value: part })
    }
  }

  get #isWritable(): boolean {
    return this.#waitingBytes < maxWaitingOutputBytes || this.#isRead
  }

  #drained(): Promise<void> {
    if (this.#isWritable || this.#status !== 'running') return Promise.resolve()
    return new Promise((resolve) => this.#wakeWriters.push(resolve))
  }

  #wake(): void {
    const wake = this.#wakeWriters
    if (wake.length === 0) return
    this.#wakeWriters = []
    for (const each of wake) each()
  }

  /** Says again and again that the command runs; not while the reader takes nothing. */
  #armAlive(): void {
    this.#timer = this.#options.clock.after(this.#options.limits.aliveIntervalMs, () => {
      if (this.#asked !== undefined) this.#give({ alive: true })
      this.#armAlive()
    })
  }

  #violate(rule: string): void {
    const { log, subject } = this.#options
    log.warn({ peer: subject.name, rule }, 'a peer broke the rules of commands')
    this.#stop.abort(new SkeinError('VIOLATION', rule))
  }
}

const utf8 = new TextEncoder()

/** What a part takes in memory, about, in bytes: so that tiny ones count too. */
function costOf(part: CommandPart): number {
  if ('out' in part) return part.out.length + partCostBytes
  return 'err' in part ? part.err.length + partCostBytes : partCostBytes
}

/** What a request takes in memory, about, in bytes. */
export function sizeOf(request: CommandRequest): number {
  return request.argv.reduce((sum, word) => sum + word.length, 0)
}
