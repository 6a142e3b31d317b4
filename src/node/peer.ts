/** Another node, as a program sees it. A handle: it costs nothing and works before the peer is met. */
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { isPeerId } from '../base/peer-id.ts'
import { owner } from '../base/policy.ts'
import { commandsName } from '../command/messages.ts'
import { askBy } from '../command/ask.ts'
import { requestCommand } from '../command/request.ts'
import { runCommand } from '../command/runner.ts'
import { splitLine } from '../command/split.ts'
import { checkRun } from './check-run.ts'
import { lossOf, runWhenBack, watchLeaving } from './lost-request.ts'
import { checkTold, tell, tellProtocol } from './typed-messages.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Connection } from '../connection/connection.ts'
import type { Priority, Stream } from '../connection/contract.ts'
import type { CommandRegistry } from '../command/registry.ts'
import type { CommandRequest, Commands } from '../command/messages.ts'
import type { OutputHandler } from '../command/request.ts'
import type { CommandTracer } from '../command/tracing.ts'
import type { CallOptions } from '../remote/reference.ts'
import type { Remote } from '../remote/remote-type.ts'
import type { ObjectInfo, ObjectService } from '../remote/service.ts'

/** A peer as it is now. A snapshot: it does not change. */
export interface PeerInfo {
  readonly id: PeerId
  /** Stays with the peer for the life of the process. */
  readonly index: number
  /** Its label where it has a right to it, else one that nobody else has. */
  readonly name: string
  /** Where it is, as people see it: `127.0.0.1:14595`. */
  readonly address: string
  readonly state: 'open' | 'suspended' | 'closed'
  /** How long it has been suspended, ms; 0 otherwise. */
  readonly suspendedMs: number
  /** Smoothed round-trip time of the path in use, µs; absent before the first answer. */
  readonly rttMicros?: number
  /** The paths that are attached, the one in use first. */
  readonly paths: readonly PathInfo[]
  /** Why the first of them is in use. */
  readonly pathReason: string
  /** True where this node dialled first. */
  readonly isOutbound: boolean
  /** Roles that the peer has here. */
  readonly roles: readonly string[]
}

/** A path as it is now. */
export interface PathInfo {
  /** What it is made of: `tls`, `memory`. */
  readonly kind: string
  readonly address: string
  readonly rttMicros?: number
  /** True while it does not answer in time. */
  readonly isDoubtful: boolean
}

/** How to run a command on a peer. */
export interface RunOptions {
  /** Takes the command back: the far side ends it. */
  readonly signal?: AbortSignal | undefined
  /**
   * Hard limit that counts everything, ms. Beside it, 10 s of silence on a living connection end the
   * wait.
   */
  readonly timeoutMs?: number | undefined
  /**
   * Give up when the connection was suspended for this long, ms, before the peer first answered. For
   * ever where absent: then a suspension is nothing but a pause, which the connection's own limits end.
   */
  readonly patienceMs?: number | undefined
  /** What the command reads. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined
  /** Takes output as it comes; `text` stays empty then. */
  readonly onOut?: OutputHandler | undefined
  /** Takes errors as they come; `errorText` stays empty then. */
  readonly onErr?: OutputHandler | undefined
}

/** What a command left. */
export interface RunResult {
  /** What it printed, without the line break at the end. */
  readonly text: string
  /** What it printed to standard error. */
  readonly errorText: string
  /** 0 to 255. */
  readonly exit: number
}

/** What a handle asks of its node. */
export interface PeerHost {
  readonly clock: Clock
  readonly objects: ObjectService
  resolve(name: string): PeerId
  reach(id: PeerId, signal?: AbortSignal): Promise<Connection>
  nameOf(id: PeerId): string
  /** Why nobody expects a peer back; `undefined` where it is expected. */
  absenceOf(id: PeerId): string | undefined
}

/** Who is called. */
interface Called {
  readonly id: PeerId
  readonly name: string
}

const maxTextBytes = 16 * 2 ** 20 // Guess: larger output wants onOut.

/** See the file's head. */
export class Peer {
  /** The text that the peer was asked for by: index, label, ID or its start, part of the address. */
  readonly name: string
  readonly #host: PeerHost
  readonly #tracer: CommandTracer

