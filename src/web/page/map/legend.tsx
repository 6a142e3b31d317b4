/** What the colours and strokes of the map mean: of all that occurs in it now. */
import { rttBandOf, rttBands } from '../../../map/rtt-band.ts'
import { network } from '../state.ts'
import { linkStyleOf } from './scene.ts'
import type { LinkStyle } from './scene.ts'
import type { MemberState } from '../../../membership/snapshot.ts'

const styleTitles: Readonly<Record<LinkStyle, string>> = {
  solid: 'direct, or told of by others',
  udp: 'through a NAT (UDP)',
  relay: 'through another node',
  unconfirmed: 'known from one end',
  waiting: 'waits for a path',
}

const stateTitles: Readonly<Record<MemberState, string>> = {
  alive: 'alive',
  suspect: 'does not answer',
  gone: 'gone',
  left: 'left',
}

/** See the file's head. */
export function Legend(): preact.JSX.Element | null {
  void network.tick.value
  const bands = new Set<number>()
  const styles = new Set<LinkStyle>()
  const states = new Set<MemberState>()
  for (const link of network.model.links.values()) {
    bands.add(link.rttMicros === null ? rttBands.length : rttBandOf(link.rttMicros))
    styles.add(linkStyleOf(link))
  }
  for (const { state } of network.model.nodes.values()) states.add(state)
  if (network.model.nodes.size === 0) return null
  return (
    <details class="legend" open={innerWidth > 900}>
      <summary>Legend</summary>
      <ul>
        {rttBands.map(
          ({ label }, band) => bands.has(band) && <Line key={label} band={band} text={label} />,
        )}
        {bands.has(rttBands.length) && <Line band={rttBands.length} text="not measured yet" />}
        {(['udp', 'relay', 'unconfirmed', 'waiting'] as const).map(
          (style) =>
            styles.has(style) && <Line key={style} style={style} text={styleTitles[style]} />,
        )}
        {(['alive', 'suspect', 'gone', 'left'] as const).map(
          (state) =>
            states.has(state) && (
              <li key={state}>
                <i class={`dot ${state}`} />
                {stateTitles[state]}
              </li>
            ),
        )}
        <li>
          <i class="dot alive self" />
          this node
        </li>
      </ul>
    </details>
  )
}

function Line({
  band,
  style,
  text,
}: {
  readonly band?: number
  readonly style?: LinkStyle
  readonly text: string
}): preact.JSX.Element {
  return (
    <li>
      <i class={`line ${band === undefined ? '' : `band-${band}`} ${style ?? ''}`} />
      {text}
    </li>
  )
}
