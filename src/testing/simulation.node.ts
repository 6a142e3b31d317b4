/**
 * Whole nodes in one process, in virtual time, over a network that misbehaves on request. Every run is
 * a function of its seed. Only what lives on a node's clock and the memory network is in virtual time;
 * a real file, socket or process is not.
 *
 * @example
 * await simulate({ seed: 1 }, async (world) => {
 *   const alice = await world.start('alice')
 *   const bob = await world.start('bob', { peers: ['memory://alice'] })
 *   await world.until(() => bob.peers().length === 1)
 *   world.stall('alice', 5_000)
 *   await world.advance(60_000)
 * })
 */
import { SkeinError, messageOf } from '../base/errors.ts'
import { parseIdentity } from '../base/identity.node.ts'
import { MemoryStorage } from '../base/storage.ts'
import { seededRandom } from '../base/random.ts'
import { assert } from '../base/assert.ts'
import { MemoryNetwork } from '../transport/memory.ts'
import { Node } from '../node/node.ts'
import { EventRing } from './event-ring.ts'
import { HostClock } from './host-clock.ts'
import { readLatency } from './latency.ts'
import { VirtualClock } from './virtual-clock.ts'
import type { Identity } from '../base/identity.node.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Random } from '../base/random.ts'
import type { Storage } from '../base/storage.ts'
import type { NodeOptions } from '../node/options.ts'
import type { LatencyModel } from './latency.ts'

/** How a world is made. */
export interface SimulationOptions {
  /** Decides everything that is left to chance. */
  readonly seed: number
  /** One-way latency between two hosts; 1 ms where absent. */
  readonly latency?: LatencyModel
}

/** A machine in the world, with the process that runs on it. */
interface Host {
  readonly storage: Storage
  readonly identity: Identity
  readonly clock: HostClock
  /** Until when it stalls, ms of the world's clock. */
  stalledUntilMs: number
}

const defaultLimitMs = 60_000
const ringLength = 40

/** A world of nodes in virtual time. See the file's head. */
export class Simulation {
  readonly seed: number
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly network: MemoryNetwork
  /** The last events of the world: connections, paths, faults, and what was {@link note}d. */
  readonly events = new EventRing(ringLength)
  readonly #hosts = new Map<string, Host>()

  constructor({ seed, latency = 1 }: SimulationOptions) {
    this.seed = seed
    this.random = seededRandom(seed)
    this.network = new MemoryNetwork(this.clock, readLatency(latency, this.random))
  }

  /** Starts a node, or starts it again with the key, the storage and the wall clock that it had. */
  async start(name: string, options: NodeOptions = {}): Promise<Node> {
    const known = this.#prepare(name)
    const host: Host = { ...known, clock: new HostClock(this.clock), stalledUntilMs: 0 }
    host.clock.skewMs = known.clock.skewMs
    this.#hosts.set(name, host)
    this.note('starts', name)
    const node = await Node.start({
      label: name,
      listen: [`memory://${name}`],
      admit: 'anyone',
      ...options,
      storage: host.storage,
      identity: host.identity,
      clock: host.clock,
      random: this.random,
      transports: [this.network.transport(name, host.identity.peerId)],
    })
    this.#watch(node, name)
    return node
  }

  /** The ID of a host's key, also before its first start. */
  idOf(name: string): PeerId {
    return this.#prepare(name).identity.peerId
  }

  /**
   * Ends a node's process without a word.
   *
   * @param options - With `isPowerLoss` the host is silent until it is started again; otherwise the
   *   others' paths to it break.
   */
  crash(name: string, options: { readonly isPowerLoss?: boolean } = {}): void {
    this.note(options.isPowerLoss === true ? 'loses its power' : 'crashes', name)
    this.#host(name).clock.stop()
    this.network.crash(name, options)
  }

