import { visibleText } from '../../../map/caption.ts'
import { shortPeerId } from '../../../base/peer-id.ts'
import { formatRtt } from '../../../map/rtt.ts'
import { network, selectNode } from '../state.ts'
import { Facts } from './facts.tsx'
import { HistoryChart } from './history-chart.tsx'
import { PanelHead } from './panel-head.tsx'
import type { LinkLine } from '../../../map/feed.ts'

const kinds: Readonly<Record<string, string>> = {
  tls: 'direct (TLS)',
  udp: 'through a NAT (UDP)',
  relay: 'through another node (relay)',
  memory: 'within one process',
  none: 'none at the moment',
}
const states = {
  open: 'open',
  doubtful: 'late to answer',
  suspended: 'waits for a path; nothing is lost',
} as const

/** All that is known of a link. */
export function LinkPanel({
  ends,
  link,
}: {
  readonly ends: readonly [string, string]
  readonly link: LinkLine | undefined
}): preact.JSX.Element {
  void network.tick.value
  const names = ends.map((id) => nameOf(id))
  const path = link?.path
  const rows: [string, preact.ComponentChildren][] = [
    ['Between', <Ends ends={ends} names={names} />],
  ]
  if (link === undefined) rows.push(['State', 'not connected now'])
  else {
    rows.push([
      'Round trip',
      link.rttMicros === null ? 'not measured yet' : formatRtt(link.rttMicros),
    ])
    rows.push(['Known from', link.isConfirmed ? 'both ends' : 'one end only'])
  }
  if (path === undefined) rows.push(['Path', 'known to its two ends only'])
  else {
    rows.push(['Path', kinds[path.kind] ?? visibleText(path.kind, 20)])
    rows.push(['State', states[path.state]])
    rows.push(['Far end', visibleText(path.address, 80)])
    rows.push(['Why this path', visibleText(path.reason, 160)])
  }
  return (
    <>
      <PanelHead title={names.join(' – ')} />
      <Facts rows={rows} />
      <HistoryChart ids={ends} title="The last hour" what="round trip" />
    </>
  )
}

function Ends({
  ends,
  names,
}: {
  readonly ends: readonly string[]
  readonly names: readonly string[]
}): preact.JSX.Element {
  return (
    <>
      {ends.map((id, at) => (
        <button key={id} type="button" class="text end" onClick={() => selectNode(id)}>
          {names[at]}
        </button>
      ))}
    </>
  )
}

function nameOf(id: string): string {
  const node = network.model.nodes.get(network.model.numberOf(id) ?? -1)
  return node === undefined ? shortPeerId(id) : visibleText(node.name, 32)
}
