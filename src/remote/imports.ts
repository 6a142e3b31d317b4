/**
 * What we hold of one peer: a proxy for each of its objects that was given to us, and how often.
 *
 * The peer counts how often it gave an object; we send the count back when our program has let go of
 * the proxy. What it gave meanwhile is counted again, so nothing is freed that is on its way.
 */
import { SkeinError } from '../base/errors.ts'

/** Tells when a program has let go of an object. The language's own, but in tests. */
export interface Collector {
  /** Calls `onCollected` once, some time after nobody has `target` any more. */
  watch(target: object, onCollected: () => void): void
}

/** A collector by `FinalizationRegistry`. */
export function systemCollector(): Collector {
  const registry = new FinalizationRegistry((onCollected: () => void) => onCollected())
  return { watch: (target, onCollected) => registry.register(target, onCollected) }
}

/** One of the peer's objects here. */
interface Import {
  count: number
  proxy: WeakRef<object> | undefined
  /** How many proxies it had: a collected one counts only if it was the last. */
  generation: number
}

/** What imports ask of their session. */
export interface ImportOwner {
  readonly collector: Collector
  readonly maxReferences: number
  /** Sends a release; they leave together. */
  sendRelease(number: number, count: number): void
}

/** See the file's head. */
export class Imports {
  readonly #owner: ImportOwner
  readonly #byNumber = new Map<number, Import>()

  constructor(owner: ImportOwner) {
    this.#owner = owner
  }

  get size(): number {
    return this.#byNumber.size
  }

  /**
   * Takes an object that the peer gave.
   *
   * @param makeProxy - Called where none is in use.
   * @throws {SkeinError} `LIMIT_EXCEEDED` there are as many as there may be.
   */
  take<T extends object>(number: number, makeProxy: () => T): T {
    let known = this.#byNumber.get(number)
    if (known === undefined) {
      if (this.#byNumber.size >= this.#owner.maxReferences) {
        this.#owner.sendRelease(number, 1)
        const text = `more than ${this.#owner.maxReferences} references of one peer`
        throw new SkeinError('LIMIT_EXCEEDED', text)
      }
      known = { count: 0, proxy: undefined, generation: 0 }
      this.#byNumber.set(number, known)
    }
    known.count++
    const living = known.proxy?.deref()
    if (living !== undefined) return living as T
    const proxy = makeProxy()
    const taken = known
    taken.proxy = new WeakRef(proxy)
    const generation = ++taken.generation
    this.#owner.collector.watch(proxy, () => {
      const isLast = taken.generation === generation && this.#byNumber.get(number) === taken
      if (isLast) this.release(number)
    })
    return proxy
  }

  /** Whether the peer gave an object, and we have not let it go. */
  has(number: number): boolean {
    return this.#byNumber.has(number)
  }

  /** Lets an object go, as often as it was given. */
  release(number: number): void {
    const known = this.#byNumber.get(number)
    if (known === undefined) return
    this.#byNumber.delete(number)
    this.#owner.sendRelease(number, known.count)
  }

  /** Forgets all: the peer counts no more either. */
  clear(): void {
    this.#byNumber.clear()
  }
}
