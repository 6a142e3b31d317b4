/**
 * Any number of listeners to one `AbortSignal`, of which the signal sees one: Node takes more than ten
 * for a leak and warns, though a program that gives one signal to a hundred calls means just that.
 */

/** Listeners by their signal; none is there longer than its signal. */
const listenersOf = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `listener` once when the signal is aborted; never for one that was aborted before. */
export function onAbort(signal: AbortSignal, listener: () => void): void {
  const known = listenersOf.get(signal)
  if (known !== undefined) known.add(listener)
  else {
    listenersOf.set(signal, new Set([listener]))
    signal.addEventListener('abort', tell, { once: true })
  }
}

/** Takes a listener away again; the same function. */
export function offAbort(signal: AbortSignal, listener: () => void): void {
  const listeners = listenersOf.get(signal)
  if (listeners?.delete(listener) !== true || listeners.size > 0) return
  listenersOf.delete(signal)
  signal.removeEventListener('abort', tell)
}

function tell(this: AbortSignal): void {
  const listeners = [...(listenersOf.get(this) ?? [])]
  listenersOf.delete(this)
  for (const listener of listeners) listener()
}
