/** Messages and posts as JSON shows them: what commands print with `--json`, and what the page reads. */
import type { SentState } from '../mail/outgoing.ts'

/** A post on the wall. */
export interface PostLine {
  readonly id: number
  /** What its author is called here. */
  readonly from: string
  /** ID of the peer that wrote it. */
  readonly author: string
  /** When it was written, by its author's clock; Unix ms. */
  readonly timeMs: number
  readonly receivedMs: number
  readonly text: string
}

/** What a message says. */
export interface BodyLine {
  /** Its text, or the beginning of it; absent where it is no text. */
  readonly text?: string
  /** Its bytes, or the first of them; absent where it is text. */
  readonly base64?: string
  /** Bytes of all of it. */
  readonly byteLength: number
  /** Its content type. */
  readonly type: string
}

/** A message that came. */
export interface MessageLine extends BodyLine {
  readonly id: number
  readonly from: string
  readonly author: string
  readonly timeMs: number
  readonly receivedMs: number
  readonly isRead: boolean
}

/** A message that was sent. */
export interface SentLine extends BodyLine {
  readonly id: number
  /** What its recipient is called here. */
  readonly to: string
  /** ID of the peer that it is for. */
  readonly recipient: string
  readonly timeMs: number
  readonly state: SentState
  readonly heldBy: number
  /** Why it got no further; absent where nobody said. */
  readonly reason?: string
}

/** How far a message got, in a few words; what is in them of a peer's is as it came. */
export function stateText({
  state,
  heldBy,
  reason = '',
}: Pick<SentLine, 'state' | 'heldBy' | 'reason'>): string {
  switch (state) {
    case 'held':
      return `held by ${heldBy} ${heldBy === 1 ? 'peer' : 'peers'}`
    case 'queued':
      if (reason === '') return 'kept here: nobody is up who could hold it'
      return `kept here, and tried again: ${reason}`
    case 'refused':
      return reason === '' ? 'refused' : `refused: ${reason}`
    case 'delivered':
    case 'read':
    case 'expired':
      return state
    default:
      return state satisfies never
  }
}
