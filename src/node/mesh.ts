/** Connects this node to the members that the mesh chooses, and lets go of those it does not want. */
import { SkeinError, toSkeinError } from '../base/errors.ts'
import { shortPeerId } from '../base/peer-id.ts'
import { background } from '../base/background.ts'
import { Mesh } from '../membership/mesh.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { ConnectionManager } from '../connection/manager.ts'
import type { PeerEntry } from '../connection/peer-entry.ts'
import type { LinkInfo, NodeInfo } from '../membership/snapshot.ts'
import type { MeshLink, MeshMember } from '../membership/mesh-world.ts'

/** What the mesh of a node works with. */
export interface MeshSetup {
  readonly id: PeerId
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly manager: ConnectionManager
  readonly nodes: () => readonly NodeInfo[]
  readonly links: () => readonly LinkInfo[]
  /**
   * Whether this node would let a member in. Whom it would not let in it does not connect to either: a
   * member that says where it is must get no further by being dialled than by dialling.
   */
  readonly admits: (id: PeerId, isLocal: boolean) => boolean
  /** Tells whether an address leads to this machine. */
  readonly localAddressTest: () => (address: string) => boolean
}

const lookDelayMs = 20 // Guess: what comes together is looked at together.
const lookDelayMsEach = 0.5 // Guess: a look costs some microseconds a member.
const lookDelayMaxMs = 5_000 // Guess.
const refusals = new Set(['DENIED', 'PEER_MISMATCH', 'SUPERSEDED'])

/** See the file's head. */
export class NodeMesh {
  readonly #setup: MeshSetup
  readonly #mesh: Mesh
  /** How often there was news of a member. */
  readonly #news = new Map<PeerId, number>()
  #memberCount = 0
  #timer: Timer | undefined
  #timerMs = Number.POSITIVE_INFINITY
  #isStopped = false

  constructor(setup: MeshSetup) {
    this.#setup = setup
    this.#mesh = new Mesh(setup.id, setup.random)
    for (const name of ['peer:connect', 'peer:disconnect'] as const) {
      setup.manager.events.on(name, () => this.#lookSoon())
    }
    setup.manager.events.on('node:superseded', () => this.stop())
  }

  /** A member said something new, or is believed to be something else. */
  onMember(id: PeerId): void {
    this.#news.set(id, (this.#news.get(id) ?? 0) + 1)
    this.#lookSoon()
  }

  /** Dials no more. Connections stay. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #lookSoon(): void {
    const delayMs = Math.min(lookDelayMaxMs, lookDelayMs + lookDelayMsEach * this.#memberCount)
    this.#lookAt(this.#setup.clock.nowMs() + delayMs)
  }

  #lookAt(timeMs: number): void {
    if (this.#isStopped || timeMs >= this.#timerMs) return
    this.#timer?.cancel()
    this.#timerMs = timeMs
    const { clock } = this.#setup
    this.#timer = clock.after(Math.max(0, timeMs - clock.nowMs()), () => this.#look())
  }

  #look(): void {
    const { manager, clock } = this.#setup
    this.#timerMs = Number.POSITIVE_INFINITY
    const members = this.#members()
    const connected = [...manager.peers].filter(({ connection }) => connection !== undefined)
    let neighbours: ReadonlyMap<PeerId, readonly PeerId[]> | undefined
    const orders = this.#mesh.step({
      members,
      links: connected.map(toLink),
      neighboursOf: (id) => (neighbours ??= neighboursByEnd(this.#setup.links())).get(id) ?? [],
      nowMs: clock.nowMs(),
    })
    for (const peer of connected) {
      // Nobody need ask for it any more: it stays for the mesh.
      if (orders.keep.has(peer.id) && peer.isOutbound) peer.isOnDemand = false
    }
    for (const id of orders.release) {
      manager.peer(id)?.connection?.close('CONNECTION_CLOSED', 'the mesh has nearer ones')
    }
    for (const id of orders.dial) background(this.#dial(id), 'mesh', this.#setup.log)
    if (orders.nextMs !== Number.POSITIVE_INFINITY) this.#lookAt(orders.nextMs)
  }

  #members(): readonly MeshMember[] {
    const { nodes, admits, localAddressTest } = this.#setup
    const isLocal = localAddressTest()
    const others = nodes().filter(({ isSelf }) => !isSelf)
    this.#memberCount = others.length
    const known = new Set(others.map(({ id }) => id))
    for (const id of this.#news.keys()) if (!known.has(id)) this.#news.delete(id)
    return others.flatMap(({ id, state, addresses }) => {
      if (state === 'left' || !admits(id, addresses.some(isLocal))) return []
      return [{ id, state, news: `${this.#news.get(id) ?? 0}` }]
    })
  }

  async #dial(id: PeerId): Promise<void> {
    const { manager, clock, log } = this.#setup
    try {
      await manager.join(id)
      this.#checkAdmitted(id)
    } catch (thrown) {
      const error = toSkeinError(thrown, 'DIAL_FAILED')
      const { code, message } = error
      log.debug({ scope: 'mesh', peer: shortPeerId(id), code }, message)
      this.#mesh.failed(id, refusals.has(code), clock.nowMs())
    }
    this.#lookSoon()
  }

  /** An address that was said to be on this machine may have led elsewhere. */
  #checkAdmitted(id: PeerId): void {
    const peer = this.#setup.manager.peer(id)
    const { connection } = peer ?? {}
    if (peer?.isOutbound !== true || peer.isHeld || connection === undefined) return
    if (this.#setup.admits(id, connection.isLocal)) return
    const text = 'this node would not let it in'
    connection.close('DENIED', text)
    throw new SkeinError('DENIED', text)
  }
}

/** What the owner holds, what somebody uses and what the other side made is not the mesh's to end. */
function toLink({ id, connection, isOutbound, isHeld, isOnDemand }: PeerEntry): MeshLink {
  const isFree = isOutbound && !isHeld && !isOnDemand && connection?.isNeeded === false
  return { id, rttMicros: connection?.rttMicros, isOurs: isFree }
}

function neighboursByEnd(links: readonly LinkInfo[]): ReadonlyMap<PeerId, readonly PeerId[]> {
  const found = new Map<PeerId, PeerId[]>()
  const add = (id: PeerId, other: PeerId): void => {
    const known = found.get(id)
    if (known === undefined) found.set(id, [other])
    else known.push(other)
  }
  for (const { a, b } of links) {
    add(a, b)
    add(b, a)
  }
  return found
}
