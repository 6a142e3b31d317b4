import { mapActions } from './map-view.tsx'

/** Zoom, all, and a new arrangement, for those with a mouse or a finger. */
export function MapButtons(): preact.JSX.Element {
  return (
    <div class="map-buttons" role="group" aria-label="Map">
      <button
        type="button"
        aria-label="Zoom in"
        title="Zoom in (+)"
        onClick={() => mapActions.current?.zoomBy(1.4)}
      >
        <Sign path="M10 4.5v11M4.5 10h11" />
      </button>
      <button
        type="button"
        aria-label="Zoom out"
        title="Zoom out (−)"
        onClick={() => mapActions.current?.zoomBy(1 / 1.4)}
      >
        <Sign path="M4.5 10h11" />
      </button>
      <button
        type="button"
        aria-label="Show all"
        title="Show all (0)"
        onClick={() => mapActions.current?.showAll()}
      >
        <Sign path="M4 7.5V4h3.5M12.5 4H16v3.5M16 12.5V16h-3.5M7.5 16H4v-3.5" />
      </button>
      <button
        type="button"
        aria-label="Arrange anew"
        title="Arrange anew"
        onClick={() => mapActions.current?.arrange()}
      >
        <Sign path="M15.6 8.2A6 6 0 1 0 16 10.5M16 4v4.3h-4.3" />
      </button>
    </div>
  )
}

function Sign({ path }: { readonly path: string }): preact.JSX.Element {
  return (
    <svg
      viewBox="0 0 20 20"
      width="18"
      height="18"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={path} />
    </svg>
  )
}
