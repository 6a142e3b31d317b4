/**
 * Whole nodes in one process, in virtual time, over a network that misbehaves on request. Every run is
 * a function of its seed.
 *
 * @example
 * const world = new Simulation({ seed: 1 })
 * const alice = await world.start('alice')
 * const bob = await world.start('bob', { peers: ['memory://alice'] })
 * await world.until(() => bob.peers().length === 1)
 */
import { SkeinError } from '../base/errors.ts'
import { parseIdentity } from '../base/identity.node.ts'
import { MemoryStorage } from '../base/storage.ts'
import { seededRandom } from '../base/random.ts'
import { assert } from '../base/assert.ts'
import { MemoryNetwork } from '../transport/memory.ts'
import { Node } from '../node/node.ts'
import { VirtualClock } from './virtual-clock.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Identity } from '../base/identity.node.ts'
import type { Random } from '../base/random.ts'
import type { Storage } from '../base/storage.ts'
import type { NodeOptions } from '../node/options.ts'
import type { Latency } from '../transport/memory.ts'

/** How a world is made. */
export interface SimulationOptions {
  readonly seed: number
  /** One-way latency in ms between two hosts; 1 ms where absent. */
  readonly latency?: Latency
}

/** A process in the world. */
interface Host {
  readonly storage: Storage
  readonly identity: Identity
  clock: HostClock
  node: Node | undefined
}

const defaultLimitMs = 60_000

/** See the file's head. */
export class Simulation {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly network: MemoryNetwork
  readonly #hosts = new Map<string, Host>()

  constructor({ seed, latency = () => 1 }: SimulationOptions) {
    this.random = seededRandom(seed)
    this.network = new MemoryNetwork(this.clock, latency)
  }

  /** Starts a node, or starts it again with the key and the storage that it had. */
  async start(name: string, options: NodeOptions = {}): Promise<Node> {
    const known = this.#hosts.get(name)
    const host: Host = {
      storage: known?.storage ?? new MemoryStorage(),
      identity: known?.identity ?? seededIdentity(this.random),
      clock: new HostClock(this.clock),
      node: undefined,
    }
    this.#hosts.set(name, host)
    host.node = await Node.start({
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
    return host.node
  }

  /** Ends a node's process without a word; the others' paths to it break. */
  crash(name: string): void {
    const host = this.#hosts.get(name)
    assert(host !== undefined, 'only what was started can crash')
    host.clock.stop()
    this.network.crash(name)
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
}

/** A host's own view of time: it stops when the host does. */
class HostClock implements Clock {
  readonly #world: VirtualClock
  #isStopped = false

  constructor(world: VirtualClock) {
    this.#world = world
  }

  stop(): void {
    this.#isStopped = true
  }

  nowMs(): number {
    return this.#world.nowMs()
  }

  nowMicros(): number {
    return this.#world.nowMicros()
  }

  unixMs(): number {
    return this.#world.unixMs()
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#world.after(delayMs, () => {
      if (!this.#isStopped) run()
    })
  }
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
