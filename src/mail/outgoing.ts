/** What a program gives to be sent, how it is checked, and how far it got. */
import { SkeinError } from '../base/errors.ts'
import { isContentType, isTextType } from './content-type.ts'
import { textOf } from './envelope.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MailSetup } from './setup.ts'

/**
 * How far a message got. `queued`: stored here, nobody else has it. `held`: others keep it for the
 * recipient. `delivered`: the recipient has stored it. `read`: it was read, where that was asked for.
 * `refused`: the recipient takes nothing of this node. `expired`: nobody could deliver it in time.
 */
export type SentState = 'queued' | 'held' | 'delivered' | 'read' | 'refused' | 'expired'

/** A message that this node sent. */
export interface SentMessage {
  /** Its place in the outbox: later ones have higher numbers. */
  readonly id: number
  readonly to: PeerId
  readonly timeMs: number
  readonly type: string
  readonly body: string | Uint8Array
  /** Bytes of its body. */
  readonly byteLength: number
  readonly state: SentState
  /** How many peers hold it for the recipient. */
  readonly heldBy: number
  /** Why it got no further; empty where it did, or waits. */
  readonly reason: string
}

/** What to send. */
export interface Outgoing {
  readonly to: PeerId
  readonly body: Uint8Array
  /** Its content type. */
  readonly type: string
  /** Whether to be told when it was read. */
  readonly wantsRead: boolean
  /** For how long it may be delivered, ms. */
  readonly expiryMs: number
}

/** Checks what is to be sent. @throws {SkeinError} `LIMIT_EXCEEDED` it is too long; `INVALID`. */
export function checkOutgoing(outgoing: Outgoing, { options, signer }: MailSetup): void {
  const { body, type, to, expiryMs } = outgoing
  if (to === signer.id) throw new SkeinError('INVALID', 'a message to this node itself')
  if (body.length > options.maxBodyBytes) {
    const text = `a message of ${body.length} bytes; at most ${options.maxBodyBytes} fit into one`
    throw new SkeinError('LIMIT_EXCEEDED', `${text}: send it in parts, or send where it is found`)
  }
  if (!(expiryMs >= 1 && expiryMs <= options.maxExpiryMs)) {
    const most = `1 ms to ${options.maxExpiryMs / 86_400_000} days`
    throw new SkeinError('INVALID', `a message is kept for ${most}, not for ${expiryMs} ms`)
  }
  if (!isContentType(type)) {
    throw new SkeinError(
      'INVALID',
      `${JSON.stringify(String(type).slice(0, 40))} is no content type, as text/plain is`,
    )
  }
  if (isTextType(type) && textOf(body) === undefined) {
    const advice = 'send it with the type application/octet-stream'
    throw new SkeinError('INVALID', `the message is no text in UTF-8; ${advice}`)
  }
}
