/**
 * A network of any size that exists only in what it tells: real members are the subject of other
 * benchmarks and tests, here the page is.
 */
import { systemClock } from '../../src/base/clock.ts'
import { randomInt, seededRandom } from '../../src/base/random.ts'
import { fakeNetwork } from '../../src/map/network.test-kit.ts'
import type { PeerId } from '../../src/base/peer-id.ts'
import type { LinkInfo, NodeInfo } from '../../src/membership/snapshot.ts'
import type { FeedSource } from '../../src/node/network-feed.ts'
import type { PeerInfo } from '../../src/node/peer.ts'

/** A feed's source whose network is made up, and changes when it is told to. */
export class FakeSource implements FeedSource {
  readonly clock = systemClock
  readonly id: PeerId
  readonly random = seededRandom(7)
  #nodes: NodeInfo[]
  #links: LinkInfo[]
  #peers: PeerInfo[] = []
  #onMember: (id: PeerId) => void = () => undefined
  #onOther: () => void = () => undefined

  constructor(count: number, { seed = 1, isHealthy = false } = {}) {
    const { nodes, links } = fakeNetwork(count, { seed })
    this.#nodes = nodes.map((node) => (isHealthy ? { ...node, state: 'alive' as const } : node))
    const present = new Set(this.#nodes.filter(({ state }) => state !== 'gone').map(({ id }) => id))
    this.#links = links.filter(({ a, b }) => present.has(a) && present.has(b))
    this.id = nodes[0]?.id ?? ('' as PeerId)
  }

  nodes(): readonly NodeInfo[] {
    return this.#nodes
  }

  links(): readonly LinkInfo[] {
    return this.#links
  }

  peers(): readonly PeerInfo[] {
    return this.#peers
  }

  node(id: PeerId): NodeInfo | undefined {
    return this.#nodes.find((each) => each.id === id)
  }

  follow(onMember: (id: PeerId) => void, onOther: () => void): () => void {
    this.#onMember = onMember
    this.#onOther = onOther
    return () => undefined
  }

  /** Sets what a node is. */
  change(at: number, changes: Partial<NodeInfo>): void {
    const node = this.#nodes[at]
    if (node === undefined) return
    this.#nodes = this.#nodes.with(at, { ...node, ...changes })
    this.#onMember(node.id)
  }

  /** Adds a node with links to some others. */
  add(node: NodeInfo, links: readonly LinkInfo[]): void {
    this.#nodes = [...this.#nodes, node]
    this.#links = [...this.#links, ...links]
    this.#onMember(node.id)
    this.#onOther()
  }

  /** Says of the kinds of paths of this node's own links. */
  setPeers(peers: readonly PeerInfo[]): void {
    this.#peers = [...peers]
    this.#onOther()
  }

  setLinks(links: readonly LinkInfo[]): void {
    this.#links = [...links]
    this.#onOther()
  }

  /** Measures some links anew. */
  jitter(count: number): void {
    const links = [...this.#links]
    for (let left = count; left > 0 && links.length > 0; left--) {
      const at = randomInt(this.random, links.length)
      const link = links[at]
      if (link === undefined) continue
      const rttMicros = Math.round((link.rttMicros ?? 1_000) * (0.8 + 0.4 * this.random.next()))
      links[at] = { ...link, rttMicros: Math.max(40, rttMicros) }
    }
    this.#links = links
    this.#onOther()
  }
}
