/** What is done to a chaotic world: one fault after the other, drawn by weight. */
import { randomInt } from '../../src/base/random.ts'
import type { Random } from '../../src/base/random.ts'
import type { Simulation } from '../../src/testing/simulation.node.ts'
import type { MemoryPath } from '../../src/transport/memory-path.ts'

/** What faults need to know, and may do. */
export interface FaultSetup {
  readonly world: Simulation
  readonly random: Random
  readonly names: readonly string[]
  /** Pairs that keep each other connected. */
  readonly pairs: readonly (readonly [string, string])[]
  readonly mayCrash: boolean
  readonly crash: (name: string, options: { readonly isPowerLoss: boolean }) => void
  /** Dials a peer again: its connection gets a second path. */
  readonly addPath: (from: string, to: string) => void
  /** Moves what a node sends to a peer to another living path. */
  readonly switchPath: (from: string, to: string) => void
}

type Fault = (setup: FaultSetup) => void

const longestMs = 14_000 // Longer than the silence that ends a path.

/** Weight and what is done. */
const faults: readonly (readonly [number, Fault])[] = [
  [5, cutPath],
  [2, ({ world, random, pairs }) => world.network.reset(...pick(random, pairs))],
  [3, silence],
  [3, partition],
  [2, muteOneEnd],
  [3, stall],
  [2, slowDown],
  [2, delayPath],
  [5, ({ addPath, random, pairs }) => addPath(...eitherWay(random, pairs))],
  [6, ({ switchPath, random, pairs }) => switchPath(...eitherWay(random, pairs))],
  [4, switchAndBreak],
  [1, setClock],
  [2, crash],
]
const totalWeight = faults.reduce((sum, [weight]) => sum + weight, 0)

/** Does the next thing. */
export function doHarm(setup: FaultSetup): void {
  let dice = setup.random.next() * totalWeight
  for (const [weight, fault] of faults) {
    dice -= weight
    if (dice >= 0) continue
    fault(setup)
    return
  }
}

function cutPath({ world, random, pairs }: FaultSetup): void {
  const end = pickEnd(world, random, pairs)
  const bytes = Math.floor(random.next() ** 3 * 100_000)
  world.note(`cuts a path of ${end?.from} to ${end?.to} after ${bytes} bytes`)
  end?.cutAfter(bytes)
}

/** Breaks one of the paths while frames from before a SWITCH are under way. */
function switchAndBreak({ world, random, pairs, switchPath }: FaultSetup): void {
  const [from, to] = eitherWay(random, pairs)
  const paths = world.network.pathsBetween(from, to)
  const path = paths[randomInt(random, paths.length)]
  switchPath(from, to)
  world.clock.after(random.next() * 60, () => {
    world.note(`breaks a path of ${from} and ${to}`)
    path?.breakOff('reset')
  })
}

function silence({ world, random, pairs }: FaultSetup): void {
  const [from, to] = eitherWay(random, pairs)
  const isOneWay = random.next() < 0.6
  const durationMs = duration(random)
  world.note(`silence ${from} ${isOneWay ? '→' : '↔'} ${to} for ${durationMs} ms`)
  world.clock.after(durationMs, world.network.partition([from], [to], { isOneWay }))
}

function partition({ world, random, names }: FaultSetup): void {
  const some = names.filter(() => random.next() < 0.5)
  const others = names.filter((name) => !some.includes(name))
  const isOneWay = random.next() < 0.3
  const durationMs = duration(random)
  world.note(`parts ${some.join('')} ${isOneWay ? '→' : '↔'} ${others.join('')}, ${durationMs} ms`)
  world.clock.after(durationMs, world.network.partition(some, others, { isOneWay }))
}

/** One path goes dumb, as when a NAT forgets it; new ones can be made. */
function muteOneEnd({ world, random, pairs }: FaultSetup): void {
  const end = pickEnd(world, random, pairs)
  world.note(`mutes a path of ${end?.from} to ${end?.to}`)
  end?.setSilent(true)
  if (random.next() < 0.5) end?.far.setSilent(true)
}

function stall({ world, random, names }: FaultSetup): void {
  world.stall(pick(random, names), duration(random))
}

function slowDown({ world, random, pairs }: FaultSetup): void {
  const [from, to] = eitherWay(random, pairs)
  const bytesPerSecond = Math.round(20_000 + random.next() ** 2 * 2_000_000)
  const durationMs = duration(random)
  world.note(`${from} → ${to} at ${bytesPerSecond} B/s for ${durationMs} ms`)
  world.network.limitRate(from, to, bytesPerSecond)
  world.clock.after(durationMs, () => {
    world.network.limitRate(from, to, Number.POSITIVE_INFINITY)
  })
}

function delayPath({ world, random, pairs }: FaultSetup): void {
  const latencyMs = Math.round(random.next() ** 3 * 400)
  const end = pickEnd(world, random, pairs)
  world.note(`a path of ${end?.from} to ${end?.to} takes ${latencyMs} ms`)
  end?.setLatency(latencyMs)
}

function setClock({ world, random, names }: FaultSetup): void {
  world.setClockSkew(pick(random, names), randomInt(random, 7_200_000) - 3_600_000)
}

function crash(setup: FaultSetup): void {
  const { random, names, mayCrash } = setup
  if (mayCrash) setup.crash(pick(random, names), { isPowerLoss: random.next() < 0.5 })
}

function duration(random: Random): number {
  return Math.round(random.next() ** 2 * longestMs)
}

function pickEnd(
  world: Simulation,
  random: Random,
  pairs: readonly (readonly [string, string])[],
): MemoryPath | undefined {
  const paths = world.network.pathsBetween(...pick(random, pairs))
  const path = paths[randomInt(random, paths.length)]
  return random.next() < 0.5 ? path : path?.far
}

function eitherWay(
  random: Random,
  pairs: readonly (readonly [string, string])[],
): readonly [string, string] {
  const [a, b] = pick(random, pairs)
  return random.next() < 0.5 ? [a, b] : [b, a]
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[randomInt(random, items.length)]
  if (item === undefined) throw new RangeError('there is something to pick from')
  return item
}
