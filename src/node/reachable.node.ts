import { networkInterfaces } from 'node:os'
import { parseHostPort, tlsAddress } from '../base/address.ts'

const maxAddresses = 16 // As many as a record of membership takes.

/** Tells, as things are now, whether an address leads to this machine. */
export function localAddressTest(): (address: string) => boolean {
  const own = Object.values(networkInterfaces()).flatMap((list = []) => list)
  const hosts = new Set(['localhost', ...own.map(({ address }) => address)])
  return (address) => {
    const host = parseHostPort(address)?.host
    return host !== undefined && (hosts.has(host) || host.startsWith('127.'))
  }
}

/**
 * Where others can dial what is listened on: a wildcard host stands for every address of this machine,
 * the loopback one only where there is no other.
 */
export function reachableAddresses(listening: readonly string[]): readonly string[] {
  const reachable = listening.flatMap((address) => {
    const target = parseHostPort(address)
    if (target === undefined || (target.host !== '::' && target.host !== '0.0.0.0'))
      return [address]
    const takesIpv6 = target.host === '::'
    const all = Object.values(networkInterfaces()).flatMap((list = []) => list)
    // A link-local address means nothing without the name of the interface on the other machine.
    const usable = all.filter((each) => !each.address.startsWith('fe80:'))
    const hosts = usable.filter((each) => takesIpv6 || each.family === 'IPv4')
    const outside = hosts.filter((each) => !each.internal)
    const chosen = outside.length > 0 ? outside : hosts
    return chosen.map((each) => tlsAddress({ host: each.address, port: target.port }))
  })
  return [...new Set(reachable)].slice(0, maxAddresses)
}
