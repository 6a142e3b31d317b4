/**
 * Which of several living paths a connection sends on, and which one it lets go.
 *
 *   faster    a path whose round trip was at least 20 % and 2 ms shorter for 5 s takes over
 *   surplus   a path that neither side used for 10 s beside another one is closed, by the lower side
 *
 * Both numbers of "faster" are needed: on a local network 20 % is noise, on a long line 2 ms is. Only
 * one side closes what is surplus, or each could close the path that the other one kept.
 */
import type { PathLink } from './path-link.ts'

const fasterRatio = 0.8 // C22
const fasterMicros = 2_000 // C22
const fasterForMs = 5_000 // C22
const surplusMs = 10_000 // As long as silence: then nobody depends on it.

/** Tells whether `link` should take over from the path in use. Call it at each measurement. */
export function isClearlyFaster(link: PathLink, inUse: PathLink, nowMs: number): boolean {
  const { use } = link
  const [candidate, current] = [link.rttMicros, inUse.rttMicros]
  const isShorter =
    candidate !== undefined &&
    current !== undefined &&
    candidate <= current * fasterRatio &&
    current - candidate >= fasterMicros
  if (!isShorter || link.isDoubtful) {
    use.fasterSinceMs = undefined
    return false
  }
  use.fasterSinceMs ??= nowMs
  return nowMs - use.fasterSinceMs >= fasterForMs
}

/** Tells whether nobody used `link` for long. Call it at each tick of the path. */
export function isSurplus({ use, reader }: PathLink, nowMs: number): boolean {
  if (reader.number !== use.lastNumber) {
    use.lastNumber = reader.number
    use.unusedSinceMs = nowMs
  }
  return nowMs - use.unusedSinceMs >= surplusMs
}
