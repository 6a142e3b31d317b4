/**
 * Keeps `peers.json` and `peers.d2` in the data folder true: the network as this node knows it, written
 * at most once a second, and only when something changed that is worth a look; round-trip times alone, of
 * which some always change, less often the more there are. A node that starts again finds its network
 * through them, though the peers it was told of are gone.
 */
import { messageOf } from '../base/errors.ts'
import { formatD2 } from '../map/d2.ts'
import { maxLinks, maxNodes, readPeers, writePeers } from './peers-format.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Storage } from '../base/storage.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { LinkRow, NodeRow } from './peers-format.ts'

/** What the file is written from. */
export interface PeersFileSetup {
  readonly id: PeerId
  readonly storage: Storage
  readonly clock: Clock
  readonly log: Log
  readonly nodes: () => readonly NodeInfo[]
  readonly links: () => readonly LinkInfo[]
  /** Peers with a connection, members or not. */
  readonly connected: () => readonly Pick<NodeInfo, 'id' | 'name' | 'addresses'>[]
  readonly isDenied: (id: PeerId) => boolean
}

const jsonFile = 'peers.json'
const d2File = 'peers.d2'

/** Their names. */
export const peersFiles: readonly string[] = [jsonFile, d2File]

const pauseMs = 1_000 // Guess: whoever looks at a file looks no more often.
const pauseMsEach = 1 // Guess: a line costs some microseconds to write.
const timesPauseMsEach = 20 // Guess: twelve nodes' times each 2.5 s, a hundred nodes' each 15 s.
const longestPauseMs = 60_000 // Guess: a file that is a minute old still tells where to dial.
const costShare = 0.02 // Guess: a network that is just starting writes all the time, and has other work.
const rttNoise = 0.1 // As in what members tell each other: below it is no news.
const maxKept = 64 // Guess: enough to find the rest through.
const maxAgeMs = 30 * 24 * 3_600_000 // Guess: a month away is a holiday, more is gone.

/** See the file's head. */
export class PeersFile {
  readonly #setup: PeersFileSetup
  /** Those of an earlier start, or without membership: known by nobody else. */
  readonly #kept = new Map<PeerId, NodeRow>()
  /** The round-trip time that was last written of each link. */
  #rtts: ReadonlyMap<string, number> = new Map()
  #written = ''
  #writtenD2 = ''
  #timer: Timer | undefined
  #timerMs = Number.POSITIVE_INFINITY
  #writtenMs = Number.NEGATIVE_INFINITY
  #costMs = 0
  #lineCount = 0
  #writing: Promise<void> = Promise.resolve()
  /** Not before it was read: a start that fails must not wipe it. */
  #isReady = false

  constructor(setup: PeersFileSetup) {
    this.#setup = setup
  }

  /** Reads whom this node knew when it last ran, its neighbours of then first. Never fails. */
  async load(): Promise<readonly NodeRow[]> {
    const { id: self, storage, log, clock, isDenied } = this.#setup
    const bytes = await storage.read(jsonFile).catch((thrown: unknown) => {
      log.warn({ scope: 'node', file: jsonFile }, messageOf(thrown))
      return undefined
    })
    this.#isReady = true
    if (bytes === undefined) return []
    const content = readPeers(bytes)
    if (typeof content === 'string') {
      log.warn({ scope: 'node', file: jsonFile }, `${jsonFile} is ignored: it is ${content}`)
      return []
    }
    const near = new Set(
      content.links.flatMap(({ a, b }) => (a === self ? [b] : b === self ? [a] : [])),
    )
    const rank = ({ id, state }: NodeRow): number =>
      (near.has(id) ? 0 : 2) + (state === 'gone' || state === 'left' ? 1 : 0)
    const usable = content.nodes.filter(
      ({ id, addresses, isSelf, heardMs, state }) =>
        id !== self &&
        !isSelf &&
        addresses.length > 0 &&
        !isDenied(id) &&
        // Who was alive when it was written is as good as the file, whose age is no fault of its own.
        (state === 'alive' || clock.unixMs() - heardMs < maxAgeMs),
    )
    const kept = usable.toSorted((a, b) => rank(a) - rank(b)).slice(0, maxKept)
    for (const row of kept) this.#kept.set(row.id, { ...row, state: 'unknown' })
    return kept
  }

  /** Something may have changed: looks soon whether it did. */
  changed(): void {
    this.#lookAfter(Math.max(pauseMs + pauseMsEach * this.#lineCount, this.#costMs / costShare))
  }

  /** Round-trip times or links may have changed, nothing else. */
  linksChanged(): void {
    this.#lookAfter(pauseMs + timesPauseMsEach * this.#lineCount)
  }

