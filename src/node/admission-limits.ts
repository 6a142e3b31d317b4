const dayMs = 86_400_000

/** How long a ticket can be used at most, ms. Guess: who was not in within a year asks again. */
export const maxTicketMs = 365 * dayMs
/** How long a pass can be good that ends at all, ms: a hundred years. */
export const maxPassMs = 36_500 * dayMs
