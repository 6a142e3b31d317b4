import { visibleText } from '../../../map/caption.ts'
import { newsText } from '../feed/network-news.ts'
import { network, selectNode } from '../state.ts'
import { Ago } from './ago.tsx'
import type { MemberState } from '../../../membership/snapshot.ts'

const shownNews = 12

/** For whoever has selected nothing: what this is, how the network is, and what happened. */
export function Overview(): preact.JSX.Element {
  void network.tick.value
  const counts: Record<MemberState, number> = { alive: 0, suspect: 0, gone: 0, left: 0 }
  let self = ''
  for (const { state, isSelf, name } of network.model.nodes.values()) {
    counts[state]++
    if (isSelf) self = visibleText(name, 40)
  }
  const news = network.news.value.slice(0, shownNews)
  return (
    <>
      <h2 id="panel-title" tabIndex={-1}>
        The network
      </h2>
      <dl class="counts">
        <Count title={counts.alive === 1 ? 'node alive' : 'nodes alive'} value={counts.alive} />
        <Count
          title={network.model.links.size === 1 ? 'link' : 'links'}
          value={network.model.links.size}
        />
        <Count title="away" value={counts.gone + counts.suspect + counts.left} />
      </dl>
      <p class="muted about">
        Each dot is a computer that runs Skein, each line a connection that two of them keep; the
        colour is the time a message takes there and back. {self} tells this page what changes, as
        it changes. Select a dot or a line to know more.
      </p>
      <section>
        <h3>What happened</h3>
        {news.length === 0 && <p class="muted">Nothing since you opened this page.</p>}
        <ol class="news" aria-live="polite" aria-relevant="additions">
          {news.map(({ number, id, name, kind, atMs }) => (
            <li key={number}>
              <i class={`dot ${kind === 'joined' || kind === 'back' ? 'alive' : kind}`} />
              <span>
                <button type="button" class="text" onClick={() => selectNode(id)}>
                  {visibleText(name, 40)}
                </button>{' '}
                {newsText[kind]}
              </span>
              <Ago sinceMs={atMs} />
            </li>
          ))}
        </ol>
      </section>
    </>
  )
}

function Count({
  title,
  value,
}: {
  readonly title: string
  readonly value: number
}): preact.JSX.Element {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </div>
  )
}
