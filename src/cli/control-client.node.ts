/** The command line's end of the control channel. */
import { systemClock } from '../base/clock.ts'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { commandsName } from '../command/messages.ts'
import { requestCommand } from '../command/request.ts'
import { joinDirect } from '../connection/direct.ts'
import { AskingSession } from '../remote/asking.ts'
import { localAddress, localPath, localTransport } from '../transport/local.node.ts'
import { startAdvice } from './find-node.node.ts'
import { isProcessAtWork, PatientClock, processState } from './patient-clock.node.ts'
import { HandedPath } from './quick/handed-path.ts'
import type { Socket } from 'node:net'
import type { CommandRequest } from '../command/messages.ts'
import type { AskForCommand, RequestOptions } from '../command/request.ts'
import type { Connection } from '../connection/connection.ts'
import type { Path } from '../transport/contract.ts'
import type { Place } from './find-node.node.ts'
import type { Begun } from './quick/handed-path.ts'

const patienceMs = 5_000 // A node on this machine that has a processor answers at once, or hangs.

/** The failure of a node whose process is there and does not answer. */
function silent({ profile, pid }: Place, timeoutMs: number, cause: SkeinError): SkeinError {
  const text = `the node of profile '${profile}' did not answer within ${timeoutMs / 1_000} s`
  const isLong = timeoutMs >= patienceMs
  const goOn = `kill -CONT ${pid} lets it go on`
  const advice =
    processState(pid) === 'T'
      ? `process ${pid} is stopped; ${goOn}`
      : isLong
        ? `process ${pid} is busy or stopped; see: ps -o stat= -p ${pid} (T is stopped: ${goOn})`
        : 'give it more with --timeout'
  return new SkeinError('TIMED_OUT', `${text}; ${advice}`, { cause })
}

/** The failure of a socket that this user may not use. */
function foreign({ profile, controlPath }: Place, cause: SkeinError): SkeinError {
  const text = `the node of profile '${profile}' cannot be asked: ${controlPath} belongs to another user`
  return new SkeinError('STORAGE_FAILED', `${text}; become that user`, { cause })
}

/** A conversation that has begun: one request was sent. */
export interface Handed extends Begun {
  readonly place: Place
  readonly socket: Socket
  /** Whether the node has ended it; the socket was not told so. */
  hasEnded(): boolean
}

/** A running node, as its owner's programs see it. */
export class ControlClient {
  readonly #session: AskingSession
  readonly #profile: string
  #connection: Connection | undefined
  #onClose: () => void = () => undefined
  /** Resolves when the node closed the channel. */
  readonly closed: Promise<void>

  private constructor(profile: string) {
    this.#profile = profile
    this.#session = new AskingSession()
    this.#session.find(commandsName) // While the node answers; it leaves when there is a connection.
    this.closed = new Promise<void>((resolve) => {
      this.#onClose = resolve
    })
  }

  /**
   * Connects to the node of a data folder.
   *
   * @param limitMs - Give up after this long, where that is less than five seconds.
   * @throws {SkeinError} `NODE_NOT_RUNNING` nobody is there; `TIMED_OUT` its process does not answer.
   */
  static async connect(place: Place, limitMs = patienceMs): Promise<ControlClient> {
    const timeoutMs = Math.min(limitMs, patienceMs)
    const dialling = localTransport.dial(localAddress(place.controlPath), { timeoutMs })
    const client = new ControlClient(place.profile) // Meanwhile.
    const path = await dialling.catch((thrown: unknown) => {
      const cause = toSkeinError(thrown)
      if (cause.code === 'TIMED_OUT') throw silent(place, timeoutMs, cause)
      const { code } = (cause.cause ?? {}) as NodeJS.ErrnoException
      if (code === 'EACCES' || code === 'EPERM') throw foreign(place, cause)
      const text = `the node of profile '${place.profile}' has died: ${cause.message}`
      const advice = startAdvice(place.profile)
      throw new SkeinError('NODE_NOT_RUNNING', `${text}; ${advice}`, { cause })
    })
    await client.#join(path, place, timeoutMs)
    return client
  }

  /**
   * Goes on with a conversation that has begun. Its one request must be made again in the same turn: it
   * was sent already, and the answer is on its way.
   */
  static takeOver(handed: Handed): ControlClient {
    const { place, socket } = handed
    const client = new ControlClient(place.profile)
    const path = new HandedPath(localPath(socket, localAddress(place.controlPath)), handed)
    if (handed.hasEnded()) socket.push(null)
    const joining = client.#join(path, place, patienceMs)
    joining.catch((thrown: unknown) => client.#session.fail(toSkeinError(thrown)))
    return client
  }

  async #join(path: Path, place: Place, timeoutMs: number): Promise<void> {
    const onStream = this.#session.accept.bind(this.#session)
    const onClose = this.#onClose
    const clock = new PatientClock(() => isProcessAtWork(place.pid))
    const setup = { clock, timeoutMs, token: place.token, onClose, onStream }
    const joining = joinDirect(path, setup).finally(() => clock.stop())
    this.#connection = await joining.catch((thrown: unknown) => {
      const cause = toSkeinError(thrown)
      if (cause.code === 'TIMED_OUT') throw silent(place, timeoutMs, cause)
      throw cause
    })
    this.#session.attach(this.#connection)
  }

  /** Runs a command on the node, or with `to` on one of its peers. Returns the exit code. */
  async run(request: CommandRequest, options: Omit<RequestOptions, 'clock'>): Promise<number> {
    const relayed = request.to === undefined ? {} : { silenceMs: Number.POSITIVE_INFINITY }
    const setup = { clock: systemClock, name: 'the node', ...relayed, ...options }
    const { exit } = await requestCommand(this.#ask, request, setup).catch((thrown: unknown) => {
      const cause = toSkeinError(thrown)
      const isGone = cause.code === 'CONNECTION_CLOSED' && this.#connection?.state === 'closed'
      if (!isGone) throw cause
      const text = `the node of profile '${this.#profile}' went away; the command may have run`
      throw new SkeinError('NODE_CLOSED', text, { cause })
    })
    return exit
  }

  readonly #ask: AskForCommand = (request, input) => {
    const args = input === undefined ? [request] : [request, input]
    return this.#session.iterate(commandsName, 'run', args)
  }

  /** Ends the channel; the node lives on. */
  close(): void {
    this.#connection?.close('CONNECTION_CLOSED', 'done')
  }
}
