/** The object layer of a program of the owner's, over its one connection to a running node. */
import { silentLog } from '../base/log.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import { ObjectService } from './service.ts'
import type { ObjectConnection } from './connection.ts'

/** The node, to its program: on this connection neither of them has an ID. */
export const theNode = 'node' as PeerId

/** What such a layer stands on. */
export interface ProgramSetup {
  readonly clock: Clock
  readonly random: Random
  /** Returns the connection to the node; called when it is first needed, and after it was lost. */
  readonly reach: () => Promise<ObjectConnection>
}

/** Makes it. It exposes nothing, and knows {@link theNode} and nobody else. */
export function programObjects(setup: ProgramSetup): ObjectService {
  return new ObjectService({
    ...setup,
    ...{ self: 'program' as PeerId, log: silentLog },
    subject: (peerId) => ({ peerId, name: peerId, roles: new Set() }),
  })
}
