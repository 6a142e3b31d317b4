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

/** The title of what is selected, and a button that lets go of it. */
export function PanelHead({
  title,
  children,
}: {
  readonly title: string
  readonly children?: preact.ComponentChildren
}): preact.JSX.Element {
  return (
    <div class="panel-head">
      <h2 id="panel-title" tabIndex={-1}>
        {title}
      </h2>
      {children}
      <button
        type="button"
        class="icon close"
        aria-label="Close the details"
        onClick={() => (selection.value = undefined)}
      >
        <svg
          viewBox="0 0 20 20"
          width="18"
          height="18"
          aria-hidden="true"
          fill="none"
          stroke="currentColor"
          stroke-width="1.7"
          stroke-linecap="round"
        >
          <path d="m5 5 10 10M15 5 5 15" />
        </svg>
      </button>
    </div>
  )
}
