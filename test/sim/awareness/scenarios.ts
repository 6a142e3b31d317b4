/**
 * What is measured of awareness: one world, one thing after the other, all in virtual time. A function
 * of the seed and the number of members.
 */
import { randomInt } from '../../../src/base/random.ts'
import { smallPatience } from '../../../src/membership/link-reports.ts'
import { linksIntervalMs, defaultMembershipOptions } from '../../../src/membership/options.ts'
import { regionWorld } from './latency-worlds.ts'
import { keepAliveBytesPerSecond } from './message-bytes.ts'
import { MembershipWorld } from './world.ts'
import type { PeerId } from '../../../src/base/peer-id.ts'
import type { LatencyWorld } from './latency-worlds.ts'
import type { SimulatedNode } from './world.ts'

/** What a run measured; ms of virtual time, `null` where it did not come to be within the limit. */
export interface Figures {
  readonly [name: string]: number | null
}

/** How a run is made. */
export interface RunSetup {
  readonly seed: number
  readonly count: number
  readonly latencies?: LatencyWorld
  /** Told of each figure as soon as it is there. */
  readonly onFigure?: (name: string, value: number | null) => void
  /** How long idle cost, churn and loss are watched, ms. */
  readonly watchMs: number
  /** Whether nobody reports round-trip times, but those who are told to. */
  readonly areReportsOff?: boolean
  /** How long the halves are apart, ms. */
  readonly partitionMs: number
}

const startWithinMs = 1_000
const limitMs = 120_000
const neverMs = 1e9
const rttChangeEveryMs = 60_000 // So that every report finds something new: the dearest case.

/** See the file's head. */
export class AwarenessRun {
  readonly figures: Record<string, number | null> = {}
  readonly world: MembershipWorld
  readonly #setup: RunSetup
  #areRttsBusy = false

  constructor(setup: RunSetup) {
    this.#setup = setup
    this.world = new MembershipWorld({
      seed: setup.seed,
      latencies: setup.latencies ?? regionWorld,
      options: setup.areReportsOff === true ? { linksMinMs: neverMs } : {},
    })
  }

