/** The network as D2 text (https://d2lang.com). */
import { labelProblem } from '../base/label.ts'
import type { NodeInfo } from '../membership/snapshot.ts'
import { formatRtt } from './rtt.ts'
import { captionLine } from './caption.ts'
import { type Edge, type Network, toGraph } from './graph.ts'

const classes = `classes: {
  self: { style: { stroke-width: 4; bold: true } }
  suspect: { style: { stroke: "#b45309"; stroke-dash: 3 } }
  gone: { style: { opacity: 0.4; stroke-dash: 3 } }
  left: { style: { opacity: 0.4 } }
  unconfirmed: { style: { stroke-dash: 5 } }
}
`

/**
 * The network in D2: a line a node with its label and port, then a line a link with its RTT in µs,
 * or without text before the first measurement. A link known from one end only is dashed; suspects
 * are dashed too, who is gone or left is faint.
 *
 * The text changes only with what it shows: equal networks give equal texts, whatever the order of
 * their parts and the age of the news.
 *
 * @example
 * '@alice': 'alice :14590' { class: [self] }
 * '@bob': 'bob :14591'
 * '@alice' -- '@bob': '240 µs'
 */
export function formatD2(network: Network): string {
  const { nodes, edges } = toGraph(network)
  const keys = keysOf(nodes)
  const lines = nodes.map((node, at) => {
    return `${keys[at]}: ${quote(captionLine(node))}${classOf(nodeClasses(node))}\n`
  })
  const links = edges.map((edge) => {
    const label = edge.rttMicros === undefined ? '' : `: ${quote(formatRtt(edge.rttMicros))}`
    return `${keys[edge.from]} -- ${keys[edge.to]}${label}${styleOf(edge)}\n`
  })
  return [classes, ...lines, ...links].join('')
}

/**
 * `@label`, as in commands; `@ID` where the name is no label, or is not the only one. With the `@`
 * it is none of D2's reserved words (`label`, `style`, `_`).
 */
function keysOf(nodes: readonly NodeInfo[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { name } of nodes) counts.set(name, (counts.get(name) ?? 0) + 1)
  return nodes.map(({ name, id }) => {
    const isKey = labelProblem(name) === undefined && counts.get(name) === 1
    return quote(`@${isKey ? name : id}`)
  })
}

/** In single quotes D2 takes everything as it is, but for the quote itself, which is doubled. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function nodeClasses(node: NodeInfo): readonly string[] {
  return [...(node.isSelf ? ['self'] : []), ...(node.state === 'alive' ? [] : [node.state])]
}

function styleOf(edge: Edge): string {
  return classOf(edge.isConfirmed ? [] : ['unconfirmed'])
}

function classOf(names: readonly string[]): string {
  return names.length === 0 ? '' : ` { class: [${names.join('; ')}] }`
}
