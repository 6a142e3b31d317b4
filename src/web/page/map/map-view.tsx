/** The map: a canvas that is drawn when something changed, and moved by mouse, finger and keys. */
import { effect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { isCalm, matches, network, search, selection, theme } from '../state.ts'
import { MapController } from './map-controller.ts'

/** What buttons outside the canvas may ask of the map. */
export const mapActions: { current: MapController | undefined } = { current: undefined }

const help =
  'Arrow keys select the next node in that direction, Shift with an arrow moves the map, plus and minus ' +
  'zoom, 0 shows all, L goes through the links of the selected node, Enter opens its panel, Escape lets go.'

/** See the file's head. */
export function MapView(): preact.JSX.Element {
  const ref = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (ref.current === null) return
    const controller = new MapController(ref.current)
    mapActions.current = controller
    const stops = [
      effect(() => {
        void network.tick.value
        controller.follow(network.model)
      }),
      effect(() => {
        const chosen = selection.value
        controller.show({
          theme: theme.value,
          isCalm: isCalm.value,
          matches: matches.value,
          selection: chosen,
        })
      }),
      effect(() => {
        if (search.value.trim() !== '') controller.showMatches()
      }),
    ]
    return () => {
      mapActions.current = undefined
      for (const stop of stops) stop()
      controller.close()
    }
  }, [])
  return (
    <>
      <canvas
        ref={ref}
        class="map"
        tabIndex={0}
        role="application"
        aria-roledescription="map"
        aria-label="Map of the network"
        aria-describedby="map-help"
      />
      <p id="map-help" class="unseen">
        {help}
      </p>
    </>
  )
}
