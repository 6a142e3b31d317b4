/** `skein up`: one node in this process, its control channel, and its prompt. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { displayAddress, formatHostPort } from '../base/address.ts'
import { lockFolder } from '../base/folder-lock.node.ts'
import { openFolder } from '../base/folder-storage.node.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { openControlChannel } from '../node/control.node.ts'
import { Node } from '../node/node.ts'
import { loadConfig } from './config/load.node.ts'
import { describeConfig, describeConfigAsJson } from './config/describe.ts'
import { createLog, formatLine } from './log.node.ts'
import { outputSize } from './output-size.node.ts'
import { Prompt } from './prompt.ts'
import { TerminalPrompt } from './prompt-input.node.ts'
import { makePageCommand, pageCommand, startWeb } from './web.ts'
import type { LogKeeper } from './log.node.ts'
import type { Command } from '../command/command.ts'
import type { NodeOptions } from '../node/options.ts'
import type { Invocation } from './arguments.ts'
import type { WebServer } from '../web/server.node.ts'
import type { Config } from './config/config.ts'
import type { Context, ExitCode } from './context.ts'
import type { PromptInput } from './prompt-input.node.ts'

/** Runs a node until it is told to stop. */
export async function up({ words, flags }: Invocation, context: Context): Promise<ExitCode> {
  const [jsonFile, port] = words
  const config = await loadConfig({
    configFolder: flags.configFolder,
    profile: flags.profile,
    jsonFile,
    port,
    settings: flags.settings,
  })
  const hasPrompt = flags.hasPrompt && config.prompt.enabled
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  let input: PromptInput | undefined
  const keeper = createLog({
    level: config.log.level,
    isReadable: process.stderr.isTTY,
    isTerse: hasPrompt && !process.stdin.isTTY, // `skein logs` has the rest.
    // Between a script's answers a log has no place; on a terminal it must not disturb the typing.
    write: (line) => {
      if (input === undefined || !isTerminal) context.err(line)
      else input.print(line.trimEnd())
    },
  })
  const folder = await openFolder(config.folders.data)
  const lock = await lockFolder(config.folders.data)
  try {
    const node = await Node.start({ ...nodeOptions(config), storage: folder, log: keeper.log })
    const web = await startWeb(node, folder, config).catch(async (thrown: unknown) => {
      await node.close()
      throw thrown
    })
    const stopping = new Stopping(context.signal)
    stopWithParent(stopping)
    addOwnCommands(node, { config, keeper, stopping, web })
    const control = await openControlChannel(node, folder, config.folders.controlPath)
    if (hasPrompt) {
      const prompt: Prompt = new Prompt(node, {
        print: (line) => input?.print(line),
        columns: () => outputSize().columns,
        isTerminal: process.stdout.isTTY,
      })
      if (process.stdin.isTTY) greet(node, web, context)
      input = new TerminalPrompt(() => prompt)
      // Where warnings of the log are shown, it says so already.
      if (isTerminal && silentLevels.has(config.log.level)) noticeStanding(node, prompt)
      void input.ended.then(() => stopping.stop())
    } else announce(node, keeper)
    await stopping.stopped
    if (input?.hasRead === false && !process.stdin.isTTY && !context.signal.aborted)
      context.err('skein: the input had no line, so this node ends; --no-prompt keeps it running\n')
    input?.close()
    await web?.close()
    await node.close()
    await control.close()
  } finally {
    await lock.release()
  }
  return 0
}

/** When the node is to stop: a signal, `skein down`, or the end of the prompt. */
class Stopping {
  readonly stopped: Promise<void>
  stop: () => void = () => undefined

  constructor(signal: AbortSignal) {
    this.stopped = new Promise((resolve) => {
      this.stop = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}

/**
 * A program that starts us with an IPC channel owns us, as `skein demo` does: when the channel closes,
 * because it let go of us or is gone itself, we stop. Nothing is sent on it.
 */
function stopWithParent(stopping: Stopping): void {
  const isOwned: boolean | undefined = process.connected // Undefined where there is no channel.
  if (isOwned === true) process.once('disconnect', () => stopping.stop())
  else if (isOwned === false) stopping.stop()
}

function greet(node: Node, web: WebServer | undefined, context: Context): void {
  const where = node.addresses.map(displayAddress).join(', ')
  context.out(`${node.label} ${shortPeerId(node.id)} listens on ${where || 'no address'}\n`)
  // On a terminal only, which its owner reads: the log never has the token.
  if (web !== undefined) context.out(`The live page: ${web.link}\n`)
  context.out('Type help, @PEER COMMAND, or exit.\n')
}

const silentLevels = new Set(['error', 'fatal', 'silent'])

/** Tells at the prompt what has become of this node's place in its network. */
function noticeStanding(node: Node, prompt: Prompt): void {
  const tell = (notice: string | undefined): void => {
    for (const line of notice?.split('; ') ?? []) prompt.notice(line)
  }
  tell(node.affiliation?.notice)
  node.on('network:change', ({ network }) => tell(network?.notice))
}

function announce(node: Node, { log }: LogKeeper): void {
  log.info({ label: node.label, id: node.id, addresses: node.addresses }, 'the node runs')
}

/** What only a node of the command line has. */
function addOwnCommands(
  node: Node,
  own: {
    readonly config: Config
    readonly keeper: LogKeeper
    readonly stopping: Stopping
    readonly web: WebServer | undefined
  },
): void {
  const { config, keeper, stopping, web } = own
  const commands: Readonly<Record<string, Command>> = {
    [pageCommand]: makePageCommand(web),
    down: {
      summary: 'Stop this node',
      allow: [],
      run() {
        node.clock.after(0, () => stopping.stop())
        return `${node.label} stops`
      },
    },
    logs: {
      summary: 'Print the last lines of the log',
      usage: 'logs [--json]',
      allow: [],
      run: ({ args }) => keeper.lines.map(args.includes('--json') ? same : formatLine).join('\n'),
    },
    config: {
      summary: 'Print the configuration with the origin of each value',
      usage: 'config [--json]',
      allow: [],
      run: ({ args }) => {
        const describe = args.includes('--json') ? describeConfigAsJson : describeConfig
        return describe(config).join('\n')
      },
    },
  }
  for (const [name, command] of Object.entries(commands)) node.command(name, command)
}

function same(line: string): string {
  return line
}

/** What the configuration says, as the options of a node. */
function nodeOptions(config: Config): NodeOptions {
  const { network, discovery, commands, programs, known, roles, limits } = config
  const { host, port, enabled } = network.listen
  return {
    label: network.label,
    listen: enabled ? [formatHostPort({ host, port })] : [],
    peers: network.peers.map(({ id, ...target }) => ({
      address: formatHostPort(target),
      ...(id === undefined ? {} : { id }),
    })),
    mesh: network.mesh,
    discovery: {
      lan: discovery.lan.enabled,
      lanPort: discovery.lan.port,
      mdns: discovery.mdns.enabled,
      dnsNames: discovery.dns.enabled ? discovery.dns.names : [],
      dnsServers: discovery.dns.servers,
      isOpen: discovery.open,
    },
    admit: network.admit,
    known: Object.fromEntries(known),
    roles: Object.fromEntries(roles),
    builtin: commands.builtin,
    commands: Object.fromEntries(commands.aliases),
    programs: Object.fromEntries(programs),
    limits,
    mail: config.mail,
    topics: config.topics,
    databaseWorkerUrl: pathToFileURL(join(__dirname, 'database-worker.cjs')),
    calcWorkerUrl: pathToFileURL(join(__dirname, 'calc-worker.cjs')),
  }
}
