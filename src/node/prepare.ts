/** Reads what a node starts from: its identity, whom it knows, and the network that it belongs to. */
import { systemClock } from '../base/clock.ts'
import { loadIdentity } from '../base/identity.node.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { MemoryStorage } from '../base/storage.ts'
import { tlsTransport } from '../transport/tls.node.ts'
import { Affiliation } from './affiliation.ts'
import { checkShape } from './check-options.ts'
import { nextIncarnation } from './incarnation.ts'
import { checkOptions, readTargets } from './options.ts'
import { People } from './people.ts'
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Storage } from '../base/storage.ts'
import type { Transport } from '../transport/contract.ts'
import type { NodeOptions, PeerTarget } from './options.ts'

/** What a node is made of. */
export interface NodeParts {
  readonly options: NodeOptions
  readonly identity: Identity
  readonly label: string
  readonly storage: Storage
  readonly transports: readonly Transport[]
  readonly people: People
  readonly affiliation: Affiliation
  readonly targets: readonly PeerTarget[]
  readonly incarnation: number
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
}

/** Reads and checks it all. @throws {SkeinError} `INVALID`, `CONFIG_INVALID`, `STORAGE_FAILED`. */
export async function prepare(options: NodeOptions): Promise<NodeParts> {
  checkShape(options)
  checkOptions(options)
  const { label = 'node', storage = new MemoryStorage(), log = silentLog } = options
  const { clock = systemClock, random = systemRandom } = options
  const identity = options.identity ?? (await loadIdentity(storage))
  const transports = options.transports ?? [tlsTransport(identity)]
  const targets = readTargets(options)
  const addresses = targets.map(({ address }) => address)
  const affiliation = await Affiliation.load({ identity, label, storage, clock, random, log })
  const people = await People.load({ storage, log, affiliation }, options, addresses)
  const incarnation = await nextIncarnation(storage, clock)
  const kept = { identity, label, storage, clock, random, log }
  return { ...kept, options, transports, people, affiliation, targets, incarnation }
}
