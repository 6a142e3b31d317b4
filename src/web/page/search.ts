/** Which nodes a search means, and which of them first. */
import type { NodeLine } from '../../map/feed.ts'

type Searched = Pick<NodeLine, 'name' | 'id' | 'state' | 'addresses'>

/** What is searched for, as {@link isMatch} takes it; empty where nothing is. */
export function wantedText(text: string): string {
  return text.trim().toLowerCase()
}

/** Whether a node's name, state or one of its addresses contains what is searched for, or its ID begins so. */
export function isMatch({ name, id, state, addresses }: Searched, wanted: string): boolean {
  return (
    name.toLowerCase().includes(wanted) ||
    id.startsWith(wanted) ||
    state === wanted ||
    addresses.some((address) => address.toLowerCase().includes(wanted))
  )
}

/** The node that Enter selects: who has just that name, then whose name begins so, then by name. */
export function firstMatch<Node extends Searched>(
  nodes: Iterable<Node>,
  text: string,
): Node | undefined {
  const wanted = wantedText(text)
  if (wanted === '') return undefined
  const rank = ({ name }: Searched): number => {
    const lower = name.toLowerCase()
    return lower === wanted ? 0 : lower.startsWith(wanted) ? 1 : 2
  }
  const found = [...nodes].filter((node) => isMatch(node, wanted))
  const [first] = found.toSorted((a, b) => rank(a) - rank(b) || compare(a, b))
  return first
}

function compare(a: Searched, b: Searched): number {
  const [one, other] = [`${a.name} ${a.id}`, `${b.name} ${b.id}`]
  return one < other ? -1 : one > other ? 1 : 0
}
