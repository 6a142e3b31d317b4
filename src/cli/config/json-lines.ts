import { formatKey } from './key-path.ts'

/** Where things stand in a JSON text. */
export interface JsonLines {
  /** The line of each key, by formatted key; list items have none. */
  readonly lines: ReadonlyMap<string, number>
  /** What is wrong and where, if it is not JSON. */
  readonly problem?: { readonly line: number; readonly text: string }
}

const tokenPattern =
  // oxlint-disable-next-line no-control-regex -- JSON forbids them in strings (RFC 8259 §7)
  /[ \t\r\n]*("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)|[{}[\],:]|$)/y

const maxDepth = 64 // Guess: a configuration has four.

/**
 * Finds the line of every key, and of the first mistake. `JSON.parse` knows neither: its messages
 * differ from version to version and mostly lack a position.
 */
export function jsonLines(text: string): JsonLines {
  const lines = new Map<string, number>()
  try {
    const scanner = new Scanner(text, lines)
    scanner.readValue([])
    scanner.expect('')
    return { lines }
  } catch (thrown) {
    if (!(thrown instanceof Mistake)) throw thrown
    return { lines, problem: { line: thrown.line, text: thrown.message } }
  }
}

class Mistake extends Error {
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** A recursive-descent reader of RFC 8259 that keeps only where keys stand. */
class Scanner {
  readonly #text: string
  readonly #lines: Map<string, number>
  #next = 0 // Where the token after `#token` begins.
  #token = ''

  constructor(text: string, lines: Map<string, number>) {
    this.#text = text
    this.#lines = lines
    this.#advance()
  }

  /** Reads the value at the current token; `key` is where it belongs. */
  readValue(key: readonly string[]): void {
    if (key.length > maxDepth) throw this.#mistake('it is nested too deeply')
    const token = this.#token
    if (!/^["\-\d{[tfn]/.test(token)) throw this.#unexpected('a value')
    this.#advance()
    if (token === '{') this.#readObject(key)
    else if (token === '[') this.#readList(key)
  }

  /** Takes the current token, which has to be this one; the end of the text is ''. */
  expect(token: string): void {
    if (this.#token !== token) throw this.#unexpected(token === '' ? 'the end' : `"${token}"`)
    if (token !== '') this.#advance()
  }

  #readObject(key: readonly string[]): void {
    if (this.#isAt('}')) return
    do {
      if (!this.#token.startsWith('"')) throw this.#unexpected('a key in double quotes')
      const inner = [...key, JSON.parse(this.#token) as string]
      this.#lines.set(formatKey(inner), this.#line())
      this.#advance()
      this.expect(':')
      this.readValue(inner)
    } while (this.#hasMore('}'))
  }

  #readList(key: readonly string[]): void {
    if (this.#isAt(']')) return
    do this.readValue([...key, '*'])
    while (this.#hasMore(']'))
  }

  /** Takes the comma before another item, or the end of the object or list. */
  #hasMore(close: string): boolean {
    if (this.#isAt(close)) return false
    if (!this.#isAt(',')) throw this.#unexpected(`"," or "${close}"`)
    if (this.#token === close) throw this.#mistake(`there is a "," too many before "${close}"`)
    return true
  }

  /** Takes the current token if it is this one. */
  #isAt(token: string): boolean {
    if (this.#token !== token) return false
    this.#advance()
    return true
  }

  #advance(): void {
    tokenPattern.lastIndex = this.#next
    const match = tokenPattern.exec(this.#text)
    if (match === null) {
      this.#next += /^\s*/.exec(this.#text.slice(this.#next))?.[0].length ?? 0
      const word = /^\S{1,20}/.exec(this.#text.slice(this.#next))?.[0] ?? ''
      throw new Mistake(`this is not JSON: ${word}`, this.#lineAt(this.#next))
    }
    this.#token = match[1] ?? ''
    this.#next = tokenPattern.lastIndex
  }

  #unexpected(wanted: string): Mistake {
    const found = this.#token === '' ? 'the file ends' : `there is ${this.#token.slice(0, 20)}`
    return this.#mistake(`${wanted} should stand where ${found}`)
  }

  #mistake(message: string): Mistake {
    return new Mistake(message, this.#line())
  }

  #line(): number {
    return this.#lineAt(this.#next - this.#token.length)
  }

  #lineAt(offset: number): number {
    return this.#text.slice(0, offset).split('\n').length
  }
}
