import type { Server } from 'node:net'
import type { HostPort } from '../base/address.ts'

/**
 * Makes a server listen; `::` is every address, IPv4 too, and `0.0.0.0` on a machine without IPv6.
 *
 * Rejects with the system's error.
 */
export async function listenOn(server: Server, target: HostPort | { path: string }): Promise<void> {
  try {
    await listenOnce(server, target)
  } catch (thrown) {
    const { code = '' } = thrown as NodeJS.ErrnoException
    const isWithoutIpv6 = code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL'
    if (!isWithoutIpv6 || !('host' in target) || target.host !== '::') throw thrown
    await listenOnce(server, { host: '0.0.0.0', port: target.port })
  }
}

function listenOnce(server: Server, target: HostPort | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...target, backlog }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

const backlog = 511 // Node's default; Linux cuts it to net.core.somaxconn.
