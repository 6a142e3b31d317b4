/**
 * What of this node others may hold: every object that was given out, with its number and its token.
 *
 *   given to peers (counted) ─┐
 *   exposed under a name ─────┼─▶ entry ── none of them ──▶ forgotten
 *   leased for a while ───────┘
 *
 * A number is used once in a node's life. An object that is given twice has one entry, so it is one
 * object at the other side too. A token is what proves to us that a reference was given by us: it lets
 * whoever has it reach the object, within the rules of who may use it.
 *
 * **Invariant**: an entry that nobody holds, names or leases is gone, and its token with it.
 */
import { SkeinError } from '../base/errors.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Exposure } from './exposure.ts'
import type { ReferenceKind } from './messages.ts'
import { tokenBytes } from './messages.ts'

/** An object that others may hold. */
export interface Entry {
  readonly number: number
  readonly token: Uint8Array
  readonly kind: ReferenceKind
  readonly target: object
  readonly exposure: Exposure
  /** Sessions that hold it. */
  holders: number
  /** Until when it stays without a holder, ms of the clock. */
  leasedUntilMs: number
}

/** How tokens, times and numbers come. */
export interface TableSetup {
  readonly clock: Clock
  readonly random: Random
}

const tokensAtOnce = 256 // Measured: one call of the generator costs as much as a hundred tokens.
const sweepMs = 5_000 // Guess: how late a lease may end.

/** See the file's head. */
export class ObjectTable {
  readonly #setup: TableSetup
  readonly #byNumber = new Map<number, Entry>()
  readonly #byTarget = new WeakMap<object, Entry>()
  readonly #named = new Map<string, Entry>()
  readonly #leased = new Set<Entry>()
  #lastNumber = 0
  #tokens: Uint8Array = new Uint8Array(0)
  #tokenAt = 0
  #sweep: Timer | undefined

  constructor(setup: TableSetup) {
    this.#setup = setup
  }

  /** Objects that are held, named or leased. */
  get size(): number {
    return this.#byNumber.size
  }

  /** Whether a plain object is exposed: then plain objects have to be looked up, too. */
  hasPlain = false

  /** A number that was never used. */
  nextNumber(): number {
    return ++this.#lastNumber
  }

  /**
   * Exposes an object under a name.
   *
   * @returns Takes it away again: calls fail from then on, also through references that were given.
   * @throws {SkeinError} `INVALID` the name is taken.
   */
  expose(name: string, target: object, exposure: Exposure): () => void {
    if (this.#named.has(name)) {
      throw new SkeinError('INVALID', `an object is exposed as '${name}' already`)
    }
    const kind = typeof target === 'function' ? 'function' : 'object'
    const entry = this.#add(target, kind, exposure)
    this.#named.set(name, entry)
    if (!this.#byTarget.has(target)) this.#byTarget.set(target, entry)
    const prototype: unknown = Object.getPrototypeOf(target)
    if (kind === 'object' && (prototype === null || prototype === Object.prototype)) {
      this.hasPlain = true
    }
    return () => {
      if (this.#named.get(name) === entry) this.#named.delete(name)
      this.#forget(entry)
    }
  }

  /** The entry under a name. */
  named(name: string): Entry | undefined {
    return this.#named.get(name)
  }

  /** All named entries. */
  names(): IterableIterator<[string, Entry]> {
    return this.#named.entries()
  }

  /** The entry of an object that was given out or exposed. */
  find(target: object): Entry | undefined {
    return this.#byTarget.get(target)
  }

  /** The entry of an object, made where there is none. */
  enter(target: object, kind: ReferenceKind, exposure: () => Exposure): Entry {
    const known = this.#byTarget.get(target)
    if (known !== undefined) return known
    const entry = this.#add(target, kind, exposure())
    this.#byTarget.set(target, entry)
    return entry
  }

  /** Tells whether an entry is still reachable. */
  isAlive(entry: Entry): boolean {
    return this.#byNumber.get(entry.number) === entry
  }

  /** The entry of a number for whoever has its token. Takes as long for every wrong token. */
  claim(number: number, token: Uint8Array): Entry | undefined {
    const entry = this.#byNumber.get(number)
    let difference = token.length ^ tokenBytes
    for (let index = 0; index < tokenBytes; index++) {
      difference |= (entry?.token[index] ?? 0) ^ (token[index] ?? 0)
    }
    // What is built in belongs to one session: a token of it is worth nothing in another.
    return difference === 0 && entry?.exposure.isBuiltIn !== true ? entry : undefined
  }

  /** Keeps an object for a while, whoever holds it. */
  lease(entry: Entry, leaseMs: number): void {
    const untilMs = this.#setup.clock.nowMs() + leaseMs
    if (untilMs <= entry.leasedUntilMs || !this.isAlive(entry) || entry.exposure.isBuiltIn) return
    entry.leasedUntilMs = untilMs
    this.#leased.add(entry)
    this.#sweep ??= this.#setup.clock.after(sweepMs, () => this.#endLeases())
  }

  /** Somebody else holds it. */
  hold(entry: Entry): void {
    entry.holders++
  }

  /** One holder less. */
  letGo(entry: Entry): void {
    entry.holders--
    this.#forgetIfUnheld(entry)
  }

  /** Forgets everything, and sets no timer any more. */
  close(): void {
    this.#sweep?.cancel()
    this.#leased.clear()
    this.#named.clear()
    this.#byNumber.clear()
  }

  #add(target: object, kind: ReferenceKind, exposure: Exposure): Entry {
    const entry: Entry = {
      number: this.nextNumber(),
      token: this.#nextToken(),
      kind,
      target,
      exposure,
      holders: 0,
      leasedUntilMs: 0,
    }
    this.#byNumber.set(entry.number, entry)
    return entry
  }

  #nextToken(): Uint8Array {
    if (this.#tokenAt === this.#tokens.length) {
      this.#tokens = this.#setup.random.bytes(tokenBytes * tokensAtOnce)
      this.#tokenAt = 0
    }
    const from = this.#tokenAt
    this.#tokenAt += tokenBytes
    return this.#tokens.slice(from, this.#tokenAt)
  }

  #endLeases(): void {
    this.#sweep = undefined
    const nowMs = this.#setup.clock.nowMs()
    for (const entry of this.#leased) {
      if (entry.leasedUntilMs > nowMs) continue
      this.#leased.delete(entry)
      this.#forgetIfUnheld(entry)
    }
    if (this.#leased.size === 0) return
    this.#sweep = this.#setup.clock.after(sweepMs, () => this.#endLeases())
  }

  #forgetIfUnheld(entry: Entry): void {
    if (entry.holders > 0 || this.#leased.has(entry)) return
    const { name } = entry.exposure
    if (name === undefined || this.#named.get(name) !== entry) this.#forget(entry)
  }

  #forget(entry: Entry): void {
    this.#byNumber.delete(entry.number)
    this.#leased.delete(entry)
    if (this.#byTarget.get(entry.target) === entry) this.#byTarget.delete(entry.target)
  }
}
