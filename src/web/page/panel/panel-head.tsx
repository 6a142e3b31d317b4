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
