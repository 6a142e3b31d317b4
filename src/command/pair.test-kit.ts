/** Object layers joined in memory, and a clock that moves when told: doubles for tests. */
import type { Clock, Timer } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { seededRandom } from '../base/random.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import { SkeinError, type ErrorCode } from '../base/errors.ts'
import type { Stream, StreamHandler } from '../connection/contract.ts'
import type { BuiltIns } from '../remote/built-in.ts'
import { AskingSession } from '../remote/asking.ts'
import { programObjects, theNode } from '../remote/direct.ts'
import type { Remote } from '../remote/remote-type.ts'
import { ObjectService } from '../remote/service.ts'
import type { ObjectConnection } from '../remote/connection.ts'
import { askBy } from './ask.ts'
import { commandsName, type Commands } from './messages.ts'
import type { AskForCommand } from './request.ts'

const windowBytes = 64 * 2 ** 10

/** One end. Bytes reach the other in a later microtask, and wait there while it does not read. */
class PairedStream implements Stream {
  readonly id = 1
  readonly protocol: string
  isClosed = false
  isBackground = false
  /** Bytes that were handed to this end's handler. */
  deliveredBytes = 0
  other!: PairedStream
  #handler: StreamHandler | undefined
  #inbox: Uint8Array[] = []
  #inboxBytes = 0
  #isReading = true
  #isEnded = false
  #isEndDelivered = false
  #owesDrain = false
  #closeError: SkeinError | undefined

  constructor(protocol: string) {
    this.protocol = protocol
  }

