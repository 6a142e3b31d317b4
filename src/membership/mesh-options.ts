/** How a node chooses its neighbours. */
export interface MeshOptions {
  /** Networks up to this size, this node counted, are meshed fully; larger ones become so by it. */
  readonly fullUpTo: number
  /** Above this size each node chooses a few. */
  readonly boundedAbove: number
  /** Neighbours that are chosen because they are near. */
  readonly nearCount: number
  /** Neighbours that are chosen at random. */
  readonly randomCount: number
  /** Another one takes the place of a near one when its round trip is shorter by this part. */
  readonly nearerBy: number
  /** Members with this many links are chosen only where there is no other. */
  readonly enoughLinks: number
  /** Of those who chose a member with more links, some look for another. */
  readonly maxLinks: number
  /** Time between two probes, ms, ± 50 %. */
  readonly probeMs: number
  /** The same while too few near ones are known. */
  readonly hurriedProbeMs: number
  /** How long a probed member stays connected, ms. */
  readonly probeLengthMs: number
  /** A link that the mesh made and does not want any more closes after so long, ms. */
  readonly unwantedMs: number
  /** First dials are spread over this long for each member, ms. */
  readonly spreadMsEach: number
  /** And over this long at most, ms. */
  readonly spreadMaxMs: number
  /** How much later the higher ID dials where both ends want the link, ms. */
  readonly secondMs: number
  /** First pause after a dial that nobody answered, ms; it doubles. */
  readonly unreachableMs: number
  /** Longest such pause, ms. */
  readonly unreachableMaxMs: number
  /** First pause after a refusal, ms; it doubles. */
  readonly refusedMs: number
  /** Longest such pause, ms. */
  readonly refusedMaxMs: number
  /** Time between two tries to find one who is gone, ms, ± 50 %. */
  readonly reunionMs: number
}

/** Defaults; the counts are those of docs/spec/membership.md, measured in mesh.test.ts. */
export const defaultMeshOptions: MeshOptions = {
  fullUpTo: 12, // Guess: a team's machines.
  boundedAbove: 16, // Guess: four come and go without a change.
  nearCount: 4, // 8 to 12 neighbours in all, who chose us included.
  randomCount: 4, // Two suffice for a connected graph (k-out, Fenner & Frieze 1982); a third may die.
  nearerBy: 0.2, // As paths are changed, docs/spec/connection.md.
  enoughLinks: 12, // Guess: half again of what one chooses.
  maxLinks: 14, // Guess: two that are under way, and it is 16.
  probeMs: 30_000, // Guess: two handshakes a minute cost nothing.
  hurriedProbeMs: 3_000, // Guess: eight near ones of eight probes in half a minute.
  probeLengthMs: 5_000, // A new path is measured four times in its first second.
  unwantedMs: 1_500, // A new path is measured four times in its first second.
  spreadMsEach: 20, // Guess: five nodes are one within half a second, twelve as fast as a blink.
  spreadMaxMs: 2_000, // Guess.
  secondMs: 1_000, // Guess: a dial takes a tenth of that.
  unreachableMs: 1_000, // Guess: its suspicion takes longer.
  unreachableMaxMs: 300_000, // Guess: it may stand behind a wall for ever.
  refusedMs: 300_000, // Guess: people change lists by hand.
  refusedMaxMs: 3_600_000, // Guess.
  reunionMs: 60_000, // Serf's reconnect: every 30 s.
}
