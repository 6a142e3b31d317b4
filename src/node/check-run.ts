/** Whether what plain JavaScript gives to `run` is a command and its options. */
import { jsonLine } from '../base/text.ts'
import { refuse, shape, showValue, where } from './shape.ts'

const isFunction = where('a function', (value) => typeof value === 'function')
const duration = where(
  'a number of milliseconds',
  (value) => typeof value === 'number' && value >= 0,
)

/** The keys of `RunOptions`. */
const runOptions = shape({
  signal: where('an AbortSignal', (value) => value instanceof AbortSignal),
  timeoutMs: duration,
  patienceMs: duration,
  stdin: where('an async iterable', isAsyncIterable),
  onOut: isFunction,
  onErr: isFunction,
})

/** @throws {SkeinError} `INVALID` the command is neither a line nor words, or an option is wrong. */
export function checkRun(given: unknown, options: unknown): void {
  if (typeof given !== 'string' && !isWords(given))
    refuse('run', [`command must be a line or a list of words, not ${showValue(given)}`])
  if (isWords(options)) {
    const words = typeof given === 'string' ? [given, ...options] : options
    const call = words.map((word) => `'${jsonLine(word).slice(1, -1)}'`).join(', ')
    refuse('run', [`options must be an object, not a list; write run([${call}])`])
  }
  refuse('run', runOptions(options, 'options'))
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string')
}

function isAsyncIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
