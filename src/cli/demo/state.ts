/** What the demo knows at a moment: all that its table shows. Plain values, made anew each time. */

/** One of the five. */
export interface NodeView {
  readonly name: string
  /** The key that kills it and starts it again. */
  readonly key: string
  readonly status: NodeStatus
  readonly port: number
  /** Absent while no process runs. */
  readonly pid?: number
  /** How often its process was started. */
  readonly lives: number
  /** What it last said of the others, by their names; empty unless it is running. */
  readonly links: ReadonlyMap<string, LinkView>
  /** Names of those that it calls gone. */
  readonly gone: ReadonlySet<string>
}

/**
 * `silent`: the process lives and does not answer us; `killed`: by a key here; `ended`: in any other
 * way, such as `skein down`.
 */
export type NodeStatus = 'starting' | 'running' | 'silent' | 'killed' | 'ended'

/** A connection, as one of its ends sees it. */
export interface LinkView {
  readonly state: 'open' | 'suspended'
  /** How long it has been suspended, ms; 0 otherwise. */
  readonly suspendedMs: number
  /** Absent before the first measurement. */
  readonly rttMicros?: number
}

/** Something that happened. */
export interface DemoEvent {
  /** The time of day: `12:03:44`. */
  readonly time: string
  readonly text: string
}

/** See the file's head. */
export interface DemoState {
  readonly nodes: readonly NodeView[]
  /** What happened, oldest first. */
  readonly events: readonly DemoEvent[]
  /** The link of the live page, once its node runs. */
  readonly page?: string
}
