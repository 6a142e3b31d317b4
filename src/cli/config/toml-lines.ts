import { formatKey, splitKey } from './key-path.ts'

const segment = String.raw`(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')`
const dotted = String.raw`${segment}(?:\s*\.\s*${segment})*`
const headerPattern = new RegExp(String.raw`^\s*\[\[?\s*(${dotted})\s*\]`)
const keyPattern = new RegExp(String.raw`^\s*(${dotted})\s*=`)

/**
 * On which line each key of a TOML text stands, by formatted key; tables count too.
 *
 * Reads line by line and knows headers, keys and multi-line strings, which is enough for error
 * messages: what the keys mean is the parser's business. Keys inside `{ … }` have no line of their own.
 */
export function tomlLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  let table: readonly string[] = []
  let openQuote: string | undefined
  for (const [index, line] of text.split('\n').entries()) {
    if (openQuote === undefined) {
      const header = splitKey(headerPattern.exec(line)?.[1] ?? '')
      const key = splitKey(keyPattern.exec(line)?.[1] ?? '')
      if (header !== undefined) table = header
      const found = header ?? (key && [...table, ...key])
      if (found !== undefined) remember(lines, found, index + 1)
    }
    openQuote = quoteAfter(line, openQuote)
  }
  return lines
}

/** Notes the key and the tables it lies in, unless they were seen before. */
function remember(lines: Map<string, number>, key: readonly string[], line: number): void {
  for (let length = 1; length <= key.length; length++) {
    const formatted = formatKey(key.slice(0, length))
    if (!lines.has(formatted)) lines.set(formatted, line)
  }
}

/** The multi-line quote that is still open after `line`. */
function quoteAfter(line: string, openBefore: string | undefined): string | undefined {
  let open = openBefore
  for (const [quote] of line.matchAll(/"""|'''/g)) {
    if (open === undefined) open = quote
    else if (open === quote) open = undefined
  }
  return open
}