  /** Everything, in order. */
  runAll(): Figures {
    this.massStart()
    this.idle()
    this.ages()
    this.rttChange(this.#someone())
    this.join()
    this.crash()
    this.stall()
    this.churn()
    this.loss(0.01)
    this.loss(0.1)
    this.partition()
    return this.figures
  }

  /** What a world of ten thousand can be asked in minutes: all know each other, reports are off. */
  runCalm(): Figures {
    const { world } = this
    world.startAcquainted(this.#setup.count)
    world.clock.advance(15_000)
    this.#noteLinks()
    const reporter = world.join(defaultMembershipOptions)
    world.clock.advance(5_000)
    this.join()
    this.crash()
    this.stall()
    this.churn()
    this.loss(0.01)
    this.loss(0.1)
    this.rttChange(reporter)
    return this.figures
  }

  /** The dearest idle hours: reports as they are, all with something new. */
  runBusy(): Figures {
    this.world.startAcquainted(this.#setup.count)
    this.world.clock.advance(25_000) // A report is under way for some 20 s.
    this.idle()
    return this.figures
  }

  /** All start within a second: until all know all. */
  massStart(): void {
    const { world } = this
    const { count } = this.#setup
    world.startTogether(count, startWithinMs)
    const tookMs = world.clock.until(() => world.known === count * count, limitMs)
    this.#note('massStartMs', tookMs)
    this.#note('massStartBytesPerNode', world.bytes / count)
    world.clock.advance(15_000)
    this.#noteLinks()
  }

  #noteLinks(): void {
    this.#note('mostConnections', this.world.mostLinks)
    this.#note('meanConnections', this.#meanLinks())
  }

  /** Bytes a node a second: while all round-trip times change all the time, and while none does. */
  idle(): void {
    const { watchMs, count } = this.#setup
    this.#areRttsBusy = true
    this.#changeRtts()
    this.#note('idleBusyBytesPerSecond', this.#cost(watchMs))
    this.#note(
      'reportIntervalMs',
      linksIntervalMs(count, this.#meanLinks(), defaultMembershipOptions),
    )
    this.#areRttsBusy = false
  }

  /** Runs until every report is as old as it gets, and says how old they are. */
  ages(): void {
    const { world } = this
    const intervalMs = linksIntervalMs(
      this.#setup.count,
      this.#meanLinks(),
      defaultMembershipOptions,
    )
    this.#areRttsBusy = true
    this.#changeRtts()
    world.clock.advance(2 * intervalMs)
    const ages = world.running.slice(0, 50).flatMap(({ machine }) => {
      const nowMs = world.clock.nowMs()
      return [...machine.view].map(({ linksHeardMs }) => nowMs - linksHeardMs)
    })
    const sorted = Float64Array.from(ages).toSorted()
    this.#note('rttAgeMedianMs', sorted[Math.floor(sorted.length / 2)] ?? null)
    this.#note('rttAgeP99Ms', sorted[Math.floor(sorted.length * 0.99)] ?? null)
    this.#areRttsBusy = false
  }

  /** One round-trip time changes while all is calm: until all know. */
  rttChange(node: SimulatedNode): void {
    const { world } = this
    // Until the last reports of a busier time are out; one reporter alone has dialled, and nobody it.
    const links = this.#setup.areReportsOff === true ? node.links.size : 3 * this.#meanLinks()
    const intervalMs = linksIntervalMs(this.#setup.count, links, defaultMembershipOptions)
    // A small change waits longest; with reports off only this one reports, of all its links anew.
    const intervals = this.#setup.areReportsOff === true ? 1 : smallPatience
    world.clock.advance(1.2 * intervals * intervalMs)
    this.#note('idleCalmBytesPerSecond', this.#cost(this.#setup.watchMs))
    const [link] = node.links.values()
    const other = link?.a === node ? link.b : link?.a
    if (link === undefined || other === undefined) return
    const heard = new Set<PeerId>()
    world.onLinks = (of, id) => {
      if (id === node.id && of !== node) heard.add(of.id)
    }
    node.machine.measure(other.id, Math.round(link.latencyMs * 3_000))
    const wanted = world.running.length - 1
    this.#note(
      'rttChangeMs',
      world.clock.until(() => heard.size === wanted, 600_000),
    )
    world.onLinks = () => undefined
  }

  /** One more: until all know it, and until it knows all. */
  join(): void {
    const { world } = this
    const wanted = world.running.length
    const knowers = new Set<SimulatedNode>()
    const newcomer = world.join()
    world.onChange = (of, id) => {
      if (id === newcomer.id) knowers.add(of)
    }
    const startMs = world.clock.nowMs()
    this.#note(
      'joinKnownByAllMs',
      world.clock.until(() => knowers.size === wanted, limitMs),
    )
    const isAware = (): boolean => newcomer.machine.view.size >= wanted + 1
    const moreMs = world.clock.until(isAware, limitMs)
    const sinceMs = world.clock.nowMs() - startMs
    this.#note('joinKnowsAllMs', moreMs === undefined ? undefined : sinceMs)
    world.onChange = () => undefined
    world.clock.advance(15_000)
  }

  /** One is killed, another one loses its power: until one knows, and until all know. */
  crash(): void {
    for (const isPowerLoss of [false, true]) {
      const { world } = this
      const victim = this.#someone()
      const name = isPowerLoss ? 'powerLoss' : 'crash'
      const knowers = new Set<SimulatedNode>()
      const startMs = world.clock.nowMs()
      let firstMs: number | undefined
      world.onChange = (of, id, state) => {
        if (id !== victim.id || state !== 'gone') return
        firstMs ??= world.clock.nowMs() - startMs
        knowers.add(of)
      }
      world.crash(victim, { isPowerLoss })
      const wanted = world.running.length
      const allMs = world.clock.until(() => knowers.size === wanted, limitMs)
      this.#note(`${name}KnownByOneMs`, firstMs)
      this.#note(`${name}KnownByAllMs`, allMs)
      world.onChange = () => undefined
      world.clock.advance(15_000)
    }
  }

  /** One stands still for 8 s and for a minute: who is blamed, and how soon it is back for all. */
  stall(): void {
    for (const seconds of [8, 60]) {
      const { world } = this
      const node = this.#someone()
      const blamed = this.#watchBlame()
      world.stall(node, seconds * 1_000)
      world.clock.advance(seconds * 1_000 + 1)
      const aliveWanted = world.running.length ** 2
      const backMs = world.clock.until(() => world.alive === aliveWanted, limitMs)
      world.clock.advance(30_000)
      blamed.suspects.delete(node.id)
      blamed.gone.delete(node.id)
      this.#note(`stall${seconds}OthersSuspected`, blamed.suspects.size)
      this.#note(`stall${seconds}OthersGone`, blamed.gone.size)
      this.#note(`stall${seconds}BackMs`, backMs)
    }
  }

  /** Every second one joins or one goes, killed or on purpose. */
  churn(): void {
    const { world } = this
    const { watchMs } = this.#setup
    const endMs = world.clock.nowMs() + watchMs
    let turn = 0
    const step = (): void => {
      if (world.clock.nowMs() >= endMs) return
      turn++
      if (turn % 2 === 0) world.join()
      else if (turn % 4 === 1) world.crash(this.#someone())
      else world.leave(this.#someone())
      world.clock.after(1_000, step)
    }
    step()
    this.#note('churnBytesPerSecond', this.#cost(watchMs))
    world.clock.advance(30_000)
    this.#note('churnUnknownAfter30s', this.#unknown())
  }

  /** Segments are lost: who is blamed though it lives, and how soon a crash is known. */
  loss(share: number): void {
    const { world } = this
    const name = `loss${share * 100}`
    const blamed = this.#watchBlame()
    const pathsBefore = world.brokenPaths
    world.loseSegments(share)
    world.clock.advance(this.#setup.watchMs)
    this.#note(`${name}BrokenPaths`, world.brokenPaths - pathsBefore)
    this.#note(`${name}Suspected`, blamed.suspects.size)
    this.#note(`${name}Gone`, blamed.gone.size)
    const victim = this.#someone()
    const knowers = new Set<SimulatedNode>()
    world.onChange = (of, id, state) => {
      if (id === victim.id && state === 'gone') knowers.add(of)
    }
    world.crash(victim)
    const wanted = world.running.length
    this.#note(
      `${name}CrashMs`,
      world.clock.until(() => knowers.size === wanted, limitMs),
    )
    world.loseSegments(0)
    world.onChange = () => undefined
    world.clock.advance(15_000)
  }

  /** Two halves: until each believes that the other is gone, and until all is well after the heal. */
  partition(): void {
    const { world } = this
    const half = new Set(world.running.slice(0, world.running.length / 2))
    const startMs = world.clock.nowMs()
    const bytesBefore = world.bytes
    const heal = world.partition((node) => half.has(node))
    const { running } = world
    const apart = half.size ** 2 + (running.length - half.size) ** 2
    this.#note(
      'partitionKnownMs',
      world.clock.until(() => world.alive === apart, 300_000),
    )
    this.#note('partitionBytesPerNode', (world.bytes - bytesBefore) / running.length)
    world.clock.advance(this.#setup.partitionMs - (world.clock.nowMs() - startMs))
    const bytesApart = world.bytes
    heal()
    const wanted = running.length ** 2
    this.#note(
      'healMs',
      world.clock.until(() => world.alive === wanted, 300_000),
    )
    this.#note('healBytesPerNode', (world.bytes - bytesApart) / running.length)
  }

  /** Pairs of living members of which one does not know the other as alive, or believes in a dead one. */
  #unknown(): number {
    const { running, alive } = this.world
    return Math.abs(running.length ** 2 - alive)
  }

  /** Bytes a node a second over a while, keep-alive of connections included. */
  #cost(durationMs: number): number {
    const { world } = this
    const bytesBefore = world.bytes
    world.clock.advance(durationMs)
    const perNode = (world.bytes - bytesBefore) / world.running.length
    const keepAlive = this.#meanLinks() * keepAliveBytesPerSecond
    return perNode / (durationMs / 1_000) + keepAlive
  }

