/**
 * `calc` for what needs no mathjs: numbers, + - * / and parentheses, with the very result that mathjs
 * would print. A process that calculates takes 0.2 s and 50 MB when it starts, and this takes nothing.
 *
 *   sum = product { ("+" | "-") product }
 *   product = factor { ("*" | "/") factor }
 *   factor = "-" factor | "(" sum ")" | digits [ "." digits ]
 */

const maxLength = 100 // Guess: bounds the depth, too.
// Between them no exponent is printed.
const leastShown = 1e-5
const mostShown = 1e13
const shownDigits = 14 // More would have to be rounded, which is mathjs's own way.

/** The result, or `undefined` where it is not so plain: mathjs knows, or says what is wrong. */
export function calculatePlainly(expression: string): string | undefined {
  if (expression.length > maxLength || !/^[0-9+\-*/(). ]+$/.test(expression)) return undefined
  const tokens = expression.match(/\d+(?:\.\d+)?|\S/g) ?? []
  const sum = new Reader(tokens).readAll()
  if (sum === undefined || (sum !== 0 && Math.abs(sum) < leastShown)) return undefined
  if (!(Math.abs(sum) < mostShown) || Object.is(sum, -0)) return undefined
  const text = String(sum)
  return text.replace(/\D/g, '').length <= shownDigits ? text : undefined
}

/** Reads by recursive descent; `NaN` is what is no expression. */
class Reader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  readAll(): number | undefined {
    const sum = this.#sum()
    return this.#at === this.#tokens.length && !Number.isNaN(sum) ? sum : undefined
  }

  #sum(): number {
    let sum = this.#product()
    for (;;) {
      if (this.#take('+')) sum += this.#product()
      else if (this.#take('-')) sum -= this.#product()
      else return sum
    }
  }

  #product(): number {
    let product = this.#factor()
    for (;;) {
      if (this.#take('*')) product *= this.#factor()
      else if (this.#take('/')) product /= this.#factor()
      else return product
    }
  }

  #factor(): number {
    if (this.#take('-')) return -this.#factor()
    if (this.#take('(')) {
      const sum = this.#sum()
      return this.#take(')') ? sum : Number.NaN
    }
    const token = this.#tokens[this.#at++] ?? ''
    return /^\d/.test(token) ? Number(token) : Number.NaN
  }

  #take(token: string): boolean {
    const isNext = this.#tokens[this.#at] === token
    if (isNext) this.#at++
    return isNext
  }
}
