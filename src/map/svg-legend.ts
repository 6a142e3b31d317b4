/** The legend of the SVG: what its colours and strokes mean, of what occurs in it. */
import type { MemberState } from '../membership/snapshot.ts'
import type { Graph } from './graph.ts'
import { rttBandOf, rttBands } from './rtt-band.ts'

/** Height of a row of the legend, px. */
export const legendRowHeight = 22

const signWidth = 26
const characterWidth = 6.6 // At 11 px.
const gap = 18

/** Where the legend stands, px. */
export interface LegendPlace {
  readonly width: number
  readonly top: number
  readonly margin: number
}

interface Entry {
  readonly label: string
  /** Draws the sign with its left end at `x`, its middle at `y`. */
  readonly sign: (x: number, y: number) => string
}

/** Draws the legend, in as many rows as the width asks for. */
export function formatLegend(
  graph: Graph,
  { width, top, margin }: LegendPlace,
): { readonly text: string; readonly rows: number } {
  let [x, row] = [margin, 0]
  const entries = entriesOf(graph)
  const lines = entries.map(({ label, sign }) => {
    const entryWidth = signWidth + label.length * characterWidth
    if (x > margin && x + entryWidth > width - margin) [x, row] = [margin, row + 1]
    const y = top + row * legendRowHeight + legendRowHeight / 2
    const key = `<text class="key" x="${x + signWidth}" y="${y + 4}">${label}</text>`
    const line = `${sign(x, y)}${key}\n`
    x = Math.round(x + entryWidth + gap)
    return line
  })
  return { text: lines.join(''), rows: entries.length === 0 ? 0 : row + 1 }
}

function entriesOf({ nodes, edges }: Graph): readonly Entry[] {
  const bands = new Set(
    edges.map(({ rttMicros }) => (rttMicros === undefined ? -1 : rttBandOf(rttMicros))),
  )
  const states = new Set(nodes.map(({ state }) => state))
  const others: readonly MemberState[] = ['suspect', 'gone', 'left']
  const isSomeUnconfirmed = edges.some(({ isConfirmed }) => !isConfirmed)
  return [
    ...rttBands.flatMap(({ label }, band) => {
      return bands.has(band) ? [{ label, sign: lineSign(`link rtt-${band}`) }] : []
    }),
    ...(bands.has(-1) ? [{ label: 'not measured', sign: lineSign('link rtt-none') }] : []),
    ...(isSomeUnconfirmed
      ? [{ label: 'known from one end', sign: lineSign('link rtt-none unconfirmed') }]
      : []),
    ...(nodes.some(({ isSelf }) => isSelf) ? [{ label: 'this node', sign: selfSign }] : []),
    ...others.flatMap((state) => {
      return states.has(state) ? [{ label: state, sign: dotSign(state) }] : []
    }),
  ]
}

function lineSign(classes: string): Entry['sign'] {
  return (x, y) => `<path class="${classes}" d="M${x} ${y}h${signWidth - 6}"/>`
}

function dotSign(state: MemberState): Entry['sign'] {
  return (x, y) => `<g class="${state}"><circle class="dot" cx="${x + 13}" cy="${y}" r="6"/></g>`
}

function selfSign(x: number, y: number): string {
  const circle = (name: string, radius: number): string => {
    return `<circle class="${name}" cx="${x + 12}" cy="${y}" r="${radius}"/>`
  }
  return `<g class="alive">${circle('dot', 5)}${circle('self', 8)}</g>`
}
