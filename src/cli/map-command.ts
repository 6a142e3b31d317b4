/** `skein map`: the network as this node knows it, drawn for a terminal, as D2, SVG or JSON. */
import { Collector } from './collector.ts'
import { ControlClient } from './control-client.node.ts'
import { findNode } from './find-node.node.ts'
import { formatD2 } from '../map/d2.ts'
import { formatJson } from '../map/json.ts'
import { formatSvg } from '../map/svg.ts'
import { formatMap } from './map/terminal.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { Flags, Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'
import type { Network } from '../map/graph.ts'

const watchMs = 1_000 // The issue: at most once a second.
const pipeColumns = 120 // Guess: what a page or a mail shows without wrapping.
const clearScreen = '\u001b[H\u001b[2J'

/** Draws once, or with `--watch` whenever something changed, until Ctrl-C. */
export async function map({ flags }: Invocation, context: Context): Promise<ExitCode> {
  const node = await ControlClient.connect(findNode(flags.profile), flags.timeoutMs)
  const { timeoutMs } = flags
  const deadline = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]
  const ending = AbortSignal.any([context.signal, ...deadline])
  try {
    let shown = ''
    do {
      const drawing = draw(await fetchNetwork(node), flags)
      if (drawing !== shown) {
        const isLive = flags.isWatching && process.stdout.isTTY && flags.drawing === undefined
        context.out(`${isLive ? clearScreen : ''}${drawing}\n`)
        shown = drawing
      }
      if (flags.isWatching) await pause(ending)
    } while (flags.isWatching && !ending.aborted)
    return 0
  } finally {
    node.close()
  }
}

function draw(network: Network, { drawing, isJson }: Flags): string {
  if (drawing === 'd2') return formatD2(network).trimEnd()
  if (drawing === 'svg') return formatSvg(network).trimEnd()
  if (isJson) return formatJson(network).join('\n')
  const { isTTY: isTerminal } = process.stdout
  const columns = isTerminal ? process.stdout.columns : pipeColumns
  const isColoured = isTerminal && (process.env['NO_COLOR'] ?? '') === ''
  return formatMap(network, { columns, isColoured }).join('\n')
}

async function fetchNetwork(node: ControlClient): Promise<Network> {
  const [nodes, links] = await Promise.all([
    fetchList<NodeInfo>(node, ['nodes', '--json']),
    fetchList<LinkInfo>(node, ['links']),
  ])
  return { nodes, links }
}

async function fetchList<T>(node: ControlClient, argv: readonly string[]): Promise<T[]> {
  const listing = new Collector()
  await node.run({ argv }, { onOut: (chunk) => listing.add(chunk) })
  const lines = listing.text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as T)
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, watchMs)
    signal.addEventListener('abort', finish)
  })
}
