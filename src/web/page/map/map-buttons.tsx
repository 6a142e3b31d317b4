import { Icon } from '../icon.tsx'
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
        <Icon path="M10 4.5v11M4.5 10h11" />
      </button>
      <button
        type="button"
        aria-label="Zoom out"
        title="Zoom out (−)"
        onClick={() => mapActions.current?.zoomBy(1 / 1.4)}
      >
        <Icon path="M4.5 10h11" />
      </button>
      <button
        type="button"
        aria-label="Show all"
        title="Show all (0)"
        onClick={() => mapActions.current?.showAll()}
      >
        <Icon path="M4 7.5V4h3.5M12.5 4H16v3.5M16 12.5V16h-3.5M7.5 16H4v-3.5" />
      </button>
      <button
        type="button"
        aria-label="Arrange anew"
        title="Arrange anew"
        onClick={() => mapActions.current?.arrange()}
      >
        <Icon path="M15.6 8.2A6 6 0 1 0 16 10.5M16 4v4.3h-4.3" />
      </button>
    </div>
  )
}
