/**
 * What every transport must do: the rules of docs/spec/transport.md, as cases that any test runner
 * can run over any transport.
 */
import { dialCases } from './dial-cases.ts'
import { pathCases } from './path-cases.ts'
import { TransportScene } from './transport-scene.ts'
import type { TransportHarness } from './transport-scene.ts'

/** One rule, run on a new harness. */
export interface TransportCase {
  /** A sentence that begins with the rule's ID. */
  readonly title: string
  readonly run: () => Promise<void>
}

/**
 * The cases for a transport. A case that the harness has no means for (no identities, no silent
 * address) passes.
 *
 * A transport that loses a byte or a call makes a case wait for ever: the runner's time limit ends it.
 *
 * @example
 * for (const { title, run } of transportConformance(makeHarness)) test(title, run)
 */
export function transportConformance(
  makeHarness: () => TransportHarness | Promise<TransportHarness>,
): readonly TransportCase[] {
  return Object.entries({ ...pathCases, ...dialCases }).map(([title, play]) => ({
    title,
    async run() {
      const scene = new TransportScene(await makeHarness())
      try {
        await play(scene)
      } finally {
        await scene.end()
      }
    },
  }))
}
