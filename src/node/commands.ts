/** What every node can run: the built-in processors, its configuration's, and its owner's own. */
import { displayAddress } from '../base/address.ts'
import { SkeinError } from '../base/errors.ts'
import { version } from '../base/version.ts'
import { echo, helpCommand } from '../command/builtin.ts'
import { Calculator, calcCommand } from '../command/calc.node.ts'
import { programCommand } from '../command/program.node.ts'
import { CommandRegistry } from '../command/registry.ts'
import { findDoubts } from './doubts.node.ts'
import { formatNodes, formatPeers } from './format.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Rule } from '../base/policy.ts'
import type { Command } from '../command/command.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { NodeOptions } from './options.ts'
import type { Peer, PeerInfo } from './peer.ts'

/** A node's commands, and what they hold open. */
export interface Registry {
  readonly commands: CommandRegistry
  /** Ends processes that commands keep ready. */
  close(): Promise<void>
}

/** What the commands ask of their node. */
export interface CommandHost {
  readonly id: PeerId
  readonly label: string
  readonly log: Log
  readonly addresses: readonly string[]
  readonly uptimeSeconds: number
  readonly waitingFor: readonly string[]
  readonly commands: { readonly running: number }
  peers(): readonly PeerInfo[]
  select(target: string): readonly Peer[]
  resolve(name: string): PeerId
  nameOf(id: PeerId): string
  connect(address: string, options: { readonly signal?: AbortSignal }): Promise<PeerInfo>
  nodes(): readonly NodeInfo[]
  links(): readonly LinkInfo[]
  listen(places: readonly string[]): Promise<readonly string[]>
  allow(id: PeerId, label?: string): Promise<string>
  deny(id: PeerId): Promise<void>
}

const forOwner: readonly Rule[] = [] // The owner may everything; nobody else is named.

/**
 * Collects what a node can run.
 *
 * @throws {SkeinError} `CONFIG_INVALID` a name is taken, or an alias or a rule is wrong.
 */
export function buildRegistry(options: NodeOptions, node: CommandHost): Registry {
  const commands = new CommandRegistry()
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
  const forTheOwner = { ...ownerCommands(node), ...admissionCommands(node) }
  for (const [name, command] of Object.entries(forTheOwner)) commands.add(name, command)
  for (const [name, program] of Object.entries(options.programs ?? {})) {
    commands.add(name, programCommand(name, program))
  }
  for (const [name, alias] of Object.entries(options.commands ?? {})) commands.addAlias(name, alias)
  for (const problem of [...commands.problems(), ...findDoubts(options)]) {
    node.log.warn({ scope: 'command' }, problem)
  }
  return {
    commands,
    close: async () => {
      await calculator.close()
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
    nodes: {
      summary: 'List every node of the network that this one knows',
      usage: 'nodes [--json]',
      allow: forOwner,
      run({ args }) {
        const nodes = node.nodes()
        if (isJson(args)) return nodes.map((each) => JSON.stringify(each)).join('\n')
        return formatNodes(nodes).join('\n')
      },
    },
    links: {
      summary: 'List every link between nodes of the network, a JSON object a line',
      allow: forOwner,
      run: () =>
        node
          .links()
          .map((each) => JSON.stringify(each))
          .join('\n'),
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

/** What changes who may connect. */
function admissionCommands(node: CommandHost): Readonly<Record<string, Command>> {
  return {
    allow: {
      summary: 'Put a peer on the known list',
      usage: 'allow ID [LABEL]',
      allow: forOwner,
      async run({ args: [name, label] }) {
        const id = resolveOther(node, required(name, 'allow ID [LABEL]'))
        const given = await node.allow(id, label)
        if (label !== undefined) return `${given} is known from now on`
        return `${given} is known from now on; to call it otherwise: skein allow ${given} LABEL`
      },
    },
    deny: {
      summary: 'Shut a peer out',
      usage: 'deny ID|LABEL',
      allow: forOwner,
      async run({ args: [name] }) {
        const id = resolveOther(node, required(name, 'deny ID|LABEL'))
        const shown = node.nameOf(id)
        await node.deny(id)
        return `${shown} is shut out from now on`
      },
    },
  }
}

function isJson(args: readonly string[]): boolean {
  if (args.length === 0) return false
  if (args.length === 1 && args[0] === '--json') return true
  throw new SkeinError(
    'INVALID',
    `it takes nothing but --json, not '${args.join(' ').slice(0, 64)}'`,
  )
}

function joinHostPort(host: string, port: string): string {
  return host.includes(':') ? `[${host.replaceAll(/[[\]]/g, '')}]:${port}` : `${host}:${port}`
}

function resolveOther(node: CommandHost, name: string): PeerId {
  const id = node.resolve(name)
  if (id !== node.id) return id
  throw new SkeinError('INVALID', 'that is this node itself; name another one')
}

function required(word: string | undefined, usage: string): string {
  if (word === undefined || word === '') throw new SkeinError('INVALID', `write: ${usage}`)
  return word
}

function formatDuration(seconds: number): string {
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24]
  const [minutes, rest] = [Math.floor(seconds / 60) % 60, seconds % 60]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`
}
