/** Bounds of what the owner's commands take: the command line checks them too, before it asks a node. */

/** Messages or posts in one list. */
export const maxListed = 1_000
/** Flags of lists that `--id` leaves no room for. */
export const notWithId = ['search', 'limit', 'after', 'before', 'follow', 'unread'] as const
/** Characters of a search. Guess: a sentence. */
export const maxSearchLength = 200
/** How long `discover` looks around, ms. */
export const maxLookMs = 600_000
