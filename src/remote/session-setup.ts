/** What a session is made of, and how much it holds. */
import type { Clock } from '../base/clock.ts'
import type { SkeinError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import type { ClassRegistry } from '../codec/class-registry.ts'
import type { Collector } from './imports.ts'
import type { ThirdReference } from './marshal.ts'
import type { Entry, ObjectTable } from './object-table.ts'
import type { ObjectLimits } from './options.ts'
import type { Reference, SessionFinder, WireTarget } from './reference.ts'

/** What a session stands on. */
export interface SessionSetup {
  readonly self: PeerId
  readonly peer: PeerId
  readonly clock: Clock
  readonly limits: ObjectLimits
  readonly table: ObjectTable
  readonly collector: Collector
  readonly classes?: ClassRegistry | undefined
  readonly isData: (value: object) => boolean
  readonly find: SessionFinder
  readonly proxyOf: (third: ThirdReference) => object
  readonly namedProxy: (name: string) => object | undefined
  readonly lease: (reference: Reference) => void
  /** Who the peer is to the policy, now. */
  readonly subject: () => Subject
  /** Finds what the peer asks for by name. @throws {SkeinError} `UNKNOWN_OBJECT`, `DENIED`. */
  readonly findNamed: (name: string, subject: Subject) => Entry
  readonly list: (subject: Subject) => unknown
  /** Takes bytes that are to be sent. */
  readonly send: (bytes: Uint8Array) => void
  /** Sends a long message on a stream of its own. */
  readonly sendLarge: (key: number, parts: readonly Uint8Array[]) => void
  /** True while the stream takes what is sent at once. */
  readonly isWritable: () => boolean
  /** True while what was sent waits in this process for the peer to read. */
  readonly isCongested: () => boolean
  /** The session is over, by what the peer did or by us; called once. */
  readonly onClose: (error: SkeinError, isViolation: boolean) => void
}

/** How much two nodes share. */
export interface SessionCounts {
  /** Our questions without an answer. */
  readonly calls: number
  /** The peer's questions that run, wait, or are kept. */
  readonly answers: number
  /** References of ours that the peer holds. */
  readonly given: number
  /** References of the peer that we hold. */
  readonly held: number
}

/** A call that is about to be asked. */
export interface Asking {
  readonly target: WireTarget
  readonly path: readonly string[]
  readonly args: readonly unknown[]
}
