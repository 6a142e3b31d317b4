/** A command service, and callers that say what they like: a bench for tests. */
import type { SkeinError } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import type { ObjectService } from '../remote/service.ts'
import { echo } from './builtin.ts'
import type { CommandContext, CommandResult } from './command.ts'
import type { CommandRequest } from './messages.ts'
import type { CommandLimits } from './options.ts'
import { CommandRegistry } from './registry.ts'
import type { Relay } from './runner.ts'
import type { RunReport } from './report.ts'
import { CommandService } from './service.ts'
import { join, ManualClock, serveCommands, settle, type Joined } from './pair.test-kit.ts'

/** A peer that is known. */
export const bob: Subject = {
  name: 'bob',
  peerId: 'b'.repeat(52) as PeerId,
  roles: new Set(['anyone', 'known']),
}
const utf8 = new TextDecoder()

/** Who asks, and how. */
export interface OpenOptions {
  readonly subject?: Subject
  /** False: what comes of the command is not taken, until `read`. */
  readonly isReading?: boolean
}

/** A service with callers that say what they like. */
export class Bench {
  readonly registry = new CommandRegistry()
  readonly clock = new ManualClock()
  readonly reports: RunReport[] = []
  readonly service: CommandService
  readonly node: ObjectService
  readonly #subjects: Subject[] = []
  readonly #joined = new Map<Subject, Joined>()

  constructor(limits: Partial<CommandLimits> = {}, relay?: Relay) {
    const { registry, clock } = this
    const onRun = (report: RunReport): void => void this.reports.push(report)
    this.service = new CommandService({ registry, clock, log: silentLog, limits, relay, onRun })
    this.node = serveCommands(
      clock,
      (session) => this.service.builtIn(session),
      (peer) => this.#subjects.find(({ peerId }) => peerId === peer) ?? bob,
    )
    registry.add('echo', echo)
  }

  command(name: string, run: (context: CommandContext) => CommandResult | Promise<CommandResult>) {
    this.registry.add(name, { summary: name, run })
  }

  /** Somebody's session with the node. */
  session(subject: Subject = bob): Joined {
    const known = this.#joined.get(subject)
    if (known !== undefined) return known
    this.#subjects.push(subject)
    const joined = join(this.node, { clock: this.clock, subject })
    this.#joined.set(subject, joined)
    return joined
  }

  /** A caller of one command. */
  open({ subject, isReading = true }: OpenOptions = {}): RawCaller {
    return new RawCaller(this.session(subject), isReading)
  }

  /** Asks for a command without input, and gives all that came back. */
  async ask(argv: unknown, options: OpenOptions = {}): Promise<unknown[]> {
    const caller = this.open(options)
    caller.send({ argv })
    await settle()
    return caller.answers
  }
}

/** Asks for one command, with what it likes, and keeps what comes back. */
export class RawCaller {
  readonly session: Joined
  /** Parts, and at the end `{exit}` or `{error, message}`. */
  readonly answers: unknown[] = []
  #parts: AsyncIterator<unknown, unknown> | undefined
  #isReading: boolean

  constructor(session: Joined, isReading: boolean) {
    this.session = session
    this.#isReading = isReading
  }

  send(request: unknown, input?: unknown): void {
    const { commands } = this.session
    const asked = request as CommandRequest
    const running =
      input === undefined
        ? commands.run(asked)
        : commands.run(asked, input as AsyncIterable<Uint8Array>)
    this.#parts = running[Symbol.asyncIterator]()
    if (this.#isReading) void this.#read()
  }

  /** Takes what comes from now on. */
  read(): void {
    this.#isReading = true
    void this.#read()
  }

  /** Takes the command back. */
  leave(): void {
    void this.#parts?.return?.()
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const next = await this.#parts?.next()
        if (next === undefined) return
        if (next.done === true) return void this.answers.push({ exit: next.value })
        this.answers.push(readable(next.value))
      }
    } catch (thrown) {
      const { code, message } = thrown as SkeinError
      this.answers.push({ error: code, message })
    }
  }
}

/** Chunks as text, for tests to compare. */
function readable(message: unknown): unknown {
  const chunks = Object.entries(message as Record<string, unknown>)
  return Object.fromEntries(
    chunks.map(([key, value]) => [key, value instanceof Uint8Array ? utf8.decode(value) : value]),
  )
}

/** Input of so many chunks, and how many of them were taken. */
export class Chunks implements AsyncIterable<unknown> {
  taken = 0
  isReturned = false
  readonly #count: number
  readonly chunk: unknown

  constructor(count: number, chunk: unknown) {
    this.#count = count
    this.chunk = chunk
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    try {
      for (; this.taken < this.#count; this.taken++) yield this.chunk
    } finally {
      this.isReturned = true
    }
  }
}

/** A command that runs until it is told to stop. */
export function untilStopped({ signal }: CommandContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}
