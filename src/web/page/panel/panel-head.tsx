import { Icon, crossPath } from '../icon.tsx'
import { selection } from '../state.ts'

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
        <Icon path={crossPath} />
      </button>
    </div>
  )
}
