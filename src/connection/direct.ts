/**
 * A connection between a node and its owner's own programs, over a `local` path: the same frames and
 * streams as between peers. It lives and dies with its one path. What proves the right to be here is a
 * token in HELLO's pass, which only the owner of the node can read; over a WebSocket also a ticket that
 * stands for it once, for which WELCOME's pass brings the token.
 */
import { SkeinError } from '../base/errors.ts'
import { Connection } from './connection.ts'
import { awaitHello, sayHello } from './handshake.ts'
import { protocolVersions, writeRefusal, writeWelcome } from './messages.ts'
import { defaultConnectionOptions } from './options.ts'
import type { Clock } from '../base/clock.ts'
import type { Path } from '../transport/contract.ts'
import type { Stream } from './contract.ts'
import type { ConnectionOptions } from './options.ts'

/** Either end of a direct connection. */
export interface DirectSetup {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Serves streams that the other side opens; false for a protocol that nobody speaks. */
  readonly onStream?: (stream: Stream, connection: Connection) => boolean
  readonly onClose?: (error: SkeinError) => void
  /** The other side broke a rule; the connection closes right after. */
  readonly onViolation?: (rule: string) => void
}

/** The end of a program or a page. */
export interface JoinSetup extends DirectSetup {
  readonly token: Uint8Array
  /** The token was a ticket: what to show from now on. */
  readonly onGrant?: (token: Uint8Array) => void
}

/** The node's end. */
export interface AcceptSetup extends DirectSetup {
  readonly gate: Gate
}

/** Judges the pass of a HELLO: why not, for people; or yes, and perhaps what to show in its place. */
export type Gate = (
  pass: Uint8Array | undefined,
) => { readonly refusal: string } | { readonly grant?: Uint8Array }

const admitted: ReturnType<Gate> = {}

/** Lets in whoever has the token, and tells others so. */
export function tokenGate(token: Uint8Array, refusal: string): Gate {
  return (pass) => {
    return isSameToken(pass, token) ? admitted : { refusal }
  }
}

const options: ConnectionOptions = { ...defaultConnectionOptions, resumeWindowMs: 0 }

const introduction = {
  incarnation: 1,
  received: 0,
  windowBytes: options.initialWindowBytes,
  label: '',
  addresses: [],
}

/**
 * Joins a node as its owner.
 *
 * @throws {SkeinError} `DENIED` the token is another one; `HANDSHAKE_FAILED`; `TIMED_OUT`.
 */
export async function joinDirect(path: Path, setup: JoinSetup): Promise<Connection> {
  const { clock, timeoutMs, token } = setup
  const hello = {
    ...introduction,
    versions: protocolVersions,
    peerIncarnation: 0,
    epoch: 0,
    highestEpoch: 0,
    pass: token,
  }
  const { message: welcome, rest } = await sayHello(path, hello, { clock, timeoutMs })
  if (welcome.pass !== undefined) setup.onGrant?.(welcome.pass)
  const connection = makeConnection(setup, { isLower: true, windowBytes: welcome.windowBytes })
  connection.attach(path, { peerReceived: 0, toldReceived: 0 }, rest)
  return connection
}

/**
 * Lets the owner in, or refuses.
 *
 * @throws {SkeinError} `DENIED` the token is another one; `VIOLATION`, `TIMED_OUT`: no proper HELLO.
 */
export async function acceptDirect(path: Path, setup: AcceptSetup): Promise<Connection> {
  const { clock, timeoutMs, gate } = setup
  const { message: hello, rest } = await awaitHello(path, { clock, timeoutMs })
  const verdict = gate(hello.pass)
  if ('refusal' in verdict) {
    path.write(writeRefusal({ code: 'DENIED', rule: 'token', message: verdict.refusal }))
    path.close()
    throw new SkeinError('DENIED', verdict.refusal)
  }
  const { grant } = verdict
  const pass = grant === undefined ? {} : { pass: grant }
  path.write(writeWelcome({ ...introduction, ...pass, version: 1, epoch: 1 }))
  const connection = makeConnection(setup, { isLower: false, windowBytes: hello.windowBytes })
  connection.attach(path, { peerReceived: 0, toldReceived: 0 }, rest)
  return connection
}

function makeConnection(
  setup: DirectSetup,
  { isLower, windowBytes }: { readonly isLower: boolean; readonly windowBytes: number },
): Connection {
  const { clock, onStream, onClose, onViolation } = setup
  const connection: Connection = new Connection({
    epoch: 1,
    isLower,
    peerWindowBytes: windowBytes,
    clock,
    options,
    handler: {
      onStream: (stream) => onStream?.(stream, connection) ?? false,
      onPathAttached: ignore,
      onPathLost: ignore,
      onDoubt: ignore,
      onWait: ignore,
      onRtt: ignore,
      onViolation: (rule) => onViolation?.(rule),
      onClose: (error) => onClose?.(error),
    },
  })
  return connection
}

function ignore(): void {
  // One path, on this machine: there is nothing to tell of it.
}

/** Compares without telling by its duration where the first difference is. */
function isSameToken(given: Uint8Array | undefined, token: Uint8Array): boolean {
  if (given?.length !== token.length) return false
  let difference = 0
  for (const [index, byte] of token.entries()) difference |= byte ^ (given[index] ?? 0)
  return difference === 0
}
