/** Where the five nodes run: their profiles, moved together where a port is taken. No IO. */
import { formatHostPort } from '../../base/address.ts'
import type { HostPort } from '../../base/address.ts'

/** The shipped profiles, in the order of the table; the first letter of each is its key. */
export const demoProfiles = ['alice', 'bob', 'carol', 'dave', 'erin'] as const

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

/** Two names: the first dials the second. */
export type Link = readonly [from: string, to: string]

/** The five, and who dials whom. */
export interface Plan {
  readonly nodes: readonly PlannedNode[]
  readonly links: readonly Link[]
}

/**
 * The longest wait between two dials. The default, 30 s, spares machines far apart; here somebody
 * watches and waits, and a dial costs nothing.
 */
const reconnectMaxMs = 1_000

/** Moves the profiles to where they run, with the links between them. */
export function planNodes(profiles: readonly Profile[], placement: Placement): Plan {
  const owners = new Map(profiles.map(({ listen, name }) => [formatHostPort(listen), name]))
  const nodes = profiles.map(({ name, listen, peers, dataFolder }): PlannedNode => {
    const placed = place(listen, placement)
    const targets = peers.map((peer) =>
      formatHostPort(owners.has(formatHostPort(peer)) ? place(peer, placement) : peer),
    )
    const settings = [
      `network.listen.host=${JSON.stringify(placed.host)}`,
      `network.listen.port=${placed.port}`,
      `network.peers=${JSON.stringify(targets)}`,
      `limits.reconnectMaxMs=${reconnectMaxMs}`,
    ]
    return { name, key: name.slice(0, 1), listen: placed, dataFolder, settings }
  })
  const links = profiles.flatMap(({ name, peers }) =>
    peers.flatMap((peer): Link[] => {
      const to = owners.get(formatHostPort(peer))
      return to === undefined ? [] : [[name, to]]
    }),
  )
  return { nodes, links }
}

/** Where a listening address of the five really is. */
export function place({ host, port }: HostPort, { host: other, portOffset }: Placement): HostPort {
  return { host: other ?? host, port: port + portOffset }
}
