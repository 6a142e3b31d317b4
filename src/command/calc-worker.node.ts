/**
 * The process in which `calc` evaluates; `calc.node.ts` starts it and says why it is a process.
 *
 * Expressions come one at a time as messages, results go back. What mathjs can be made to do with time
 * is ended by V8's own watchdog (`vm`), also when the parent is gone; what it does with memory ends
 * this process. After either it is not used again: decimal.js keeps state while it computes, and a
 * calculation that was cut off leaves that behind.
 *
 * Plain Node, run as its own program: it imports nothing of ours.
 */
import { createRequire } from 'node:module'
import { Script } from 'node:vm'
import type { MathJsInstance } from 'mathjs'

/** An expression to evaluate. */
export interface CalcJob {
  readonly expression: string
  readonly timeLimitMs: number
  readonly maxResultBytes: number
}

/** What came of it. `isSpent` says that the process ends now. */
export type CalcReply =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly text: string }
  | {
      readonly type: 'failed'
      readonly code: 'INVALID' | 'LIMIT_EXCEEDED'
      readonly message: string
      readonly isSpent: boolean
    }

/** What the mathjs docs (expressions/security) and a reading of its functions advise to take away. */
const disabled = (
  'import createUnit evaluate parse simplify derivative config ' +
  'simplifyCore simplifyConstant symbolicEqual rationalize resolve leafCount ' +
  'compile parser help chain reviver replacer'
).split(' ')

/** Hidden behind a variable of that name, because mathjs itself needs it. */
const hidden = ['typed']

/** 14 digits hide what binary fractions cannot express: 0.1 + 0.2 is 0.3. */
const format = { precision: 14, lowerExp: -6, upperExp: 14 } // Exponents from 1e14 and below 1e-6.

const maxMessageLength = 300 // An error is one line.

// The one-file build: it loads in 45 ms and 50 MB, the package's modules in 500 ms and 115 MB.
const load = createRequire(import.meta.url)
const math = load('mathjs/lib/browser/math.js') as MathJsInstance

/** Evaluates in a fresh scope; math.evaluate itself is among what is taken away. */
const evaluate = math.evaluate.bind(math) as (expression: string, scope: object) => unknown

math.import(Object.fromEntries(disabled.map((name) => [name, () => refuse(name)])), {
  override: true,
})

let job: CalcJob | undefined
const script = new Script('run()')
const context = globalThis as { run?: () => string }
context.run = () => calculate(job?.expression ?? '')

function refuse(name: string): never {
  throw new TypeError(`the function ${name} is not offered here`)
}

function calculate(expression: string): string {
  const scope = new Map(hidden.map((name) => [name, () => refuse(name)]))
  const value = evaluate(expression, scope)
  if (!isResultSet(value)) return print(value)
  return value.entries.map(print).join('\n')
}

function print(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'function') throw new TypeError('the result is a function; call it: sqrt(2)')
  if (value === undefined) throw new TypeError('there is nothing to calculate')
  // Whole numbers that are exact are printed whole.
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return math.format(value, format)
}

/** What several statements leave; an object of the expression that looks like one does no harm. */
function isResultSet(value: unknown): value is { readonly entries: readonly unknown[] } {
  const result = value as { readonly type?: unknown; readonly entries?: unknown } | null | undefined
  return result?.type === 'ResultSet' && Array.isArray(result.entries)
}

function answer({ timeLimitMs, maxResultBytes }: CalcJob): CalcReply {
  try {
    const text = script.runInThisContext({ timeout: timeLimitMs }) as string
    if (text.length <= maxResultBytes && Buffer.byteLength(text) <= maxResultBytes) {
      return { type: 'result', text }
    }
    const message = `the result has over ${maxResultBytes} bytes, which is what may be printed`
    return { type: 'failed', code: 'LIMIT_EXCEEDED', message, isSpent: false }
  } catch (thrown) {
    return explain(thrown, timeLimitMs)
  }
}

function explain(thrown: unknown, timeLimitMs: number): CalcReply {
  const code = (thrown as { code?: unknown } | undefined)?.code
  if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
    const message = `the calculation takes more than ${timeLimitMs / 1_000} s; make it smaller`
    return { type: 'failed', code: 'LIMIT_EXCEEDED', message, isSpent: true }
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  if (text === 'Maximum call stack size exceeded') {
    const message = 'the calculation nests or recurses too deeply; make it smaller'
    return { type: 'failed', code: 'LIMIT_EXCEEDED', message, isSpent: true }
  }
  const message = text.replaceAll(/\s+/g, ' ').slice(0, maxMessageLength)
  return { type: 'failed', code: 'INVALID', message, isSpent: false }
}

function reply(message: CalcReply): void {
  const isLast = message.type === 'failed' && message.isSpent
  process.send?.(message, undefined, {}, () => {
    if (isLast) process.exit(0)
  })
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: CalcJob) => {
  job = message
  reply(answer(message))
})

context.run = () => calculate('1 + 1') // So that the first one asked for finds it warm.
script.runInThisContext()
context.run = () => calculate(job?.expression ?? '')
reply({ type: 'ready' })
