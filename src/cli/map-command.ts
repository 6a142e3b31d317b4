/** `skein map`: the network as this node knows it, drawn for a terminal, as D2, SVG or JSON. */
import { ControlClient } from './control-client.node.ts'
import { fetchList } from './fetch-list.ts'
import { findNode } from './find-node.node.ts'
import { formatD2 } from '../map/d2.ts'
import { formatJson } from '../map/json.ts'
import { formatSvg } from '../map/svg.ts'
import { formatMap } from './map/terminal.ts'
import { openPage } from './open-page.node.ts'
import { outputSize } from './output-size.node.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { Flags, Invocation } from './arguments.ts'
import type { Context, ExitCode } from './context.ts'
import type { Network } from '../map/graph.ts'

const watchMs = 1_000 // Guess: a terminal that is read, and not watched.
const home = '\u001b[H'
const eraseLine = '\u001b[K' // Before the text: behind a full line it takes the last character away.
const eraseBelow = '\u001b[J'

/**
 * Opens the live page with `--open`; else draws once, or with `--watch` whenever something changed, until
 * Ctrl-C.
 */
export async function map({ flags }: Invocation, context: Context): Promise<ExitCode> {
  const node = await ControlClient.connect(findNode(flags.profile), flags.timeoutMs)
  const { timeoutMs } = flags
  if (flags.isOpening) return openPage(node, context).finally(() => node.close())
  const deadline = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]
  const ending = AbortSignal.any([context.signal, ...deadline])
  const isLive =
    flags.isWatching && process.stdout.isTTY && !flags.isJson && flags.drawing === undefined
  try {
    let shown = ''
    do {
      const network = await fetchNetwork(node)
      const drawing = isLive ? drawLive(network) : draw(network, flags)
      if (drawing !== shown) context.out(`${drawing}\n`)
      shown = drawing
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
  return drawLines(network).join('\n')
}

function drawLines(network: Network): readonly string[] {
  const isColoured = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === ''
  return formatMap(network, { columns: outputSize().columns, isColoured })
}

/** What fits on the screen, in place of what is there; the cursor comes to stand below it. */
function drawLive(network: Network): string {
  const { rows = Infinity, columns } = outputSize()
  const lines = drawLines(network)
  const room = Math.max(1, rows - 1)
  const left = `… ${lines.length - room + 1} more lines`.slice(0, columns)
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), left]
  return home + shown.map((line) => eraseLine + line).join('\n') + eraseBelow
}

async function fetchNetwork(node: ControlClient): Promise<Network> {
  const [nodes, links] = await Promise.all([
    fetchList<NodeInfo>(node, ['nodes', '--json']),
    fetchList<LinkInfo>(node, ['links']),
  ])
  return { nodes, links }
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