  /** @internal Made by `node.peer(name)`. */
  constructor(host: PeerHost, name: string, tracer: CommandTracer) {
    this.#host = host
    this.#tracer = tracer
    this.name = name
  }

  /**
   * The peer's ID.
   *
   * @throws {SkeinError} `PEER_UNKNOWN` nobody of that name was met; `LABEL_AMBIGUOUS` several.
   */
  get id(): PeerId {
    return this.#host.resolve(this.name)
  }

  /**
   * Runs a command on the peer and waits for its end, dialling first if needed.
   *
   * Exactly once while the connection lives, also across outages; if the connection is lost it fails,
   * and the command may have run.
   *
   * @param command - An alias, program or processor that the peer lets us use, as a line that is split
   *   like a shell's, or as words.
   * @returns What it printed and its exit code; a code other than 0 is no error.
   * @throws {SkeinError} `PEER_UNKNOWN` no such peer or address; `DIAL_FAILED` none answered.
   * @throws {SkeinError} `UNKNOWN_COMMAND`; `DENIED` the peer's policy refuses, naming the rule.
   * @throws {SkeinError} `TIMED_OUT` no answer in time; the command may have run.
   * @example
   * const { text } = await node.peer('bob').run('calc 1+2', { timeoutMs: 2_000 }) // "3"
   */
  async run(command: string | readonly string[], options: RunOptions = {}): Promise<RunResult> {
    checkRun(command, options)
    const argv = typeof command === 'string' ? splitLine(command) : command
    const id = this.id
    const name = this.#host.nameOf(id)
    const trace = this.#tracer.asks(argv, { id, name })
    const traceparent = trace === undefined ? {} : { traceparent: trace.traceparent }
    try {
      const result = await this.#run({ argv, ...traceparent }, { ...options, id, name })
      trace?.end({ exit: result.exit })
      return result
    } catch (thrown) {
      const { code, message } = toSkeinError(thrown)
      trace?.end({ error: code, message })
      throw thrown
    }
  }

