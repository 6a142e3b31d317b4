/**
 * Makes text from a peer safe for a terminal: control characters, escape sequences and bidirectional
 * overrides become visible `\xNN` or `\u{NNNN}`; tabs and line breaks stay.
 */
export function sanitizeText(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** What is not shown as it is: some terminals take U+009B for the beginning of an escape sequence. */
const unsafe =
  // oxlint-disable-next-line no-control-regex -- these are what it removes
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/**
 * A value as one line of JSON that is safe for a terminal, too: what {@link sanitizeText} makes visible is
 * escaped as `\uNNNN`, which means the same to whoever reads it.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    unsafe,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}

/** Repeats what somebody wrote in a message: at most `maxLength` characters of it. */
export function shortenText(text: string, maxLength = 100): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}

/** The word of `candidates` that a mistyped `word` most likely meant, within two edits. */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let least = Math.min(3, Math.ceil(word.length / 2) + 1)
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate, least)
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}

/** Levenshtein distance (Wagner–Fischer, one row), or `bound` where it is at least that. */
function editDistance(from: string, to: string, bound: number): number {
  if (Math.abs(from.length - to.length) >= bound) return bound
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return Math.min(bound, row[to.length] ?? bound)
}
