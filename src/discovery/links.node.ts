/** The links that this machine is on. */
import { networkInterfaces } from 'node:os'
import { BlockList } from 'node:net'

/** One address of one interface. */
export interface Link {
  /** The name of the interface. */
  readonly name: string
  readonly family: 4 | 6
  readonly address: string
  /** Where all on it listen; only of IPv4. */
  readonly broadcast?: string
}

/** What there is to send to, and to believe. */
export interface Links {
  /** Each interface once a family. */
  readonly all: readonly Link[]
  /** Whether an address is on one of them, or on this machine. */
  readonly has: (host: string) => boolean
}

const maxLinks = 16 // Guess: of a machine with a hundred virtual ones, the first.

/** Looks at the interfaces as they are now; loopback counts only where there is nothing else. */
export function currentLinks(): Links {
  const entries = Object.entries(networkInterfaces()).flatMap(([name, list = []]) => {
    return list.map((each) => ({ ...each, name }))
  })
  const outside = entries.filter(({ internal }) => !internal)
  const all = new Map<string, Link>()
  for (const each of outside.length > 0 ? outside : entries) {
    const { name, address, netmask } = each
    const family = each.family === 'IPv4' ? 4 : 6
    const broadcast = family === 4 ? broadcastOf(address, netmask) : address
    const key = `${family} ${name}`
    if (all.size >= maxLinks || all.has(key)) continue
    all.set(key, { name, family, address, ...(broadcast !== address && { broadcast }) })
  }
  const near = new BlockList()
  near.addSubnet('fe80::', 10, 'ipv6')
  for (const { address, cidr, family } of entries) {
    const type = family === 'IPv4' ? 'ipv4' : 'ipv6'
    const bits = Number(cidr?.split('/')[1] ?? (type === 'ipv4' ? 32 : 128))
    near.addSubnet(address.split('%')[0] ?? address, bits, type)
  }
  const has = (host: string): boolean => {
    const [address = ''] = host.split('%')
    return near.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return { all: [...all.values()], has }
}

function broadcastOf(address: string, netmask: string): string {
  const mask = netmask.split('.').map(Number)
  const bytes = address.split('.').map((byte, at) => Number(byte) | (255 & ~(mask[at] ?? 255)))
  return bytes.join('.')
}