  /** Stops a host's timers and deliveries for a while, as SIGSTOP does; then all come at once. */
  stall(name: string, durationMs: number): void {
    const host = this.#host(name)
    this.note(`stalls for ${Math.round(durationMs)} ms`, name)
    host.stalledUntilMs = Math.max(host.stalledUntilMs, this.clock.nowMs() + durationMs)
    host.clock.stall()
    this.network.stall(name)
    this.clock.after(durationMs, () => {
      const isOver = this.clock.nowMs() >= host.stalledUntilMs
      if (!isOver || this.#hosts.get(name) !== host) return
      this.note('goes on', name)
      host.clock.resume()
      this.network.resume(name)
    })
  }

  /** Sets a host's wall clock ahead of the world's, or back; monotonic time goes on as it did. */
  setClockSkew(name: string, skewMs: number): void {
    this.note(`has its wall clock set ${skewMs} ms off`, name)
    this.#host(name).clock.skewMs = skewMs
  }

  /** Timers that are set on a host: none after its node was closed. */
  timersOf(name: string): number {
    return this.#host(name).clock.pending
  }

  /** Writes an event down, to be seen when the run fails. */
  note(what: string, host = 'test'): void {
    this.events.add({ atMs: this.clock.nowMs(), host, what })
  }

  /** Lets time pass. */
  async advance(durationMs: number): Promise<void> {
    await this.clock.advance(durationMs)
  }

  /**
   * Lets time pass until something is so.
   *
   * @throws {SkeinError} `TIMED_OUT` it is not so after `limitMs`.
   */
  async until(isSo: () => boolean, limitMs = defaultLimitMs): Promise<void> {
    if (await this.clock.until(isSo, limitMs)) return
    throw new SkeinError('TIMED_OUT', `it is not so after ${limitMs} ms: ${isSo.toString()}`)
  }

  /** Waits for a promise while time passes. */
  async wait<T>(promise: Promise<T>, limitMs = defaultLimitMs): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    await this.until(() => isSettled, limitMs)
    return promise
  }

  #prepare(name: string): Host {
    const known = this.#hosts.get(name)
    if (known !== undefined) return known
    const host: Host = {
      storage: new MemoryStorage(),
      identity: seededIdentity(this.random),
      clock: new HostClock(this.clock),
      stalledUntilMs: 0,
    }
    this.#hosts.set(name, host)
    return host
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name)
    assert(host !== undefined, 'only what was started can fail')
    return host
  }

  #watch(node: Node, name: string): void {
    const tell = (what: string): void => this.note(what, name)
    node.on('peer:connect', ({ peer }) => tell(`connects to ${peer.name}`))
    node.on('peer:disconnect', ({ peer, error }) => {
      tell(`disconnects from ${peer.name}: ${error.code} ${error.message}`)
    })
    node.on('peer:violation', ({ peer, rule }) => tell(`${peer.name} broke ${rule}`))
    node.on('peer:refuse', ({ address, rule }) => tell(`refuses ${address}: ${rule}`))
    node.on('path:attached', ({ peer, address }) => tell(`path to ${peer.name} at ${address}`))
    node.on('path:lost', ({ peer, address, reason }) => {
      tell(`path to ${peer.name} at ${address} is lost: ${reason}`)
    })
    node.on('path:doubt', ({ peer }) => tell(`doubts its path to ${peer.name}`))
    node.on('dial:fail', ({ address, error }) => {
      tell(`cannot dial ${address}: ${error.code} ${error.message}`)
    })
    node.on('node:superseded', () => tell('is superseded'))
  }
}

/**
 * Runs a scenario in a world of its own; if it fails, the error says which seed and what came last.
 *
 * @throws {Error} Whatever the scenario threw, as its cause.
 */
export async function simulate(
  options: SimulationOptions,
  scenario: (world: Simulation) => Promise<void>,
): Promise<void> {
  const world = new Simulation(options)
  try {
    await scenario(world)
  } catch (thrown) {
    const head = `SEED=${options.seed} replays this: ${messageOf(thrown)}`
    throw new Error(`${head}\n\n${world.events.toString()}\n`, { cause: thrown })
  }
}

/** Seeds to run a test with: `count` of them, or just the one that the variable `SEED` names. */
export function seeds(count: number, first = 0): readonly number[] {
  const { SEED } = process.env
  if (SEED !== undefined && SEED !== '') return [Number(SEED)]
  return Array.from({ length: count }, (_, index) => first + index)
}

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex') // RFC 8410 §7

/** A reproducible key, for simulations only. */
function seededIdentity(random: Random): Identity {
  const der = Buffer.concat([pkcs8Prefix, random.bytes(32)])
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
  const identity = parseIdentity(pem)
  assert(identity !== undefined, 'every 32 bytes are an Ed25519 seed')
  return identity
}
