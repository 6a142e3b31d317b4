/** The object layer of a program of the owner's, beside its one connection to a running node. */
import { SkeinError } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import { ObjectService } from './service.ts'

/** Makes it. It exposes nothing, and reaches nobody but by `directObject`. */
export function programObjects(clock: Clock, random: Random): ObjectService {
  return new ObjectService({
    ...{ self: 'direct' as PeerId, clock, random, log: silentLog },
    reach: () => Promise.reject(new SkeinError('PEER_UNKNOWN', 'only nodes reach other peers')),
    subject: (peerId) => ({ peerId, name: peerId, roles: new Set() }),
  })
}
