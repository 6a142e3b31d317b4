/** What every node can run: the built-in processors, its configuration's, and its owner's own. */
import { displayAddress } from '../base/address.ts'
import { formatDuration } from '../base/duration.ts'
import { version } from '../base/version.ts'
import { echo, helpCommand } from '../command/builtin.ts'
import { Calculator, calcCommand } from '../command/calc.node.ts'
import { GroupWatcher } from '../command/group-watcher.node.ts'
import { programCommand } from '../command/program.node.ts'
import { CommandRegistry } from '../command/registry.ts'
import { admissionCommands, formatAffiliated } from './admission-commands.ts'
import { callCommand } from './call-command.ts'
import { isJson, required } from './command-words.ts'
import { discoverCommand } from './discover-command.ts'
import { findDoubts } from './doubts.node.ts'
import { letterCommands } from './letter-commands.ts'
import { topicCommands } from './topic-commands.ts'
import { formatPeers } from './format.ts'
import { networkCommands } from './network-commands.ts'
import type { Log } from '../base/log.ts'
import type { Rule } from '../base/policy.ts'
import type { Command } from '../command/command.ts'
import type { CallHost } from './call-command.ts'
import type { AdmissionHost } from './admission-commands.ts'
import type { DiscoverHost } from './discover-command.ts'
import type { LetterHost } from './letter-commands.ts'
import type { Affiliated } from './affiliated.ts'
import type { NetworkCommandHost } from './network-commands.ts'
import type { NodeOptions } from './options.ts'
import type { TopicHost } from './topic-commands.ts'
import type { Peer, PeerInfo } from './peer.ts'

/** A node's commands, and what they hold open. */
export interface Registry {
  readonly commands: CommandRegistry
  /** Ends processes that commands keep ready. */
  close(): Promise<void>
}

/** What the commands ask of their node. */
export interface CommandHost
  extends AdmissionHost, CallHost, DiscoverHost, LetterHost, NetworkCommandHost, TopicHost {
  readonly label: string
  readonly affiliation: Affiliated | undefined
  readonly log: Log
  readonly addresses: readonly string[]
  readonly uptimeSeconds: number
  readonly waitingFor: readonly string[]
  readonly commands: { readonly running: number }
  peers(): readonly PeerInfo[]
  select(target: string): readonly Peer[]
  connect(address: string, options: { readonly signal?: AbortSignal }): Promise<PeerInfo>
  listen(places: readonly string[]): Promise<readonly string[]>
}

const forOwner: readonly Rule[] = [] // The owner may everything; nobody else is named.

/**
 * Collects what a node can run.
 *
 * @param belonging - `hasPasses`: whether the node belongs to a network with passes.
 * @throws {SkeinError} `CONFIG_INVALID` a name is taken, or an alias or a rule is wrong.
 */
export function buildRegistry(
  options: NodeOptions,
  node: CommandHost,
  { hasPasses }: { readonly hasPasses: boolean },
): Registry {
  const commands = new CommandRegistry()
  const watcher = new GroupWatcher()
  const calculator = new Calculator(
    options.calcWorkerUrl === undefined ? {} : { workerUrl: options.calcWorkerUrl },
  )
  const builtin: Readonly<Record<string, Command>> = {
    calc: calcCommand(calculator),
    echo,
    help: helpCommand(commands),
    status: statusCommand(node),
    peers: peersCommand(node),
  }
  const offered = new Set(options.builtin ?? Object.keys(builtin))
  for (const [name, command] of Object.entries(builtin)) {
    if (offered.has(name)) commands.add(name, command)
    else if (name === 'status' || name === 'peers') {
      commands.add(name, { ...command, allow: forOwner })
    }
  }
  const discover = discoverCommand(node)
  const forTheOwner = {
    ...ownerCommands(node),
    ...admissionCommands(node),
    ...topicCommands(node),
    ...letterCommands(node),
    ...networkCommands(node),
    discover,
  }
  for (const [name, command] of Object.entries(forTheOwner)) commands.add(name, command)
  for (const [name, program] of Object.entries(options.programs ?? {})) {
    commands.add(name, programCommand(name, program, watcher))
  }
  for (const [name, alias] of Object.entries(options.commands ?? {})) commands.addAlias(name, alias)
  for (const problem of [...commands.problems(), ...findDoubts(options, { hasPasses })]) {
    node.log.warn({ scope: 'command' }, problem)
  }
  return {
    commands,
    close: async () => {
      await Promise.all([calculator.close(), watcher.close()])
    },
  }
}

