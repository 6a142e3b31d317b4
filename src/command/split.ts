/**
 * Splits what a person typed into words, as a POSIX shell would, and does nothing else a shell does:
 * `*`, `(`, `;`, `|`, `$` and all the others stand for themselves, so `calc 2*(3+4)^2` needs no quotes.
 *
 *   'as it is'   "as it is, but \" and \\ mean the character"   \x the character x   blanks separate
 *
 * **Invariant**: only this function turns text into words; what is put in later stays one word.
 */
import { SkeinError } from '../base/errors.ts'

/**
 * Splits a line into words.
 *
 * @returns No words for a blank line.
 * @throws {SkeinError} `INVALID` a quote is not closed, or the line ends in a backslash.
 * @example
 * splitLine(`echo 'two words' "it's"`) // ['echo', 'two words', "it's"]
 */
export function splitLine(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  while (at < line.length) {
    const character = line.charAt(at)
    if (isBlank(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
      at += 1
      continue
    }
    const part = readPart(line, at)
    word = (word ?? '') + part.text
    at = part.next
  }
  if (word !== undefined) words.push(word)
  return words
}

interface Part {
  readonly text: string
  /** Where the rest begins. */
  readonly next: number
}

function readPart(line: string, at: number): Part {
  switch (line.charAt(at)) {
    case "'":
      return readSingleQuoted(line, at)
    case '"':
      return readDoubleQuoted(line, at)
    case '\\':
      if (at + 1 === line.length) {
        throw new SkeinError('INVALID', 'the line ends in a backslash; write \\\\ for one')
      }
      return { text: line.charAt(at + 1), next: at + 2 }
    default:
      return readPlain(line, at)
  }
}

function readSingleQuoted(line: string, at: number): Part {
  const end = line.indexOf("'", at + 1)
  if (end < 0) throw unclosed("'", at)
  return { text: line.slice(at + 1, end), next: end + 1 }
}

function readDoubleQuoted(line: string, at: number): Part {
  let text = ''
  for (let next = at + 1; next < line.length; next++) {
    const character = line.charAt(next)
    if (character === '"') return { text, next: next + 1 }
    const follower = line.charAt(next + 1)
    if (character === '\\' && (follower === '"' || follower === '\\')) {
      text += follower
      next += 1
    } else {
      text += character
    }
  }
  throw unclosed('"', at)
}

function readPlain(line: string, at: number): Part {
  let next = at
  while (next < line.length && !isSpecial(line.charAt(next))) next += 1
  return { text: line.slice(at, next), next }
}

function isSpecial(character: string): boolean {
  return character === "'" || character === '"' || character === '\\' || isBlank(character)
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r'
}

function unclosed(quote: string, at: number): SkeinError {
  const advice = `close it, or write \\${quote} for the character itself`
  return new SkeinError(
    'INVALID',
    `the quote ${quote} at column ${at + 1} is not closed; ${advice}`,
  )
}
