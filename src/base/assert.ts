/**
 * States why something holds, and stops this node when it does not: our own bug, never a peer's.
 *
 * @param condition - What must be true.
 * @param whyItHolds - The reason, read by whoever debugs the failure.
 */
export function assert(condition: unknown, whyItHolds: string): asserts condition {
  if (!condition) throw new AssertionError(whyItHolds)
}

/** A broken assumption of ours. The node that sees it closes; the host process goes on. */
class AssertionError extends Error {
  override readonly name = 'AssertionError'

  constructor(whyItHolds: string) {
    super(`this should hold: ${whyItHolds}; please report it as a bug`)
  }
}
