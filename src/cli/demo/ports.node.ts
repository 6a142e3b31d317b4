/** Finds ports that are free for all five, by binding them. */
import { createServer } from 'node:net'
import { SkeinError } from '../../base/errors.ts'
import { settings } from '../config/settings.ts'
import { place } from './plan.ts'
import type { Server } from 'node:net'
import type { HostPort } from '../../base/address.ts'
import type { Placement, Profile } from './plan.ts'

const offsetStep = 100 // Easy to add in one's head; more than the 20 between the first and the last.
const maxOffset = 20_000 // So the highest port stays below the ephemeral ones of Linux.
const ipv4Loopback = '127.0.0.1'
const usualPagePort = settings['web.port'].fallback ?? 0

/**
 * Chooses where the five listen: at their own ports, or all the same distance above.
 *
 * What is free now can be taken a moment later; the node then says so itself.
 *
 * @throws {SkeinError} `ADDRESS_IN_USE` nothing is free, up to 20 000 above.
 */
export async function findPlacement(profiles: readonly Profile[]): Promise<Placement> {
  let host: { host?: string } = {}
  for (let portOffset = 0; portOffset <= maxOffset; portOffset += offsetStep) {
    let found = await tryBind(profiles, { ...host, portOffset })
    if (found === 'no-host') {
      host = { host: ipv4Loopback } // No IPv6 here.
      found = await tryBind(profiles, { ...host, portOffset })
    }
    if (found === 'free') return { ...host, portOffset }
  }
  const ports = profiles.map(({ listen }) => listen.port).join(', ')
  const text = `the ports ${ports} are taken, and so are all tried up to ${maxOffset} above`
  throw new SkeinError('ADDRESS_IN_USE', `${text}; stop what listens there`)
}

/** A free port for the page: the usual one, or another. */
export async function findPagePort(): Promise<number> {
  for (let offset = 0; offset <= maxOffset; offset += offsetStep) {
    const server = createServer()
    const port = usualPagePort + offset
    const found = await bind(server, { host: ipv4Loopback, port })
    if (found !== 'free') continue
    await close(server)
    return port
  }
  return 0 // Whatever is free then.
}

type Availability = 'free' | 'taken' | 'no-host'

async function tryBind(profiles: readonly Profile[], placement: Placement): Promise<Availability> {
  const servers: Server[] = []
  try {
    for (const { listen } of profiles) {
      const server = createServer()
      const found = await bind(server, place(listen, placement))
      if (found !== 'free') return found
      servers.push(server)
    }
    return 'free'
  } finally {
    await Promise.all(servers.map(close))
  }
}

function bind(server: Server, { host, port }: HostPort): Promise<Availability> {
  return new Promise((resolve) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const hasNoHost = code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'ENOTFOUND'
      resolve(hasNoHost ? 'no-host' : 'taken')
    })
    server.listen({ host, port, exclusive: true }, () => resolve('free'))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
