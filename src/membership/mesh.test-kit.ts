/** Many meshes without nodes: who is connected to whom, on a plane of round-trip times. */
import { peerIdFromKey } from '../base/peer-id.ts'
import { seededRandom } from '../base/random.ts'
import { Mesh } from './mesh.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { MeshLink, MeshMember } from './mesh-world.ts'

interface Site {
  readonly id: PeerId
  readonly mesh: Mesh
  readonly x: number
  readonly y: number
  /** Way to the first router, µs. */
  readonly accessMicros: number
  isAlive: boolean
  /** By the other end: whether this side made the link. */
  readonly links: Map<PeerId, boolean>
  nextMs: number
  keep: ReadonlySet<PeerId>
}

const tickMs = 250

/** A world in which everybody knows everybody at once, a dial takes no time, and RTTs are a map's. */
export class MeshTown {
  readonly random: Random
  readonly sites: Site[] = []
  nowMs = 0
  /** Dials and releases since the start. */
  readonly counts = { dials: 0, releases: 0 }
  /** Whom nobody can dial. */
  readonly walled = new Set<PeerId>()
  /** Who refuses everybody. */
  readonly refusing = new Set<PeerId>()
  #members: readonly MeshMember[] = []
  #isChanged = true

  constructor(count: number, seed: number) {
    this.random = seededRandom(seed)
    for (let index = 0; index < count; index++) this.add()
  }

  /** A node more. */
  add(): Site {
    const id = peerIdFromKey(this.random.bytes(32))
    const { random } = this
    const site = {
      id,
      mesh: new Mesh(id, random),
      x: random.next() * 50_000,
      y: random.next() * 50_000,
      accessMicros: random.next() * 5_000,
      isAlive: true,
      links: new Map<PeerId, boolean>(),
      nextMs: 0,
      keep: new Set<PeerId>(),
    }
    this.sites.push(site)
    this.#isChanged = true
    return site
  }

  /** It dies, and all know. */
  kill(site: Site): void {
    site.isAlive = false
    for (const id of [...site.links.keys()]) this.unlink(site, id)
    this.#isChanged = true
  }

  get alive(): readonly Site[] {
    return this.sites.filter(({ isAlive }) => isAlive)
  }

  get degrees(): readonly number[] {
    return this.alive.map(({ links }) => links.size)
  }

  rttMicros(a: Site, b: Site): number {
    return Math.round(Math.hypot(a.x - b.x, a.y - b.y) + a.accessMicros + b.accessMicros)
  }

  /** Nodes that the first living one can reach over links. */
  get reachable(): number {
    const byId = new Map(this.alive.map((site) => [site.id, site]))
    const [first] = this.alive
    const seen = new Set(first === undefined ? [] : [first])
    for (const site of seen) {
      for (const id of site.links.keys()) {
        const other = byId.get(id)
        if (other !== undefined) seen.add(other)
      }
    }
    return seen.size
  }

  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    for (; this.nowMs < endMs; this.nowMs += tickMs) {
      if (this.#isChanged) {
        this.#members = this.sites.map(({ id, isAlive }) => {
          return { id, state: isAlive ? 'alive' : 'gone', news: '1' }
        })
        for (const site of this.sites) site.nextMs = 0
        this.#isChanged = false
      }
      for (const site of this.alive) if (site.nextMs <= this.nowMs) this.#step(site)
    }
  }

  unlink(site: Site, id: PeerId): void {
    const other = this.#byId.get(id)
    site.links.delete(id)
    other?.links.delete(site.id)
    site.nextMs = 0
    if (other !== undefined) other.nextMs = 0
  }

  get #byId(): ReadonlyMap<PeerId, Site> {
    if (this.#index.size !== this.sites.length) {
      this.#index = new Map(this.sites.map((site) => [site.id, site]))
    }
    return this.#index
  }
  #index: ReadonlyMap<PeerId, Site> = new Map()

  #step(site: Site): void {
    const byId = this.#byId
    const links = [...site.links].map(([id, isOurs]): MeshLink => {
      const other = byId.get(id) ?? site
      return { id, isOurs, rttMicros: this.rttMicros(site, other) }
    })
    const { dial, keep, release, nextMs } = site.mesh.step({
      members: this.#members.filter(({ id }) => id !== site.id),
      links,
      neighboursOf: (id) => [...(byId.get(id)?.links.keys() ?? [])],
      nowMs: this.nowMs,
    })
    site.nextMs = nextMs
    site.keep = keep
    for (const id of release) this.unlink(site, id)
    for (const id of dial) this.#dial(site, id)
    this.counts.dials += dial.length
    this.counts.releases += release.length
  }

  #dial(site: Site, id: PeerId): void {
    const other = this.#byId.get(id)
    const isRefused = this.refusing.has(id)
    site.nextMs = 0
    if (other === undefined || !other.isAlive || isRefused || this.walled.has(id)) {
      site.mesh.failed(id, isRefused, this.nowMs)
      return
    }
    other.nextMs = 0
    if (site.links.has(id)) return
    site.links.set(id, true)
    other.links.set(site.id, false)
  }
}
