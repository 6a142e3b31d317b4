import { displayAddress } from '../../../base/address.ts'
import { shortPeerId } from '../../../base/peer-id.ts'
import { briefRtt, rttBandOf } from '../../../map/rtt-band.ts'
import { visibleText } from '../../../map/caption.ts'
import { network, selectLink, selectNode } from '../state.ts'
import { Ago } from './ago.tsx'
import { CommandBox } from './command-box.tsx'
import { Facts } from './facts.tsx'
import { HistoryChart } from './history-chart.tsx'
import { PanelHead } from './panel-head.tsx'
import type { LinkLine, NodeLine } from '../../../map/feed.ts'

const stateTexts = {
  alive: 'alive',
  suspect: 'does not answer',
  gone: 'gone',
  left: 'left',
} as const
const maxAddresses = 6
const shownLinks = 12

/** All that is known of a node. */
export function NodePanel({
  id,
  node,
}: {
  readonly id: string
  readonly node: NodeLine | undefined
}): preact.JSX.Element {
  void network.tick.value
  if (node === undefined) {
    return (
      <>
        <PanelHead title={shortPeerId(id)} />
        <p class="muted">This node is no member of the network any more.</p>
      </>
    )
  }
  const { name, state, isSelf, addresses, software, protocol, sinceUnixMs } = node
  const skewMs = Date.now() - network.model.unixMs
  const shown = addresses
    .slice(0, maxAddresses)
    .map((address) => visibleText(displayAddress(address), 80))
  const more = addresses.length - shown.length
  return (
    <>
      <PanelHead title={visibleText(name, 40)}>
        <span class={`chip ${state}`}>{stateTexts[state]}</span>
        {isSelf && <span class="chip">this node</span>}
      </PanelHead>
      <Facts
        rows={[
          ['Since', <Ago sinceMs={sinceUnixMs + skewMs} />],
          [
            'Address',
            shown.length === 0 ? (
              'listens nowhere'
            ) : (
              <Lines lines={[...shown, ...(more > 0 ? [`and ${more} more`] : [])]} />
            ),
          ],
          ['Version', `Skein ${visibleText(software, 32)}, protocol ${protocol}`],
          ['ID', <CopyableId id={id} />],
        ]}
      />
      <HistoryChart ids={[id]} title="The last hour" what="median link" />
      <Links node={node} />
      <CommandBox id={id} isSelf={isSelf} name={visibleText(name, 40)} />
    </>
  )
}

function Lines({ lines }: { readonly lines: readonly string[] }): preact.JSX.Element {
  return (
    <>
      {lines.map((line) => (
        <span key={line} class="address">
          {line}
        </span>
      ))}
    </>
  )
}

function CopyableId({ id }: { readonly id: string }): preact.JSX.Element {
  return (
    <button
      type="button"
      class="text id"
      title="Copy the ID"
      onClick={() => void navigator.clipboard?.writeText(id)}
    >
      {id}
    </button>
  )
}

/** The links of a node, nearest first. */
function Links({ node }: { readonly node: NodeLine }): preact.JSX.Element {
  const far = (link: LinkLine): NodeLine | undefined => {
    return network.model.nodes.get(link.a === node.n ? link.b : link.a)
  }
  const links = [...network.model.links.values()].filter(({ a, b }) => a === node.n || b === node.n)
  const sorted = links.toSorted((a, b) => (a.rttMicros ?? Infinity) - (b.rttMicros ?? Infinity))
  const more = sorted.length - shownLinks
  return (
    <section>
      <h3>
        {links.length} {links.length === 1 ? 'link' : 'links'}
      </h3>
      <ul class="links">
        {sorted.slice(0, shownLinks).map((link) => {
          const other = far(link)
          if (other === undefined) return null
          const { rttMicros } = link
          const rtt = rttMicros === null ? 'not measured' : briefRtt(rttMicros)
          return (
            <li key={other.id}>
              <button type="button" class="text" onClick={() => selectNode(other.id)}>
                {visibleText(other.name, 32)}
              </button>
              <button
                type="button"
                class={`text rtt band-${rttMicros === null ? 'none' : rttBandOf(rttMicros)}`}
                aria-label={`${rtt}: link to ${visibleText(other.name, 32)}`}
                onClick={() => selectLink(node.id, other.id)}
              >
                {rtt}
              </button>
            </li>
          )
        })}
      </ul>
      {more > 0 && <p class="muted">and {more} more; the table has all.</p>}
    </section>
  )
}
