/** The discoveries of a node that look around: the links of its machine, and the domain name system. */
import { Beacons } from '../discovery/beacon.ts'
import { DnsDiscovery } from '../discovery/dns/machine.ts'
import { dnsResolver } from '../discovery/dns/resolver.node.ts'
import { LanDiscovery } from '../discovery/lan/machine.ts'
import { currentLinks } from '../discovery/links.node.ts'
import { hmacSha256 } from '../discovery/mac.node.ts'
import { MdnsDiscovery } from '../discovery/mdns/machine.ts'
import { UdpWire } from '../discovery/udp-wire.node.ts'
import { parseHostPort } from '../base/address.ts'
import { addressBytes, isLoopback } from './host-address.ts'
import type { Lookout } from '../discovery/contract.ts'
import type { Acquaintance } from '../discovery/beacon.ts'
import type { NodeParts } from './prepare.ts'

/** UDP port of the discovery `lan` (F7). */
const defaultLanPort = 14_589

const lanGroups = { 4: '239.255.145.89', 6: 'ff12::1:4589' } // RFC 2365 §6.1; RFC 4291 §2.7: of this link.
const lanTtl = 1
const mdnsPort = 5_353 // RFC 6762 §3, and the groups
const mdnsGroups = { 4: '224.0.0.251', 6: 'ff02::fb' }
const mdnsTtl = 255 // RFC 6762 §11

/**
 * Makes those that a node's options ask for.
 *
 * @param addresses - Where the node listens, as URLs.
 * @throws {SkeinError} `CONFIG_INVALID` a DNS server is no address.
 */
export function makeLookouts(
  parts: NodeParts,
  addresses: () => readonly string[],
): readonly Lookout[] {
  const { identity, label, clock, random, affiliation, people } = parts
  const options = parts.options.discovery ?? {}
  const self: Acquaintance = {
    id: identity.peerId,
    network: () => affiliation.network,
    known: () => people.directory.known.values(),
  }
  const log = parts.log.child({ scope: 'discovery' })
  const beacons = new Beacons(self, hmacSha256, random)
  const port = (): number => outsidePort(addresses())
  const open = options.isOpen === true ? { id: self.id, label } : undefined
  const shared = { clock, random, beacons, port, open }
  const lookouts: Lookout[] = []
  if (options.lan === true) {
    const lanPort = options.lanPort ?? defaultLanPort
    const ways = { hasBroadcast: true, hasOwnPort: true, ttl: lanTtl }
    const wire = new UdpWire({ clock, log, port: lanPort, groups: lanGroups, ...ways })
    lookouts.push(new LanDiscovery({ ...shared, wire }))
  }
  if (options.mdns === true) {
    const ways = { hasBroadcast: false, hasOwnPort: false, ttl: mdnsTtl }
    const wire = new UdpWire({ clock, log, port: mdnsPort, groups: mdnsGroups, ...ways })
    lookouts.push(new MdnsDiscovery({ ...shared, wire, addresses: ownAddresses }))
  }
  const names = options.dnsNames ?? []
  if (names.length > 0) {
    const onProblem = (name: string, message: string): void => log.info({ name }, message)
    const resolver = dnsResolver(options.dnsServers ?? [])
    lookouts.push(new DnsDiscovery({ clock, random, resolver, names, onProblem }))
  }
  return lookouts
}

/** The port that others on a link can dial: none where this node listens to its own machine only. */
function outsidePort(addresses: readonly string[]): number {
  const places = addresses.flatMap((address) => parseHostPort(address) ?? [])
  const links = currentLinks()
  const isAlone = links.all.every(({ address }) => isLoopback(address))
  return places.find(({ host }) => isAlone || !isLoopback(host))?.port ?? 0
}

function ownAddresses(): readonly Uint8Array[] {
  return currentLinks().all.flatMap(({ address }) => addressBytes(address) ?? [])
}
