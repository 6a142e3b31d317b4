/**
 * Whom to be connected to, of all members: with few members everybody, with many a bounded number.
 *
 *   up to 12 members   full     everybody; the side with the lower ID dials first
 *   above 16           bounded  4 near ones by round-trip time, 4 at random, and who chose us
 *   13 to 16           as before: a network of about that size does not flap
 *
 * The random choices make an expander: each is drawn by one side from all members and kept until it
 * dies, so the graph holds together when a third of its nodes die at once. The near ones are found by
 * probing: now and then a member is connected to for a moment, in turn a random one and a neighbour of
 * a near one (T-Man, Jelasity & Babaoglu 2005), and stays if it is nearer than the farthest near one.
 *
 * Pure: the world comes in, orders go out. What it did not make it does not end: links that the owner,
 * a stream or the other side wants are not its own.
 *
 * **Invariant**: only the side that made a link lets it go, and nobody is let go who is doubted.
 */
import { randomInt } from '../base/random.ts'
import { defaultMeshOptions } from './mesh-options.ts'
import { MeshRetries } from './mesh-retries.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { MeshOptions } from './mesh-options.ts'
import type { MeshLink, MeshMember, MeshOrders, MeshWorld } from './mesh-world.ts'

interface Scene extends MeshWorld {
  readonly byId: ReadonlyMap<PeerId, MeshMember>
  readonly linkOf: ReadonlyMap<PeerId, MeshLink>
}

const sampleTries = 8 // Guess: of eight at random one has room.

/** See the file's head. */
export class Mesh {
  readonly #self: PeerId
  readonly #random: Random
  readonly #options: MeshOptions
  readonly #retries: MeshRetries
  #isFull = true
  /** True in the first step after a change of mode: then links that are there are as good as random. */
  #isFresh = false
  readonly #drawn = new Set<PeerId>()
  #near: ReadonlySet<PeerId> = new Set()
  #probe: { readonly id: PeerId; readonly untilMs: number } | undefined
  #probes = 0
  #nextProbeMs = 0
  #nextReunionMs = Number.POSITIVE_INFINITY
  readonly #due = new Map<PeerId, number>()
  readonly #unwantedMs = new Map<PeerId, number>()

  constructor(self: PeerId, random: Random, options: MeshOptions = defaultMeshOptions) {
    this.#self = self
    this.#random = random
    this.#options = options
    this.#retries = new MeshRetries(random, options)
  }

  /** A dial failed; `isRefused` where the member itself said no. */
  failed(id: PeerId, isRefused: boolean, nowMs: number): void {
    this.#retries.failed(id, isRefused, nowMs)
  }

