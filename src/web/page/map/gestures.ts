/** Mouse, finger, wheel and keys on an element, as what they mean for a map. */
import type { Point } from '../../../map/spread.ts'

/** What is meant. Places are px from the element's left upper corner. */
export interface GestureHandler {
  pan(dx: number, dy: number): void
  zoom(factor: number, at: Point): void
  tap(at: Point): void
  /** The pointer rests there; `undefined` when it left. Never of a finger. */
  hover(at: Point | undefined): void
  /** Returns whether the key was for the map. */
  key(event: KeyboardEvent): boolean
}

const tapDistance = 5 // px: less is a hand that is not quite still.

/** See the file's head. */
export class Gestures {
  readonly #element: HTMLElement
  readonly #handler: GestureHandler
  readonly #pointers = new Map<number, Point>()
  readonly #ending = new AbortController()
  #travelled = 0

  constructor(element: HTMLElement, handler: GestureHandler) {
    this.#element = element
    this.#handler = handler
    const { signal } = this.#ending
    element.addEventListener('pointerdown', (event) => this.#onDown(event), { signal })
    element.addEventListener('pointermove', (event) => this.#onMove(event), { signal })
    element.addEventListener('pointerup', (event) => this.#onUp(event), { signal })
    element.addEventListener('pointercancel', (event) => this.#pointers.delete(event.pointerId), {
      signal,
    })
    element.addEventListener('pointerleave', () => handler.hover(undefined), { signal })
    element.addEventListener('wheel', (event) => this.#onWheel(event), { signal, passive: false })
    element.addEventListener('dblclick', (event) => handler.zoom(1.6, this.#placeOf(event)), {
      signal,
    })
    element.addEventListener(
      'keydown',
      (event) => {
        if (handler.key(event)) event.preventDefault()
      },
      { signal },
    )
  }

  close(): void {
    this.#ending.abort()
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0) return
    this.#element.setPointerCapture(event.pointerId)
    if (this.#pointers.size === 0) this.#travelled = 0
    this.#pointers.set(event.pointerId, this.#placeOf(event))
  }

  #onMove(event: PointerEvent): void {
    const at = this.#placeOf(event)
    const before = this.#pointers.get(event.pointerId)
    if (before === undefined) {
      if (event.pointerType !== 'touch') this.#handler.hover(at)
      return
    }
    const [dx, dy] = [at.x - before.x, at.y - before.y]
    this.#travelled += Math.hypot(dx, dy)
    if (this.#pointers.size === 2) this.#pinch(event.pointerId, before, at)
    this.#pointers.set(event.pointerId, at)
    if (this.#travelled > tapDistance)
      this.#handler.pan(dx / this.#pointers.size, dy / this.#pointers.size)
  }

  #pinch(moved: number, before: Point, at: Point): void {
    const other = [...this.#pointers].find(([id]) => id !== moved)?.[1]
    if (other === undefined) return
    const apart = Math.hypot(before.x - other.x, before.y - other.y)
    const now = Math.hypot(at.x - other.x, at.y - other.y)
    if (apart < 1 || now < 1) return
    this.#handler.zoom(now / apart, { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 })
  }

  #onUp(event: PointerEvent): void {
    const isLast = this.#pointers.delete(event.pointerId) && this.#pointers.size === 0
    if (isLast && this.#travelled <= tapDistance) this.#handler.tap(this.#placeOf(event))
  }

  #onWheel(event: WheelEvent): void {
    event.preventDefault()
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 30
    const amount = Math.max(-200, Math.min(200, event.deltaY * lines))
    this.#handler.zoom(Math.exp(-amount / 300), this.#placeOf(event))
  }

  #placeOf(event: MouseEvent): Point {
    const { left, top } = this.#element.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }
}
