/**
 * A pointer to an object of another peer. It outlives the session in which it was given:
 *
 *   unbound ──first use──▶ asked for ──answer──▶ bound ──session over──▶ unbound
 *
 * Asked for means: by token, by name, or by both. Calls do not wait for the answer; they follow the
 * question. What has neither a token that the owner knows nor a name that it exposes is lost.
 */
import { SkeinError } from '../base/errors.ts'
import { shortPeerId } from '../base/peer-id.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ReferenceKind } from './messages.ts'
import { BrokenIterator } from './over.ts'
import { rejected } from './proxy.ts'
import type { Remotely } from './proxy.ts'

/** How calls are made. */
export interface CallOptions {
  /** Gives a call up after this long, at both sides; ms. Never where absent. */
  readonly timeoutMs?: number | undefined
  /** Takes calls back, at both sides. */
  readonly signal?: AbortSignal | undefined
}

/** Something at a peer as one session names it: twice an object's number, or of a question plus 1. */
export interface WireTarget {
  readonly wire: number
  readonly options?: CallOptions | undefined
}

/** What references ask of a session. */
export interface Calling {
  readonly isClosed: boolean
  call(target: WireTarget, path: readonly string[], args: readonly unknown[]): Promise<unknown>
  read(target: WireTarget, path: readonly string[]): Promise<unknown>
  /** With `args`: over what a call of it gives, in one message. */
  iterate(
    target: WireTarget,
    path: readonly string[],
    args?: readonly unknown[],
  ): AsyncIterableIterator<unknown>
  /** Asks for the object of a reference; returns what names it until the answer is there. */
  ask(reference: Reference): number
  sendRelease(number: number, count: number): void
}

/** Finds or makes the session with a peer. */
export type SessionFinder = (peer: PeerId) => Calling

/** What a reference starts from. */
export interface ReferenceSetup {
  /** Whose object it is; found out at each binding where it is a function. */
  readonly peer: PeerId | (() => PeerId)
  readonly kind: ReferenceKind
  readonly name?: string | undefined
  readonly number?: number | undefined
  readonly token?: Uint8Array | undefined
  readonly options?: CallOptions | undefined
  readonly find: SessionFinder
  /** The session that gave it, where one did. */
  readonly session?: Calling | undefined
  /** Called instead of a release where a session counts it: see `Imports`. */
  readonly onRelease?: (() => void) | undefined
}

/** See the file's head. */
export class Reference implements Remotely, WireTarget {
  readonly kind: ReferenceKind
  readonly name: string | undefined
  readonly options: CallOptions | undefined
  number: number | undefined
  token: Uint8Array | undefined
  wire: number
  readonly #peer: PeerId | (() => PeerId)
  readonly #find: SessionFinder
  readonly #onRelease: (() => void) | undefined
  #session: Calling | undefined
  /** Whether an answer gave it to us: then we count it ourselves. */
  #isCounted = false
  #isReleased = false

  constructor(setup: ReferenceSetup) {
    this.kind = setup.kind
    this.name = setup.name
    this.number = setup.number
    this.token = setup.token
    this.options = setup.options
    this.#peer = setup.peer
    this.#find = setup.find
    this.#session = setup.session
    this.#onRelease = setup.onRelease
    this.wire = 2 * (setup.number ?? 0)
  }

  /** Whose object it is. @throws {SkeinError} `PEER_UNKNOWN`, `LABEL_AMBIGUOUS`. */
  get peer(): PeerId {
    return typeof this.#peer === 'string' ? this.#peer : this.#peer()
  }

  /** The session that it is bound in, with a number that the owner knows there. */
  get boundSession(): Calling | undefined {
    const session = this.#session
    return session === undefined || session.isClosed || this.wire % 2 === 1 ? undefined : session
  }

  call(path: readonly string[], args: readonly unknown[]): Promise<unknown> {
    const session = this.#session
    if (session !== undefined && !session.isClosed) return session.call(this, path, args)
    try {
      return this.bind().call(this, path, args)
    } catch (thrown) {
      return rejected(thrown, this)
    }
  }

  read(path: readonly string[]): Promise<unknown> {
    try {
      return this.bind().read(this, path)
    } catch (thrown) {
      return rejected(thrown, this)
    }
  }

  /** @param args - Those of a method at the end of `path`, whose result is iterated over. */
  iterate(path: readonly string[], args?: readonly unknown[]): AsyncIterableIterator<unknown> {
    try {
      return this.bind().iterate(this, path, args)
    } catch (thrown) {
      return new BrokenIterator(thrown)
    }
  }

  /**
   * The session to use it in; asks for the object where it has to.
   *
   * @throws {SkeinError} `OBJECT_GONE` it was released, or can be asked for no more; `NODE_CLOSED`.
   */
  bind(): Calling {
    const bound = this.#session
    if (bound !== undefined && !bound.isClosed) return bound
    if (this.#isReleased) {
      throw new SkeinError('OBJECT_GONE', `${this.describe()} was released here; get it again`)
    }
    const session = this.#find(this.peer)
    this.#session = session
    this.#isCounted = false
    this.wire = session.ask(this)
    return session
  }

  /** The answer to {@link Calling.ask}: its owner gave it to us, counted. */
  take(number: number, token: Uint8Array): void {
    if (this.#isReleased) {
      this.#session?.sendRelease(number, 1)
      return
    }
    this.number = number
    this.token = token
    this.wire = 2 * number
    this.#isCounted = true
  }

  /** The other answer: its next use asks again. */
  lose(): void {
    this.#session = undefined
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    const session = this.boundSession
    this.#session = undefined
    if (session === undefined) return
    if (this.#onRelease !== undefined && !this.#isCounted) this.#onRelease()
    else if (this.#isCounted) session.sendRelease(this.number ?? 0, 1)
  }

  describe(): string {
    const what = this.name ?? `${this.kind} ${this.number ?? ''}`.trimEnd()
    const of = typeof this.#peer === 'string' ? ` of ${shortPeerId(this.#peer)}` : ''
    return `[remote ${what}${of}]`
  }
}
