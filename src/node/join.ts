/**
 * How a node becomes a member, and shows that it is one.
 *
 *   join/1    joiner ── {ticketId, code, label} ──▶ inviter
 *             joiner ◀── {pass, mine} ──            or the stream is reset with the reason
 *   pass/1    member ── pass ──▶ peer               on connections that are older than the pass
 *             node ── no bytes ──▶ peer             who has left its network has none any more
 *
 * On a connection that begins later, the pass travels in HELLO and WELCOME; towards the inviter, before
 * there is one, the proof of the ticket does.
 */
import { decode, encode } from '../codec/index.ts'
import { SkeinError } from '../base/errors.ts'
import { MessageStream } from '../connection/message-stream.ts'
import type { Connection } from '../connection/connection.ts'
import type { Stream } from '../connection/contract.ts'
import type { TicketProof } from './ticket.node.ts'

/** The names under which the streams are opened. */
export const joinProtocol = 'join/1'
export const passProtocol = 'pass/1'

/** What a joiner asks with. */
export interface JoinRequest extends TicketProof {
  /** What it likes to be called. */
  readonly label: string
}

/** What it gets: its pass, and the inviter's. */
export interface JoinAnswer {
  readonly pass: Uint8Array
  readonly mine: Uint8Array
}

const maxMessageBytes = 4_096 // Two passes fit.
const noPass = new Uint8Array()
const nothing = (): void => undefined

/** Writes a proof as it stands in HELLO. */
export function writeProof({ ticketId, code }: TicketProof): Uint8Array {
  return encode({ ticketId, code })
}

/** Reads it; `undefined` when it is none: a pass, say. */
export function readProof(bytes: Uint8Array): TicketProof | undefined {
  const decoded = decode(bytes)
  return decoded.ok ? toProof(decoded.value) : undefined
}

/** Asks the inviter for a pass. */
export function askForPass(
  connection: Connection,
  request: JoinRequest,
  signal: AbortSignal | undefined,
): Promise<JoinAnswer> {
  return new Promise((resolve, reject) => {
    const messages = new MessageStream(connection.open(joinProtocol), { maxMessageBytes })
    const { stream } = messages
    const onAbort = (): void => stream.reset('CANCELLED', 'the caller took the request back')
    signal?.addEventListener('abort', onAbort, { once: true })
    messages.bind({
      onMessage(value) {
        const { pass, mine } = value as Partial<Record<keyof JoinAnswer, unknown>>
        if (pass instanceof Uint8Array && mine instanceof Uint8Array) resolve({ pass, mine })
        else stream.reset('VIOLATION', 'join/1 answers with two passes')
      },
      onEnd: () => stream.end(),
      onDrain: nothing,
      onClose(error) {
        signal?.removeEventListener('abort', onAbort)
        reject(error ?? new SkeinError('STREAM_RESET', 'the inviter did not answer; try again'))
      },
    })
    messages.send({ ...request })
  })
}

/** Answers a joiner; what `answer` throws is told to it. */
export function answerJoiner(
  stream: Stream,
  answer: (request: JoinRequest) => Promise<JoinAnswer>,
): void {
  const messages = new MessageStream(stream, { maxMessageBytes })
  let isAsked = false
  messages.bind({
    onMessage(value) {
      const request = toRequest(value)
      if (request === undefined || isAsked) {
        stream.reset('VIOLATION', 'join/1 takes one map of ticketId, code and label')
        return
      }
      isAsked = true
      answer(request).then(
        (given) => {
          if (stream.isClosed) return
          messages.send({ ...given })
          stream.end()
        },
        (thrown: unknown) => {
          const isOurs = thrown instanceof SkeinError
          stream.reset(isOurs ? thrown.code : 'INTERNAL', isOurs ? thrown.message : 'no pass')
        },
      )
    },
    onEnd: nothing,
    onDrain: nothing,
    onClose: nothing,
  })
}

/** Shows this node's pass to a peer; or that it has none any more. */
export function showPass(connection: Connection, pass: Uint8Array = noPass): void {
  const messages = new MessageStream(connection.open(passProtocol), { maxMessageBytes })
  messages.bind({ onMessage: nothing, onEnd: nothing, onDrain: nothing, onClose: nothing })
  messages.send(pass)
  messages.stream.end()
}

/** Looks at the pass that a peer shows, `undefined` where it has none now; what is wrong resets the stream. */
export function receivePass(
  stream: Stream,
  onPass: (pass: Uint8Array | undefined) => string | undefined,
): void {
  const messages = new MessageStream(stream, { maxMessageBytes })
  messages.bind({
    onMessage(value) {
      const isPass = value instanceof Uint8Array
      const problem = isPass
        ? onPass(value.length === 0 ? undefined : value)
        : 'pass/1 carries a pass'
      if (problem !== undefined) stream.reset('DENIED', problem)
    },
    onEnd: () => stream.end(),
    onDrain: nothing,
    onClose: nothing,
  })
}

function toProof(value: unknown): TicketProof | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { ticketId, code } = value as Partial<Record<keyof TicketProof, unknown>>
  const isSound = ticketId instanceof Uint8Array && code instanceof Uint8Array
  return isSound ? { ticketId, code } : undefined
}

function toRequest(value: unknown): JoinRequest | undefined {
  const proof = toProof(value)
  const { label } = (value ?? {}) as { label?: unknown }
  return proof === undefined || typeof label !== 'string' ? undefined : { ...proof, label }
}
