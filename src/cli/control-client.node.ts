/** The command line's end of the control channel. */
import { systemClock } from '../base/clock.ts'
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { commandsName } from '../command/messages.ts'
import { requestCommand } from '../command/request.ts'
import { joinDirect } from '../connection/direct.ts'
import { AskingSession } from '../remote/asking.ts'
import { localAddress, localTransport } from '../transport/local.node.ts'
import { startAdvice } from './find-node.node.ts'
import type { CommandRequest } from '../command/messages.ts'
import type { AskForCommand, RequestOptions } from '../command/request.ts'
import type { Connection } from '../connection/connection.ts'
import type { Place } from './find-node.node.ts'

const patienceMs = 5_000 // A node on this machine answers at once, or hangs.

/** The failure of a node whose process is there and does not answer. */
function silent({ profile, pid }: Place, timeoutMs: number, cause: SkeinError): SkeinError {
  const text = `the node of profile '${profile}' did not answer within ${timeoutMs / 1_000} s`
  const isLong = timeoutMs >= patienceMs
  const advice = isLong
    ? `process ${pid} is busy, stopped or hangs; kill -9 ${pid} would end it`
    : 'give it more with --timeout'
  return new SkeinError('TIMED_OUT', `${text}; ${advice}`, { cause })
}

/** A running node, as its owner's programs see it. */
export class ControlClient {
  readonly #connection: Connection
  readonly #session: AskingSession
  readonly #profile: string
  /** Resolves when the node closed the channel. */
  readonly closed: Promise<void>

  private constructor(
    connection: Connection,
    session: AskingSession,
    { closed, profile }: { readonly closed: Promise<void>; readonly profile: string },
  ) {
    this.#connection = connection
    this.#session = session
    this.#profile = profile
    this.closed = closed
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
    const session = new AskingSession()
    session.find(commandsName) // While the node answers; it leaves when there is a connection.
    const path = await dialling.catch((thrown: unknown) => {
      const cause = toSkeinError(thrown)
      if (cause.code === 'TIMED_OUT') throw silent(place, timeoutMs, cause)
      const text = `the node of profile '${place.profile}' has died: ${cause.message}`
      const advice = startAdvice(place.profile)
      throw new SkeinError('NODE_NOT_RUNNING', `${text}; ${advice}`, { cause })
    })
    let onClose: () => void = () => undefined
    const closed = new Promise<void>((resolve) => {
      onClose = resolve
    })
    const onStream = session.accept.bind(session)
    const setup = { clock: systemClock, timeoutMs, token: place.token, onClose, onStream }
    const connection = await joinDirect(path, setup).catch((thrown: unknown) => {
      const cause = toSkeinError(thrown)
      if (cause.code === 'TIMED_OUT') throw silent(place, timeoutMs, cause)
      throw cause
    })
    session.attach(connection)
    return new ControlClient(connection, session, { closed, profile: place.profile })
  }

  /** Runs a command on the node, or with `to` on one of its peers. Returns the exit code. */
  async run(request: CommandRequest, options: Omit<RequestOptions, 'clock'>): Promise<number> {
    const relayed = request.to === undefined ? {} : { silenceMs: Number.POSITIVE_INFINITY }
    const setup = { clock: systemClock, name: 'the node', ...relayed, ...options }
    const { exit } = await requestCommand(this.#ask, request, setup).catch((thrown: unknown) => {
      const cause = toSkeinError(thrown)
      const isGone = cause.code === 'CONNECTION_CLOSED' && this.#connection.state === 'closed'
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
    this.#connection.close('CONNECTION_CLOSED', 'done')
  }
}
