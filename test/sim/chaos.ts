/**
 * A world in which everything happens at once, and what must be so all the same.
 *
 *   two to five nodes talk · half a minute of faults · everything heals · whole within a minute
 *
 * Nothing is lost, repeated or reordered on a connection that nobody ended; what fails has a code that
 * fits; afterwards nothing is held, and after closing nothing runs. All of it follows from the seed.
 */
import { SkeinError } from '../../src/base/errors.ts'
import { randomInt, seededRandom } from '../../src/base/random.ts'
import { simulate } from '../../src/testing/simulation.node.ts'
import { doHarm } from './chaos-faults.ts'
import { Ledger, nameOf } from './chaos-ledger.ts'
import { ask, takePart } from './chaos-traffic.ts'
import type { Node } from '../../src/node/node.ts'
import type { NodeLimits } from '../../src/node/options.ts'
import type { Random } from '../../src/base/random.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'
import type { Operation } from './chaos-ledger.ts'
import type { TrafficSetup } from './chaos-traffic.ts'

/** What one world saw. */
export interface ChaosReport {
  readonly operations: number
  readonly failed: number
  readonly faults: number
  readonly turns: number
}

/** What kind of world. */
export interface ChaosOptions {
  /** Whether processes start again all the time, also while others do. */
  readonly isCrashy?: boolean
}

const crashyShare = 0.4 // Of the faults: some ten a world, so that starts cross.
const healMs = 60_000 // Twice the longest pause between two dials of something nobody waits for.
const drainMs = 60_000
const wireMs = 600_000 // What may be in flight, 4 MiB, twice, on the slowest link, and some more.

/** Plays the world of a seed. */
export async function chaos(
  seed: number,
  { isCrashy = false }: ChaosOptions = {},
): Promise<ChaosReport> {
  let report: ChaosReport | undefined
  const dice = seededRandom(seed)
  const latency = { minMs: dice.next() * 5, maxMs: 5 + dice.next() ** 2 * 120 }
  await simulate({ seed, latency }, async (world) => {
    const chaotic = new ChaoticWorld(world, isCrashy)
    await chaotic.begin()
    await chaotic.harm()
    await chaotic.heal()
    await chaotic.end()
    report = chaotic.report()
  })
  if (report === undefined) throw new RangeError('a world that did not fail has a report')
  return report
}

class ChaoticWorld {
  readonly #world: Simulation
  readonly #random: Random
  readonly #ledger: Ledger
  readonly #traffic: TrafficSetup
  readonly #nodes = new Map<string, Node>()
  readonly #down = new Set<string>()
  readonly #pairs: (readonly [string, string])[] = []
  readonly #limits: Partial<NodeLimits>
  readonly #mayCrash: boolean
  readonly #isCrashy: boolean
  #isOn = true
  #isEnding = false
  #faults = 0

  constructor(world: Simulation, isCrashy: boolean) {
    this.#world = world
    this.#isCrashy = isCrashy
    this.#random = seededRandom(world.seed + 1_000_003)
    this.#ledger = new Ledger(world)
    this.#ledger.mayExpire = this.#random.next() < 0.2
    this.#limits = this.#ledger.mayExpire ? { resumeWindowMs: 4_000 } : {}
    this.#mayCrash = this.#random.next() < 0.6
    const random = seededRandom(world.seed + 2_000_003)
    this.#traffic = { world, ledger: this.#ledger, random, isOn: () => this.#isOn }
  }

