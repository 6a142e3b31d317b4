/** Joins a node's objects with its connections. */
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Subject } from '../base/policy.ts'
import type { Random } from '../base/random.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { Stream } from '../connection/contract.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { BuiltIns } from '../remote/built-in.ts'
import { isObjectStream } from '../remote/messages.ts'
import type { ObjectLimits } from '../remote/options.ts'
import { ObjectService } from '../remote/service.ts'

/** What the objects stand on. */
export interface ObjectsSetup {
  readonly self: PeerId
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits: ObjectLimits
  readonly builtIns: BuiltIns
  /** Made later than the objects. */
  readonly manager: () => ConnectionManager
  readonly subject: (entry: PeerEntry) => Subject
}

/** Makes the objects of a node. */
export function makeObjects(setup: ObjectsSetup): ObjectService {
  const nobody = (peerId: PeerId): Subject => ({ peerId, name: peerId, roles: new Set() })
  return new ObjectService({
    ...setup,
    log: setup.log.child({ scope: 'remote' }),
    reach: (peer) => setup.manager().reach(peer),
    subject: (peer) => {
      const entry = setup.manager().peer(peer)
      return entry === undefined ? nobody(peer) : setup.subject(entry)
    },
  })
}

/** Takes a stream of the object layer; false for every other. */
export function acceptObjects(objects: ObjectService, stream: Stream, entry: PeerEntry): boolean {
  if (!isObjectStream(stream)) return false
  const { connection } = entry
  if (connection === undefined) stream.reset('CONNECTION_CLOSED', 'the connection is over')
  else objects.accept(stream, entry.id, connection)
  return true
}