function statusCommand(node: CommandHost): Command {
  return {
    summary: 'Show how this node is',
    usage: 'status [--json]',
    run({ args }) {
      const peers = node.peers()
      const status = {
        label: node.label,
        id: node.id,
        version,
        addresses: node.addresses.map(displayAddress),
        uptimeSeconds: node.uptimeSeconds,
        open: peers.filter(({ state }) => state === 'open').length,
        suspended: peers.filter(({ state }) => state === 'suspended').length,
        waitingFor: node.waitingFor.map(displayAddress),
        running: node.commands.running,
        pid: process.pid,
        discovery: node.discoveryCounts,
        ...(node.affiliation !== undefined && { network: node.affiliation }),
      }
      if (isJson(args)) return JSON.stringify(status)
      const lines = [
        `label    ${status.label}`,
        `id       ${status.id}`,
        `version  ${status.version}`,
        `listens  ${status.addresses.join(', ') || 'nowhere'}`,
        `up       ${formatDuration(status.uptimeSeconds)} (pid ${status.pid})`,
        `peers    ${status.open} open, ${status.suspended} suspended`,
      ]
      if (status.network !== undefined) lines.push(`network  ${formatAffiliated(status.network)}`)
      if (status.waitingFor.length > 0) lines.push(`dialling ${status.waitingFor.join(', ')}`)
      return lines.join('\n')
    },
  }
}

function peersCommand(node: CommandHost): Command {
  return {
    summary: 'List the peers that this node is connected to',
    usage: 'peers [--json]',
    run({ args }) {
      const peers = node.peers()
      if (isJson(args)) return peers.map((peer) => JSON.stringify(peer)).join('\n')
      if (peers.length === 0) return 'No peers connected'
      return ['Connected peers:', ...formatPeers(peers)].join('\n')
    },
  }
}

function ownerCommands(node: CommandHost): Readonly<Record<string, Command>> {
  return {
    id: {
      summary: "Print this node's ID",
      usage: 'id [--json]',
      allow: forOwner,
      run: ({ args }) => {
        return isJson(args) ? JSON.stringify({ id: node.id, label: node.label }) : node.id
      },
    },
    call: callCommand(node),
    resolve: {
      summary: 'List the peers that a name means',
      usage: 'resolve NAME|all|role:NAME|A,B',
      allow: forOwner,
      run({ args: [target = ''] }) {
        const peers = node.select(target).map(({ id }) => ({ id, name: node.nameOf(id) }))
        return peers.map((peer) => JSON.stringify(peer)).join('\n')
      },
    },
    connect: {
      summary: 'Connect to an address and keep that peer connected',
      usage: 'connect HOST PORT | HOST:PORT',
      allow: forOwner,
      async run({ args: [host = '', port], signal }) {
        const address = port === undefined ? host : joinHostPort(host, port)
        const peer = await node.connect(address, { signal })
        return `Connected to ${peer.name} at ${displayAddress(peer.address)}`
      },
    },
    listen: {
      summary: 'Listen somewhere else from now on; connections stay',
      usage: 'listen HOST:PORT',
      allow: forOwner,
      async run({ args }) {
        const places = await node.listen([required(args[0], 'listen HOST:PORT')])
        return `Listening on ${places.map(displayAddress).join(', ')}`
      },
    },
  }
}

function joinHostPort(host: string, port: string): string {
  return host.includes(':') ? `[${host.replaceAll(/[[\]]/g, '')}]:${port}` : `${host}:${port}`
}
