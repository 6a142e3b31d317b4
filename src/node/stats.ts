/** What a node carries and has carried, in numbers. Read from what the machinery counts anyhow. */
import type { CommandService } from '../command/service.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { FrameCounts } from '../connection/traffic.ts'
import type { MailStatus } from '../mail/machine.ts'
import type { Membership } from '../membership/service.ts'
import type { MemberState } from '../membership/snapshot.ts'
import type { Transport } from '../transport/contract.ts'
import type { NodeMail } from './mail.ts'
import type { Talk, TalkStatus } from './talk.ts'

/** Bytes that went each way. */
export interface ByteCounts {
  readonly sent: number
  readonly received: number
}

/** A node in numbers. A snapshot; what is a total counts from the start of the node. */
export interface NodeStats {
  /** Connections to peers, by state. */
  readonly connections: { readonly open: number; readonly suspended: number }
  /** Paths that are attached, by kind. */
  readonly paths: Readonly<Record<string, number>>
  /** Paths that have not said HELLO yet. */
  readonly halfOpenPaths: number
  /** Bytes that were sent and are kept until their peers have them, and those that wait. */
  readonly heldBytes: number
  /** Counted frames so far. */
  readonly frames: FrameCounts
  /** Bytes on paths so far, by kind, before encryption; of transports that count. */
  readonly bytes: Readonly<Record<string, ByteCounts>>
  /** Members of the network as this node sees them, itself included. */
  readonly members: Readonly<Record<MemberState, number>>
  /** Bytes of `membership/1` so far. */
  readonly gossipBytes: ByteCounts
  /** Words of members that broke a rule, so far. */
  readonly gossipViolations: number
  /** Commands that run now. */
  readonly runningCommands: number
  /** Messages of topics, typed ones among them. */
  readonly topics: TalkStatus
  /** Messages to one, and the wall; zeros while its database is not open. */
  readonly mail: MailStatus
}

/** Where the numbers come from. */
export interface StatsSource {
  readonly manager: ConnectionManager
  readonly transports: readonly Transport[]
  readonly membership: Membership
  readonly commands: CommandService
  readonly talk: Talk
  readonly mail: NodeMail
}

/** Reads all of them; costs a look at every peer and every member. */
export function readStats(source: StatsSource): NodeStats {
  const { manager, transports, membership, commands, talk, mail } = source
  const connections = [...manager.peers].flatMap(({ connection }) => connection ?? [])
  const paths: Record<string, number> = {}
  for (const { path } of connections.flatMap(({ links }) => links)) {
    paths[path.kind] = (paths[path.kind] ?? 0) + 1
  }
  const bytes = transports.flatMap(({ scheme, traffic }) => {
    if (traffic === undefined) return []
    return [[scheme, { sent: traffic.sentBytes, received: traffic.receivedBytes }] as const]
  })
  return Object.freeze({
    connections: {
      open: connections.filter(({ state }) => state === 'open').length,
      suspended: connections.filter(({ state }) => state === 'suspended').length,
    },
    paths,
    halfOpenPaths: manager.halfOpenCount,
    heldBytes: connections.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
    frames: manager.frames,
    bytes: Object.fromEntries(bytes),
    members: membership.countStates(),
    gossipBytes: membership.gossipBytes,
    gossipViolations: membership.violations,
    runningCommands: commands.running,
    topics: talk.status(),
    mail: mail.status(),
  })
}
