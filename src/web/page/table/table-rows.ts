/** The network as rows of text, each with what it is sorted by. */
import { displayAddress } from '../../../base/address.ts'
import { visibleText } from '../../../map/caption.ts'
import { briefRtt } from '../../../map/rtt-band.ts'
import { linkStyleOf } from '../map/scene.ts'
import type { FeedModel, LinkLine, NodeLine } from '../../../map/feed.ts'
import type { Selection } from '../state.ts'

/** A column: its title, and whether its values are numbers. */
export interface Column {
  readonly title: string
  readonly isNumber?: boolean
}

/** A row: what stands in it, what it is sorted by, and what it selects. */
export interface Row {
  readonly key: string
  readonly cells: readonly string[]
  readonly sortBy: readonly (string | number)[]
  readonly selects: Selection
  /** `alive`, `gone` …: how it looks. */
  readonly tone: string
}

/** A table before it is sorted. */
export interface TableContent {
  readonly caption: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

const far = Number.MAX_VALUE
const stateOrder = { alive: 0, suspect: 1, gone: 2, left: 3 } as const

/** A row a node. */
export function nodeRows(model: FeedModel, matches: ReadonlySet<number> | undefined): TableContent {
  const degrees = new Map<number, number>()
  const self = [...model.nodes.values()].find(({ isSelf }) => isSelf)
  const fromHere = new Map<number, number>()
  for (const { a, b, rttMicros } of model.links.values()) {
    degrees.set(a, (degrees.get(a) ?? 0) + 1)
    degrees.set(b, (degrees.get(b) ?? 0) + 1)
    if (rttMicros === null || (a !== self?.n && b !== self?.n)) continue
    fromHere.set(a === self.n ? b : a, rttMicros)
  }
  const nodes = [...model.nodes.values()].filter(({ n }) => matches?.has(n) !== false)
  return {
    caption: `${nodes.length} of ${model.nodes.size} nodes`,
    columns: [
      { title: 'Node' },
      { title: 'State' },
      { title: 'Address' },
      { title: 'Links', isNumber: true },
      { title: 'Round trip from here', isNumber: true },
      { title: 'Version' },
    ],
    rows: nodes.map((node): Row => {
      const rtt = fromHere.get(node.n)
      const degree = degrees.get(node.n) ?? 0
      const address = visibleText(displayAddress(node.addresses[0] ?? ''), 60)
      const name = visibleText(node.name, 40)
      const version = visibleText(node.software, 20)
      return {
        key: node.id,
        cells: [
          node.isSelf ? `${name} (this node)` : name,
          node.state,
          address === '' ? '–' : address,
          String(degree),
          rtt === undefined ? '–' : briefRtt(rtt),
          version,
        ],
        sortBy: [name, stateOrder[node.state], address, degree, rtt ?? far, version],
        selects: { kind: 'node', id: node.id },
        tone: node.state,
      }
    }),
  }
}

const pathTexts = {
  solid: 'direct',
  udp: 'UDP',
  relay: 'relay',
  unconfirmed: 'one end tells',
  waiting: 'waits',
} as const

/** A row a link. */
export function linkRows(model: FeedModel, matches: ReadonlySet<number> | undefined): TableContent {
  const links = [...model.links.values()].filter(({ a, b }) => {
    return matches === undefined || matches.has(a) || matches.has(b)
  })
  return {
    caption: `${links.length} of ${model.links.size} links`,
    columns: [
      { title: 'One end' },
      { title: 'Other end' },
      { title: 'Round trip', isNumber: true },
      { title: 'Path' },
    ],
    rows: links.flatMap((link): Row[] => {
      const [one, other] = [model.nodes.get(link.a), model.nodes.get(link.b)]
      return one === undefined || other === undefined ? [] : [linkRow(link, one, other)]
    }),
  }
}

function linkRow(link: LinkLine, one: NodeLine, other: NodeLine): Row {
  const [nameA = '', nameB = ''] = [one, other].map(({ name }) => visibleText(name, 40)).toSorted()
  const path = link.path === undefined && link.isConfirmed ? '–' : pathTexts[linkStyleOf(link)]
  const { rttMicros } = link
  return {
    key: `${one.id} ${other.id}`,
    cells: [nameA, nameB, rttMicros === null ? 'not measured' : briefRtt(rttMicros), path],
    sortBy: [nameA, nameB, rttMicros ?? far, path],
    selects: { kind: 'link', a: one.id, b: other.id },
    tone: 'alive',
  }
}

/** Puts rows in the order of a column; equals stay as they were. */
export function sortRows(
  rows: readonly Row[],
  column: number,
  isDescending: boolean,
): readonly Row[] {
  const sign = isDescending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [x = '', y = ''] = [a.sortBy[column], b.sortBy[column]]
    if (x === y) return 0
    return x < y ? -sign : sign
  })
}
