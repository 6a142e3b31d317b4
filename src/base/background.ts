import { messageOf } from './errors.ts'
import type { Log } from './log.ts'

/**
 * Lets a promise run on without anybody waiting; if it fails, the log says what it was for.
 *
 * @param whatItDoes - Completes the sentence "could not …".
 */
export function background(promise: Promise<unknown>, whatItDoes: string, log: Log): void {
  promise.catch((thrown: unknown) => {
    log.error({ error: messageOf(thrown) }, `could not ${whatItDoes}`)
  })
}
