/** What every ticket begins with. No base32 has a 1: the prefix ends itself. */
export const ticketPrefix = 'skein1'
const maxTextLength = 800 // Three host names of the greatest length fit.

/** A ticket without blanks, line breaks and capitals, which do not matter. */
export function plainTicket(text: string): string {
  return text.replaceAll(/\s/g, '').toLowerCase()
}

/** Why a text is no ticket at all, or `undefined` where it looks like one. */
export function ticketProblem(text: string): string | undefined {
  const line = plainTicket(text)
  if (line.startsWith(ticketPrefix) && line.length <= maxTextLength) return undefined
  return `that is no ticket: a ticket is one line that starts ${ticketPrefix}`
}
