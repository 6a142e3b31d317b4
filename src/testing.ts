/**
 * The public test kit: for those who write their own transport, and those who want to see their
 * program survive a bad network.
 */
export { EventRing } from './testing/event-ring.ts'
export { MemoryNetwork } from './transport/memory.ts'
export { MemoryPath } from './transport/memory-path.ts'
export { Simulation, seeds, simulate } from './testing/simulation.node.ts'
export { transportConformance } from './testing/transport-conformance.ts'
export { discoveryConformance } from './testing/discovery-conformance.ts'
export { VirtualClock } from './testing/virtual-clock.ts'
export type { Clock, Timer } from './base/clock.ts'
export type { Latency } from './transport/memory.ts'
export type { Discovery, Found } from './discovery/contract.ts'
export type { DiscoveryCase, DiscoveryHarness } from './testing/discovery-conformance.ts'
export type { LatencyMatrix, LatencyModel } from './testing/latency.ts'
export type { WorldEvent } from './testing/event-ring.ts'
export type {
  DialOptions,
  ListenOptions,
  Listener,
  Path,
  PathHandler,
  Transport,
} from './transport/contract.ts'
export type { SimulationOptions } from './testing/simulation.node.ts'