  /** Starts the nodes, connected as a tree with some more links. */
  async begin(): Promise<void> {
    const random = this.#random
    const names = ['a', 'b', 'c', 'd', 'e'].slice(0, 2 + randomInt(random, 4))
    for (const [index, name] of names.entries()) {
      const parent = randomInt(random, index)
      for (const [at, other] of names.slice(0, index).entries()) {
        if (at === parent || random.next() < 0.3) this.#pairs.push([name, other])
      }
    }
    for (const name of names) await this.#start(name)
    const isWhole = (): boolean => this.#pairs.every(([a, b]) => this.#isOpen(a, b))
    await this.#world.until(isWhole, healMs)
    for (const node of this.#nodes.values()) this.#join(node)
  }

  /** Half a minute or so of faults. */
  async harm(): Promise<void> {
    const random = this.#random
    const endMs = this.#world.clock.nowMs() + 10_000 + randomInt(random, 30_000)
    while (this.#world.clock.nowMs() < endMs) {
      await this.#pass(random.next() ** 2 * 4_000)
      this.#faults++
      if (this.#isCrashy && random.next() < crashyShare) {
        const names = [...this.#nodes.keys()]
        const name = names[randomInt(random, names.length)] ?? 'a'
        this.#crash(name, { isPowerLoss: random.next() < 0.5 })
        continue
      }
      doHarm({
        world: this.#world,
        random,
        names: [...this.#nodes.keys()],
        pairs: this.#pairs,
        mayCrash: this.#mayCrash,
        crash: (name, options) => this.#crash(name, options),
        addPath: (from, to) => this.#addPath(from, to),
        switchPath: (from, to) => this.#switchPath(from, to),
      })
    }
  }

  /** Ends all faults; every pair must be able to talk again in time, and all that is open must end. */
  async heal(): Promise<void> {
    const world = this.#world
    world.note('the last fault is over')
    world.network.heal()
    for (const name of this.#down) await this.#start(name, true)
    const untilMs = world.clock.nowMs() + healMs
    for (const [a, b] of this.#pairs) await this.#talk(a, b, untilMs)
    for (const [a, b] of this.#pairs) await this.#talk(b, a, untilMs)
    this.#isOn = false
    await this.#pass(drainMs, () => this.#ledger.open.length === 0)
    const [left] = this.#ledger.open
    if (left !== undefined) this.#fail(`${this.#ledger.open.length} did not end: ${nameOf(left)}`)
  }

  /** Nothing is held, and after closing nothing runs. */
  async end(): Promise<void> {
    const world = this.#world
    await this.#pass(15_000)
    for (const [a, b] of this.#pairs) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const { heldBytes, streamCount, state } = await this.#connection(from, to)
        if (heldBytes > 0) this.#fail(`${from} still holds ${heldBytes} bytes for ${to}`)
        if (streamCount > 0) this.#fail(`${from} still has ${streamCount} streams to ${to}`)
        if (state !== 'open') this.#fail(`${from} is ${state} to ${to}`)
      }
    }
    this.#isEnding = true
    await world.wait(Promise.all([...this.#nodes.values()].map((node) => node.close())))
    await this.#pass(10_000)
    for (const name of this.#nodes.keys()) {
      if (world.timersOf(name) > 0) this.#fail(`${name} left ${world.timersOf(name)} timers`)
    }
    if (world.network.paths.length > 0) this.#fail(`${world.network.paths.length} paths are left`)
    // What both ends left on the wire of a slow link leaves at the pace at which it was put there.
    await this.#pass(wireMs, () => world.clock.pending === 0)
    if (world.clock.pending > 0) this.#fail(`${world.clock.pending} timers are left`)
  }

  report(): ChaosReport {
    const { operations } = this.#ledger
    const failed = operations.filter(({ state }) => state === 'failed').length
    const { turns } = this.#world.clock
    return { operations: operations.length, failed, faults: this.#faults, turns }
  }

  /** Lets time pass; stops at the first broken promise. */
  async #pass(durationMs: number, isEnough: () => boolean = () => false): Promise<void> {
    const { problems } = this.#ledger
    await this.#world.clock.until(() => problems.length > 0 || isEnough(), durationMs)
    if (problems[0] !== undefined) this.#fail(problems[0])
  }

  #fail(what: string): never {
    throw new SkeinError('INVALID', what)
  }

  async #start(name: string, isAgain = false): Promise<void> {
    const peers = this.#pairs.filter(([from]) => from === name).map(([, to]) => `memory://${to}`)
    this.#ledger.start(name)
    const node = await this.#world.start(name, { peers, limits: this.#limits })
    this.#nodes.set(name, node)
    this.#down.delete(name)
    if (isAgain) this.#join(node)
    node.on('peer:disconnect', ({ peer, error }) => {
      if (!this.#isEnding) this.#ledger.disconnect(name, peer.name, error)
    })
    node.on('peer:violation', ({ peer, rule }) => {
      this.#ledger.problem(`${name} believes that ${peer.name} broke ${rule}`)
    })
  }

  #join(node: Node): void {
    const others = this.#pairs.flatMap(([a, b]) => {
      return a === node.label ? [b] : b === node.label ? [a] : []
    })
    takePart(
      node,
      others.map((name) => this.#node(name)),
      this.#traffic,
    )
  }

  #crash(name: string, options: { readonly isPowerLoss: boolean }): void {
    if (this.#down.has(name)) return
    this.#down.add(name)
    this.#world.crash(name, options)
    this.#ledger.crash(name)
    this.#world.clock.after(randomInt(this.#random, 8_000), () => {
      if (this.#down.has(name)) void this.#start(name, true)
    })
  }

  #addPath(from: string, to: string): void {
    if (this.#down.has(from)) return
    this.#world.note(`dials ${to} once more`, from)
    // What a dial can fail with, the other tests see to.
    this.#node(from)
      .connect(`memory://${to}`)
      .catch(() => undefined)
  }

  #switchPath(from: string, to: string): void {
    if (this.#down.has(from) || !this.#isOpen(from, to)) return
    void this.#connection(from, to).then((connection) => {
      const standby = connection.links[1]
      if (standby === undefined) return
      this.#world.note(`moves what it sends to ${to} to another path`, from)
      connection.switchTo(standby)
    })
  }

  /** Makes calls until one of them is answered. */
  async #talk(from: string, to: string, untilMs: number): Promise<void> {
    const { clock } = this.#world
    const talks: Operation[] = []
    while (clock.nowMs() < untilMs) {
      const talk = await ask('call', [this.#node(from), this.#node(to)], this.#traffic)
      if (talk !== undefined) talks.push(talk)
      const isAnswered = (): boolean => talks.some(({ state }) => state === 'done')
      await this.#pass(Math.min(1_000, untilMs - clock.nowMs()), isAnswered)
      if (isAnswered()) return
    }
    this.#fail(`${from} cannot talk to ${to} ${healMs / 1_000} s after the last fault`)
  }

  #isOpen(from: string, to: string): boolean {
    const { id } = this.#node(to)
    return this.#node(from)
      .peers()
      .some((peer) => peer.id === id && peer.state === 'open')
  }

  #connection(from: string, to: string): ReturnType<Node['reach']> {
    return this.#node(from).reach(this.#node(to).id)
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new RangeError(`${name} was started`)
    return node
  }
}
