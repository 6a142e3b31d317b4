import type { Subject } from '../base/policy.ts'
import type { CommandRequest, Ending } from './messages.ts'

/** A command that ended: what was asked, by whom, and how it went. */
export interface RunReport {
  readonly subject: Subject
  readonly request: CommandRequest
  readonly ending: Ending
  readonly durationMs: number
}
