/** What the benchmark of the layouts uses of its rivals, whose packages only the bench installs. */
declare module 'd3-force' {
  interface Force {
    distance(of: (link: { readonly rttMicros?: number }) => number): Force
    strength(value: number): Force
  }
  interface Simulation {
    force(name: string, force: Force): Simulation
    alpha(value: number): Simulation
    stop(): Simulation
    tick(count: number): Simulation
  }
  export function forceSimulation(bodies: readonly object[]): Simulation
  export function forceLink(links: readonly object[]): Force
  export function forceManyBody(): Force
  export function forceX(at: number): Force
  export function forceY(at: number): Force
}

declare module 'cytoscape' {
  interface Graph {
    layout(options: object): { run(): void }
    nodes(): {
      map<Result>(each: (node: { position(axis: 'x' | 'y'): number }) => Result): Result[]
    }
  }
  const cytoscape: (options: object) => Graph
  export default cytoscape
}