  /** Looks at the world and says what to do. */
  step(world: MeshWorld): MeshOrders {
    const scene: Scene = {
      ...world,
      byId: new Map(world.members.map((member) => [member.id, member])),
      linkOf: new Map(world.links.map((link) => [link.id, link])),
    }
    this.#retries.look(world.members, scene.linkOf)
    this.#chooseMode(scene)
    const keep = this.#isFull ? everybody(scene) : this.#chooseFew(scene)
    const dial = [...this.#dueDials(scene, keep), ...this.#reunion(scene)]
    const release = this.#surplus(scene, keep)
    return { dial, keep, release, nextMs: this.#nextMs(scene, keep) }
  }

  #chooseMode({ members }: Scene): void {
    const present = 1 + members.filter(({ state }) => state !== 'gone').length
    const { fullUpTo, boundedAbove } = this.#options
    if (this.#isFull ? present <= boundedAbove : present > fullUpTo) return
    this.#isFull = !this.#isFull
    this.#isFresh = true
    this.#retries.forgive()
    this.#drawn.clear()
    this.#near = new Set()
    this.#probe = undefined
  }

  #chooseFew(scene: Scene): ReadonlySet<PeerId> {
    const isPresent = (id: PeerId): boolean => (scene.byId.get(id)?.state ?? 'gone') !== 'gone'
    const isHopeless = (id: PeerId): boolean =>
      !scene.linkOf.has(id) && this.#retries.isWaiting(id, scene.nowMs)
    for (const id of this.#drawn) if (!isPresent(id) || isHopeless(id)) this.#drawn.delete(id)
    if (scene.nowMs >= this.#nextProbeMs) this.#relieve(scene)
    this.#draw(scene)
    this.#isFresh = false
    this.#near = this.#chooseNear(scene)
    this.#chooseProbe(scene)
    const probed = this.#probe === undefined ? [] : [this.#probe.id]
    return new Set([...this.#drawn, ...this.#near, ...probed].filter(isPresent))
  }

  /** Fills up the random choices from all, at first from the links of the full mesh that there was. */
  #draw(scene: Scene): void {
    const free = (id: PeerId): boolean => !this.#drawn.has(id) && !this.#near.has(id)
    while (this.#drawn.size < this.#options.randomCount) {
      const spare = this.#isFresh ? scene.links.filter(({ id, isOurs }) => isOurs && free(id)) : []
      const [kept] = this.#sample(
        spare.filter(({ id }) => scene.byId.has(id)),
        1,
      )
      const chosen = kept?.id ?? this.#pick(scene, ({ id }) => free(id) && !scene.linkOf.has(id))
      if (chosen === undefined) return
      this.#drawn.add(chosen)
    }
  }

  /**
   * The nearest links; whoever is one already stays unless another is clearly nearer. A node that many
   * others chose has fewer of its own.
   */
  #chooseNear({ links, byId, neighboursOf }: Scene): ReadonlySet<PeerId> {
    const { nearCount, nearerBy, maxLinks } = this.#options
    const distance = ({ id, rttMicros = 0 }: MeshLink): number =>
      this.#near.has(id) ? rttMicros * (1 - nearerBy) : rttMicros
    const mayStay = ({ id, isOurs }: MeshLink): boolean =>
      !isOurs || this.#near.has(id) || neighboursOf(id).length <= maxLinks
    const nearest = links
      .filter(({ id, rttMicros }) => rttMicros !== undefined && byId.has(id))
      .filter((link) => !this.#drawn.has(link.id) && mayStay(link))
      .toSorted((a, b) => distance(a) - distance(b))
      .slice(0, nearCount)
    const own = nearest.filter(({ isOurs }) => isOurs).slice(this.#room(links))
    return new Set(nearest.filter((link) => !own.includes(link)).map(({ id }) => id))
  }

  /** How many near ones this node may hold beside those who hold it. */
  #room(links: readonly MeshLink[]): number {
    const foreign = links.filter(({ id, isOurs }) => !isOurs && !this.#drawn.has(id)).length
    return Math.max(0, this.#options.maxLinks - foreign - this.#drawn.size)
  }

  #chooseProbe(scene: Scene): void {
    const { nowMs, linkOf } = scene
    const { probeMs, hurriedProbeMs, probeLengthMs, nearCount } = this.#options
    if (this.#probe !== undefined && nowMs >= this.#probe.untilMs) this.#probe = undefined
    const isShort = this.#near.size < nearCount && this.#room(scene.links) > this.#near.size
    if (isShort) this.#nextProbeMs = Math.min(this.#nextProbeMs, nowMs + hurriedProbeMs)
    if (this.#probe !== undefined || nowMs < this.#nextProbeMs) return
    const isStranger = ({ id }: MeshMember): boolean => !linkOf.has(id) && !this.#drawn.has(id)
    const close = this.#probes++ % 2 === 0 ? undefined : this.#pickClose(scene, isStranger)
    const chosen = close ?? this.#pick(scene, isStranger)
    const pauseMs = isShort ? hurriedProbeMs : probeMs
    this.#nextProbeMs = nowMs + pauseMs * (0.5 + this.#random.next())
    if (chosen !== undefined) this.#probe = { id: chosen, untilMs: nowMs + probeLengthMs }
  }

  /** A neighbour of a near one: it is probably near, too. */
  #pickClose(scene: Scene, isFit: (member: MeshMember) => boolean): PeerId | undefined {
    const [near] = this.#sample([...this.#near], 1)
    if (near === undefined) return undefined
    const members = scene.neighboursOf(near).flatMap((id) => scene.byId.get(id) ?? [])
    return this.#pick({ ...scene, members }, isFit)
  }

  /** A random member that is alive and fit; one that has room, if a few tries find it. */
  #pick(scene: Scene, isFit: (member: MeshMember) => boolean): PeerId | undefined {
    const fit = scene.members.filter(
      (member) =>
        member.state === 'alive' &&
        isFit(member) &&
        !this.#retries.isWaiting(member.id, scene.nowMs),
    )
    const tries = this.#sample(fit, sampleTries).map(({ id }) => id)
    const degree = (id: PeerId): number => scene.neighboursOf(id).length
    return (
      tries.find((id) => degree(id) < this.#options.enoughLinks) ??
      tries.toSorted((a, b) => degree(a) - degree(b))[0]
    )
  }

  /** Some of those who chose a member that has too many look for another. */
  #relieve({ linkOf, neighboursOf, nowMs }: Scene): void {
    const { maxLinks } = this.#options
    for (const id of [...this.#drawn, ...this.#near]) {
      const surplus = neighboursOf(id).length - maxLinks
      if (surplus <= 0 || linkOf.get(id)?.isOurs !== true) continue
      if (this.#random.next() * (maxLinks + surplus) > surplus) continue
      this.#drawn.delete(id)
      this.#near = new Set([...this.#near].filter((other) => other !== id))
      this.#retries.avoid(id, nowMs)
    }
  }

  #dueDials({ byId, linkOf, nowMs }: Scene, keep: ReadonlySet<PeerId>): readonly PeerId[] {
    for (const id of this.#due.keys()) {
      if (!keep.has(id) || linkOf.has(id)) this.#due.delete(id)
    }
    const dials: PeerId[] = []
    for (const id of keep) {
      const isWanted = !linkOf.has(id) && byId.get(id)?.state === 'alive'
      if (!isWanted || this.#retries.isWaiting(id, nowMs)) continue
      const dueMs = this.#due.get(id) ?? nowMs + this.#jitterMs(id, byId.size)
      this.#due.set(id, dueMs)
      if (dueMs > nowMs || this.#retries.isUnderWay(id)) continue
      this.#due.delete(id)
      this.#retries.began(id)
      dials.push(id)
    }
    return dials
  }

  /** In a full mesh both ends want the link: the higher ID waits, so that mostly one dials. */
  #jitterMs(id: PeerId, count: number): number {
    const { spreadMsEach, spreadMaxMs, secondMs } = this.#options
    const spreadMs = Math.min(spreadMaxMs, spreadMsEach * count)
    const isSecond = this.#isFull && id < this.#self
    return randomInt(this.#random, spreadMs) + (isSecond ? secondMs : 0)
  }

  /** Two halves of a parted network call each other gone: now and then one of them is tried (Serf). */
  #reunion({ members, linkOf, nowMs }: Scene): readonly PeerId[] {
    const gone = members.filter(({ id, state }) => state === 'gone' && !linkOf.has(id))
    const isDue = nowMs >= this.#nextReunionMs
    if (gone.length === 0) this.#nextReunionMs = Number.POSITIVE_INFINITY
    else if (isDue || this.#nextReunionMs === Number.POSITIVE_INFINITY) {
      this.#nextReunionMs = nowMs + this.#options.reunionMs * (0.5 + this.#random.next())
    }
    return isDue ? this.#sample(gone, 1).map(({ id }) => id) : []
  }

  /** Links of ours that were not wanted for a while. */
  #surplus({ byId, links, nowMs }: Scene, keep: ReadonlySet<PeerId>): readonly PeerId[] {
    const surplus = links.filter(
      ({ id, isOurs }) => isOurs && byId.get(id)?.state === 'alive' && !keep.has(id),
    )
    const ids = new Set(surplus.map(({ id }) => id))
    for (const id of this.#unwantedMs.keys()) if (!ids.has(id)) this.#unwantedMs.delete(id)
    for (const id of ids) if (!this.#unwantedMs.has(id)) this.#unwantedMs.set(id, nowMs)
    return [...ids].filter((id) => nowMs >= this.#releaseMs(id))
  }

  #releaseMs(id: PeerId): number {
    return (this.#unwantedMs.get(id) ?? Number.POSITIVE_INFINITY) + this.#options.unwantedMs
  }

  #nextMs({ linkOf, nowMs }: Scene, keep: ReadonlySet<PeerId>): number {
    const times = [this.#nextReunionMs, ...this.#due.values()]
    if (!this.#isFull) times.push(this.#probe?.untilMs ?? this.#nextProbeMs)
    for (const id of this.#unwantedMs.keys()) times.push(this.#releaseMs(id))
    for (const id of keep) if (!linkOf.has(id)) times.push(this.#retries.waitsUntilMs(id))
    return times.filter((time) => time > nowMs).reduce((a, b) => Math.min(a, b), Infinity)
  }

  /** Up to `count` of them, at random, each once. */
  #sample<T>(all: readonly T[], count: number): readonly T[] {
    if (all.length <= count) return all.toSorted(() => this.#random.next() - 0.5)
    const places = new Set<number>()
    while (places.size < count) places.add(randomInt(this.#random, all.length))
    return [...places].flatMap((place) => all[place] ?? [])
  }
}

function everybody({ members }: Scene): ReadonlySet<PeerId> {
  return new Set(members.filter(({ state }) => state !== 'gone').map(({ id }) => id))
}
