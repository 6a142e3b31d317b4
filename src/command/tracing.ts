import type { Subject } from '../base/policy.ts'
import type { CommandRequest, Ending } from './messages.ts'

/**
 * Follows commands across peers, where the program around this node asked for it; see
 * `docs/guide/monitoring.md`.
 */
export interface CommandTracer {
  /** This node asks a peer for a command; `undefined` where nobody wants to know. */
  asks(argv: readonly string[], peer: { readonly id: string; readonly name: string }): Trace | undefined
  /** A caller asks this node. */
  answers(request: CommandRequest, subject: Subject): Trace | undefined
}

/** One command that is followed. */
export interface Trace {
  /** What travels with the request: a `traceparent` (W3C Trace Context, §3.2). */
  readonly traceparent: string
  /** Does `work` so that what it asks of others belongs to the same trace. */
  within<T>(work: () => T): T
  /** The command ended. */
  end(ending: Ending): void
}
