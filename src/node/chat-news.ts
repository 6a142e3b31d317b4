/** What the command `chat` tells whoever follows a room, a line of JSON each; and its words for people. */

/** Somebody in a room. */
export interface Chatter {
  readonly id: string
  readonly name: string
  readonly isSelf: boolean
}

/** A line. */
export type ChatNews =
  | { readonly event: 'ready'; readonly topic: string; readonly id: string; readonly label: string }
  | ChatSaid
  | {
      readonly event: keyof typeof moveTexts
      readonly id: string
      readonly name: string
    }
  | {
      readonly event: 'direct'
      readonly id: string
      readonly name: string
      readonly text: string
      /** Unix ms, by its author's clock. */
      readonly time: number
    }
  | { readonly event: 'who'; readonly people: readonly Chatter[] }
  | { readonly event: 'sent'; readonly name: string; readonly text: string }
  | { readonly event: 'missed'; readonly count: number }
  | { readonly event: 'problem'; readonly message: string }
  | { readonly event: 'history' }

/** Something that was said to all. */
export interface ChatSaid {
  readonly event: 'line'
  readonly id: string
  readonly name: string
  readonly text: string
  /** Unix ms, by its author's clock. */
  readonly time: number
  readonly incarnation: number
  readonly sequence: number
  readonly isOwn: boolean
  /** It was said before this room was entered. */
  readonly isPast: boolean
  /** How many came before it and were not taken in time. */
  readonly missed: number
}

/** What somebody did, behind the name. */
export const moveTexts = {
  arrive: 'is here',
  leave: 'has left',
  lost: 'cannot be reached any more',
  back: 'is back',
} as const

/** How many earlier lines may be asked for at once. Guess: more than anybody reads. */
export const maxChatHistory = 1_000

/** That a reader was too slow. */
export function missedText(count: number): string {
  return `${count} ${count === 1 ? 'message' : 'messages'} came too fast and were missed`
}
