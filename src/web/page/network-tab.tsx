/** The network: the map, the table beside it, and the panel of what is selected. */
import { useEffect } from 'preact/hooks'
import { signal } from '@preact/signals'
import { Legend } from './map/legend.tsx'
import { MapView } from './map/map-view.tsx'
import { MapButtons } from './map/map-buttons.tsx'
import { Panel } from './panel/panel.tsx'
import { network, view } from './state.ts'

const Table = signal<(() => preact.JSX.Element) | undefined>(undefined)

/** See the file's head. */
export function NetworkTab(): preact.JSX.Element {
  const shown = view.value
  useEffect(() => {
    // Loaded when somebody first wants to read: most only look.
    if (shown !== 'map' && Table.value === undefined) {
      void import('./table/table-view.tsx').then(({ TableView }) => (Table.value = TableView))
    }
  }, [shown])
  const TableView = Table.value
  return (
    <main class={`network show-${shown}`}>
      {shown !== 'table' && (
        <section class="stage" aria-label="Map">
          <MapView />
          <Empty />
          <Legend />
          <MapButtons />
        </section>
      )}
      {shown !== 'map' && (
        <section class="reading" aria-label="Table">
          {TableView === undefined ? <p class="muted loading">Loading …</p> : <TableView />}
        </section>
      )}
      <Panel />
    </main>
  )
}

/** What stands on the map while there is nobody else. */
function Empty(): preact.JSX.Element | null {
  const { size } = network.model.nodes
  if (network.tick.value === 0 || size > 1) return null
  return (
    <div class="empty">
      <h2>No other member is here yet</h2>
      <p>
        Start another node, or let somebody in with <code>skein invite</code>: it appears here as
        soon as it belongs to the network of this one. Connected peers that do not, which{' '}
        <code>skein peers</code> lists, are not shown.
      </p>
    </div>
  )
}
