import type { Box } from '../../../map/svg-labels.ts'

const cell = 64 // px: about the width of a name, so that each lies in a few cells.

/** Places that names have taken, in a grid of cells: thousands are tested in a millisecond. */
export class NamePlaces {
  readonly #cells = new Map<number, Box[]>()

  /** Takes a place; false where it would hide what has one. */
  take(box: Box): boolean {
    const cells = this.#cellsOf(box)
    for (const key of cells) {
      if (this.#cells.get(key)?.some((other) => overlap(box, other)) === true) return false
    }
    for (const key of cells) {
      const boxes = this.#cells.get(key)
      if (boxes === undefined) this.#cells.set(key, [box])
      else boxes.push(box)
    }
    return true
  }

  #cellsOf({ left, right, top, bottom }: Box): number[] {
    const keys: number[] = []
    for (let x = Math.floor(left / cell); x <= Math.floor(right / cell); x++) {
      for (let y = Math.floor(top / cell); y <= Math.floor(bottom / cell); y++) {
        keys.push((x + 4_096) * 16_384 + y + 4_096)
      }
    }
    return keys
  }
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}