  bind(handler: StreamHandler): void {
    this.#handler = handler
    if (this.isClosed) handler.onClose(this.#closeError)
    else queueMicrotask(() => this.#pump())
  }

  write(bytes: Uint8Array): boolean {
    if (this.isClosed || this.#isEnded) return true
    const { other } = this
    other.#inbox.push(bytes)
    other.#inboxBytes += bytes.length
    queueMicrotask(() => other.#pump())
    this.#owesDrain = other.#inboxBytes > windowBytes
    return !this.#owesDrain
  }

  end(): void {
    if (this.isClosed || this.#isEnded) return
    this.#isEnded = true
    queueMicrotask(() => this.other.#pump())
  }

  reset(code: ErrorCode, message: string): void {
    this.break(new SkeinError(code, message))
  }

  setReading(isReading: boolean): void {
    this.#isReading = isReading
    if (isReading) queueMicrotask(() => this.#pump())
  }

  /** Ends it here, as a lost connection does at both ends. */
  lose(error: SkeinError): void {
    this.#close(error)
  }

  /** Closes both ends. */
  break(error: SkeinError): void {
    this.#close(error)
    queueMicrotask(() => this.other.#close(error))
  }

  #pump(): void {
    while (this.#isReading && !this.isClosed && this.#handler !== undefined) {
      const bytes = this.#inbox.shift()
      if (bytes === undefined) break
      this.#inboxBytes -= bytes.length
      this.deliveredBytes += bytes.length
      this.#handler.onData(bytes)
      if (this.other.#owesDrain && this.#inboxBytes <= windowBytes / 2) this.other.#drain()
    }
    const isRead = this.#inbox.length === 0 && this.#isReading && this.#handler !== undefined
    if (!isRead || this.isClosed || !this.other.#isEnded || this.#isEndDelivered) return
    this.#isEndDelivered = true
    this.#handler?.onEnd()
    if (!this.#isEnded || !this.other.#isEndDelivered) return
    this.#close(undefined)
    this.other.#close(undefined)
  }

  #drain(): void {
    this.#owesDrain = false
    this.#handler?.onDrain()
  }

  #close(error: SkeinError | undefined): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#closeError = error
    this.#handler?.onClose(error)
  }
}

/** Two ends of one stream. */
function createStreamPair(protocol: string): [PairedStream, PairedStream] {
  const one = new PairedStream(protocol)
  const two = new PairedStream(protocol)
  one.other = two
  two.other = one
  return [one, two]
}

/** Commands of a node, as a peer or a program of its owner's has them. */
export interface Joined {
  readonly commands: Remote<Commands>
  /** Asks for a command the way that was wanted. */
  readonly ask: AskForCommand
  /** Bytes that the program's end was handed so far. */
  readonly receivedBytes: number
  /** Stops and goes on taking bytes at the program's end. */
  setReading(isReading: boolean): void
  /** Ends what both share, as a lost connection does. */
  break(error: SkeinError): void
}

/** By which part of the object layer a caller asks. */
export const ways = ['by proxies', 'by an asking session'] as const

/** How somebody joins. */
export interface JoinSetup {
  readonly clock: Clock
  /** Who it is: a program of the owner's where it has no ID. */
  readonly subject: Subject
  readonly way?: (typeof ways)[number]
}

/** Joins somebody to a node. */
export function join(node: ObjectService, { clock, subject, way }: JoinSetup): Joined {
  const asking = new AskingSession()
  const program = programObjects({
    clock,
    random: seededRandom(1),
    reach: () => Promise.resolve(near),
  })
  const [sent, received]: PairedStream[][] = [[], []]
  let isReading = true
  const near: ObjectConnection = {
    open(protocol) {
      const [one, other] = createStreamPair(protocol)
      sent?.push(one)
      if (subject.peerId === undefined) node.acceptDirect(other, far, subject)
      else node.accept(other, subject.peerId, far)
      return one
    },
  }
  const far: ObjectConnection = {
    open(protocol) {
      const [one, other] = createStreamPair(protocol)
      received?.push(other)
      other.setReading(isReading)
      if (way !== 'by an asking session') program.accept(other, theNode, near)
      else asking.accept(other)
      return one
    },
  }
  if (way === 'by an asking session') asking.attach(near)
  const commands = program.object(theNode, { name: commandsName }) as Remote<Commands>
  const askBySession: AskForCommand = (request, input) =>
    asking.iterate(commandsName, 'run', input === undefined ? [request] : [request, input])
  return {
    commands,
    ask: way === 'by an asking session' ? askBySession : askBy(commands),
    get receivedBytes() {
      return (received ?? []).reduce((sum, { deliveredBytes }) => sum + deliveredBytes, 0)
    },
    setReading(wanted) {
      isReading = wanted
      received?.forEach((stream) => stream.setReading(wanted))
    },
    break(error) {
      const ends = [...(sent ?? []), ...(received ?? [])]
      // The node's own end of each, then the program's: no side's goodbye comes first.
      for (const end of sent ?? []) end.other.lose(error)
      for (const end of ends) end.lose(error)
      for (const end of received ?? []) end.other.lose(error)
    },
  }
}

/** An object layer that has just `commands`, made for each session. */
export function serveCommands(
  clock: Clock,
  make: BuiltIns[string],
  subject: (peer: PeerId) => Subject,
): ObjectService {
  return new ObjectService({
    self: 'n'.repeat(52) as PeerId,
    ...{ clock, random: seededRandom(2), log: silentLog, subject },
    reach: () => Promise.reject(new RangeError('a node dials nobody here')),
    builtIns: { [commandsName]: make },
  })
}

/** A clock that stands until it is moved. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<{ readonly dueMs: number; readonly run: () => void }>()

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size
  }

  nowMs = (): number => this.#nowMs
  nowMicros = (): number => this.#nowMs * 1_000
  unixMs = (): number => this.#nowMs
  lateMs = (): number => 0

  after(delayMs: number, run: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, run }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  /** Moves on while the process sleeps: what was due comes late. */
  sleep(ms: number): void {
    this.#nowMs += ms
  }

  /** Moves on, timer by timer, and lets what each one sets off settle. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    for (;;) {
      await settle()
      const [next] = [...this.#timers].toSorted((one, other) => one.dueMs - other.dueMs)
      if (next === undefined || next.dueMs > endMs) break
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.run()
    }
    this.#nowMs = endMs
    await settle()
  }
}

/** Lets everything that is already under way in memory come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
