import { isIPv4, isIPv6 } from 'node:net'

/** Whether an address leads nowhere but to the machine that uses it. */
export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || (isIPv4(host) && host.startsWith('127.'))
}

/** The 4 or 16 bytes of an address of an interface; `undefined` when it is none. */
export function addressBytes(host: string): Uint8Array | undefined {
  if (isIPv4(host)) return Uint8Array.from(host.split('.').map(Number))
  if (!isIPv6(host) || host.includes('.')) return undefined
  const [address = ''] = host.split('%')
  const [before = [], behind = []] = address.split('::').map(readGroups)
  const bytes = new Uint8Array(16)
  bytes.set(before)
  bytes.set(behind, 16 - behind.length)
  return bytes
}

function readGroups(text: string): readonly number[] {
  const groups = text.split(':').filter((group) => group !== '')
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >>> 8, value & 0xff]
  })
}
