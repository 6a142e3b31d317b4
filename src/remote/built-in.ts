/**
 * Objects that every node has under a reserved name. There is one for each session, which so knows who
 * asks; it decides itself who may do what.
 *
 * **Invariant**: what is built in is reached by its name, and by nobody but the peer of its session: a
 * token of it opens nothing in another.
 */
import type { SkeinError } from '../base/errors.ts'
import type { Subject } from '../base/policy.ts'
import { Exposure } from './exposure.ts'
import type { Entry, ObjectTable } from './object-table.ts'

/** What a built-in object is told of its session. */
export interface BuiltInSession {
  /** Who is at the other end, now. */
  readonly subject: () => Subject
  /** Whether that is a program of the owner's own, which joined without an ID. */
  readonly isDirect: boolean
  /** Whether a value is a proxy of an object of that very peer's, given in this session. */
  readonly isTheirs: (value: unknown) => boolean
}

/** One object for one session. */
export interface BuiltIn {
  readonly target: object
  readonly members: readonly string[]
  /** The session is over; called once. */
  close(error: SkeinError): void
}

/** What makes them, by their names. */
export type BuiltIns = Readonly<Record<string, (session: BuiltInSession) => BuiltIn>>

/** Those of one session, each made when it is first asked for. */
export class SessionBuiltIns {
  readonly #builtIns: BuiltIns
  readonly #table: ObjectTable
  readonly #session: BuiltInSession
  readonly #made = new Map<string, BuiltIn>()

  constructor(builtIns: BuiltIns, table: ObjectTable, session: BuiltInSession) {
    this.#builtIns = builtIns
    this.#table = table
    this.#session = session
  }

  /** What stands under a name; `undefined` where it is not reserved. */
  find(name: string): Entry | undefined {
    const make = Object.hasOwn(this.#builtIns, name) ? this.#builtIns[name] : undefined
    if (make === undefined) return undefined
    let known = this.#made.get(name)
    if (known === undefined) this.#made.set(name, (known = make(this.#session)))
    const { target, members } = known
    return this.#table.enter(target, 'object', () => Exposure.builtIn(name, members))
  }

  /** The session is over. */
  close(error: SkeinError): void {
    for (const builtIn of this.#made.values()) builtIn.close(error)
    this.#made.clear()
  }
}
