/** Which part of the map is seen, and how large. */
import type { Point } from '../../../map/spread.ts'

/** The visible part: a scale, and the place of the map that stands in the middle of the view. */
export interface Camera {
  readonly x: number
  readonly y: number
  /** Pixels a unit of the map. */
  readonly zoom: number
}

/** What is seen of the map, px; what covers its edges is left out of what is fitted. */
export interface View {
  readonly width: number
  readonly height: number
}

/** A rectangle of the map. */
export interface Extent {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const minZoom = 0.02
const maxZoom = 400
const largestFit = 46 // Guess: two or three nodes need not fill a screen.
const edge = { x: 80, top: 44, bottom: 116 } // Room for captions, and for what floats on the map.

/** Where a place of the map is seen, px from the left upper corner. */
export function toScreen({ x, y }: Point, camera: Camera, view: View): Point {
  return {
    x: (x - camera.x) * camera.zoom + view.width / 2,
    y: (y - camera.y) * camera.zoom + view.height / 2,
  }
}

/** Which place of the map is seen at a pixel. */
export function toMap({ x, y }: Point, camera: Camera, view: View): Point {
  return {
    x: (x - view.width / 2) / camera.zoom + camera.x,
    y: (y - view.height / 2) / camera.zoom + camera.y,
  }
}

/** Moves what is seen by pixels, as a hand does that holds the map. */
export function pan(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.zoom, y: camera.y - dy / camera.zoom }
}

/** Makes the map larger or smaller; the place at the pixel `at` stays there. */
export function zoomAt(
  camera: Camera,
  factor: number,
  { at, view }: { readonly at: Point; readonly view: View },
): Camera {
  const zoom = Math.min(maxZoom, Math.max(minZoom, camera.zoom * factor))
  const held = toMap(at, camera, view)
  return {
    zoom,
    x: held.x - (at.x - view.width / 2) / zoom,
    y: held.y - (at.y - view.height / 2) / zoom,
  }
}

/** Shows all of an extent, as large as it goes. */
export function fit(extent: Extent, view: View): Camera {
  const width = Math.max(1e-6, extent.right - extent.left)
  const height = Math.max(1e-6, extent.bottom - extent.top)
  const room = {
    width: Math.max(80, view.width - 2 * Math.min(edge.x, view.width / 6)),
    height: Math.max(80, view.height - edge.top - edge.bottom),
  }
  const zoom = Math.min(room.width / width, room.height / height, largestFit)
  const shift = view.height > 2 * edge.bottom ? (edge.bottom - edge.top) / 2 / zoom : 0
  return {
    zoom: Math.max(minZoom, zoom),
    x: (extent.left + extent.right) / 2,
    y: (extent.top + extent.bottom) / 2 + shift,
  }
}

/** Part of the way from one camera to another; zooms evenly to the eye. */
export function between(from: Camera, to: Camera, share: number): Camera {
  return {
    x: from.x + (to.x - from.x) * share,
    y: from.y + (to.y - from.y) * share,
    zoom: from.zoom * (to.zoom / from.zoom) ** share,
  }
}
