/** Messages and posts as the node's commands print them with `--json`. */

/** A post on the wall. */
export interface PostLine {
  readonly id: number
  readonly from: string
  readonly author: string
  readonly timeMs: number
  readonly receivedMs: number
  readonly text: string
}

interface BodyLine {
  /** Its text, or the beginning of it; absent where it is no text. */
  readonly text?: string
  readonly base64?: string
  readonly byteLength: number
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
  readonly to: string
  readonly recipient: string
  readonly timeMs: number
  readonly state: 'queued' | 'held' | 'delivered' | 'read' | 'refused' | 'expired'
  readonly heldBy: number
  readonly reason?: string
}

/** How far a message got, in a few words, as `skein sent` says it. */
export function stateText({ state, heldBy, reason = '' }: SentLine): string {
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
