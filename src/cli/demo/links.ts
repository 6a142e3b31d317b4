/**
 * What happens between the five, told from two pictures of them. Each link has two ends that say how
 * it is; it counts as suspended if one of them says so, else as open if one does.
 *
 *   none ──connected──▶ open ──suspended──▶ suspended ──resumed, connected again──▶ open
 *     ▲                   │                     │
 *     └──── disconnected ─┴───── given up ──────┘      and `gone` where both ends are
 */
import type { LinkView, NodeView } from './state.ts'

/** A link as it is, and since when. */
export interface LinkRecord {
  readonly state: LinkView['state']
  /** When it came to be so; monotonic, ms. */
  readonly sinceMs: number
  /** Which starts of both ends it was made between: another one has not been resumed, but made anew. */
  readonly lives: string
}

/** Links by the names of their ends: `alice–bob`. */
export type Links = ReadonlyMap<string, LinkRecord>

/** Joins two names, in the order of the table. */
function linkName(one: string, other: string): string {
  return `${one}–${other}`
}

/** Compares what was with what is, and says what happened. */
export function followLinks(
  before: Links,
  nodes: readonly NodeView[],
  nowMs: number,
): { readonly links: Links; readonly texts: readonly string[] } {
  const links = new Map<string, LinkRecord>()
  const texts: string[] = []
  for (const [index, one] of nodes.entries()) {
    for (const other of nodes.slice(index + 1)) {
      const name = linkName(one.name, other.name)
      const old = before.get(name)
      const state = joinedState(one.links.get(other.name), other.links.get(one.name))
      const lives = `${one.lives}/${other.lives}`
      const hasWitness = one.status === 'running' || other.status === 'running'
      const what = describeChange(old, state, { lives, nowMs, hasWitness })
      if (what !== undefined) texts.push(`${name} ${what}`)
      if (state === undefined) continue
      if (old?.state === state) links.set(name, old)
      else links.set(name, { state, sinceMs: nowMs, lives: keptLives(old, state, lives) })
    }
  }
  return { links, texts }
}

function joinedState(
  one: LinkView | undefined,
  other: LinkView | undefined,
): LinkView['state'] | undefined {
  if (one?.state === 'suspended' || other?.state === 'suspended') return 'suspended'
  return one?.state ?? other?.state
}

/** While a link is suspended it belongs to the lives that it was open in. */
function keptLives(old: LinkRecord | undefined, state: LinkView['state'], lives: string): string {
  return state === 'suspended' && old !== undefined ? old.lives : lives
}

interface Circumstances {
  readonly lives: string
  readonly nowMs: number
  /** One of the two nodes runs. */
  readonly hasWitness: boolean
}

function describeChange(
  old: LinkRecord | undefined,
  state: LinkView['state'] | undefined,
  { lives, nowMs, hasWitness }: Circumstances,
): string | undefined {
  if (old?.state === state) return undefined
  const seconds = old === undefined ? '' : formatSeconds(nowMs - old.sinceMs)
  if (state === undefined) {
    if (!hasWitness) return 'gone with both its nodes'
    return old?.state === 'suspended' ? `given up after ${seconds}` : 'disconnected'
  }
  if (state === 'suspended') return 'suspended: its path is lost, what is in flight is kept'
  if (old === undefined) return 'connected'
  return old.lives === lives ? `resumed after ${seconds}` : `connected again after ${seconds}`
}

/** `0.4 s`, `12 s`. */
export function formatSeconds(durationMs: number): string {
  const seconds = durationMs / 1_000
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
}
