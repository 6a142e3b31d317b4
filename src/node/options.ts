import { SkeinError } from '../base/errors.ts'
import { labelProblem } from '../base/label.ts'
import { parseHostPort, tlsAddress } from '../base/address.ts'
import { isPeerId } from '../base/peer-id.ts'
import { defaultConnectionOptions } from '../connection/options.ts'
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Rule } from '../base/policy.ts'
import type { Random } from '../base/random.ts'
import type { Storage } from '../base/storage.ts'
import type { AliasConfig } from '../command/registry.ts'
import type { ProgramConfig } from '../command/program.node.ts'
import type { Discovery } from '../discovery/contract.ts'
import type { ManagerOptions } from '../connection/manager-setup.ts'
import type { MailOptions } from '../mail/options.ts'
import { defaultObjectLimits } from '../remote/options.ts'
import type { ObjectLimits } from '../remote/options.ts'
import type { TopicOptions } from '../topic/options.ts'
import type { Transport } from '../transport/contract.ts'

/** See {@link Admission}. */
export const admissions = ['local', 'known', 'anyone'] as const

/** Who may connect: those on the known list; they and whoever is on this machine; everybody. */
export type Admission = (typeof admissions)[number]

/** The processors that a node can offer to its peers. */
export const builtinNames = ['calc', 'echo', 'help', 'status', 'peers'] as const

/** Bounds of a node. Each is a number whose unit ends its name; the guide lists them all. */
export interface NodeLimits extends ManagerOptions, ObjectLimits {
  /** Commands of one peer that run at a time; one more fails with `LIMIT_EXCEEDED`. */
  readonly commandsPerPeer: number
  /** Commands of all peers that run at a time. */
  readonly commandsPerNode: number
}

/** What holds where nothing else was said. */
export const defaultNodeLimits: NodeLimits = {
  ...defaultConnectionOptions,
  ...defaultObjectLimits,
  maxInbound: 1_024, // Guess: more idle connections than a mesh of equals needs.
  maxOutbound: 256, // Guess: a node dials fewer than it is dialled by.
  maxHalfOpen: 64, // Guess: a handshake takes 2 ms of a core, so these are done in 0.1 s.
  handshakeTimeoutMs: 5_000, // Guess: three round trips at 600 ms with two losses.
  dialTimeoutMs: 5_000, // As handshakeTimeoutMs: both sides wait equally long.
  reconnectMinMs: 250, // Guess: a restarted process listens again after about this long.
  reconnectMaxMs: 30_000, // Guess: as long as a person waits before looking what is wrong.
  idleMs: 300_000, // Guess: five minutes of typing at a prompt keep one connection.
  resumeTotalBytes: 256 * 2 ** 20, // C14; guess: sixteen peers whose buffers are full.
  commandsPerPeer: 64, // Guess: nobody types so fast.
  commandsPerNode: 256, // Guess: four peers at their limit.
}

/** A configured peer. */
export interface PeerTarget {
  /** `host:port` or a URL. */
  readonly address: string
  /** Who must answer there; another key is an error. */
  readonly id?: PeerId
}

/** How to look for others whose address nobody named. Nothing is looked for where it is absent. */
export interface DiscoveryOptions {
  /** By ping and pong on the links of this machine. */
  readonly lan?: boolean
  /** UDP port of that; 14589 where absent. All who shall find each other use the same. */
  readonly lanPort?: number
  /** By DNS-SD over multicast DNS, as `_skein._tcp`. */
  readonly mdns?: boolean
  /** Domain names whose SRV or TXT records name first peers. */
  readonly dnsNames?: readonly string[]
  /** Which DNS servers to ask, as `address` or `address:port`; those of this machine where absent. */
  readonly dnsServers?: readonly string[]
  /** Whether to show label and ID to everybody on the link. */
  readonly isOpen?: boolean
  /** Ways of your own; `discoveryConformance` of `skein/testing` has their rules as cases. */
  readonly others?: readonly Discovery[]
}

/** Who may write to this node, and how mail is bounded. */
export interface MailSettings {
  /** Who may write to the inbox; `known`, `member` and `local` where absent. */
  readonly allow?: readonly Rule[]
  /** Who may write on this node's wall; `known`, `member` and `local` where absent. */
  readonly wallAllow?: readonly Rule[]
  /** Bounds that differ from the defaults. */
  readonly options?: Partial<MailOptions>
}

