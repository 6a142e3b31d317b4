/** Beside the map: what is selected, or what there is to know of the whole network. */
import { network, selectedLink, selectedNode, selection } from '../state.ts'
import { LinkPanel } from './link-panel.tsx'
import { NodePanel } from './node-panel.tsx'
import { Overview } from './overview.tsx'

/** See the file's head. */
export function Panel(): preact.JSX.Element | null {
  const chosen = selection.value
  if (network.tick.value === 0) return null
  return (
    <aside
      class={`panel ${chosen === undefined ? 'resting' : 'chosen'}`}
      aria-label="Details"
      onKeyDown={(event) => {
        const { target } = event
        if (event.key !== 'Escape' || target instanceof HTMLInputElement) return
        selection.value = undefined
        document.querySelector<HTMLElement>('.map')?.focus()
      }}
    >
      {chosen === undefined && <Overview />}
      {chosen?.kind === 'node' && (
        <NodePanel key={chosen.id} id={chosen.id} node={selectedNode.value} />
      )}
      {chosen?.kind === 'link' && (
        <LinkPanel
          key={`${chosen.a} ${chosen.b}`}
          ends={[chosen.a, chosen.b]}
          link={selectedLink.value}
        />
      )}
    </aside>
  )
}
