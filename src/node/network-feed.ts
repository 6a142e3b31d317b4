/**
 * What changed in the network, for those who follow it: the command `watch`, and through it the page.
 *
 * There is one picture of the network a node, with a version at each node and link of it; a follower
 * remembers up to which version it was told. Whoever is slow is told later, and of the last state
 * only, so nothing is kept for it. Whoever is so slow that what was forgotten since is forgotten here
 * too begins anew.
 *
 *   events ──▶ due ──(100 ms, or ten times what the last look cost)──▶ look ──▶ versions ──▶ followers
 *
 * A look compares the whole network, which costs 0.3 s for 10 000 nodes; so that it takes a tenth of
 * the processor at most, a large network is looked at more seldom. A member's state does not wait for
 * that: it is looked up alone.
 *
 * **Invariant**: while nobody follows and no history is kept, nothing is held and no timer runs.
 */
import { NetworkHistory, historyStepMs } from './network-history.ts'
import type { SeenLink, SeenNode } from './network-picture.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { FeedLine, History, LinkLine, NodeLine, OwnPath } from '../map/feed.ts'
import { linkKey } from '../map/feed.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { PeerInfo } from './peer.ts'

/** Where the picture comes from. */
export interface FeedSource {
  readonly id: PeerId
  readonly clock: Clock
  nodes(): readonly NodeInfo[]
  links(): readonly LinkInfo[]
  peers(): readonly PeerInfo[]
  /** One member alone. */
  node(id: PeerId): NodeInfo | undefined
  /** Calls one of these when something changed: a member, or anything else. */
  follow(onMember: (id: PeerId) => void, onOther: () => void): Unsubscribe
}

const batchMs = 100 // Guess: an eye sees no more of a map.
const quietMs = 1_000 // For the history alone.
const shareOfTime = 10 // A look is followed by ten times its own duration, or more.
const maxRemoved = 100_000 // Guess: 10 000 nodes that lost all their links; then slow readers begin anew.
const chunkLength = 32 * 2 ** 10 // What one item of a command's output carries.

/** See the file's head. */
export class NetworkFeed {
  readonly #source: FeedSource
  readonly #history: NetworkHistory
  readonly #nodes = new Map<PeerId, SeenNode>()
  readonly #links = new Map<number, SeenLink>()
  readonly #waiting = new Set<() => void>()
  readonly #urgent = new Set<PeerId>()
  #version = 0
  #nextNumber = 0
  #looks = 0
  #removed = 0
  /** Whoever was told less than this begins anew. */
  #forgottenVersion = 0
  #followers = 0
  #keepsHistory = false
  #unfollow: Unsubscribe | undefined
  #timer: Timer | undefined
  #dueMs = 0
  #isDue = false
  #lookedMs = Number.NEGATIVE_INFINITY
  #costMs = 0

  constructor(source: FeedSource) {
    this.#source = source
    this.#history = new NetworkHistory(source.clock)
  }

  /** From now on remembers the last hour of each node and link, also while nobody follows. */
  keepHistory(): void {
    if (this.#keepsHistory) return
    this.#keepsHistory = true
    this.#begin()
  }

  /**
   * Tells of the network and its changes until `signal` aborts.
   *
   * @param write - Takes lines; returns false when it would rather be waited for.
   * @param drained - Resolves when it takes more.
   */
  async tell({
    write,
    drained,
    signal,
  }: {
    readonly write: (text: string) => boolean
    readonly drained: () => Promise<void>
    readonly signal: AbortSignal
  }): Promise<void> {
    this.#followers++
    this.#begin()
    try {
      for (let told = -1; !signal.aborted;) {
        const version = this.#version
        const isAnew = told < this.#forgottenVersion
        for (const chunk of this.#chunks(isAnew ? -1 : told, version)) {
          if (!write(chunk)) await drained()
          if (signal.aborted) return
        }
        told = version
        await this.#newerThan(told, signal)
      }
    } finally {
      this.#followers--
      if (this.#followers === 0 && !this.#keepsHistory) this.stop()
    }
  }

  /** The last hour of a node, or of the link of two; `undefined` where none is known. */
  history(a: PeerId, b?: PeerId): History | undefined {
    const node = this.#nodes.get(a)
    if (node === undefined) return undefined
    if (b === undefined) return this.#history.ofNode(node, this.#linksOf(node.line.n))
    const other = this.#nodes.get(b)
    const link = this.#links.get(linkKey(node.line.n, other?.line.n ?? -1))
    return link === undefined ? undefined : this.#history.ofLink(link)
  }

  /** Forgets everything, and follows the network no more. */
  stop(): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#timer?.cancel()
    this.#timer = undefined
    this.#keepsHistory = false
    this.#nodes.clear()
    this.#links.clear()
    this.#history.clear()
    this.#removed = 0
    this.#forgottenVersion = ++this.#version
    this.#wake()
  }

  #begin(): void {
    if (this.#unfollow !== undefined) return
    const onMember = (id: PeerId): void => {
      this.#urgent.add(id)
      this.#ask()
    }
    this.#unfollow = this.#source.follow(onMember, () => this.#ask())
    this.#look()
    this.#arm()
  }

  /** Something changed: it is looked at soon, and together with what else changes until then. */
  #ask(): void {
    this.#isDue = true
    this.#arm()
  }

