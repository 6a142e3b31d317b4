/**
 * The network as it changes, as lines of JSON: what the command `watch` prints, and the page reads.
 *
 *   start  node… link…  tick                   the whole network
 *          node | link | unlink | forget … tick   what changed since, at most ten times a second
 *
 * A line replaces all that an earlier one said of the same node or link. `tick` ends what belongs
 * together: draw then. A `start` in the midst means that this reader was too slow to be told of each
 * change: forget everything, the whole network follows.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { MemberState, NodeInfo } from '../membership/snapshot.ts'
import type { Network } from './graph.ts'

/** A path of the watched node's own connection, as the map tells kinds of links apart. */
export interface OwnPath {
  /** The scheme of its transport: `tls`, `memory`, `udp`, `relay`. */
  readonly kind: string
  /** The far end, as people see it. */
  readonly address: string
  /** Why this path is in use. */
  readonly reason: string
  /** `suspended`: the connection lives and waits for a path; `doubtful`: the path is late to answer. */
  readonly state: 'open' | 'doubtful' | 'suspended'
}

/** The watched node begins to tell, or begins anew. */
export interface StartLine {
  readonly type: 'start'
  readonly self: PeerId
  /** The watched node's wall clock. */
  readonly unixMs: number
}

/** A node; `n` stands for it in the lines of links. */
export interface NodeLine extends Omit<NodeInfo, 'ageMs'> {
  readonly type: 'node'
  readonly n: number
  /** Since when it is in this state, by the watched node's wall clock; as far as that has watched. */
  readonly sinceUnixMs: number
}

/** A link between the nodes `a` and `b`, `a < b`. */
export interface LinkLine {
  readonly type: 'link'
  readonly a: number
  readonly b: number
  /** Null before the first measurement. */
  readonly rttMicros: number | null
  readonly isConfirmed: boolean
  /** Only of the watched node's own links. */
  readonly path?: OwnPath
}

/** A link is no more. */
export interface UnlinkLine {
  readonly type: 'unlink'
  readonly a: number
  readonly b: number
}

/** A node is no member any more; its links are gone before. */
export interface ForgetLine {
  readonly type: 'forget'
  readonly n: number
}

/** What came before belongs together. */
export interface TickLine {
  readonly type: 'tick'
  readonly unixMs: number
}

/** A line of the feed. */
export type FeedLine = StartLine | NodeLine | LinkLine | UnlinkLine | ForgetLine | TickLine

/** The last hour of a node or a link: what the command `history` prints. */
export interface History {
  readonly type: 'node' | 'link'
  /** When it was asked for; the last value of `rttMicros` is of then. */
  readonly unixMs: number
  /** From one value of `rttMicros` to the next. */
  readonly stepMs: number
  /**
   * Oldest first: a round trip, 0 where the link was not measured, null where there was none. Of a
   * node the median of its links.
   */
  readonly rttMicros: readonly (number | null)[]
  /** Oldest first: what it became, and when. The first is what it was when it was first seen. */
  readonly changes: readonly HistoryChange[]
}

/** Something that happened to a node or a link. */
export interface HistoryChange {
  readonly unixMs: number
  readonly to: MemberState | 'linked' | 'parted'
}

const maxLineLength = 64 * 2 ** 10 // Guess: a node with all addresses that it may have stays below.

/** Takes bytes apart into lines and hands these on, parsed. */
export class LineReader {
  readonly #decoder = new TextDecoder()
  readonly #onLine: (line: FeedLine) => void
  #rest = ''

  constructor(onLine: (line: FeedLine) => void) {
    this.#onLine = onLine
  }

  /** @throws {TypeError} a line is no line of a feed. */
  add(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > maxLineLength) throw new TypeError('a line of the feed is too long')
    for (const line of lines) {
      const parsed = parseLine(line)
      if (parsed !== undefined) this.#onLine(parsed)
    }
  }
}

const lineTypes: ReadonlySet<unknown> = new Set([
  ...['start', 'node', 'link', 'unlink', 'forget', 'tick'],
])

/** Returns `undefined` for a kind of line that only later versions know. */
function parseLine(text: string): FeedLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    throw new TypeError('the feed holds a line that is no JSON', { cause: thrown })
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) {
    throw new TypeError('the feed holds a line without a type')
  }
  return lineTypes.has(value.type) ? (value as FeedLine) : undefined
}

/**
 * Who follows a feed: the network as the lines so far told it.
 *
 * Numbers of nodes are this reader's own: they stay with an ID when the feed begins anew, which
 * numbers as it likes.
 */
export class FeedModel {
  readonly nodes = new Map<number, NodeLine>()
  /** By {@link linkKey}. */
  readonly links = new Map<number, LinkLine>()
  self: PeerId | undefined
  /** The watched node's wall clock at the last tick. */
  unixMs = 0
  readonly #numbers = new Map<PeerId, number>()
  /** The feed's numbers, as ours. */
  readonly #ours = new Map<number, number>()
  #next = 0

  /** Takes a line in. Links to nodes that were not told of are left out. */
  apply(line: FeedLine): void {
    switch (line.type) {
      case 'start':
        this.#begin(line)
        break
      case 'node':
        this.#applyNode(line)
        break
      case 'link': {
        const [a, b] = [this.#ours.get(line.a), this.#ours.get(line.b)]
        if (a !== undefined && b !== undefined) this.links.set(linkKey(a, b), { ...line, a, b })
        break
      }
      case 'unlink':
        this.links.delete(linkKey(this.#ours.get(line.a) ?? -1, this.#ours.get(line.b) ?? -1))
        break
      case 'forget':
        this.nodes.delete(this.#ours.get(line.n) ?? -1)
        this.#ours.delete(line.n)
        break
      case 'tick':
        this.unixMs = line.unixMs
        break
    }
  }

  /** Our number of a node that was told of, also before the feed began anew. */
  numberOf(id: string): number | undefined {
    return this.#numbers.get(id as PeerId)
  }

  #begin({ self, unixMs }: StartLine): void {
    // Who was there stays known, once: an hour of restarts must not fill the memory.
    const present = new Set([...this.nodes.values()].map(({ id }) => id))
    for (const id of this.#numbers.keys()) if (!present.has(id)) this.#numbers.delete(id)
    this.nodes.clear()
    this.links.clear()
    this.#ours.clear()
    this.self = self
    this.unixMs = unixMs
  }

  #applyNode(line: NodeLine): void {
    const n = this.#numbers.get(line.id) ?? this.#next++
    this.#numbers.set(line.id, n)
    this.#ours.set(line.n, n)
    this.nodes.set(n, { ...line, n })
  }

  /** As the drawings take it: D2, SVG, JSON. The age of the news is not known here, and 0. */
  toNetwork(): Network {
    const nodes = [...this.nodes.values()].map(
      ({ type: _type, n: _n, sinceUnixMs: _s, ...node }) => {
        return { ...node, ageMs: 0 }
      },
    )
    const links = [...this.links.values()].flatMap(({ a, b, rttMicros, isConfirmed }) => {
      const [idA, idB] = [this.nodes.get(a)?.id, this.nodes.get(b)?.id]
      if (idA === undefined || idB === undefined) return []
      const ends = idA < idB ? { a: idA, b: idB } : { a: idB, b: idA }
      const link = { ...ends, isConfirmed, ageMs: 0 }
      return [rttMicros === null ? link : { ...link, rttMicros }]
    })
    return { nodes, links }
  }
}

/** One number for a link, whichever end is named first. */
export function linkKey(a: number, b: number): number {
  return Math.min(a, b) * 2 ** 26 + Math.max(a, b)
}