  #lookAfter(delayMs: number): void {
    const { clock } = this.#setup
    const dueMs = this.#writtenMs + Math.min(longestPauseMs, delayMs)
    if (!this.#isReady || dueMs >= this.#timerMs) return
    this.#timer?.cancel()
    this.#timerMs = dueMs
    this.#timer = clock.after(Math.max(0, dueMs - clock.nowMs()), () => {
      this.#timerMs = Number.POSITIVE_INFINITY
      const startMs = clock.nowMs()
      this.#write()
      this.#costMs = clock.nowMs() - startMs
    })
  }

  /** A peer was shut out: it is not remembered. */
  forget(id: PeerId): void {
    this.#kept.delete(id)
    this.changed()
  }

  /** This node belongs to another network now: of those of an earlier start, these stay. */
  keepOnly(isKept: (id: PeerId) => boolean): void {
    for (const id of [...this.#kept.keys()]) if (!isKept(id)) this.#kept.delete(id)
    this.changed()
  }

  /** Writes what is new, and no more. Resolves when all is written. */
  async close(): Promise<void> {
    this.#timer?.cancel()
    if (this.#isReady) this.#write()
    this.#isReady = false
    await this.#writing
  }

  #write(): void {
    const { storage, clock, log } = this.#setup
    const members = this.#setup.nodes()
    const links = this.#links(members)
    const nodes = this.#rows(members)
    const isShown = new Set(nodes.map(({ id }) => id))
    const shown = links.filter(({ a, b }) => isShown.has(a) && isShown.has(b)).slice(0, maxLinks)
    this.#writtenMs = clock.nowMs()
    this.#lineCount = nodes.length + shown.length
    const still = nodes.map((row) => ({ ...row, heardMs: 0 }))
    const rows = shown.map(({ a, b, rttMicros, isConfirmed }): LinkRow => {
      return { a, b, ...(rttMicros !== undefined && { rttMicros }), isConfirmed }
    })
    const content = JSON.stringify([still, rows])
    if (content === this.#written) return
    this.#written = content
    const json = writePeers({ nodes, links: rows }, clock.unixMs())
    const d2 = formatD2({ nodes: members.filter(({ id }) => isShown.has(id)), links: shown })
    const isOtherD2 = d2 !== this.#writtenD2
    this.#writtenD2 = d2
    const save = async (): Promise<void> => {
      await storage.write(jsonFile, new TextEncoder().encode(json))
      if (isOtherD2) await storage.write(d2File, new TextEncoder().encode(d2))
    }
    this.#writing = this.#writing.then(save).catch((thrown: unknown) => {
      log.error({ scope: 'node', error: messageOf(thrown) }, `could not write ${jsonFile}`)
    })
  }

  /** Links with the times that were last written, unless they changed by more than noise. */
  #links(members: readonly NodeInfo[]): readonly LinkInfo[] {
    if (members.length === 0) return []
    const rtts = new Map<string, number>()
    const links = this.#setup.links().map((link): LinkInfo => {
      const { a, b, rttMicros } = link
      if (rttMicros === undefined) return link
      const before = this.#rtts.get(`${a} ${b}`)
      const isNoise =
        before !== undefined && Math.abs(rttMicros - before) < Math.max(1, before * rttNoise)
      const shown = isNoise ? before : rttMicros
      rtts.set(`${a} ${b}`, shown)
      return { ...link, rttMicros: shown }
    })
    this.#rtts = rtts
    return links
  }

  #rows(members: readonly NodeInfo[]): readonly NodeRow[] {
    const unixMs = this.#setup.clock.unixMs()
    const connected = this.#setup.connected()
    const isNear = new Set(connected.map(({ id }) => id))
    const rows = members.map(({ ageMs, ...row }): NodeRow => {
      this.#kept.delete(row.id)
      return { ...row, heardMs: unixMs - ageMs }
    })
    const ids = new Set(members.map(({ id }) => id))
    for (const peer of connected) if (!ids.has(peer.id)) this.#keep(peer, unixMs)
    const rank = ({ id, isSelf }: NodeRow): number => (isSelf ? 0 : isNear.has(id) ? 1 : 2)
    const all = [...rows, ...this.#kept.values()]
    return all.toSorted((a, b) => rank(a) - rank(b)).slice(0, maxNodes)
  }

  #keep(
    { id, name, addresses }: Pick<NodeInfo, 'id' | 'name' | 'addresses'>,
    unixMs: number,
  ): void {
    if (addresses.length === 0) return
    this.#kept.delete(id)
    const unsaid = { state: 'unknown', software: '', protocol: 0, isSelf: false } as const
    this.#kept.set(id, { id, name, addresses: addresses.slice(0, 8), heardMs: unixMs, ...unsaid })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest)
  }
}