  async #run(request: CommandRequest, options: RunOptions & Called): Promise<RunResult> {
    const connection = await this.#host.reach(options.id, options.signal)
    if (connection.canSend) return this.#runOn(connection, request, options)
    return runWhenBack(options, this.#host.clock, async (attempt) => {
      const reached = await this.#host.reach(options.id, options.signal)
      return this.#runOn(reached, request, { ...options, ...attempt })
    })
  }

  async #runOn(
    connection: Connection,
    request: CommandRequest,
    { id, name, timeoutMs, signal, stdin, ...options }: RunOptions & Called,
  ): Promise<RunResult> {
    const out = new TextCollector()
    const err = new TextCollector()
    const commands = this.#host.objects.object(id, { name: commandsName }) as Remote<Commands>
    const limits = timeoutMs === undefined ? {} : { timeoutMs }
    const canHaveLeft = watchLeaving(connection)
    const { exit } = await requestCommand(
      askBy(commands),
      { ...request, ...limits },
      {
        clock: this.#host.clock,
        name,
        signal,
        stdin,
        onOut: options.onOut ?? ((chunk) => out.add(chunk)),
        onErr: options.onErr ?? ((chunk) => err.add(chunk)),
        isSuspended: () => connection.state !== 'open' || connection.isDoubtful,
        patienceMs: options.patienceMs,
        absence: () => this.#host.absenceOf(id),
        canHaveLeft,
      },
    ).catch((thrown: unknown) => {
      throw connection.state === 'closed' ? lossOf(thrown, canHaveLeft()) : thrown
    })
    return { text: out.text, errorText: err.text, exit }
  }

  /**
   * Tells the peer something, now: it is up, or this fails. What it handles with `node.handle(type, …)`.
   *
   * @returns Whether anything there handles that type; otherwise it was ignored.
   * @throws {SkeinError} As {@link run}; `LIMIT_EXCEEDED` the body is over 64 KiB, or too many at once.
   */
  async tell(
    type: string,
    body?: unknown,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<boolean> {
    checkTold(type, body)
    const { clock } = this.#host
    const connection = await this.#host.reach(this.id, options.signal)
    const setup = { clock, name: this.#host.nameOf(this.id), timeoutMs: options.timeoutMs }
    return tell(connection.open(tellProtocol), { type, body }, setup)
  }

  /**
   * A proxy of an object that the peer exposes. Costs nothing: its first use dials and asks for it, and
   * so does the first after the peer was started again.
   *
   * Calls on one object run in the order in which they are made, exactly once while the connection
   * lives, also across outages; if the connection is lost they fail, and may have run.
   *
   * @param options - `timeoutMs` and `signal` hold for each call through this proxy; none by default.
   * @throws {SkeinError} (from each use) as {@link run}; `UNKNOWN_OBJECT`, `UNKNOWN_MEMBER`, `DENIED`;
   *   and what the method throws, as the same kind of error.
   * @example
   * const counter = node.peer('bob').object<Counter>('counter')
   * await counter.add(5)
   * for await (const n of counter.watch()) console.log(n)
   */
  object<T>(name: string, options?: CallOptions): Remote<T> {
    const { objects } = this.#host
    const peer = isPeerId(this.name) ? this.name : () => this.id
    return objects.object(peer, { name, options }) as Remote<T>
  }

  /** What the peer exposes to this node, in the order of the names. */
  async exposed(options?: CallOptions): Promise<readonly ObjectInfo[]> {
    return this.#host.objects.list(this.id, options)
  }

  /**
   * Opens a stream to the peer, dialling first if needed. It survives the loss of paths.
   *
   * @throws {SkeinError} As {@link run}. A protocol that the peer does not speak closes the stream
   *   with `PROTOCOL_UNKNOWN`.
   */
  async open(protocol: string, options: { readonly priority?: Priority } = {}): Promise<Stream> {
    const connection = await this.#host.reach(this.id)
    return connection.open(protocol, options)
  }
}

/** Runs a command on this very node, as its owner. */
export async function runHere(
  command: string | readonly string[],
  options: RunOptions,
  { clock, registry }: { readonly clock: Clock; readonly registry: CommandRegistry },
): Promise<RunResult> {
  checkRun(command, options)
  const argv = typeof command === 'string' ? splitLine(command) : command
  const [out, err] = [new TextCollector(), new TextCollector()]
  const { timeoutMs, signal, stdin = noInput() } = options
  const stop = new AbortController()
  let taken: Promise<void> = Promise.resolve()
  const giveUp = (thrown: unknown): void => stop.abort(toSkeinError(thrown, 'CANCELLED'))
  const write = (collector: TextCollector, handler: OutputHandler | undefined) => {
    return (chunk: string | Uint8Array): boolean => {
      const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
      try {
        const taking = handler === undefined ? collector.add(bytes) : handler(bytes)
        if (taking === undefined) return true
        taken = Promise.all([taken, taking]).then(ignore, giveUp)
      } catch (thrown) {
        giveUp(thrown)
      }
      return false
    }
  }
  const { ending } = runCommand(timeoutMs === undefined ? { argv } : { argv, timeoutMs }, {
    registry,
    clock,
    subject: owner,
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    io: {
      stdin,
      out: write(out, options.onOut),
      err: write(err, options.onErr),
      drained: () => taken,
    },
  })
  const end = await ending
  if ('error' in end) throw new SkeinError(end.error, end.message)
  return { text: out.text, errorText: err.text, exit: end.exit }
}

function ignore(): void {
  // It was taken.
}

async function* noInput(): AsyncGenerator<Uint8Array> {
  // Nothing is typed for it.
}

class TextCollector {
  readonly #decoder = new TextDecoder()
  #text = ''
  #bytes = 0

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    if (this.#bytes > maxTextBytes) {
      const text = `the command printed more than ${maxTextBytes} bytes; take its output with onOut`
      throw new SkeinError('LIMIT_EXCEEDED', text)
    }
    this.#text += this.#decoder.decode(chunk, { stream: true })
  }

  get text(): string {
    return this.#text.replace(/\r?\n$/, '')
  }
}