/** Who may publish on topics, and how they are bounded. */
export interface TopicSettings {
  /** Whose messages are taken where a topic says nothing else; `known`, `member` and `local` where absent. */
  readonly allow?: readonly Rule[]
  /** The same by topic; a room of the chat is the topic of its name. */
  readonly writers?: Readonly<Record<string, readonly Rule[]>>
  /** Bounds that differ from the defaults. */
  readonly options?: Partial<TopicOptions>
}

/** How to start a node. All are optional; nothing is exposed that is not named here. */
export interface NodeOptions {
  /** What people call the node; `node` where absent. */
  readonly label?: string
  /** Where the key and what was learnt are kept; in memory where absent: a new identity each time. */
  readonly storage?: Storage
  /** The identity; from the storage where absent. */
  readonly identity?: Identity
  /** Where to listen: `host:port` or URLs, port 0 for any. Nowhere where absent. */
  readonly listen?: readonly string[]
  /** Whom to keep connected, for ever. */
  readonly peers?: readonly (string | PeerTarget)[]
  /** Whether to connect to other members than these, as far as the network's size asks for it. */
  readonly mesh?: boolean
  /** How to find those whose address nobody named; nothing is sent or asked where absent. */
  readonly discovery?: DiscoveryOptions
  /** Who may connect beside the known list; `local` where absent. */
  readonly admit?: Admission
  /** The known list: IDs by label. */
  readonly known?: Readonly<Record<string, PeerId>>
  /** IDs by role. */
  readonly roles?: Readonly<Record<string, readonly PeerId[]>>
  /** Aliases by name: the command that each stands for, with who may run it. */
  readonly commands?: Readonly<Record<string, string | AliasConfig>>
  /** Programs by name that peers may run. */
  readonly programs?: Readonly<Record<string, ProgramConfig>>
  /** Which of calc, echo, help, status and peers are offered; all where absent. */
  readonly builtin?: readonly string[]
  /** Who may write to this node's inbox and wall, and how mail is bounded. */
  readonly mail?: MailSettings
  /** Who may publish on topics to this node and through it, and how topics are bounded. */
  readonly topics?: TopicSettings
  readonly limits?: Partial<NodeLimits>
  readonly log?: Log
  readonly clock?: Clock
  readonly random?: Random
  /** Where the built calc worker is, for programs that bundle Skein. */
  readonly calcWorkerUrl?: URL | string
  /** Where the built database worker is, for programs that bundle Skein. */
  readonly databaseWorkerUrl?: URL | string
  /** Ways to make paths; TLS where absent. */
  readonly transports?: readonly Transport[]
}

/**
 * Reads an address as people write it: a URL, or `host:port` for TLS.
 *
 * @throws {SkeinError} `INVALID` it is neither.
 */
export function readAddress(text: string): string {
  if (text.includes('://')) return text
  const target = parseHostPort(text)
  if (target !== undefined) return tlsAddress(target)
  throw new SkeinError(
    'INVALID',
    `'${text}' is no address; write host:port, such as 127.0.0.1:14590`,
  )
}

/** Reads a place to listen: as {@link readAddress}, and port 0 is any free one. */
export function readListenAddress(text: string): string {
  const anyPort = /^(.+):0$/.exec(text)
  if (text.includes('://') || anyPort === null) return readAddress(text)
  return readAddress(`${anyPort[1]}:1`).replace(/:1$/, ':0')
}

/**
 * Checks what the names in options of the right shape say; `checkShape` has seen to that.
 *
 * @throws {SkeinError} `CONFIG_INVALID` names the option and what is allowed.
 */
export function checkOptions(options: NodeOptions): void {
  const problems: string[] = []
  const label = options.label === undefined ? undefined : labelProblem(options.label)
  if (label !== undefined) problems.push(`label ${JSON.stringify(options.label)}: ${label}`)
  for (const [name, id] of Object.entries(options.known ?? {})) {
    const problem = labelProblem(name)
    if (problem !== undefined) problems.push(`known ${JSON.stringify(name)}: ${problem}`)
    if (!isPeerId(id)) problems.push(`known ${name}: ${JSON.stringify(id)} is no peer ID`)
  }
  if (problems.length > 0) throw new SkeinError('CONFIG_INVALID', problems.join('\n'))
}

/** Reads the configured peers. @throws {SkeinError} `INVALID` an address is none. */
export function readTargets({ peers = [] }: NodeOptions): readonly PeerTarget[] {
  return peers.map((peer) =>
    typeof peer === 'string'
      ? { address: readAddress(peer) }
      : { ...peer, address: readAddress(peer.address) },
  )
}
