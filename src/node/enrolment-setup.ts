import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/emitter.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { Affiliation } from './affiliation.ts'
import type { NodeEvents } from './events.ts'
import type { Network } from './network.ts'
import type { People } from './people.ts'

/** What joining a network, and leaving it, works with. */
export interface EnrolmentSetup {
  readonly id: PeerId
  readonly label: string
  readonly clock: Clock
  readonly log: Log
  readonly manager: ConnectionManager
  readonly affiliation: Affiliation
  readonly people: People
  readonly network: Network
  readonly events: Emitter<NodeEvents>
  readonly addresses: () => readonly string[]
}
