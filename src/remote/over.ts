/** What is said where a session takes no more. */
import { SkeinError } from '../base/errors.ts'
import { rejected } from './proxy.ts'

/** What a call fails with that came too late. */
export function closedError(): SkeinError {
  return new SkeinError('CONNECTION_CLOSED', 'what the two nodes shared is over; call again')
}

/** What a call fails with whose signal was aborted: the reason, where that is an error of ours. */
export function abortError(signal: AbortSignal, text: string): SkeinError {
  const reason: unknown = signal.reason
  return reason instanceof SkeinError
    ? reason
    : new SkeinError('CANCELLED', text, { cause: reason })
}

/** What a result becomes that a peer does not read. */
export function congested(): SkeinError {
  const text =
    'results wait for you to read them (objectUnsentBytes); read, and ask for less at a time'
  return new SkeinError('LIMIT_EXCEEDED', text)
}

/** A call that was not made: it fails with the reason, as does all that is asked of its result. */
export function notAsked(reason: unknown): Promise<unknown> {
  return rejected(reason, {
    call: () => notAsked(reason),
    read: () => notAsked(reason),
    iterate: () => new BrokenIterator(reason),
    release: () => undefined,
    describe: () => '[a call that was not made]',
  })
}

/** An iteration that was refused before anything was sent. */
export class BrokenIterator implements AsyncIterableIterator<unknown> {
  readonly #reason: unknown

  constructor(reason: unknown) {
    this.#reason = reason
  }

  next(): Promise<IteratorResult<unknown>> {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what was thrown, as it is
    return Promise.reject(this.#reason)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
