import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/emitter.ts'
import type { NodeEvents } from './events.ts'

/** Waits until a condition that a new connection can make true holds; false when the time is over. */
export function untilConnected(
  isDone: () => boolean,
  events: Emitter<NodeEvents>,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<boolean> {
  if (isDone()) return Promise.resolve(true)
  return new Promise((resolve) => {
    const finish = (isReady: boolean): void => {
      unsubscribe()
      timer.cancel()
      resolve(isReady)
    }
    const timer = clock.after(timeoutMs, () => finish(false))
    const unsubscribe = events.on('peer:connect', () => {
      if (isDone()) finish(true)
    })
  })
}
