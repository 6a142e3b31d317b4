/**
 * How a node stands in DNS-SD (RFC 6763): its records, and what is read out of those of others.
 *
 *   _services._dns-sd._udp.local  PTR  _skein._tcp.local
 *   _skein._tcp.local             PTR  k3f2…._skein._tcp.local
 *   k3f2…._skein._tcp.local       SRV  port, k3f2….local     TXT  v=1 b=… p=… (id=… label=…)
 *   k3f2….local                   A, AAAA
 *
 * `k3f2…` is random and changes with the network, so that it follows nobody around; it is not the name
 * of the machine. `b` and `p` are the two parts of a beacon (see beacon.ts) in base32, as a text holds no
 * more than 255 bytes.
 */
import { decodeBase32, encodeBase32 } from '../../base/base32.ts'
import { labelProblem } from '../../base/label.ts'
import { isPeerId } from '../../base/peer-id.ts'
import { beaconBytes } from '../beacon.ts'
import { isSameName } from './messages.ts'
import type { DnsMessage, DnsRecord, Name } from './messages.ts'
import type { OpenSelf } from '../contract.ts'

/** What a node says of itself. */
export interface Announcement {
  /** Random. */
  readonly instance: string
  readonly port: number
  readonly beacon: Uint8Array
  /** 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[]
  readonly open?: OpenSelf
}

/** What another one said. */
export interface Heard {
  readonly instance: string
  readonly port: number
  /** 0: it goes. */
  readonly ttlSeconds: number
  /** Absent where there is none that could be read. */
  readonly beacon?: Uint8Array
  readonly open?: OpenSelf
}

/** The type of our service. */
export const serviceName: Name = ['_skein', '_tcp', 'local']
/** What lists the types of services (RFC 6763 §9). */
export const metaName: Name = ['_services', '_dns-sd', '_udp', 'local']

const serviceSeconds = 4_500 // RFC 6762 §10: 75 minutes
const hostSeconds = 120 // RFC 6762 §10: what depends on the address
const splitAt = 56 // Nonce, network tag and masked ID; then the tags of pairs.
const version = 'v=1'
const maxHeard = 16 // Guess: a node speaks of itself alone; a proxy for a few.

/** The name of an instance. */
export function instanceName(instance: string): Name {
  return [instance, ...serviceName]
}

/** The name of the host in the records of an instance. */
function hostName(instance: string): Name {
  return [instance, 'local']
}

/** All records of a node. */
export function recordsOf(said: Announcement): readonly DnsRecord[] {
  const { instance, port, beacon, addresses, open } = said
  const [name, target] = [instanceName(instance), hostName(instance)]
  const texts = [
    version,
    `b=${encodeBase32(beacon.subarray(0, splitAt))}`,
    `p=${encodeBase32(beacon.subarray(splitAt))}`,
    ...(open === undefined ? [] : [`id=${open.id}`, `label=${open.label}`]),
  ]
  const shared = { ttlSeconds: serviceSeconds, isUnique: false }
  const unique = { ttlSeconds: serviceSeconds, isUnique: true }
  const ofHost = { ttlSeconds: hostSeconds, isUnique: true }
  return [
    { ...shared, name: serviceName, data: { kind: 'ptr', name } },
    { ...ofHost, name, data: { kind: 'srv', port, target } },
    { ...unique, name, data: { kind: 'txt', texts } },
    ...addresses.map((bytes) => {
      return { ...ofHost, name: target, data: { kind: 'address', bytes } } as const
    }),
  ]
}

/** The record that lists our type of service. */
export const metaRecord: DnsRecord = {
  name: metaName,
  ttlSeconds: serviceSeconds,
  isUnique: false,
  data: { kind: 'ptr', name: serviceName },
}

/** Finds instances in a response: those of which it says all that is needed, or that they go. */
export function readAnnouncements({ answers, additionals }: DnsMessage): readonly Heard[] {
  const records = [...answers, ...additionals]
  const heard: Heard[] = []
  for (const { name, data, ttlSeconds } of records) {
    if (heard.length >= maxHeard) break
    if (data.kind === 'srv' && isInstance(name)) {
      const [instance = ''] = name
      const pointer = records.find((each) => {
        return each.data.kind === 'ptr' && isSameName(each.data.name, name)
      })
      const lasts = pointer?.ttlSeconds ?? ttlSeconds
      heard.push({ instance, port: data.port, ttlSeconds: lasts, ...readTexts(records, name) })
    } else if (data.kind === 'ptr' && ttlSeconds === 0 && isInstance(data.name)) {
      heard.push({ instance: data.name[0] ?? '', port: 0, ttlSeconds: 0 })
    }
  }
  return heard
}

function isInstance(name: Name): boolean {
  return name.length === serviceName.length + 1 && isSameName(name.slice(1), serviceName)
}

function readTexts(records: readonly DnsRecord[], name: Name): Pick<Heard, 'beacon' | 'open'> {
  const texts = records.flatMap((each) => {
    return each.data.kind === 'txt' && isSameName(each.name, name) ? each.data.texts : []
  })
  const value = (key: string): string | undefined => {
    return texts.find((each) => each.startsWith(`${key}=`))?.slice(key.length + 1)
  }
  if (!texts.includes(version)) return {}
  const beacon = joinParts(value('b'), value('p'))
  const [id, label] = [value('id'), value('label')]
  const isOpen = isPeerId(id) && label !== undefined && labelProblem(label) === undefined
  return { ...(beacon && { beacon }), ...(isOpen && { open: { id, label } }) }
}

function joinParts(first = '', second = ''): Uint8Array | undefined {
  const [head, tail] = [decodeBase32(first), decodeBase32(second)]
  if (head?.length !== splitAt || tail?.length !== beaconBytes - splitAt) return undefined
  const beacon = new Uint8Array(beaconBytes)
  beacon.set(head)
  beacon.set(tail, splitAt)
  return beacon
}