  #arm(): void {
    const nowMs = this.#source.clock.nowMs()
    const pauseMs = this.#followers > 0 ? batchMs : quietMs
    const restMs = Math.max(pauseMs, shareOfTime * this.#costMs)
    const lookMs = this.#isDue ? this.#lookedMs + restMs : this.#lookedMs + historyStepMs
    const dueMs = this.#urgent.size > 0 ? nowMs + pauseMs : Math.max(nowMs, lookMs)
    if (this.#timer !== undefined && this.#dueMs <= dueMs) return
    this.#timer?.cancel()
    this.#dueMs = dueMs
    this.#timer = this.#source.clock.after(dueMs - nowMs, () => {
      this.#timer = undefined
      this.#wakeUp(lookMs)
    })
  }

  #wakeUp(lookMs: number): void {
    if (this.#source.clock.nowMs() >= lookMs) this.#look()
    else this.#lookAtUrgent()
    this.#arm()
  }

  /** Members whose state changed, each by itself: this costs nothing, however large the network. */
  #lookAtUrgent(): void {
    const before = this.#version
    for (const id of this.#urgent) {
      const info = this.#source.node(id)
      if (info !== undefined) this.#see(info)
    }
    this.#urgent.clear()
    if (this.#version !== before) this.#wake()
  }

  /** Compares the whole network with the picture. */
  #look(): void {
    const { clock } = this.#source
    const startMs = clock.nowMs()
    const before = this.#version
    this.#isDue = false
    this.#urgent.clear()
    this.#looks++
    this.#lookAtNodes()
    this.#lookAtLinks()
    this.#history.sample(this.#links.values(), (link) => this.#dropLink(link))
    if (this.#removed > maxRemoved) this.#forgetRemoved()
    this.#lookedMs = clock.nowMs()
    this.#costMs = this.#lookedMs - startMs
    if (this.#version !== before) this.#wake()
  }

  #lookAtNodes(): void {
    const found = new Set<PeerId>()
    for (const info of this.#source.nodes()) {
      found.add(info.id)
      this.#see(info)
    }
    for (const [id, seen] of this.#nodes) {
      if (seen.isRemoved || found.has(id)) continue
      seen.isRemoved = true
      seen.version = ++this.#version
      this.#removed++
    }
  }

  #see(info: NodeInfo): void {
    const { ageMs: _age, ...facts } = info
    const seen = this.#nodes.get(info.id)
    const { clock } = this.#source
    if (seen === undefined) {
      const line = {
        type: 'node',
        n: this.#nextNumber++,
        ...facts,
        sinceUnixMs: clock.unixMs(),
      } as const
      this.#nodes.set(info.id, { line, version: ++this.#version, isRemoved: false })
      this.#history.noteNode(line)
      return
    }
    if (!seen.isRemoved && isSameNode(seen.line, info)) return
    const isSameState = !seen.isRemoved && seen.line.state === info.state
    const sinceUnixMs = isSameState ? seen.line.sinceUnixMs : clock.unixMs()
    if (seen.isRemoved) this.#removed--
    seen.isRemoved = false
    seen.line = { type: 'node', n: seen.line.n, ...facts, sinceUnixMs }
    seen.version = ++this.#version
    if (!isSameState) this.#history.noteNode(seen.line)
  }

  #lookAtLinks(): void {
    const ownPaths = this.#ownPaths()
    for (const info of this.#source.links()) {
      const [one, other] = [this.#nodes.get(info.a)?.line.n, this.#nodes.get(info.b)?.line.n]
      if (one === undefined || other === undefined) continue
      const far = info.a === this.#source.id ? info.b : info.a
      const isOwn = far === info.b || info.b === this.#source.id
      const path = isOwn ? ownPaths.get(far) : undefined
      const [a, b] = one < other ? [one, other] : [other, one]
      const { rttMicros = null, isConfirmed } = info
      const facts = { type: 'link', a, b, rttMicros, isConfirmed } as const
      this.#seeLink(path === undefined ? facts : { ...facts, path })
    }
    for (const link of this.#links.values()) {
      if (link.isRemoved || link.look === this.#looks) continue
      link.isRemoved = true
      link.version = ++this.#version
      this.#removed++
      this.#history.noteLink(link, 'parted')
    }
  }

  #seeLink(line: LinkLine): void {
    const key = linkKey(line.a, line.b)
    const seen = this.#links.get(key)
    if (seen === undefined) {
      const link = { line, version: ++this.#version, isRemoved: false, look: this.#looks }
      this.#links.set(key, link)
      this.#history.noteLink(link, 'linked')
      return
    }
    seen.look = this.#looks
    if (!seen.isRemoved && isSameLink(seen.line, line)) return
    if (seen.isRemoved) {
      this.#removed--
      this.#history.noteLink(seen, 'linked')
    }
    seen.line = line
    seen.isRemoved = false
    seen.version = ++this.#version
  }

  #ownPaths(): ReadonlyMap<PeerId, OwnPath> {
    const paths = new Map<PeerId, OwnPath>()
    for (const { id, state, paths: attached, pathReason, address } of this.#source.peers()) {
      if (state === 'closed') continue
      const [used] = attached
      const isDoubtful = used?.isDoubtful === true
      paths.set(id, {
        kind: used?.kind ?? 'none',
        address: used?.address ?? address,
        reason: pathReason,
        state: state === 'suspended' ? 'suspended' : isDoubtful ? 'doubtful' : 'open',
      })
    }
    return paths
  }

  /** What changed in these versions, as text of many lines; from -1 on, the whole network. */
  *#chunks(after: number, upTo: number): Generator<string> {
    const { clock, id } = this.#source
    let text = ''
    const add = (line: FeedLine): boolean => {
      text += `${JSON.stringify(line)}\n`
      return text.length >= chunkLength
    }
    const take = (): string => {
      const chunk = text
      text = ''
      return chunk
    }
    if (after < 0) add({ type: 'start', self: id, unixMs: clock.unixMs() })
    const isNews = ({ version }: { readonly version: number }): boolean => {
      return version > after && version <= upTo
    }
    for (const { line, isRemoved, version } of this.#nodes.values()) {
      if (isNews({ version }) && !isRemoved && add(line)) yield take()
    }
    for (const { line, isRemoved, version } of this.#links.values()) {
      if (!isNews({ version }) || (isRemoved && after < 0)) continue
      if (add(isRemoved ? { type: 'unlink', a: line.a, b: line.b } : line)) yield take()
    }
    for (const { line, isRemoved, version } of this.#nodes.values()) {
      if (!isNews({ version }) || !isRemoved || after < 0) continue
      if (add({ type: 'forget', n: line.n })) yield take()
    }
    add({ type: 'tick', unixMs: clock.unixMs() })
    yield take()
  }

  #newerThan(version: number, signal: AbortSignal): Promise<void> {
    if (this.#version > version || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  #linksOf(n: number): readonly SeenLink[] {
    return [...this.#links.values()].filter(({ line }) => line.a === n || line.b === n)
  }

  /** Nothing of the last hour is left of a link that is no more. */
  #dropLink(link: SeenLink): void {
    this.#links.delete(linkKey(link.line.a, link.line.b))
    this.#removed--
    this.#forgottenVersion = Math.max(this.#forgottenVersion, link.version)
  }

  #forgetRemoved(): void {
    for (const [id, { isRemoved }] of this.#nodes) if (isRemoved) this.#nodes.delete(id)
    for (const [key, link] of this.#links) {
      if (!link.isRemoved) continue
      this.#links.delete(key)
      this.#history.dropLink(link)
    }
    this.#removed = 0
    this.#forgottenVersion = this.#version
  }
}

function isSameNode(line: NodeLine, info: NodeInfo): boolean {
  return (
    line.state === info.state &&
    line.name === info.name &&
    line.software === info.software &&
    line.protocol === info.protocol &&
    line.isSelf === info.isSelf &&
    line.addresses.length === info.addresses.length &&
    line.addresses.every((address, at) => address === info.addresses[at])
  )
}

function isSameLink(a: LinkLine, b: LinkLine): boolean {
  return (
    a.rttMicros === b.rttMicros &&
    a.isConfirmed === b.isConfirmed &&
    a.path?.kind === b.path?.kind &&
    a.path?.state === b.path?.state &&
    a.path?.address === b.path?.address &&
    a.path?.reason === b.path?.reason
  )
}
