/** What is said where a session takes no more. */
import { SkeinError } from '../base/errors.ts'
import { rejected } from './proxy.ts'
import type { Remotely } from './proxy.ts'

/** What a call fails with that came too late. */
export function closedError(): SkeinError {
  return new SkeinError('CONNECTION_CLOSED', 'what the two nodes shared is over; call again')
}

/** What a result becomes that a peer does not read. */
export function congested(): SkeinError {
  const text =
    'results wait for you to read them (objectUnsentBytes); read, and ask for less at a time'
  return new SkeinError('LIMIT_EXCEEDED', text)
}

/** What a call that could not be made is a call of. */
export const gone: Remotely = {
  call: () => rejected(closedError(), gone),
  read: () => rejected(closedError(), gone),
  iterate: () => {
    throw closedError()
  },
  release: () => undefined,
  describe: () => '[a call that was not made]',
}
