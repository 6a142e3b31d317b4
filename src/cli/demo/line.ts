/** Lines of coloured pieces, cut to a width before the colours come in. */

/** Colours by their SGR codes (ECMA-48 §8.3.117). */
const codes = {
  bold: '1',
  dim: '2',
  red: '31',
  green: '32',
  yellow: '33',
  magenta: '35',
  cyan: '36',
} as const

/** How a piece looks. */
export type Look = keyof typeof codes

/** A piece of a line; each of its characters is one column wide. */
export interface Piece {
  readonly text: string
  readonly look?: Look | undefined
}

/** What a line is shown on. */
export interface Surface {
  readonly width: number
  readonly hasColor: boolean
}

/** Writes a line: at most `width` columns, the last an ellipsis where something is missing. */
export function formatPieces(pieces: readonly Piece[], { width, hasColor }: Surface): string {
  const length = pieces.reduce((sum, { text }) => sum + text.length, 0)
  let left = length > width ? Math.max(0, width - 1) : length
  let line = ''
  for (const { text, look } of pieces) {
    const shown = text.slice(0, left)
    left -= shown.length
    const isPlain = look === undefined || !hasColor || shown.trim() === ''
    line += isPlain ? shown : `\u001b[${codes[look]}m${shown}\u001b[0m`
  }
  return length > width ? `${line}…` : line.trimEnd()
}
