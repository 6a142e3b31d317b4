/** A command service, and a caller that says what it likes: a bench for tests. */
import type { SkeinError } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import { MessageStream } from '../connection/message-stream.ts'
import { echo } from './builtin.ts'
import type { CommandContext, CommandResult } from './command.ts'
import type { CommandLimits } from './options.ts'
import { CommandRegistry } from './registry.ts'
import { CommandService, type RunReport, type ServeOptions } from './service.ts'
import { createStreamPair, ManualClock, settle, type PairedStream } from './stream-pair.test-kit.ts'

/** A peer that is known. */
export const bob: Subject = {
  name: 'bob',
  peerId: 'b'.repeat(52) as PeerId,
  roles: new Set(['anyone', 'known']),
}
const utf8 = new TextDecoder()

/** A service with a caller that says what it likes, message by message. */
export class Bench {
  readonly registry = new CommandRegistry()
  readonly clock = new ManualClock()
  readonly reports: RunReport[] = []
  readonly service: CommandService

  constructor(limits: Partial<CommandLimits> = {}) {
    const { registry, clock } = this
    const onRun = (report: RunReport): void => void this.reports.push(report)
    this.service = new CommandService({ registry, clock, log: silentLog, limits, onRun })
    registry.add('echo', echo)
  }

  command(name: string, run: (context: CommandContext) => CommandResult | Promise<CommandResult>) {
    this.registry.add(name, { summary: name, run })
  }

  /** Opens a stream to the service. */
  open(options: Partial<ServeOptions> = {}): RawCaller {
    const [near, far] = createStreamPair()
    this.service.serve(far, { subject: bob, ...options })
    return new RawCaller(near, far)
  }

  /** Sends a request without input, and gives all that came back. */
  async ask(argv: unknown, options: Partial<ServeOptions> = {}): Promise<unknown[]> {
    const caller = this.open(options)
    caller.send({ argv })
    caller.near.end()
    await settle()
    return caller.answers
  }
}

/** The caller's end of one stream: sends what it likes, keeps what comes back. */
export class RawCaller {
  readonly near: PairedStream
  readonly far: PairedStream
  readonly answers: unknown[] = []
  isEnded = false
  closeError: SkeinError | undefined
  readonly #messages: MessageStream

  constructor(end: PairedStream, far: PairedStream) {
    this.near = end
    this.far = far
    this.#messages = new MessageStream(end)
    this.#messages.bind({
      onMessage: (message) => void this.answers.push(readable(message)),
      onEnd: () => void (this.isEnded = true),
      onDrain: () => undefined,
      onClose: (error) => void (this.closeError = error),
    })
  }

  send(message: unknown): boolean {
    return this.#messages.send(message)
  }
}

/** Chunks as text, for tests to compare. */
function readable(message: unknown): unknown {
  const chunks = Object.entries(message as Record<string, unknown>)
  return Object.fromEntries(
    chunks.map(([key, value]) => [key, value instanceof Uint8Array ? utf8.decode(value) : value]),
  )
}

/** A command that runs until it is told to stop. */
export function untilStopped({ signal }: CommandContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}
