import type { Point } from './spread.ts'

/** A rectangle that is taken, px. */
export interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Where on a link its label may stand, as parts of its length: first in the middle. */
const stops: readonly number[] = [0.5, 0.42, 0.58, 0.34, 0.66, 0.28, 0.72]

/**
 * Finds places for the labels of links that hide neither nodes nor each other; first come, first
 * served.
 */
export class LabelPlaces {
  readonly #taken: Box[]

  constructor(nodes: readonly Box[]) {
    this.#taken = [...nodes]
  }

  /** The middle of a free place on the link, now taken; `undefined` where there is none. */
  place(
    [from, to]: readonly [Point, Point],
    { width, height }: { readonly width: number; readonly height: number },
  ): Point | undefined {
    for (const stop of stops) {
      const x = Math.round(from.x + (to.x - from.x) * stop)
      const y = Math.round(from.y + (to.y - from.y) * stop)
      const [right, bottom] = [x + width / 2, y + height / 2]
      const box = { left: right - width, right, top: bottom - height, bottom }
      if (this.#taken.some((other) => overlap(box, other))) continue
      this.#taken.push(box)
      return { x, y }
    }
    return undefined
  }
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}
