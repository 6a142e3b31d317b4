/** A small chart of the last hour: round trips as a line, states as a band below it. */
import { useEffect, useState } from 'preact/hooks'
import { messageOf } from '../../../base/errors.ts'
import { briefRtt } from '../../../map/rtt-band.ts'
import { network } from '../state.ts'
import { chartOf } from './chart-shape.ts'
import type { History } from '../../../map/feed.ts'

const refreshMs = 5_000
const size = { width: 300, height: 78 }

/** The chart of a node, or of the link of two. */
export function HistoryChart({
  ids,
  title,
  what,
}: {
  readonly ids: readonly string[]
  readonly title: string
  readonly what: string
}): preact.JSX.Element {
  const [history, setHistory] = useState<History | undefined>(undefined)
  const [trouble, setTrouble] = useState('')
  const tick = network.tick.value
  useEffect(() => {
    const abort = new AbortController()
    const load = async (): Promise<void> => {
      try {
        setHistory(await network.history(ids, abort.signal))
        setTrouble('')
      } catch (thrown) {
        if (!abort.signal.aborted) setTrouble(messageOf(thrown))
      }
    }
    void load()
    const timer = setInterval(() => void load(), refreshMs)
    return () => {
      abort.abort()
      clearInterval(timer)
    }
  }, [ids.join(' '), Math.floor(tick / 50)])
  return (
    <section class="history">
      <h3>{title}</h3>
      {history === undefined ? (
        <p class="muted">{trouble === '' ? 'Loading …' : trouble}</p>
      ) : (
        <Chart history={history} what={what} />
      )}
    </section>
  )
}

function rangeOf(least: number | undefined, most: number | undefined): string {
  if (least === undefined || most === undefined) return 'not measured'
  const [low, high] = [briefRtt(least), briefRtt(most)]
  return low === high ? low : `${low} – ${high}`
}

function Chart({
  history,
  what,
}: {
  readonly history: History
  readonly what: string
}): preact.JSX.Element {
  const { line, dots, bands, most, least, from, summary } = chartOf(history, size)
  return (
    <figure>
      <svg
        viewBox={`0 0 ${size.width} ${size.height}`}
        role="img"
        aria-label={`${what}: ${summary}`}
        preserveAspectRatio="none"
      >
        <line class="axis" x1="0" x2={size.width} y1="62" y2="62" />
        {line !== '' && <path class="curve" d={line} />}
        {dots.map(({ x, y }) => (
          <circle key={x} class="curve-dot" cx={x} cy={y} r="2.5" />
        ))}
        {bands.map(({ x, width, to }) => (
          <rect key={x} class={`band ${to}`} x={x} width={width} y="68" height="8" rx="2">
            <title>{to}</title>
          </rect>
        ))}
      </svg>
      <figcaption>
        <span>{from}</span>
        <span>
          {what}: {rangeOf(least, most)}
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