  #meanLinks(): number {
    const { running } = this.world
    return running.reduce((sum, node) => sum + node.links.size, 0) / running.length
  }

  /** Who is blamed from now on. */
  #watchBlame(): { readonly suspects: Set<PeerId>; readonly gone: Set<PeerId> } {
    const blamed = { suspects: new Set<PeerId>(), gone: new Set<PeerId>() }
    this.world.onChange = (_of, id, state) => {
      if (this.world.of(id)?.isRunning !== true) return
      if (state === 'suspect') blamed.suspects.add(id)
      if (state === 'gone') blamed.gone.add(id)
    }
    return blamed
  }

  #someone(): SimulatedNode {
    const { running, random } = this.world
    const node = running[randomInt(random, running.length)]
    if (node === undefined) throw new RangeError('somebody runs')
    return node
  }

  /** Each node finds one of its links clearly longer or shorter, again and again. */
  #changeRtts(): void {
    const { world } = this
    const step = (node: SimulatedNode): void => {
      if (!this.#areRttsBusy || !node.isRunning) return
      const links = [...node.links.values()]
      const link = links[randomInt(world.random, links.length)]
      if (link !== undefined) {
        const other = link.a === node ? link.b : link.a
        const factor = 0.5 + world.random.next()
        node.machine.measure(other.id, Math.round(link.latencyMs * 2_000 * factor))
      }
      world.clock.after(rttChangeEveryMs, () => step(node))
    }
    for (const node of world.running) {
      world.clock.after(world.random.next() * rttChangeEveryMs, () => step(node))
    }
  }

  #note(name: string, value: number | undefined | null): void {
    this.figures[name] = value ?? null
    this.#setup.onFigure?.(name, value ?? null)
  }
}
