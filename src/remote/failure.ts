/**
 * How a failure travels: `[0, code, message]` for an operating failure, `[1, value]` for whatever else
 * a method threw, which arrives as the same kind of error.
 */
import { isErrorCode, messageOf, SkeinError } from '../base/errors.ts'

const operating = 0
const thrown = 1
const maxMessageLength = 16 * 2 ** 10 // Guess: a message is for a person.

/** Describes why something failed. */
export function describeFailure(reason: unknown): unknown {
  return reason instanceof SkeinError
    ? [operating, reason.code, reason.message.slice(0, maxMessageLength)]
    : [thrown, reason]
}

/** As {@link describeFailure}, for a reason that cannot travel: its text can. */
export function describeAsText(reason: unknown): unknown {
  const code = reason instanceof SkeinError ? reason.code : 'INTERNAL'
  const text = messageOf(reason).slice(0, maxMessageLength)
  return [operating, code, text]
}

/** Reads a description; what is none is a failure, too. */
export function readFailure(description: unknown): unknown {
  const [kind, first, second] = Array.isArray(description) ? (description as unknown[]) : []
  if (kind === thrown) return first
  if (kind === operating && typeof second === 'string') {
    return new SkeinError(isErrorCode(first) ? first : 'INTERNAL', second)
  }
  return new SkeinError('INTERNAL', 'the peer failed without a reason')
}
