import { type Network, toGraph } from './graph.ts'

/**
 * The network for programs: one JSON object a line, first the nodes, then the links, in the order
 * of the drawings. The keys of a line are always all there, in one order:
 *
 * - `{"type":"node","id","name","state","addresses","ageMs","software","protocol","isSelf"}`
 * - `{"type":"link","a","b","rttMicros","isConfirmed","ageMs"}`, with `a` the lower ID and
 *   `rttMicros` null before the first measurement.
 *
 * Names and addresses are the whole, unchanged text; what a terminal would obey is written
 * `\uXXXX`.
 */
export function formatJson(network: Network): string[] {
  const { nodes, edges } = toGraph(network)
  const nodeLines = nodes.map((node) => {
    const { id, name, state, addresses, ageMs, software, protocol, isSelf } = node
    const line = { id, name, state, addresses, ageMs, software, protocol, isSelf }
    return toJson({ type: 'node', ...line })
  })
  const linkLines = edges.map(({ from, to, rttMicros = null, isConfirmed, ageMs }) => {
    const [a, b] = [nodes[from]?.id ?? '', nodes[to]?.id ?? ''].toSorted()
    return toJson({ type: 'link', a, b, rttMicros, isConfirmed, ageMs })
  })
  return [...nodeLines, ...linkLines]
}

/** JSON without characters that are not seen: they can stand only in texts, where escapes may. */
function toJson(value: object): string {
  return JSON.stringify(value).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
    }).join('')
  })
}
