/**
 * How the SVG looks, by day and by night. Colours are plain rules, not CSS variables: not every
 * viewer of SVG knows those.
 */
import type { MemberState } from '../membership/snapshot.ts'
import { rttBands } from './rtt-band.ts'

/** Colours of one theme. */
export interface MapTheme {
  readonly background: string
  readonly text: string
  readonly muted: string
  readonly states: Readonly<Record<MemberState, string>>
  /**
   * A link's colour by its band of RTT: violet is near, yellow is far, apart also for the
   * colour-blind.
   */
  readonly bands: readonly string[]
}

const light: MapTheme = {
  background: '#ffffff',
  text: '#1c2430',
  muted: '#5d6878',
  states: { alive: '#17803d', suspect: '#b45309', gone: '#8b95a3', left: '#8b95a3' },
  bands: ['#4338ca', '#9333ea', '#d6336c', '#d9480f', '#a17c00'],
}

const dark: MapTheme = {
  background: '#11161d',
  text: '#e8edf3',
  muted: '#9aa7b8',
  states: { alive: '#3fc46b', suspect: '#f0a33a', gone: '#75808f', left: '#75808f' },
  bands: ['#8f93ff', '#c58bff', '#ff7fa8', '#ff9257', '#ffd24a'],
}

/** By day and by night. */
export const mapThemes = { light, dark } as const

const shapes = `text { text-anchor: middle; font: 12px system-ui, "DejaVu Sans", sans-serif }
.name { font-weight: 600 }
.port, .key { font-size: 11px }
.key { text-anchor: start }
.rtt { font-size: 10px }
.halo { stroke-width: 4; stroke-linejoin: round }
.link { fill: none; stroke-width: 1.8; stroke-opacity: 0.85 }
.many .link { stroke-width: 0.8; stroke-opacity: 0.5 }
.unconfirmed { stroke-dasharray: 5 4 }
.dot { stroke-width: 2 }
.self { fill: none; stroke-width: 2 }
.suspect .dot { stroke-dasharray: 3 2 }
.suspect { opacity: 0.75 }
.gone, .left { opacity: 0.45 }
.faded { opacity: 0.35 }
`

/** The style sheet: shapes, the colours of the day, and those of the night. */
export function styleSheet(): string {
  return `:root { color-scheme: light dark }
${shapes}${rulesOf(light)}@media (prefers-color-scheme: dark) {
${rulesOf(dark)}}
`
}

function rulesOf({ background, text, muted, states, bands }: MapTheme): string {
  const ofStates = Object.entries(states).map(([state, colour]) => {
    const fill = state === 'gone' ? background : colour
    return `.${state} .dot { fill: ${fill}; stroke: ${colour} }\n`
  })
  const ofBands = rttBands.map((_, band) => {
    const colour = bands[band] ?? muted
    return `.link.rtt-${band} { stroke: ${colour} }\n.rtt.rtt-${band} { fill: ${colour} }\n`
  })
  return [
    `.background { fill: ${background} }\n`,
    `text { fill: ${text} }\n`,
    `.port, .key { fill: ${muted} }\n`,
    `.halo { fill: ${background}; stroke: ${background} }\n`,
    `.self { stroke: ${text} }\n`,
    `.link.rtt-none { stroke: ${muted} }\n`,
    ...ofStates,
    ...ofBands,
  ].join('')
}
