/** Where the five nodes run: their profiles, moved together where a port is taken. No IO. */
import { formatHostPort } from '../../base/address.ts'
import type { HostPort } from '../../base/address.ts'

/** The shipped profiles, in the order of the table; the first letter of each is its key. */
export const demoProfiles = ['alice', 'bob', 'carol', 'dave', 'erin'] as const

/** Which of them serves the live page. */
export const pageProfile = 'bob'

/** What a profile's configuration says. */
export interface Profile {
  readonly name: string
  readonly listen: HostPort
  readonly peers: readonly HostPort[]
  readonly dataFolder: string
}

/** How the five differ from their profiles: in nothing, if all ports are free. */
export interface Placement {
  /** In place of the profiles' own host. */
  readonly host?: string
  /** Added to every port of the five. */
  readonly portOffset: number
  /** Where the live page is served; nowhere where absent. */
  readonly pagePort?: number
}

/** A node of the demo. */
export interface PlannedNode {
  readonly name: string
  readonly key: string
  readonly listen: HostPort
  readonly dataFolder: string
  /** For `-s`. */
  readonly settings: readonly string[]
}

/**
 * The longest wait between two dials. The default, 30 s, spares machines far apart; here somebody
 * watches and waits, and a dial costs nothing.
 */
const reconnectMaxMs = 1_000

/** Moves the profiles to where they run. */
export function planNodes(
  profiles: readonly Profile[],
  placement: Placement,
): readonly PlannedNode[] {
  const own = new Set(profiles.map(({ listen }) => formatHostPort(listen)))
  return profiles.map(({ name, listen, peers, dataFolder }): PlannedNode => {
    const placed = place(listen, placement)
    const targets = peers.map((peer) =>
      formatHostPort(own.has(formatHostPort(peer)) ? place(peer, placement) : peer),
    )
    const settings = [
      `network.listen.host=${JSON.stringify(placed.host)}`,
      `network.listen.port=${placed.port}`,
      `network.peers=${JSON.stringify(targets)}`,
      `limits.reconnectMaxMs=${reconnectMaxMs}`,
      ...(name === pageProfile ? pageSettings(placement) : []),
    ]
    return { name, key: name.slice(0, 1), listen: placed, dataFolder, settings }
  })
}

function pageSettings({ pagePort }: Placement): readonly string[] {
  if (pagePort === undefined) return []
  return ['web.enabled=true', 'web.host="127.0.0.1"', `web.port=${pagePort}`]
}

/** Where a listening address of the five really is. */
export function place({ host, port }: HostPort, { host: other, portOffset }: Placement): HostPort {
  return { host: other ?? host, port: port + portOffset }
}
