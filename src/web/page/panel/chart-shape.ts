/** From a history to the shapes of its chart. */
import { briefRtt } from '../../../map/rtt-band.ts'
import type { History, HistoryChange } from '../../../map/feed.ts'

/** What a chart draws, in the units of its box. */
export interface ChartShape {
  /** The `d` of an SVG path; empty where nothing was measured twice in a row. */
  readonly line: string
  /** Values that stand alone. */
  readonly dots: readonly { readonly x: number; readonly y: number }[]
  readonly bands: readonly {
    readonly x: number
    readonly width: number
    readonly to: HistoryChange['to']
  }[]
  readonly least: number | undefined
  readonly most: number | undefined
  /** Where the axis begins: `1 h ago`. */
  readonly from: string
  /** For those who hear it. */
  readonly summary: string
}

const hourMs = 3_600_000
const leastSpanMs = 300_000 // A young history is not a dot at the right edge.
const [top, bottom] = [8, 58]

/** See the file's head. */
export function chartOf(history: History, { width }: { readonly width: number }): ChartShape {
  const { rttMicros, stepMs, unixMs, changes } = history
  const firstMs = Math.min(unixMs - (rttMicros.length - 1) * stepMs, changes[0]?.unixMs ?? unixMs)
  const spanMs = Math.min(hourMs, Math.max(leastSpanMs, unixMs - firstMs))
  const startMs = unixMs - spanMs
  const xOf = (atMs: number): number => round((Math.max(0, atMs - startMs) / spanMs) * width)
  const measured = rttMicros.filter((value): value is number => value !== null && value > 0)
  const least = measured.length === 0 ? undefined : Math.min(...measured)
  const most = measured.length === 0 ? undefined : Math.max(...measured)
  const { low, high } = scaleOf(least ?? 0, most ?? 0)
  const yOf = (value: number): number => {
    return round(bottom - ((Math.log(value) - low) / (high - low)) * (bottom - top))
  }
  const runs: { readonly x: number; readonly y: number }[][] = []
  let run: { readonly x: number; readonly y: number }[] = []
  for (const [at, value] of rttMicros.entries()) {
    if (value === null || value <= 0) run = []
    else {
      if (run.length === 0) runs.push(run)
      run.push({ x: xOf(unixMs - (rttMicros.length - 1 - at) * stepMs), y: yOf(value) })
    }
  }
  return {
    line: runs
      .filter((points) => points.length > 1)
      .map((points) => `M${points.map(({ x, y }) => `${x} ${y}`).join('L')}`)
      .join(''),
    dots: runs.filter((points) => points.length === 1).flat(),
    bands: changes.map(({ unixMs: atMs, to }, at) => {
      const x = xOf(atMs)
      return { x, width: round(Math.max(1.5, xOf(changes[at + 1]?.unixMs ?? unixMs) - x)), to }
    }),
    least,
    most,
    from: spanMs >= hourMs ? '1 h ago' : `${Math.round(spanMs / 60_000)} min ago`,
    summary: summaryOf(history, least, most),
  }
}

/** Logarithmic, and at least a factor of two high: noise is not drawn as a mountain. */
function scaleOf(least: number, most: number): { readonly low: number; readonly high: number } {
  const middle = Math.sqrt(Math.max(1, least) * Math.max(1, most))
  const low = Math.log(Math.min(Math.max(1, least), middle / Math.SQRT2))
  return { low, high: Math.log(Math.max(most, middle * Math.SQRT2)) }
}

function summaryOf(
  { changes }: History,
  least: number | undefined,
  most: number | undefined,
): string {
  const range =
    least === undefined || most === undefined
      ? 'not measured'
      : `from ${briefRtt(least)} to ${briefRtt(most)}`
  const last = changes.at(-1)
  return `${range}; ${changes.length - 1} changes of state${last === undefined ? '' : `, now ${last.to}`}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
