import { displayAddress } from '../base/address.ts'
import type { Subject } from '../base/policy.ts'
import type { PathLink } from '../connection/path-link.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { PathInfo, PeerInfo } from './peer.ts'
import type { People } from './people.ts'

/** Takes a picture of a peer as it is now. Frozen. */
export function describePeer(entry: PeerEntry, people: People, subject: Subject): PeerInfo {
  const { id, connection, isOutbound } = entry
  const rttMicros = connection?.rttMicros
  return Object.freeze({
    id,
    index: people.directory.number(id, entry.addresses),
    name: people.directory.name(id),
    address: entry.displayAddress,
    state: connection?.state ?? 'closed',
    suspendedMs: Math.round(connection?.suspendedMs ?? 0),
    paths: Object.freeze(connection?.links.map(describePath) ?? []),
    pathReason: connection?.pathReason ?? 'no path yet',
    isOutbound,
    roles: Object.freeze([...subject.roles].filter((role) => role !== 'anyone')),
    ...(rttMicros === undefined ? {} : { rttMicros }),
  })
}

function describePath({ path, rttMicros, isDoubtful }: PathLink): PathInfo {
  const info = { kind: path.kind, address: displayAddress(path.remoteAddress), isDoubtful }
  return Object.freeze(rttMicros === undefined ? info : { ...info, rttMicros })
}
