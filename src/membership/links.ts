import { linkKey } from './record.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { LinkInfo } from './snapshot.ts'
import type { Member } from './view.ts'

/** The links of this node, as it sees them now: nobody need have been told yet. */
export interface OwnLinks {
  readonly id: PeerId
  /** By {@link linkKey} of the other end, µs; 0 where none was measured yet. */
  readonly rttMicros: ReadonlyMap<string, number>
}

/**
 * All links between members that are not gone, each once, in the order of their ends (spec M9).
 *
 * A link that only one end names is told apart; its round-trip time is that end's.
 */
export function collectLinks(
  members: Iterable<Member>,
  own: OwnLinks,
  nowMs: number,
): readonly LinkInfo[] {
  const living = [...members].filter(({ state }) => state === 'alive' || state === 'suspect')
  const byKey = new Map(living.map(({ record }) => [linkKey(record.value.id), record.value.id]))
  const found = new Map<string, FoundLink>()
  for (const { record, links, linksHeardMs } of living) {
    const { id } = record.value
    const isOwn = id === own.id
    for (const [key, rttMicros] of isOwn ? own.rttMicros : (links?.value.rttMicros ?? [])) {
      const other = byKey.get(key)
      if (other === undefined || other === id) continue
      const [a, b] = id < other ? [id, other] : [other, id]
      const link = found.get(`${a} ${b}`) ?? { a, b, measured: [], ends: 0, heardMs: 0 }
      link.ends++
      link.heardMs = Math.max(link.heardMs, isOwn ? nowMs : linksHeardMs)
      if (rttMicros > 0) link.measured.push(rttMicros)
      found.set(`${a} ${b}`, link)
    }
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, link]) => toInfo(link, nowMs))
}

interface FoundLink {
  readonly a: PeerId
  readonly b: PeerId
  readonly measured: number[]
  ends: number
  heardMs: number
}

function toInfo({ a, b, measured, ends, heardMs }: FoundLink, nowMs: number): LinkInfo {
  const isConfirmed = ends === 2
  const ageMs = Math.max(0, Math.round(nowMs - heardMs))
  if (measured.length === 0) return { a, b, isConfirmed, ageMs }
  const sum = measured.reduce((total, each) => total + each, 0)
  return { a, b, isConfirmed, ageMs, rttMicros: Math.round(sum / measured.length) }
}
